#!/bin/sh
# curl http://localhost:8188/queue
BASE="${COMFYUI_URL:-http://localhost:8188}"
curl -s "$BASE/system_stats"
curl -s -X POST https://comfyui.datacrew.space/prompt \
  -H "CF-Access-Client-Id: $CF_ACCESS_CLIENT_ID" \
  -H "CF-Access-Client-Secret: $CF_ACCESS_CLIENT_SECRET" \
  -d @graph.json
curl -u artist:swordfish99 https://comfyui.datacrew.space/queue
python main.py --listen 0.0.0.0 --port 8188
echo "open http://localhost:8188/view in a browser"
