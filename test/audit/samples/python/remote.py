import os
from urllib.parse import urljoin

import aiohttp
import requests
import websockets

COMFY = "https://comfyui.datacrew.space"
HEADERS = {
    "CF-Access-Client-Id": os.environ["CF_ACCESS_CLIENT_ID"],
    "CF-Access-Client-Secret": os.environ["CF_ACCESS_CLIENT_SECRET"],
}


def open_stats():
    return requests.get(f"{COMFY}/system_stats", timeout=5).json()


def guarded_stats():
    return requests.get(f"{COMFY}/system_stats", headers=HEADERS, timeout=5).json()


def with_login(user, password):
    return requests.post(urljoin(COMFY, "/api/prompt"), json={}, auth=(user, password))


async def listen(session: aiohttp.ClientSession, token):
    address = COMFY.replace("https://", "wss://")
    async with session.ws_connect(f"{address}/ws?clientId=a", headers={"Authorization": f"Bearer {token}"}) as ws:
        return await ws.receive()


async def old_listen():
    return await websockets.connect("wss://comfyui.datacrew.space/ws?clientId=b")
