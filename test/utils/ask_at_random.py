"""Puts calls to a server that answers at random, and counts what comes of them.

Arguments: port, how many calls, seed. Prints `{"results": n, "errors": {kind: n}, "problems": [...]}`.
"""

from __future__ import annotations

import json
import random
import sys
import threading
import time
import traceback
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Callable

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "packages/client/python"))

from comfyui_api_client import ComfyUIClient, ComfyUIError

LIMIT = 10.0
AT_ONCE = 64
PROMPT_ID = "33333333-3333-4333-8333-333333333333"
WORKFLOW = {"9": {"class_type": "SaveImage", "inputs": {}}}

port, total, seed = (int(argument) for argument in sys.argv[1:])
results = 0
errors: Counter[str] = Counter()
problems: list[str] = []
lock = threading.Lock()


def listen(client: ComfyUIClient) -> None:
    with client.connect() as web_socket:
        for _ in range(20):
            web_socket.recv(timeout=0.3)


CALLS: list[Callable[[ComfyUIClient], Any]] = [
    lambda client: client.system_stats(),
    lambda client: client.object_info(),
    lambda client: client.features(),
    lambda client: client.queue(),
    lambda client: client.history(PROMPT_ID),
    lambda client: client.get_history(PROMPT_ID),
    lambda client: client.jobs(),
    lambda client: client.job(PROMPT_ID),
    lambda client: client.interrupt(PROMPT_ID),
    lambda client: client.upload_image(b"x" * 200_000, "in.png"),
    lambda client: client.get_image("a.png", "", "output"),
    listen,
    lambda client: client.run_to_end(WORKFLOW, timeout=1.5),
    lambda client: client.run_to_end(WORKFLOW, timeout=1.5, prompt_id=PROMPT_ID),
]


def ask(number: int) -> None:
    global results
    started = time.monotonic()
    outcome = ""
    with ComfyUIClient(
        f"http://127.0.0.1:{port}/{number}/",
        connect_timeout=2,
        headers_timeout=0.3,
        idle_timeout=0.3,
        poll_interval=0.01,
        outage=0.15,
        reconnect_min=0.01,
        reconnect_max=0.04,
        ping_interval=0.05,
    ) as client:
        try:
            random.Random(seed ^ number).choice(CALLS)(client)
        except ComfyUIError as error:
            outcome = error.kind
        except BaseException:  # noqa: BLE001 (whatever else comes is what is looked for)
            outcome = traceback.format_exc()
    took = time.monotonic() - started
    with lock:
        if "\n" in outcome or took > LIMIT:
            problems.append(f"case {number}, {took:.1f} s: {outcome}")
        elif outcome:
            errors[outcome] += 1
        else:
            results += 1


with ThreadPoolExecutor(AT_ONCE) as pool:
    list(pool.map(ask, range(total)))
print(json.dumps({"results": results, "errors": errors, "problems": problems}))
