#!/usr/bin/env python3
"""One function asks, the others only know the way."""
import os
import subprocess

import requests

HOST, PORT = "comfyui.datacrew.space", 8188


class Client:
    base = os.getenv("COMFY_SERVER") or "http://comfyui:8188"

    def _headers(self):
        return {"CF-Access-Client-Id": self.id, "CF-Access-Client-Secret": self.secret}

    def _call(self, method, path, **options):
        return requests.request(method, self.base + path, headers=self._headers(), **options)

    def history(self, prompt_id):
        return self._call("GET", f"/history/{prompt_id}")

    def submit(self, graph):
        return self._call("POST", "/prompt", json={"prompt": graph})


def far(path, login):
    url = f"http://{HOST}:{PORT}/api{path}"
    return requests.get(url, auth=login)


def object_info():
    return far("/object_info", ("artist", "swordfish99"))


def through_curl():
    subprocess.run(["curl", "-s", "https://comfyui.datacrew.space/queue"], check=True)
    os.system("curl -s https://comfyui.datacrew.space/system_stats")
