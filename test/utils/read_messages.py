"""Opens a WebSocket to COMFYUI_URL and prints a line for each message, until the connection ends.

A line is the text in JSON, or the size and SHA-256 of what is binary; the last one names the error.
"""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "packages/client/python"))

from comfyui_api_client import ComfyUIClient, ComfyUIError

try:
    with ComfyUIClient().connect() as web_socket:
        while True:
            message = web_socket.recv(timeout=10)
            if isinstance(message, str):
                print(json.dumps(message), flush=True)
            else:
                print(json.dumps([len(message), hashlib.sha256(message).hexdigest()]), flush=True)
except ComfyUIError as error:
    print(json.dumps(f"{error.kind}/{error.code}"))
