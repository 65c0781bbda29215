import requests


def credits(key):
    return requests.get("https://api.comfy.org/features", headers={"X-API-Key": key})


def cloud(graph, key):
    return requests.post("https://cloud.comfy.org/api/prompt", json={"prompt": graph}, headers={"X-API-Key": key})
