"""Plays cases of the shared table against the Python client: one JSON object per line in, one answer per line out.

See ../client/cases/README.md for what comes in and goes out.
"""

from __future__ import annotations

import json
import os
import socket
import ssl
import sys
import threading
from collections import Counter
from pathlib import Path
from typing import Any, Callable

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "packages/client/python"))

from comfyui_api_client import ComfyUIClient, ComfyUIError, NodeFailure, Output

Json = dict[str, Any]

# Client option by the name that the table has for it; those in milliseconds end in Ms.
OPTIONS = {
    "connectTimeoutMs": "connect_timeout",
    "headersTimeoutMs": "headers_timeout",
    "idleTimeoutMs": "idle_timeout",
    "totalTimeoutMs": "total_timeout",
    "pollIntervalMs": "poll_interval",
    "outageMs": "outage",
    "reconnectBaseMs": "reconnect_min",
    "reconnectMaxMs": "reconnect_max",
    "pingIntervalMs": "ping_interval",
    "singleHeaderName": "single_header_name",
}


def client_of(case: Json, cancel: threading.Event) -> ComfyUIClient:
    for name in ("COMFYUI_URL", "COMFYUI_ACCESS_TOKEN"):
        os.environ.pop(name, None)
    os.environ.update(case["env"])
    options = {
        OPTIONS[name]: value / 1000 if name.endswith("Ms") else value
        for name, value in case["options"].items()
        if name in OPTIONS
    }
    return ComfyUIClient(
        cancel=cancel,
        ssl_context=trusting(case["caFile"]) if "caFile" in case else None,
        open_socket=along(case["routes"]) if "routes" in case else None,
        **options,
    )


