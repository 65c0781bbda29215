/**
 * What a careful reader finds in the samples: every use once, as
 * `line kind route-or-library → address [what it hangs on] place, authentication: verdict`.
 * A file that is not named here has no use of ComfyUI's API.
 */
export const EXPECTED: Record<string, string[]> = {
  "config/Dockerfile": [
    "2 setting → comfyui:8188 [env COMFYUI_URL] docker, none: fine",
    "3 HTTP /system_stats → comfyui:8188 [env COMFYUI_URL] docker, none: fine",
    "5 HTTP /object_info → comfyui.datacrew.space [literal] remote, none: change",
    "6 HTTP /queue → localhost:8188 [literal] local, none: fine",
  ],
  "config/actions.yaml": [
    "7 HTTP /system_stats → comfyui.datacrew.space [env COMFY] remote, access: fine",
    "8 HTTP /queue → comfyui.datacrew.space [env COMFY] remote, none: change",
  ],
  "config/bot.env": ["1 setting → 127.0.0.1:8188 [env COMFYUI_HOST] local, none: fine"],
  "config/compose.yaml": [
    "12 setting → comfyui:8188 [env COMFYUI_URL] docker, none: fine",
    "13 setting → comfyui.datacrew.space [env COMFYUI_PUBLIC_URL] remote, none: change",
  ],
  "config/guarded.env": ["1 setting → comfyui.datacrew.space [env COMFYUI_URL] remote, access: fine"],
  "config/mcp.json": ["5 setting → comfyui.datacrew.space [env COMFYUI_URL] remote, none: change"],
  "config/pipeline.yaml": [
    "4 HTTP /system_stats → localhost:8188 [literal] local, none: fine",
    "7 HTTP /queue → comfyui.datacrew.space [literal] remote, none: change",
  ],
  "config/servers.ini": [
    "2 setting → 127.0.0.1:8188, gpu2.datacrew.space:8188 [env SERVER_ADDRESSES] remote, none: change",
  ],
  "csharp/ComfyClient.cs": [
    "10 setting → comfyui:8188 [literal] docker, none: fine",
    "16 setting → localhost:8188 [config ComfyUI:Url] local, none: fine",
    "23 HTTP /prompt → comfyui:8188 [literal] docker, none: fine",
    "25 HTTP /system_stats → comfyui.datacrew.space [literal] remote, access: fine",
    "30 HTTP /history/{id} → localhost:8188 [config ComfyUI:Url] local, none: fine",
    "36 HTTP /queue → comfyui.datacrew.space [literal] remote, bearer: change",
    "44 WebSocket /ws → comfyui.datacrew.space [literal] remote, none: change",
  ],
  "csharp/IComfyApi.cs": [
    "8 HTTP /prompt → ? [unknown] unknown, none: check",
    "11 HTTP /history/{id} → ? [unknown] unknown, none: check",
  ],
  "docs/guide.md": [
    "6 HTTP /history/{ID} → 127.0.0.1:8188 [literal] local, none: fine",
    "13 HTTP /prompt → comfyui.datacrew.space [literal] remote, none: change",
    "17 HTTP /queue → comfyui.datacrew.space [literal] remote, none: change",
  ],
  "go/client.go": [
    "21 setting → 127.0.0.1:8188 [env COMFYUI_URL] local, none: fine",
    "29 HTTP /prompt → 127.0.0.1:8188 [env COMFYUI_URL] local, none: fine",
    "37 HTTP /history/{id} → 127.0.0.1:8188 [env COMFYUI_URL] local, none: fine",
    "46 HTTP /system_stats → comfyui.datacrew.space [literal] remote, access: fine",
    "52 HTTP /queue → comfyui.datacrew.space [literal] remote, basic: change",
    "58 HTTP /interrupt → comfyui.datacrew.space [literal] remote, none: change",
  ],
  "go/helper.go": [
    "28 HTTP /queue → comfyui.datacrew.space [literal] remote, bearer: change",
    "32 HTTP /view → comfyui.datacrew.space [literal] remote, bearer: change",
  ],
  "go/unknown.go": ["5 setting → comfyui.datacrew.space [literal] remote, none: change"],
  "go/watch.go": [
    "18 setting → comfyui:8188 [env COMFY_HOST] docker, none: fine",
    "21 WebSocket /ws → comfyui.datacrew.space [literal] remote, bearer: change",
    "28 WebSocket /ws → comfyui:8188 [env COMFY_HOST] docker, none: fine",
    "33 HTTP /object_info/CheckpointLoaderSimple → comfyui:8188 [env COMFY_HOST] docker, none: fine",
  ],
  "java/ComfyClient.java": [
    "12 setting → localhost:8188 [env COMFYUI_URL] local, none: fine",
    "15 setting → comfyui:8188 [config comfyui.url] docker, none: fine",
    "22 HTTP /prompt → comfyui:8188 [config comfyui.url] docker, none: fine",
    "29 HTTP /system_stats → comfyui.datacrew.space [literal] remote, access: fine",
    "40 HTTP /queue → comfyui.datacrew.space [literal] remote, none: change",
    "44 HTTP /history/{id} → localhost:8188 [env COMFYUI_URL] local, none: fine",
    "50 WebSocket /ws → comfyui.datacrew.space [literal] remote, basic: change",
  ],
  "n8n/flow.json": [
    "9 HTTP /prompt → comfyui.datacrew.space [literal] remote, access: fine",
    "19 HTTP /history/1 → comfyui.datacrew.space [literal] remote, none: change",
    "24 HTTP /queue → {comfyUrl} [config comfyUrl] unknown, none: check",
  ],
  "n8n/set-and-code.json": [
    "15 HTTP /queue → comfyui.datacrew.space [config comfyUrl] remote, basic: change",
    "25 HTTP /prompt → comfyui:8188 [env COMFYUI_URL] docker, none: fine",
    "34 HTTP /history/{$json.id} → comfyui.datacrew.space [literal] remote, none: change",
    "38 library n8n node for ComfyUI → ? [config ComfyUI of the studio] unknown, none: check",
  ],
  "n8n/submit.ts.sample": [
    "2 setting → host.docker.internal:8188 [literal] docker, none: fine",
    "9 HTTP /prompt → {comfyuiUrl} [config comfyuiUrl] unknown, none: check",
  ],
  "node/client.ts.sample": [
    "3 library comfyui-access-client → comfyui.datacrew.space [literal] remote, given elsewhere: check",
  ],
  "node/constants.ts.sample": ["1 setting → comfyui.datacrew.space [literal] remote, none: change"],
  "node/library.ts.sample": [
    "6 library @stable-canvas/comfyui-client → 127.0.0.1:8188 [env COMFY_HOST] local, none: fine",
    "7 library comfyui-access-client → comfyui.datacrew.space [literal] remote, given elsewhere: check",
    "8 library @saintno/comfyui-sdk → comfyui.datacrew.space [literal] remote, none: change",
    "10 HTTP /internal/logs → 127.0.0.1:8188 [env COMFY_HOST] local, none: fine",
  ],
  "node/page.js.sample": ["3 WebSocket /ws → comfyui.datacrew.space [literal] remote, none: change"],
  "node/proxy.js.sample": [
    "7 HTTP /prompt → {request.body.comfyUrl} [request.body.comfyUrl] unknown, none: check",
  ],
  "node/service.ts.sample": [
    "10 setting → {COMFYUI_HOST} [env COMFYUI_HOST] unknown, none: check",
    "12 WebSocket /ws → {COMFYUI_HOST} [env COMFYUI_HOST] unknown, basic: check",
    "21 HTTP /view → {COMFYUI_HOST} [env COMFYUI_HOST] unknown, basic: check",
  ],
  "notebooks/draw.ipynb": [
    "35 HTTP /system_stats → comfyui.datacrew.space [literal] remote, access: fine",
    "36 HTTP /prompt → comfyui.datacrew.space [literal] remote, none: change",
    "46 HTTP /queue → comfyui.datacrew.space [literal] remote, none: change",
    "54 HTTP /object_info → localhost:8188 [literal] local, none: fine",
  ],
  "others/hosted.py": [
    "5 HTTP /features → api.comfy.org [literal] hosted, none: fine",
    "9 HTTP /api/prompt → cloud.comfy.org [literal] hosted, none: fine",
  ],
  "php/ComfyClient.php": [
    "14 setting → 127.0.0.1:8188 [env COMFYUI_URL] local, none: fine",
    "26 HTTP /prompt → 127.0.0.1:8188 [env COMFYUI_URL] local, none: fine",
    "33 HTTP /system_stats → comfyui.datacrew.space [literal] remote, access: fine",
    "39 HTTP /queue → comfyui.datacrew.space [literal] remote, bearer: change",
    "46 HTTP /history/{id} → comfyui.datacrew.space [literal] remote, none: change",
  ],
  "powershell/draw.ps1": [
    "6 setting → {COMFYUI_URL} [env COMFYUI_URL] unknown, none: check",
    "21 HTTP /system_stats → comfyui.datacrew.space [literal] remote, access: fine",
    "22 HTTP /queue → comfyui.datacrew.space [literal] remote, bearer: change",
    "24 HTTP /prompt → {COMFYUI_URL} [env COMFYUI_URL] unknown, none: check",
    "27 HTTP /history/{id} → comfyui.datacrew.space [literal] remote, none: change",
  ],
  "python/helper.py": [
    "12 setting → comfyui:8188 [env COMFY_SERVER] docker, none: fine",
    "21 HTTP /history/{prompt_id} → comfyui:8188 [env COMFY_SERVER] docker, access: fine",
    "24 HTTP /prompt → comfyui:8188 [env COMFY_SERVER] docker, access: fine",
    "33 HTTP /object_info → comfyui.datacrew.space:8188 [literal] remote, given elsewhere: change",
    "37 HTTP /queue → comfyui.datacrew.space [literal] remote, none: change",
    "38 HTTP /system_stats → comfyui.datacrew.space [literal] remote, none: change",
  ],
  "python/library.py": [
    "3 library comfy_api_simplified → 192.168.7.20:8188 [literal] local, none: fine",
    "4 library comfy_api_simplified → comfyui.datacrew.space [literal] remote, basic: change",
  ],
  "python/poster.py": [
    "7 setting → 127.0.0.1:8188 [literal] local, none: fine",
    "13 HTTP /prompt → 127.0.0.1:8188 [literal] local, none: fine",
    "19 WebSocket /ws → 127.0.0.1:8188 [literal] local, none: fine",
  ],
  "python/remote.py": [
    "16 HTTP /system_stats → comfyui.datacrew.space [literal] remote, none: change",
    "20 HTTP /system_stats → comfyui.datacrew.space [literal] remote, access: fine",
    "24 HTTP /api/prompt → comfyui.datacrew.space [literal] remote, basic: change",
    "29 WebSocket /ws → comfyui.datacrew.space [literal] remote, bearer: change",
    "34 WebSocket /ws → comfyui.datacrew.space [literal] remote, none: change",
  ],
  "python/wrapped.py": [
    "8 setting → comfyui:8188 [env COMFYUI_URL] docker, none: fine",
    "12 HTTP /history/{prompt_id} → comfyui:8188 [env COMFYUI_URL] docker, given elsewhere: fine",
    "15 HTTP /upload/image → comfyui:8188 [env COMFYUI_URL] docker, given elsewhere: fine",
  ],
  "ruby/comfy_client.rb": [
    "10 setting → 127.0.0.1:8188 [env COMFYUI_URL] local, none: fine",
    "18 HTTP /prompt → 127.0.0.1:8188 [env COMFYUI_URL] local, none: fine",
    "25 HTTP /system_stats → comfyui.datacrew.space [literal] remote, access: fine",
    "29 HTTP /queue → comfyui.datacrew.space [literal] remote, basic: change",
    "33 HTTP /history/{id} → comfyui.datacrew.space [literal] remote, none: change",
  ],
  "rust/client.rs": [
    "15 setting → 127.0.0.1:8188 [env COMFYUI_URL] local, none: fine",
    "24 HTTP /prompt → 127.0.0.1:8188 [env COMFYUI_URL] local, none: fine",
    "28 HTTP /history/{id} → 127.0.0.1:8188 [env COMFYUI_URL] local, none: fine",
    "41 HTTP /system_stats → comfyui.datacrew.space [literal] remote, access: fine",
    "45 HTTP /queue → comfyui.datacrew.space [literal] remote, bearer: change",
    "49 HTTP /view → comfyui.datacrew.space [literal] remote, none: change",
    "53 WebSocket /ws → comfyui.datacrew.space [literal] remote, none: change",
  ],
  "rust/joined.rs": [
    "10 setting → localhost:8188 [literal] local, none: fine",
    "16 HTTP /history/{id} → localhost:8188 [literal] local, none: fine",
    "20 HTTP /prompt → localhost:8188 [literal] local, none: fine",
  ],
  "shell/fetch": [
    "11 HTTP /system_stats → comfyui.datacrew.space [literal] remote, access: fine",
    "12 HTTP /queue → comfyui.datacrew.space [literal] remote, none: change",
    "13 HTTP /object_info → 127.0.0.1:8188 [literal] local, none: fine",
  ],
  "shell/run.ps1": [
    "1 setting → 127.0.0.1:8188 [literal] local, none: fine",
    "2 HTTP /prompt → 127.0.0.1:8188 [argument ComfyServer] local, none: fine",
    "3 HTTP /view → comfyui.datacrew.space [literal] remote, none: change",
  ],
  "shell/run.sh": [
    "3 setting → localhost:8188 [env COMFYUI_URL] local, none: fine",
    "4 HTTP /system_stats → localhost:8188 [env COMFYUI_URL] local, none: fine",
    "5 HTTP /prompt → comfyui.datacrew.space [literal] remote, access: fine",
    "9 HTTP /queue → comfyui.datacrew.space [literal] remote, basic: change",
  ],
  "shell/serve.sh": [
    "2 setting → 127.0.0.1:8188 [env COMFYUI_URL] local, none: fine",
    "3 setting → comfyui.datacrew.space [literal] remote, none: change",
    "4 HTTP /queue → 127.0.0.1:8188 [env COMFYUI_URL] local, none: fine",
  ],
};
