"""Routes under ComfyUI's names, and calls of other services: no use of ComfyUI's API."""
import requests
from aiohttp import web
from server import PromptServer

routes = web.RouteTableDef()


@routes.post("/prompt")
async def prompt(request):
    return web.json_response({"prompt_id": "1"})


@PromptServer.instance.routes.get("/comfy_extras/history")
async def history(request):
    return web.json_response({})


def elsewhere(words):
    return requests.get(f"https://image.pollinations.ai/prompt/{words}")
