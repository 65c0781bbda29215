"""A script as people have it, in the style of ComfyUI's script_examples: what the client's docstring promises to keep.

Prints the nodes that ran and the sizes of the images, by node.
"""

import json
import sys
import uuid
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "packages/client/python"))

from comfyui_api_client import ComfyUIClient

comfyui = ComfyUIClient()
queue_prompt, get_history, get_image = comfyui.queue_prompt, comfyui.get_history, comfyui.get_image


def get_images(ws, prompt):
    prompt_id = str(uuid.uuid4())
    queue_prompt(prompt, prompt_id)
    nodes = []
    while True:
        out = ws.recv()
        if not isinstance(out, str):
            continue  # A preview.
        message = json.loads(out)
        if message["type"] == "executing" and message["data"].get("prompt_id") == prompt_id:
            if message["data"]["node"] is None:
                break
            nodes.append(message["data"]["node"])
    history = get_history(prompt_id)[prompt_id]
    images = {
        node_id: [len(get_image(image["filename"], image["subfolder"], image["type"])) for image in output["images"]]
        for node_id, output in history["outputs"].items()
    }
    return nodes, images


ws = comfyui.connect()
print(json.dumps(get_images(ws, json.load(sys.stdin))))
ws.close()
