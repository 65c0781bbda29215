"""Downloads and uploads a large file and prints by how many bytes the process grew at its peak.

Arguments: address, `download` or `upload`, size in bytes.
"""

from __future__ import annotations

import json
import resource
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "packages/client/python"))

from comfyui_api_client import ComfyUIClient, Output


def peak() -> int:
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return used if sys.platform == "darwin" else used * 1024


url, direction, size = sys.argv[1], sys.argv[2], int(sys.argv[3])
with ComfyUIClient(url) as client, tempfile.TemporaryDirectory() as folder:
    client.system_stats()
    path = Path(folder) / "large.bin"
    before = peak()
    if direction == "download":
        moved = client.download(Output("9", "images", "large.png", "", "output"), path)
    else:
        with open(path, "wb") as file:
            file.truncate(size)
        client.upload_image(path)
        moved = size
    print(json.dumps({"moved": moved, "grown": peak() - before}))