def trusting(ca_file: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(ca_file)
    return context


def along(routes: Json) -> Callable[[str, int], socket.socket]:
    def open_socket(host: str, port: int) -> socket.socket:
        route = routes.get(f"{host}:{port}") or routes.get(f"*:{port}") or {"host": host, "port": port}
        return socket.create_connection((route["host"], route["port"]), timeout=2)

    return open_socket


def run(client: ComfyUIClient, args: Json) -> Json:
    counts: Counter[str] = Counter()
    previews = []
    result = None
    display_nodes = []
    options = {
        "timeout": args.get("timeout", 0),
        "prompt_id": args.get("promptId"),
        "partial_execution_targets": args.get("partialExecutionTargets"),
    }
    for event in client.run(args["workflow"], **options):
        counts[event.type] += 1
        if event.type == args.get("cancelAt"):
            client.interrupt(event.prompt_id)
        if event.type == "executing":
            node = event.data["node"]
            display_nodes.append(f"{node} in {event.data.get('display_node', node)}")
        if event.type == "preview":
            preview = {"format": event.data["format"], "size": len(event.image)}
            previews.append({**preview, "nodeId": event.data["node_id"]} if "node_id" in event.data else preview)
        if event.type == "result":
            result = event.result
    assert result is not None
    return {
        "promptId": result.prompt_id,
        "outputs": [output_of(output) for output in result.outputs],
        "texts": [
            {"nodeId": text.node_id, "displayNodeId": text.display_node_id, "text": text.text} for text in result.texts
        ],
        "nodeErrors": {
            node_id: {"classType": node.get("class_type"), "errors": node.get("errors")}
            for node_id, node in result.node_errors.items()
        },
        "source": result.source,
        "blocked": [failure_of(one) for one in result.blocked],
        "missing": result.missing,
        "events": counts,
        "displayNodes": display_nodes,
        "previews": previews,
    }


def output_of(output: Output) -> Json:
    named = output._asdict()
    return {"nodeId": named.pop("node_id"), "displayNodeId": named.pop("display_node_id"), **named}


def failure_of(failure: NodeFailure) -> Json:
    node_id, node_type, exception_type, message, traceback = failure
    return {
        "nodeId": node_id,
        "nodeType": node_type,
        "exceptionType": exception_type,
        "message": message,
        "traceback": traceback,
    }


def history(client: ComfyUIClient, args: Json) -> Json | None:
    entry = client.history(args["promptId"])
    return None if entry is None else {"state": entry.state, "outputs": [output_of(one) for one in entry.outputs]}


def queue(client: ComfyUIClient, _: Json) -> Json:
    return {
        name: [{"promptId": item.prompt_id, "number": item.number} for item in items]
        for name, items in client.queue()._asdict().items()
    }


def jobs(client: ComfyUIClient, args: Json) -> Json:
    found = client.jobs(**{name: args[name] for name in ("status", "limit", "offset") if name in args})
    listed = [{"id": job["id"], "status": job["status"]} for job in found["jobs"]]
    return {"jobs": listed, "total": found["pagination"]["total"]}


def upload(client: ComfyUIClient, args: Json) -> Json:
    names = ("filename", "subfolder", "type", "overwrite")
    options = {name: args[name] for name in names if name in args}
    path = args["path"]
    if args["from"] == "path":
        return client.upload_image(path, **options)
    with open(path, "rb") as file:
        return client.upload_image(file.read() if args["from"] == "bytes" else Unsized(file), **options)


class Unsized:
    """A stream whose length nobody knows beforehand, as a pipe's."""

    def __init__(self, file: Any) -> None:
        self._file = file

    def read(self, limit: int) -> bytes:
        return bytes(self._file.read(limit))


def view(client: ComfyUIClient, args: Json) -> Json:
    return {"size": sum(len(part) for part in client.view(args["filename"], args["subfolder"], args["type"]))}


def download(client: ComfyUIClient, args: Json) -> Json:
    output = Output(node_id="", kind="", **args["output"])
    return {"size": client.download(output, args["path"])}


def download_to(client: ComfyUIClient, args: Json) -> Json:
    # In ComfyUI's own form, which is what scripts have in their hands.
    return client.download_to(args["output"], args["folder"])._asdict()


def download_all(client: ComfyUIClient, args: Json) -> list[Json]:
    return [client.download_to(output, args["folder"])._asdict() for output in args["outputs"]]


def upload_and_download(client: ComfyUIClient, args: Json) -> Json:
    return client.download_to(upload(client, args), args["folder"])._asdict()


CALLS: dict[str, Callable[[ComfyUIClient, Json], Any]] = {
    "run": run,
    "history": history,
    "queue": queue,
    "deleteFromQueue": lambda client, args: client.delete_from_queue(args["promptId"]),
    "interrupt": lambda client, args: client.interrupt(args["promptId"]),
    "systemStats": lambda client, _: client.system_stats(),
    "objectInfo": lambda client, args: client.object_info(args.get("nodeClass")),
    "features": lambda client, _: client.features(),
    "jobs": jobs,
    "job": lambda client, args: client.job(args["promptId"]),
    "upload": upload,
    "view": view,
    "download": download,
    "downloadTo": download_to,
    "downloadAll": download_all,
    "uploadAndDownload": upload_and_download,
    "sendsCredential": lambda client, _: client.sends_credential,
}


def play(case: Json) -> Json:
    cancel = threading.Event()
    timer = threading.Timer(case["args"].get("abortAfterMs", 0) / 1000, cancel.set)
    timer.daemon = True
    try:
        if "abortAfterMs" in case["args"]:
            timer.start()
        case["args"]["timeout"] = case["options"].get("totalTimeoutMs", 0) / 1000
        with client_of(case, cancel) as client:
            return {"ok": True, "value": CALLS[case["call"]](client, case["args"])}
    except ComfyUIError as error:
        more = {
            "status": error.status,
            "promptId": error.prompt_id,
            "taken": error.taken,
            "failure": error.failure and failure_of(error.failure),
            "nodeErrors": error.node_errors or None,
        }
        told = {name: value for name, value in more.items() if value is not None}
        return {"ok": False, "error": {"kind": error.kind, "code": error.code, **told, "message": str(error)}}
    finally:
        timer.cancel()


if __name__ == "__main__":
    for line in sys.stdin:
        print(json.dumps(play(json.loads(line))), flush=True)
