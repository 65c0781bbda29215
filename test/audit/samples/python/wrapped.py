import os

import httpx


class Comfy:
    def __init__(self, base_url=None, headers=None):
        self.base_url = base_url or os.environ.get("COMFYUI_URL", "http://comfyui:8188")
        self.http = httpx.Client(headers=headers)

    def history(self, prompt_id):
        return self.http.get(f"{self.base_url}/history/{prompt_id}").json()

    def upload(self, name, data):
        return self.http.post(self.base_url + "/upload/image", files={"image": (name, data)})
