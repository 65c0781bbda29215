#!/usr/bin/env python3
"""Client of ComfyUI's API, on this machine, in Docker, or behind Cloudflare Access, with the same calls.

One file, standard library only, Python 3.9 or newer: copy it next to your script.

    from comfyui_api_client import ComfyUIClient

    comfyui = ComfyUIClient()  # COMFYUI_URL and COMFYUI_ACCESS_TOKEN say where and with which credential
    for event in comfyui.run(workflow):
        if event.type == "progress":
            print(event.data["value"], "of", event.data["max"])
        elif event.type == "result":
            for output in event.result.outputs:
                comfyui.download_to(output, "outputs")

A script in the style of ComfyUI's `script_examples/websockets_api_example.py` keeps its loop. Its three functions and
its socket come from the client, and nothing else changes:

    comfyui = ComfyUIClient()
    queue_prompt, get_history, get_image = comfyui.queue_prompt, comfyui.get_history, comfyui.get_image
    ws = comfyui.connect()  # instead of websocket.WebSocket() and ws.connect("ws://...")
    images = get_images(ws, prompt)
    ws.close()

Environment:

- `COMFYUI_URL`: default `http://localhost:8188`; `http://comfyui:8188` in Docker; `https://comfyui.example.org` remote.
- `COMFYUI_ACCESS_TOKEN`: `<client id>.access:<client secret>` of a service token, or the JSON object
  `{"cf-access-client-id": ..., "cf-access-client-secret": ...}` of the single-header mode, or a JWT that
  `cloudflared access token` printed. Never sent to a local address, over http, or to another host.
- `HTTPS_PROXY`, `NO_PROXY`, `SSL_CERT_FILE`: as everywhere. Local addresses are never asked of a proxy, and a proxy
  never sees the token: it only passes TLS on.

`python3 comfyui_api_client.py --check` says whether ComfyUI answers, and if it does not, who refuses and why.

Every failure is a `ComfyUIError`: `kind` says who stood in the way, `code` why, and the message what to do about it.
"""

from __future__ import annotations

import argparse
import base64
import binascii
import contextlib
import datetime
import hashlib
import http.client
import io
import ipaddress
import json
import math
import os
import random
import re
import secrets
import selectors
import socket
import ssl
import struct
import sys
import threading
import time
import unicodedata
import urllib.parse
import urllib.request
import uuid
from collections.abc import Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import (
    TYPE_CHECKING,
    Any,
    Callable,
    ClassVar,
    NamedTuple,
    NoReturn,
    Protocol,
    TypeVar,
    Union,
)

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = [
    "AbortedError",
    "AccessError",
    "ComfyUIClient",
    "ComfyUIError",
    "Event",
    "HistoryEntry",
    "NetworkError",
    "NodeFailure",
    "Output",
    "ProtocolError",
    "Queue",
    "QueueItem",
    "RunResult",
    "SavedFile",
    "ServerError",
    "TextOutput",
    "TimeLimitError",
    "TunnelError",
    "UsageError",
    "WebSocket",
    "is_local",
]

JsonObject = dict[str, Any]

# --- Errors ------------------------------------------------------------------------------------------------


class ComfyUIError(Exception):
    """The base of this client's errors. The message names the cause and never holds a secret."""

    kind: ClassVar[str] = "comfyui"

    def __init__(
        self,
        code: str,
        message: str,
        *,
        status: int | None = None,
        prompt_id: str | None = None,
        node_errors: JsonObject | None = None,
        outputs: list[Output] | None = None,
        failure: NodeFailure | None = None,
        taken: bool | None = None,
    ) -> None:
        super().__init__(message)
        #: The cause within its kind, for programs: `no_token`, `token_refused`, `execution_failed`, `cancelled`, ...
        #: A prompt that ComfyUI refuses has ComfyUI's own `error.type`.
        self.code = code
        #: HTTP status, when there was an answer.
        self.status = status
        #: The prompt that it is about, once there was one.
        self.prompt_id = prompt_id
        #: What ComfyUI's validation says, by node id.
        self.node_errors = node_errors or {}
        #: Outputs that a failed or interrupted prompt had made by then.
        self.outputs = outputs or []
        #: The node that failed, with ComfyUI's own words about it.
        self.failure = failure
        #: Of a run: whether ComfyUI has taken the prompt. None where that is not known.
        self.taken = taken

    def __reduce__(self) -> tuple[Any, ...]:
        # An exception is made anew from its arguments alone: so it comes back whole from another process.
        return _error_again, (type(self), self.code, str(self), dict(self.__dict__))


def _error_again(kind: type[ComfyUIError], code: str, message: str, fields: JsonObject) -> ComfyUIError:
    error = kind(code, message)
    error.__dict__.update(fields)
    return error


class AccessError(ComfyUIError):
    """Cloudflare Access refused, or the credential cannot be accepted."""

    kind = "access"


class TunnelError(ComfyUIError):
    """Cloudflare answered, but did not reach ComfyUI."""

    kind = "tunnel"


class ServerError(ComfyUIError):
    """ComfyUI refused, failed, or lost the prompt."""

    kind = "comfyui"


class NetworkError(ComfyUIError):
    """There was no connection, or it broke."""

    kind = "network"


class ProtocolError(ComfyUIError):
    """An answer came that ComfyUI does not give."""

    kind = "protocol"


class TimeLimitError(ComfyUIError):
    """A time limit was reached; the code says which: `connect`, `headers`, `idle` or `total`."""

    kind = "timeout"


class AbortedError(ComfyUIError):
    """The caller cancelled."""

    kind = "aborted"


class UsageError(ComfyUIError):
    """An argument, the address or the token is not right."""

    kind = "usage"


def _is_passing(error: ComfyUIError) -> bool:
    """Whether the same request may well succeed a little later."""
    if isinstance(error, NetworkError):
        return error.code != "tls"
    if isinstance(error, TimeLimitError):
        return error.code != "total"
    return isinstance(error, TunnelError) or (isinstance(error, ServerError) and (error.status or 0) >= 500)


def _is_worth_repeating(error: ComfyUIError) -> bool:
    # A timeout has cost its time already, and 524 two minutes: the caller decides about those.
    return isinstance(error, (NetworkError, TunnelError)) and _is_passing(error) and error.status != 524


def _has_arrived_nowhere(error: ComfyUIError) -> bool:
    """Whether ComfyUI cannot have seen the request."""
    return error.code in ("connect", "dns", "tls", "no_connector")


def _is_refusal(error: ComfyUIError) -> bool:
    """Whether somebody said no: Access, ComfyUI's validation."""
    return isinstance(error, (AccessError, UsageError)) or 300 <= (error.status or 0) < 500


# --- Results -----------------------------------------------------------------------------------------------


class Output(NamedTuple):
    """A file that a prompt made."""

    node_id: str
    #: The key under which the node lists it: `images`, `gifs`, `audio`, ...
    kind: str
    filename: str
    subfolder: str
    #: ComfyUI's folder: `output`, `temp` or `input`.
    type: str
    #: The node on the canvas: another one than `node_id` where a node was expanded into others, as in a subgraph.
    display_node_id: str = ""


class TextOutput(NamedTuple):
    """A text that a node showed."""

    node_id: str
    text: str
    display_node_id: str = ""


class NodeFailure(NamedTuple):
    """A node that failed or was blocked, in ComfyUI's own words."""

    node_id: str
    node_type: str
    #: Python's name of the exception, e.g. `torch.OutOfMemoryError`; `ExecutionBlocked` of a blocked node.
    exception_type: str
    message: str
    #: Python's lines; empty where ComfyUI gives none.
    traceback: list[str]


class SavedFile(NamedTuple):
    """A file that was saved."""

    path: str
    #: In bytes.
    size: int


class QueueItem(NamedTuple):
    """A prompt in the queue."""

    prompt_id: str
    #: Its priority, lowest first; not a position.
    number: float


class Queue(NamedTuple):
    """The prompts that run and wait, in the order in which they come."""

    running: list[QueueItem]
    pending: list[QueueItem]


@dataclass(frozen=True)
class HistoryEntry:
    """How a prompt stands in history."""

    prompt_id: str
    #: `success`, `error` or `interrupted`.
    state: str
    outputs: list[Output]
    texts: list[TextOutput]
    #: What failed, of a prompt that did; None where ComfyUI does not say it.
    failure: NodeFailure | None = None
    #: Output nodes that were to run and of which history has nothing: blocked ones, and kinds that show nothing. None
    #: where history does not say which were to run.
    missing: list[str] | None = None


@dataclass(frozen=True)
class RunResult:
    """What a run has made."""

    prompt_id: str
    outputs: list[Output]
    texts: list[TextOutput]
    #: Outputs that ComfyUI refused although it took the prompt, by node id.
    node_errors: JsonObject
    #: `history`, or `events` when the prompt was no longer in history but every event had been heard.
    source: str
    #: Nodes that were blocked, so that what hangs on them was not made. As heard: ComfyUI's history does not tell.
    blocked: list[NodeFailure] = field(default_factory=list)
    #: Output nodes that were to run and of which history has nothing: blocked ones, heard or not, and kinds that show
    #: nothing. None where history does not say it.
    missing: list[str] | None = None


@dataclass(frozen=True)
class Event:
    """Something that has happened to a prompt."""

    #: ComfyUI's own: `execution_start`, `execution_cached`, `executing`, `progress`, `progress_state`, `executed`;
    #: besides `preview`, `progress_text`, `node_errors`; `submitted`: ComfyUI has taken the prompt; `queued`: others come
    #: before it; `connection`: the WebSocket, without which the run goes on; `execution_blocked`: a node was blocked, and
    #: the prompt goes on; and `result`, which comes last, once.
    type: str
    prompt_id: str
    #: ComfyUI's own data. Of a preview: `format` (`jpeg`, `png`) and, where the server says it, `node_id`. Of `submitted`:
    #: `recovered`, when it was found there after an answer that did not arrive. Of `queued`: `ahead`. Of `connection`:
    #: `state` (`open`, `lost`, `refused`) and perhaps `reason`.
    data: JsonObject = field(default_factory=dict)
    #: The picture of a `preview`.
    image: bytes = b""
    _result: RunResult | None = None

    @property
    def result(self) -> RunResult:
        """The result, of the event of this type."""
        if self._result is None:
            raise AttributeError(f"an event of type {self.type} has no result")
        return self._result


def _record(value: object, what: str) -> JsonObject:
    if isinstance(value, dict):
        return value
    _wrong_shape(what, "an object", value)


def _list(value: object, what: str) -> list[Any]:
    if isinstance(value, list):
        return value
    _wrong_shape(what, "a list", value)


def _string(value: object, what: str) -> str:
    if isinstance(value, str):
        return value
    _wrong_shape(what, "a string", value)


def _number(value: object, what: str) -> float:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return value
    _wrong_shape(what, "a number", value)


def _wrong_shape(what: str, expected: str, value: object) -> NoReturn:
    got = {dict: "an object", list: "a list", str: "a string", type(None): "null"}.get(type(value), "something else")
    raise ProtocolError("shape", f"{what}: expected {expected}, got {got}; is this ComfyUI?")


def _text(value: object) -> str:
    return str(value) if isinstance(value, (str, int, float)) else ""


def _outputs_of(
    outputs: JsonObject, display_node_of: Callable[[str], object] = lambda _: None
) -> tuple[list[Output], list[TextOutput]]:
    """The files and texts of `outputs` as history and the `executed` event have them; all else is passed over."""
    files: list[Output] = []
    texts: list[TextOutput] = []
    for node_id, by_kind in outputs.items():
        display = _text(display_node_of(node_id)) or node_id
        for kind, items in by_kind.items() if isinstance(by_kind, dict) else ():
            for item in items if isinstance(items, list) else [items]:
                if isinstance(item, str):
                    texts.append(TextOutput(node_id, item, display))
                elif isinstance(item, dict) and isinstance(item.get("filename"), str):
                    subfolder, folder = item.get("subfolder"), item.get("type")
                    files.append(
                        Output(
                            node_id,
                            kind,
                            item["filename"],
                            subfolder if isinstance(subfolder, str) else "",
                            folder if isinstance(folder, str) else "output",
                            display,
                        )
                    )
    return files, texts


def _parse_history(body: object, prompt_id: str, client_id: str | None = None) -> HistoryEntry | None:
    """The prompt's entry; None when it is not there: queued, running, unknown, deleted or evicted.

    ComfyUI takes the same id twice: with a `client_id`, an entry that names another client is an earlier run's.
    """
    history = _record(body, "history")
    if prompt_id not in history:
        return None
    entry = _record(history[prompt_id], "history entry")
    prompt = entry.get("prompt")
    prompt = prompt if isinstance(prompt, list) else []
    if not _is_of(prompt, client_id):
        return None
    made = _record(entry.get("outputs") or {}, "history outputs")
    meta = entry.get("meta")

    def display_node_of(node_id: str) -> object:
        about = meta.get(node_id) if isinstance(meta, dict) else None
        return about.get("display_node") if isinstance(about, dict) else None

    outputs, texts = _outputs_of(made, display_node_of)
    wanted = prompt[4] if len(prompt) > 4 else None
    missing = None
    if isinstance(wanted, list):
        shown = {*made, *(_text(display_node_of(node_id)) for node_id in made)}
        missing = [node_id for node_id in wanted if isinstance(node_id, str) and node_id not in shown]

    def ended(state: str, failure: NodeFailure | None = None) -> HistoryEntry:
        return HistoryEntry(prompt_id, state, outputs, texts, failure, missing)

    # Entries of old servers, and of some custom nodes, have no status.
    status = _record(entry.get("status") or {}, "history status")
    if status.get("status_str") != "error":
        return ended("success")
    # `error` covers interruption too: the last message tells which it was.
    for message in reversed(_list(status.get("messages") or [], "history status.messages")):
        kind, data = message if isinstance(message, list) and len(message) == 2 else (None, None)
        if kind == "execution_interrupted":
            return ended("interrupted")
        if kind == "execution_error":
            return ended("error", _failure_in(data))
    return ended("error")


def _is_of(item: list[Any], client_id: str | None) -> bool:
    """Whether an item, as queue and history have it, may be this client's: false when it names another."""
    extra_data = item[3] if len(item) > 3 and isinstance(item[3], dict) else {}
    owner = extra_data.get("client_id")
    return client_id is None or not isinstance(owner, str) or owner == client_id


def _failure_in(data: object) -> NodeFailure:
    """Reads the data of an `execution_error`."""
    said = data if isinstance(data, dict) else {}
    lines = said.get("traceback")
    return NodeFailure(
        _text(said.get("node_id")),
        _text(said.get("node_type")),
        _text(said.get("exception_type")),
        _text(said.get("exception_message")).strip(),
        [line for line in lines if isinstance(line, str)] if isinstance(lines, list) else [],
    )


def _parse_node_errors(value: object) -> JsonObject:
    """`node_errors`, which is `{}` or `[]` when there are none; of any other shape: none."""
    return value if isinstance(value, dict) else {}


def _describe_node_errors(node_errors: JsonObject) -> str:
    """One part per error, at most five."""
    parts = []
    for node_id, node in node_errors.items():
        said = node if isinstance(node, dict) else {}
        errors = said.get("errors")
        for error in errors if isinstance(errors, list) else []:
            if isinstance(error, dict):
                details = _text(error.get("details"))
                message = _text(error.get("message")) + (f" ({details})" if details else "")
                parts.append(f"node {node_id} ({_text(said.get('class_type'))}): {message}")
    more = [f"and {len(parts) - 5} more"] if len(parts) > 5 else []
    return "; ".join(parts[:5] + more)


def _check_workflow(workflow: object) -> JsonObject:
    """Refuses what ComfyUI would refuse less clearly."""
    if not isinstance(workflow, dict):
        _bad_workflow("is not an object")
    if isinstance(workflow.get("nodes"), list):
        raise UsageError(
            "ui_format",
            'this is the workflow as the editor saves it, with "nodes" and "links"; '
            "ComfyUI runs the API format: File → Export (API) in the editor",
        )
    if not workflow:
        _bad_workflow("has no nodes")
    inner = workflow.get("prompt")
    if isinstance(inner, dict) and "class_type" not in inner:
        _bad_workflow('looks like the whole body of POST /prompt: pass what stands under "prompt"')
    for node_id, node in workflow.items():
        if not (isinstance(node, dict) and isinstance(node.get("class_type"), str)):
            _bad_workflow(f"node {str(node_id)[:40]!r} has no class_type")
    return workflow


def _bad_workflow(what: str) -> NoReturn:
    raise UsageError(
        "bad_workflow",
        f'the workflow: {what}; expected ComfyUI\'s API format, {{"<node id>": {{"class_type", "inputs"}}}}',
    )


# --- Address and credential --------------------------------------------------------------------------------

_LOCAL_NETWORKS = tuple(
    ipaddress.ip_network(network)
    for network in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",  # Shared address space (RFC 6598): overlay networks such as Tailscale's.
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "::/127",
        "fc00::/7",
        "fe80::/10",
    )
)


def is_local(host: str) -> bool:
    """Whether a host is on this machine or in its own network, where no Access stands in front of it: loopback, private
    and link-local addresses, names of one label (a Docker service's), `*.localhost`, `*.local` and `*.internal`.
    """
    host = host.strip("[]").removesuffix(".").lower()
    ip = _ip_of(host)
    if ip is not None:
        return any(ip.version == network.version and ip in network for network in _LOCAL_NETWORKS)
    return "." not in host or host.endswith((".localhost", ".local", ".internal"))


def _ip_of(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    with contextlib.suppress(ValueError):
        ip = ipaddress.ip_address(host.partition("%")[0])
        return getattr(ip, "ipv4_mapped", None) or ip
    # What systems take for an IPv4 address besides: 127.1, 0x7f.1, 2130706433.
    if re.fullmatch(r"(0x[0-9a-f]*|[0-9]+)(\.(0x[0-9a-f]*|[0-9]+)){0,3}", host):
        with contextlib.suppress(OSError):
            return ipaddress.IPv4Address(socket.inet_aton(host))
    return None


class _Address(NamedTuple):
    """Where a server is: scheme, host and port, and the path below which its routes stand."""

    secure: bool
    host: str
    port: int
    path: str

    @property
    def authority(self) -> str:
        """`host` or `host:port`, as a Host header has it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == (443 if self.secure else 80) else f"{host}:{self.port}"

    @property
    def origin(self) -> str:
        """Scheme, host and port."""
        return f"{'https' if self.secure else 'http'}://{self.authority}"

    @property
    def may_carry_credential(self) -> bool:
        """Over TLS, to a host that is not local."""
        return self.secure and not is_local(self.host)


def _split_url(url: str) -> tuple[_Address, urllib.parse.SplitResult]:
    """The address of a URL; its path is not looked at. Raises ValueError with what is wrong."""
    parts = urllib.parse.urlsplit(url)
    if "\\" in url:
        raise ValueError("has a backslash, which some take for a slash")
    if parts.scheme not in ("http", "https"):
        raise ValueError("does not start with http:// or https:// (the WebSocket's address follows from it)")
    host = parts.hostname or ""
    if re.search("[\u00df\u03c2\u200c\u200d]", host):
        # These became names of their own; Python's own IDNA still makes others of them, which are another's hosts.
        raise ValueError("has a host name that is not sure: write it as DNS does, with xn--")
    if not host.isascii():
        host = host.encode("idna").decode("ascii")
    is_name = re.fullmatch(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*\.?", host)
    # A name that ends in a number is meant as an IP address, and is none.
    is_number = re.search(r"(^|\.)([0-9]+|0x[0-9a-f]*)\.?$", host)
    if _ip_of(host.removesuffix(".")) is None and (not is_name or is_number):
        raise ValueError("has no valid host name")
    secure = parts.scheme == "https"
    if parts.port == 0:
        raise ValueError("has port 0")
    return _Address(secure, host, parts.port or (443 if secure else 80), ""), parts


def _parse_address(url: str) -> _Address:
    def bad(what: str) -> NoReturn:
        example = "http://localhost:8188 or https://comfyui.example.org"
        raise UsageError("bad_url", f"COMFYUI_URL: {what}; expected e.g. {example}") from None

    try:
        address, parts = _split_url(url.strip())
    except ValueError as error:
        bad(str(error) if error.args and str(error).startswith(("does", "has")) else "is not a URL")
    if "@" in parts.netloc:
        bad("holds a user name or password")
    if parts.query or parts.fragment:
        bad("has a query or fragment")
    path = _without_dots(parts.path).rstrip("/")
    return address._replace(path=urllib.parse.quote(path, safe="/%:@!$&'()*+,;=~[]|"))


def _without_dots(path: str) -> str:
    """The path without the segments `.` and `..`, which proxies on the way would take out, each in its own way."""
    kept: list[str] = []
    for segment in path.split("/"):
        if segment == "..":
            del kept[max(1, len(kept) - 1) :]
        elif segment != ".":
            kept.append(segment)
    return "/".join(kept)


class _Credential:
    """A credential for Cloudflare Access, as it is sent. Neither printed, nor copied, nor listed by `vars`."""

    __slots__ = ("_headers", "_secrets", "expires_at")

    def __init__(self, headers: dict[str, str], secrets: list[str], expires_at: float | None = None) -> None:
        self._headers = headers
        self._secrets = secrets
        #: When a JWT ends, in seconds since 1970.
        self.expires_at = expires_at

    @property
    def headers(self) -> dict[str, str]:
        """What is sent."""
        return dict(self._headers)

    @property
    def secrets(self) -> list[str]:
        """What must show up nowhere, also as a URL has it; the longest first."""
        quoted = [urllib.parse.quote(secret, safe="") for secret in self._secrets]
        return sorted({*self._secrets, *quoted}, key=len, reverse=True)

    def __repr__(self) -> str:
        return "<credential>"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a credential is not copied or pickled")


class _Said:
    """What the server said, without the credential: a page, an error or an echo may repeat it.

    Every text that comes from the server passes here before anything else reads it; the bytes of files alone do not.
    """

    __slots__ = ("_pattern", "_secrets")

    def __init__(self, credential: _Credential | None) -> None:
        self._secrets = [secret.lower() for secret in credential.secrets] if credential else []
        # A host name in a redirect, for one, comes in small letters.
        self._pattern = re.compile("|".join(map(re.escape, self._secrets)), re.IGNORECASE) if self._secrets else None

    def __repr__(self) -> str:
        return "<said>"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a credential is not copied or pickled")

    def text(self, text: str, part: bool = False) -> str:
        """A text; `part`: its end is cut off, perhaps within the credential."""
        if self._pattern is None:
            return text
        clean = self._pattern.sub("[redacted]", text)
        if not part:
            return clean
        end = clean[-max(map(len, self._secrets)) :].lower()
        begun = (n for secret in self._secrets for n in range(1, len(secret)) if end.endswith(secret[:n]))
        return clean[: len(clean) - max(begun, default=0)]

    def value(self, value: Any) -> Any:
        """A value of JSON, with the names in it."""
        if self._pattern is None:
            return value
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, list):
            return [self.value(item) for item in value]
        if isinstance(value, dict):
            return {self.text(name): self.value(item) for name, item in value.items()}
        return value


# What may stand around a token: JavaScript's blanks, so that both clients read the same; a byte order mark is one.
_BLANKS = "\t\n\v\f\r \u00a0\u1680" + "".join(map(chr, range(0x2000, 0x200B))) + "\u2028\u2029\u202f\u205f\u3000\ufeff"


def _parse_token(text: str, single_header_name: str) -> _Credential:
    """Reads `COMFYUI_ACCESS_TOKEN`, whose form says how it is sent.

    https://developers.cloudflare.com/cloudflare-one/access-controls/service-credentials/service-tokens/
    """
    token = text.strip(_BLANKS)
    if token.startswith("{"):
        said = _json_object(token)
        value_id, value_secret = said.get("cf-access-client-id"), said.get("cf-access-client-secret")
        if isinstance(value_id, str) and isinstance(value_secret, str) and value_id and value_secret:
            _must_have_no_flaw(value_id, "client id")
            _must_have_no_flaw(value_secret, "client secret")
            value = json.dumps(
                {"cf-access-client-id": value_id, "cf-access-client-secret": value_secret}, separators=(",", ":")
            )
            return _Credential({single_header_name: value}, [value, value_id, value_secret])
    else:
        _must_have_no_flaw(token)
    pair = re.fullmatch(r"([^:]+\.access):(.+)", token)
    if pair:
        _must_have_no_flaw(pair[1], "client id")
        _must_have_no_flaw(pair[2], "client secret")
        return _Credential({"CF-Access-Client-Id": pair[1], "CF-Access-Client-Secret": pair[2]}, [pair[1], pair[2]])
    jwt = re.fullmatch(r"[\w-]+\.([\w-]+)\.[\w-]+", token, re.ASCII)
    claims = _json_object(_from_base64url(jwt[1])) if jwt else {}
    if claims:
        expiry = claims.get("exp")
        is_number = isinstance(expiry, (int, float)) and not isinstance(expiry, bool)
        return _Credential({"cf-access-token": token}, [token], expiry if is_number else None)
    raise UsageError(
        "bad_token",
        "COMFYUI_ACCESS_TOKEN has none of the known forms: <client id>.access:<client secret>, a JSON object "
        '{"cf-access-client-id": ..., "cf-access-client-secret": ...}, or a JWT of `cloudflared access token`',
    )


# What no credential has, first what copying leaves; the same words as the commands and the TypeScript client.
_FLAWS = (
    (re.compile(r"[\r\n]"), "holds a line break"),
    (re.compile(f"[{_BLANKS}]"), "holds white space"),
    (re.compile("^[\"'`\u201c\u201d\u2018\u2019]|[\"'`\u201c\u201d\u2018\u2019]\\Z"), "has quotes around it"),
    (re.compile(r"[^\x00-\x7f]"), "holds a character that is not ASCII"),
    (re.compile(r"[^\x21-\x7e]"), "holds a control character"),
)


def _must_have_no_flaw(text: str, part: str = "") -> None:
    """Raises when a text, or a part of it, can be no credential: it would be refused later, as if wrong or expired."""
    flaw = next((words for pattern, words in _FLAWS if pattern.search(text)), None)
    if flaw is None:
        return
    what = f"the {part} in COMFYUI_ACCESS_TOKEN" if part else "COMFYUI_ACCESS_TOKEN"
    remedy = "Set it again as it was given out: without quotes, spaces or line breaks."
    raise UsageError("bad_token", f"{what} {flaw}, as no credential does. {remedy}")


def _no_json(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")


def _json_object(text: str | bytes) -> JsonObject:
    """The JSON object in a text; empty when there is none."""
    try:
        value = json.loads(text, parse_constant=_no_json)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _from_base64url(text: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        return b""


def _must_be_current(credential: _Credential) -> None:
    expiry = credential.expires_at
    if expiry is None or expiry > time.time():
        return
    try:
        when = datetime.datetime.fromtimestamp(expiry, datetime.timezone.utc).isoformat()
    except (OverflowError, ValueError, OSError):
        when = "long ago"
    raise AccessError(
        "token_expired",
        f"the JWT in COMFYUI_ACCESS_TOKEN expired ({when}): get a new one with `cloudflared access token`, "
        "or use a service token",
    )


# --- Waiting and connections -------------------------------------------------------------------------------

# Longest time that a wait goes without looking whether the caller has cancelled, in seconds.
_SLICE = 0.1
_READ_SIZE = 256 * 1024
# Access puts its JWTs into headers and redirects, a few KiB each; a server that sends more than this is broken.
_MAX_HEAD = 128 * 1024
# `/object_info` of a server with hundreds of custom nodes is some 30 MB.
_MAX_JSON = 64 * 1024 * 1024
# Enough of a page or of an error to tell who sent it.
_MAX_REFUSAL = 64 * 1024
_MAX_MESSAGE = 100 * 1024 * 1024
_MAX_REDIRECTS = 5
_MAX_IDLE_CONNECTIONS = 4
# Pause before a GET is repeated, and shortest pause before history is looked at again.
_SHORT_PAUSE = 0.1
# Pause before the queue is looked at for the first time while nothing is heard of a prompt.
_FIRST_LOOK = 0.25
# Absent from queue and history in so many looks in a row: gone.
_CERTAIN = 2
# What opening the WebSocket again is allowed, unless the next look at history is further away.
_REOPEN = 1.0

OpenSocket = Callable[[str, int], socket.socket]
_T = TypeVar("_T")


class _TimeIsUp(Exception):
    """The time of a `_Wait` is up."""


class _Cut(Exception):
    """The peer closed the connection in the middle."""


class _Malformed(Exception):
    """The peer does not keep to the protocol."""


class _TooLarge(Exception):
    """The answer is larger than is read."""


class _Wait:
    """How long to wait for something, and whether the caller still wants it."""

    def __init__(self, cancels: Iterable[threading.Event | None], total: float = 0) -> None:
        self._cancels = [cancel for cancel in cancels if cancel is not None]
        self._end = time.monotonic() + total if total > 0 else math.inf
        self._seconds = 0.0
        self._moves = False
        self._phase_end = math.inf
        #: What is waited for: the code of the error when time is up.
        self.phase = "idle"

    def begin(self, phase: str, seconds: float, moves: bool = False) -> None:
        """Allows so many seconds for what comes next, 0 = no limit; `moves`: anew whenever something has moved."""
        self.phase, self._seconds, self._moves = phase, seconds, moves
        self._phase_end = time.monotonic() + seconds if seconds > 0 else math.inf

    @contextlib.contextmanager
    def within(self, seconds: float) -> Generator[None, None, None]:
        """Allows so many seconds for all that is in here, 0 = no limit of its own."""
        end = self._end
        if seconds > 0:
            self._end = min(end, time.monotonic() + seconds)
        try:
            yield
        finally:
            self._end = end

    @property
    def is_over(self) -> bool:
        """Whether the whole's time is up."""
        return time.monotonic() >= self._end

    def moved(self) -> None:
        """Something has come in or gone out."""
        if self._moves:
            self.begin(self.phase, self._seconds, True)

    def left(self) -> float:
        """Seconds until this wait has to be asked again; raises when it is over."""
        if any(cancel.is_set() for cancel in self._cancels):
            raise AbortedError("aborted", "cancelled by the caller")
        left = min(self._end, self._phase_end) - time.monotonic()
        if left <= 0:
            if self._phase_end > self._end:
                self.phase = "total"
            raise _TimeIsUp
        return min(left, _SLICE)

    def sleep(self, seconds: float) -> None:
        """Lets so much time pass; raises `TimeLimitError` when the whole's is up."""
        self.begin("total", 0)
        end = time.monotonic() + seconds
        try:
            while (rest := end - time.monotonic()) > 0:
                time.sleep(min(rest, self.left()))
        except _TimeIsUp:
            raise TimeLimitError("total", "the total time limit is over") from None

    def until_ready(self, sock: socket.socket, events: int) -> None:
        """Returns when the socket is ready for one of the `selectors` events."""
        with selectors.DefaultSelector() as selector:
            selector.register(sock, events)
            while not selector.select(self.left()):
                pass


# Why `http.client` gives no more than its parser of headers: it blocks. It does not see the `threading.Event` by which a
# caller cancels; its time limits begin anew with every few bytes of a head; and what the server answers while a large
# body is still being sent it does not see before the end. It also takes two lengths for one body, and `+5` or `0x5` for
# the size of a chunk, where whoever stands between may read otherwise.
class _Connection:
    """A non-blocking socket with a read buffer; whatever waits here is bounded by a `_Wait`."""

    def __init__(self, sock: socket.socket) -> None:
        sock.setblocking(False)
        self._sock = sock
        self._buffer = bytearray()

    def close(self) -> None:
        """Closes the socket at once."""
        with contextlib.suppress(OSError):
            self._sock.close()

    def start_tls(self, context: ssl.SSLContext, hostname: str, wait: _Wait) -> None:
        """Continues in TLS; the certificate has to be the hostname's."""
        secure = context.wrap_socket(self._sock, server_hostname=hostname, do_handshake_on_connect=False)
        self._sock = secure
        while True:
            try:
                return secure.do_handshake()
            except ssl.SSLWantReadError:
                wait.until_ready(secure, selectors.EVENT_READ)
            except ssl.SSLWantWriteError:
                wait.until_ready(secure, selectors.EVENT_WRITE)

    def send(self, data: bytes, wait: _Wait, heed_input: bool = False) -> bool:
        """Sends all of it. With `heed_input`: False when the peer answers meanwhile, as it does not want the rest."""
        rest = memoryview(data)
        events = selectors.EVENT_WRITE | (selectors.EVENT_READ if heed_input else 0)
        while rest:
            try:
                rest = rest[self._sock.send(rest) :]
                wait.moved()
            except ssl.SSLWantReadError:
                wait.until_ready(self._sock, selectors.EVENT_READ)
            except (BlockingIOError, ssl.SSLWantWriteError):
                wait.until_ready(self._sock, events)
            except (BrokenPipeError, ConnectionResetError):
                # Whoever refuses a large body may answer and close at once: the answer says more.
                if heed_input and self.has_input() and self._buffer:
                    return False
                raise
            if heed_input and self.has_input():
                return False
        return True

    def has_input(self) -> bool:
        """Whether something has come in that nobody has read, the end of the stream included."""
        if self._buffer:
            return True
        try:
            self._buffer += self._sock.recv(_READ_SIZE)
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return False
        except OSError:
            return True
        return True

    def read_some(self, limit: int, wait: _Wait) -> bytes:
        """Between 1 and `limit` bytes; empty at the end of the stream."""
        return self.take(min(limit, len(self._buffer))) if self._buffer else self._receive(limit, wait)

    def peek(self, count: int, wait: _Wait) -> bytearray:
        """The buffer, which then holds at least so many bytes. When the wait ends first, nothing is lost."""
        while len(self._buffer) < count:
            data = self._receive(_READ_SIZE, wait)
            if not data:
                raise _Cut
            self._buffer += data
        return self._buffer

    def take(self, count: int) -> bytes:
        """So many bytes from the buffer, which has to hold them."""
        data = bytes(memoryview(self._buffer)[:count])
        del self._buffer[:count]
        return data

    def read_until(self, end: bytes, limit: int, wait: _Wait) -> bytes:
        """The bytes before `end`, which is read as well."""
        start = 0
        while (at := self._buffer.find(end, start)) < 0:
            if len(self._buffer) > limit:
                raise _Malformed(f"a head of more than {limit} bytes")
            start = max(0, len(self._buffer) - len(end))
            self.peek(len(self._buffer) + 1, wait)
        return self.take(at + len(end))[:at]

    def _receive(self, limit: int, wait: _Wait) -> bytes:
        while True:
            try:
                data = self._sock.recv(min(limit, _READ_SIZE))
            except (BlockingIOError, ssl.SSLWantReadError):
                wait.until_ready(self._sock, selectors.EVENT_READ)
            except ssl.SSLWantWriteError:
                wait.until_ready(self._sock, selectors.EVENT_WRITE)
            else:
                wait.moved()
                return data


def _connect(host: str, port: int, wait: _Wait) -> socket.socket:
    """A TCP connection to the first of the host's addresses that answers."""
    failure: OSError | None = None
    for family, kind, protocol, _, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
        sock = socket.socket(family, kind, protocol)
        try:
            sock.setblocking(False)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if sock.connect_ex(address) != 0:
                wait.until_ready(sock, selectors.EVENT_WRITE)
            code = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            if code == 0:
                return sock
            failure = OSError(code, os.strerror(code))
            sock.close()
        except BaseException:
            sock.close()
            raise
    raise failure or OSError(f"{host} has no address")


def _proxy_for(address: _Address) -> tuple[str, int, dict[str, str]] | None:
    """Host, port and headers of the proxy that the environment names for this address."""
    url = urllib.request.getproxies().get("https" if address.secure else "http")
    names = (address.authority, f"{address.host}:{address.port}")
    if not url or is_local(address.host) or any(map(urllib.request.proxy_bypass, names)):
        return None
    proxy = _parse_proxy(url.strip())
    if proxy is None:
        # Without what stands there, in the cause too: it may hold a password.
        words = (
            f"the proxy in {'HTTPS_PROXY' if address.secure else 'HTTP_PROXY'} has to be http://host:port or"
            " http://user:password@host:port, special characters as %20 and the like; to go without a proxy, name"
            f" {address.host} in NO_PROXY"
        )
        raise UsageError("bad_url", words)
    return proxy


def _parse_proxy(url: str) -> tuple[str, int, dict[str, str]] | None:
    try:
        proxy = urllib.parse.urlsplit(url if "://" in url else f"http://{url}")
        if proxy.scheme != "http" or not proxy.hostname or re.search(r"%(?![0-9A-Fa-f]{2})", proxy.netloc):
            return None
        parts = (urllib.parse.unquote(part or "", errors="strict") for part in (proxy.username, proxy.password))
        user = ":".join(parts)
        basic = base64.b64encode(user.encode()).decode("ascii")
        headers = {} if user == ":" else {"Proxy-Authorization": f"Basic {basic}"}
        return proxy.hostname, proxy.port or 80, headers
    except ValueError:
        return None


# --- HTTP --------------------------------------------------------------------------------------------------


class _Head(NamedTuple):
    """Status and headers of an answer."""

    status: int
    headers: http.client.HTTPMessage

    def get(self, name: str) -> str:
        """The header's value, or an empty string."""
        return str(self.headers.get(name) or "")


def _read_head(connection: _Connection, wait: _Wait) -> _Head:
    """The head of the next answer that is final."""
    while True:
        head = connection.read_until(b"\r\n\r\n", _MAX_HEAD, wait)
        first, _, rest = head.partition(b"\r\n")
        match = re.fullmatch(rb"HTTP/1\.[01] ([1-5][0-9][0-9])(?: [^\r\n]*)?", first)
        if match is None:
            raise _Malformed("not HTTP/1.1")
        status = int(match[1])
        if status == 101 or status >= 200:
            try:
                return _Head(status, http.client.parse_headers(io.BytesIO(rest + b"\r\n\r\n")))
            except http.client.HTTPException:
                raise _Malformed("too many or too long headers") from None


def _write_head(method: str, target: str, headers: Mapping[str, str]) -> bytes:
    lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items()), "", ""]
    return "\r\n".join(lines).encode("latin-1")


class _Answer:
    """An answer whose body has not been read yet. Whoever has it closes it."""

    def __init__(self, connection: _Connection, head: _Head, wait: _Wait, keep: Callable[[_Connection], None]) -> None:
        self.head = head
        self._connection: _Connection | None = connection
        self._wait = wait
        self._keep = keep
        self._chunked = head.get("transfer-encoding").strip().lower() == "chunked"
        self._length: int | None = 0 if head.status in (204, 304) else self._content_length()

    def _content_length(self) -> int | None:
        values = {value.strip() for value in self.head.headers.get_all("content-length", [])}
        if self._chunked or not values:
            return None
        value = values.pop()
        if values or not re.fullmatch(r"[0-9]{1,18}", value):
            raise _Malformed("a wrong Content-Length")
        return int(value)

    def chunks(self) -> Iterator[bytes]:
        """The body, as it comes in."""
        if self._chunked:
            yield from self._chunked_body()
        elif self._length is not None:
            yield from self._exactly(self._length)
        else:
            while data := self._open().read_some(_READ_SIZE, self._wait):
                yield data
            self.close()
        if self._connection is not None and self.head.get("connection").lower() != "close":
            self._keep(self._connection)
            self._connection = None
        self.close()

    def read(self, limit: int) -> bytes:
        """The whole body."""
        if self._length is not None and self._length > limit:
            raise _TooLarge
        body = bytearray()
        for data in self.chunks():
            body += data
            if len(body) > limit:
                raise _TooLarge
        return bytes(body)

    def read_start(self) -> bytes:
        """The beginning of the body, or as much of it as can be had."""
        body = bytearray()
        with contextlib.suppress(_Cut, _Malformed, _TimeIsUp, OSError):
            for data in self.chunks():
                body += data
                if len(body) >= _MAX_REFUSAL:
                    break
        self.close()
        return bytes(body[:_MAX_REFUSAL])

    def close(self) -> None:
        """Gives the answer up, unless it has been read."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _open(self) -> _Connection:
        if self._connection is None:
            raise _Cut
        return self._connection

    def _exactly(self, count: int) -> Iterator[bytes]:
        while count > 0:
            data = self._open().read_some(min(count, _READ_SIZE), self._wait)
            if not data:
                raise _Cut
            count -= len(data)
            yield data

    def _chunked_body(self) -> Iterator[bytes]:
        while size := self._chunk_size():
            yield from self._exactly(size)
            self._open().peek(2, self._wait)
            if self._open().take(2) != b"\r\n":
                raise _Malformed("malformed chunks")
        for _ in range(100):  # Trailers.
            if not self._open().read_until(b"\r\n", _MAX_HEAD, self._wait):
                return
        raise _Malformed("too many trailers")

    def _chunk_size(self) -> int:
        size = self._open().read_until(b"\r\n", 4096, self._wait).partition(b";")[0].strip()
        if not re.fullmatch(rb"[0-9a-fA-F]{1,15}", size):
            raise _Malformed("malformed chunks")
        return int(size, 16)


class _Request(NamedTuple):
    """What is asked for, below the address."""

    method: str
    #: Begins with `/`; encoded, with its query.
    path: str
    headers: Mapping[str, str] = {}
    #: In parts, so that large files pass through; None after the first try, as parts can be read only once.
    body: Iterable[bytes] = ()
    #: A redirect to another host is followed, without the credential. For files only.
    any_host: bool = False
    #: What is asked for, as a refusal without words names it.
    asked: str = ""

    @property
    def name(self) -> str:
        """How messages name it."""
        return f"{self.method} {self.path.partition('?')[0]}"


@dataclass(frozen=True)
class _Settings:
    """The client's options, and what follows from them."""

    address: _Address
    credential: _Credential | None
    #: Why a token that was given is not sent.
    withheld: str
    connect_timeout: float
    headers_timeout: float
    idle_timeout: float
    total_timeout: float
    poll_interval: float
    outage: float
    reconnect_min: float
    reconnect_max: float
    ping_interval: float
    cancel: threading.Event | None
    ssl_context: ssl.SSLContext | None
    open_socket: OpenSocket | None
    said: _Said


class _Cancelled:
    """The prompts that are followed, and which of them this client was asked to take out of the queue."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._followed: dict[str, bool] = {}

    def follow(self, prompt_id: str) -> None:
        """From now on it is remembered."""
        with self._lock:
            self._followed.setdefault(prompt_id, False)

    def leave(self, prompt_id: str) -> None:
        """It is forgotten."""
        with self._lock:
            self._followed.pop(prompt_id, None)

    def add(self, prompt_id: str) -> None:
        """It was asked to be taken out."""
        with self._lock:
            if prompt_id in self._followed:
                self._followed[prompt_id] = True

    def has(self, prompt_id: str) -> bool:
        """Whether it was."""
        with self._lock:
            return self._followed.get(prompt_id, False)


class _Transport:
    """Sends requests to the one address, with the credential where it may be sent."""

    def __init__(self, settings: _Settings) -> None:
        self.settings = settings
        self.cancelled = _Cancelled()
        self._idle: list[_Connection] = []
        self._lock = threading.Lock()
        self._context = settings.ssl_context

    def wait(self) -> _Wait:
        """A wait with the total time limit of a request."""
        return _Wait((self.settings.cancel,), self.settings.total_timeout)

    def json(self, request: _Request, wait: _Wait | None = None, repeats: int = 2) -> Any:
        """The answer's JSON, at most 64 MiB."""
        body, head = self.read(request, wait, repeats)
        try:
            return self.settings.said.value(json.loads(body))
        except (ValueError, RecursionError):
            if body.lstrip().startswith(b"<"):
                raise _page_instead(self._refused(request, head, body[:_MAX_REFUSAL])) from None
            words = f"{request.name}: the answer is not JSON ({len(body)} bytes); is this ComfyUI?"
            raise ProtocolError("json", words, status=head.status) from None

    def read(self, request: _Request, wait: _Wait | None = None, repeats: int = 2) -> tuple[bytes, _Head]:
        """The answer's body, at most 64 MiB, and its head."""

        def attempt(within: _Wait) -> tuple[bytes, _Head]:
            answer = self.open(request, within)
            try:
                with self.failures(request.name, within):
                    return answer.read(_MAX_JSON), answer.head
            finally:
                answer.close()

        return self.repeat(request, attempt, wait or self.wait(), repeats)

    def repeat(self, request: _Request, attempt: Callable[[_Wait], _T], wait: _Wait, repeats: int = 2) -> _T:
        """Tries; a GET that failed in passing is tried again."""
        with wait.within(self.settings.total_timeout):
            for tries in range(repeats + 1):
                try:
                    return attempt(wait)
                except ComfyUIError as error:
                    if request.method != "GET" or tries == repeats or not _is_worth_repeating(error):
                        raise
                    wait.sleep(_jittered(_SHORT_PAUSE * 2**tries))
        raise AssertionError("unreachable")

    def chunks(self, request: _Request, wait: _Wait) -> Iterator[bytes]:
        """The body of a file, as it comes in."""
        answer = self.open(request, wait)
        try:
            if answer.head.get("content-type").lower().startswith("text/html"):
                with self.failures(request.name, wait):
                    raise _page_instead(self._refused(request, answer.head, answer.read_start()))
            chunks = answer.chunks()
            while True:
                with self.failures(request.name, wait):
                    data = next(chunks, None)
                if data is None:
                    return
                yield data
        finally:
            answer.close()

    def open(self, request: _Request, wait: _Wait) -> _Answer:
        """The answer, when it is one of success; redirects are followed where that is safe."""
        own = self.settings.address
        address, target = own, own.path + request.path
        for hop in range(_MAX_REDIRECTS + 1):
            answer = self._exchange(request, address, target, wait)
            status = answer.head.status
            if 200 <= status < 300:
                return answer
            with self.failures(request.name, wait):
                body = answer.read_start()
            following = _next_of(answer.head, f"{address.origin}{target}")
            refused = self._refused(request, answer.head, body)
            if following is None:
                raise _refusal(refused)
            url, next_address, next_target = following
            downgraded = address.secure and not next_address.secure
            elsewhere = next_address.origin != own.origin and not request.any_host
            if request.method != "GET" or downgraded or elsewhere or hop == _MAX_REDIRECTS:
                raise _redirect_error(refused, self.settings.said.text(url))
            address, target = next_address, next_target
        raise AssertionError("unreachable")

    def _refused(self, request: _Request, head: _Head, body: bytes) -> _Refused:
        said = self.settings.said
        text = said.text(body.decode("utf-8", "replace"), part=len(body) >= _MAX_REFUSAL)
        # Read before anything is taken out of it, and then cleaned: the escapes of JSON hide what the text does not show.
        return _Refused(request.name, request.asked, head, text, said.value(_json_object(body)), self.settings)

    def headers_for(self, address: _Address) -> dict[str, str]:
        """What every request to this address carries."""
        headers = {"Host": address.authority, "User-Agent": "comfyui-api-client", "Accept-Encoding": "identity"}
        credential = self.settings.credential
        if credential is not None and address.may_carry_credential and address.origin == self.settings.address.origin:
            _must_be_current(credential)
            headers.update(credential.headers)
        return headers

    def connect(self, address: _Address, wait: _Wait) -> _Connection:
        """A new connection, TLS included."""
        wait.begin("connect", self.settings.connect_timeout)
        connection = self._tunnelled(address, wait)
        try:
            if address.secure:
                connection.start_tls(self._tls_context(), address.host.rstrip("."), wait)
            return connection
        except BaseException:
            connection.close()
            raise

    def close(self) -> None:
        """Closes the connections that wait to be used again."""
        with self._lock:
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    @contextlib.contextmanager
    def failures(self, name: str, wait: _Wait) -> Generator[None, None, None]:
        """Turns what goes wrong in here, with sockets and answers, into this client's errors."""
        host = self.settings.address.authority
        try:
            yield
        except _TimeIsUp:
            words = {
                "connect": f"no connection to {host} in time",
                "headers": f"no answer from {host} in time",
                "idle": f"{host} stood still for too long",
                "total": "the total time limit is over",
            }
            raise TimeLimitError(wait.phase, f"{name}: {words[wait.phase]}") from None
        except _Cut:
            raise NetworkError("cut", f"{name}: {host} closed the connection in the middle") from None
        except _Malformed as error:
            raise ProtocolError("http", f"{name}: what {host} answered is not HTTP as it should be ({error})") from None
        except _TooLarge:
            raise ProtocolError("too_large", f"{name}: the answer is larger than {_MAX_JSON} bytes") from None
        except socket.gaierror as error:
            raise NetworkError("dns", f"{name}: {host} has no address ({error.strerror})") from error
        except ssl.SSLError as error:
            reason = getattr(error, "verify_message", "") or error.reason or "TLS failed"
            if wait.phase != "connect":
                raise NetworkError("cut", f"{name}: the connection to {host} broke ({reason})") from error
            advice = "a CA of your own is trusted by SSL_CERT_FILE"
            raise NetworkError("tls", f"{name}: no trusted TLS connection to {host} ({reason}); {advice}") from error
        except OSError as error:
            reason = error.strerror or type(error).__name__
            if wait.phase == "connect" and not isinstance(error, (ConnectionResetError, BrokenPipeError)):
                raise NetworkError("connect", f"{name}: cannot connect to {host} ({reason}): is it running?") from error
            raise NetworkError("cut", f"{name}: the connection to {host} broke ({reason})") from error

    def _exchange(self, request: _Request, address: _Address, target: str, wait: _Wait) -> _Answer:
        headers = {**self.headers_for(address), **request.headers}
        settings = self.settings
        is_own = address.origin == settings.address.origin
        with self.failures(request.name, wait):
            # Only what may be repeated goes over a connection that the server may be about to close.
            connection = self._idle_connection() if is_own and request.method == "GET" else None
            if connection is None:
                connection = self.connect(address, wait)
            try:
                wait.begin("idle", settings.idle_timeout, moves=True)
                connection.send(_write_head(request.method, target, headers), wait)
                for part in request.body:
                    if not connection.send(part, wait, heed_input=True):
                        break
                wait.begin("headers", settings.headers_timeout)
                head = _read_head(connection, wait)
                wait.begin("idle", settings.idle_timeout, moves=True)
                # After an upload that was broken off, the connection holds half a request.
                reusable = is_own and request.method == "GET"
                return _Answer(connection, head, wait, self._keep if reusable else _Connection.close)
            except BaseException:
                connection.close()
                raise

    def _tunnelled(self, address: _Address, wait: _Wait) -> _Connection:
        if self.settings.open_socket is not None:
            return _Connection(self.settings.open_socket(address.host, address.port))
        proxy = _proxy_for(address)
        if proxy is None:
            return _Connection(_connect(address.host, address.port, wait))
        host, port, headers = proxy
        connection = _Connection(_connect(host, port, wait))
        try:
            name = f"[{address.host}]" if ":" in address.host else address.host
            target = f"{name}:{address.port}"
            connection.send(_write_head("CONNECT", target, {"Host": target, **headers}), wait)
            status = _read_head(connection, wait).status
            if status != 200:
                raise NetworkError("connect", f"the proxy does not connect to {target} (HTTP {status})", status=status)
            return connection
        except BaseException:
            connection.close()
            raise

    def _tls_context(self) -> ssl.SSLContext:
        with self._lock:
            if self._context is None:
                self._context = ssl.create_default_context()
                self._context.set_alpn_protocols(["http/1.1"])
            return self._context

    def _idle_connection(self) -> _Connection | None:
        while True:
            with self._lock:
                if not self._idle:
                    return None
                connection = self._idle.pop()
            if not connection.has_input():
                return connection
            connection.close()  # The server has closed it.

    def _keep(self, connection: _Connection) -> None:
        with self._lock:
            if len(self._idle) < _MAX_IDLE_CONNECTIONS:
                self._idle.append(connection)
                return
        connection.close()


def _jittered(seconds: float) -> float:
    """Time with up to half of it left out by chance, so that clients do not come back all at once."""
    return seconds * (1 - random.random() / 2)


def _next_of(head: _Head, base: str) -> tuple[str, _Address, str] | None:
    """Where an answer redirects to: the URL, its address, and what to ask there for."""
    location = head.get("location")
    if head.status not in (301, 302, 303, 307, 308) or not location or _is_login_redirect(head):
        return None
    try:
        url = urllib.parse.urljoin(base, location)
        address, parts = _split_url(url)
    except (ValueError, UnicodeError):
        return None
    path = urllib.parse.quote(parts.path or "/", safe="/%:@!$&'()*+,;=~")
    query = urllib.parse.quote(parts.query, safe="/%:@!$&'()*+,;=~?")
    return url, address, path + (f"?{query}" if query else "")


# --- Who refused, and why ----------------------------------------------------------------------------------

_NO_TOKEN = (
    "Cloudflare Access asks for a credential, and none was sent: "
    "set COMFYUI_ACCESS_TOKEN to <client id>:<client secret> of a service token"
)
_NOT_ACCEPTED = "the token is not accepted: it is wrong, expired, disabled or rotated"
_NO_POLICY = "no Service Auth policy of this application includes the token"
_BAD_GATEWAY = "Cloudflare or cloudflared did not get an answer from ComfyUI: is it running?"


class _Refused(NamedTuple):
    """An answer that is not what was asked for, without the credential in any of its texts."""

    name: str
    asked: str
    head: _Head
    #: The beginning of the body.
    body: str
    #: The JSON object that the body is; empty when it is none.
    json: JsonObject
    settings: _Settings

    @property
    def status(self) -> int:
        """The answer's status."""
        return self.head.status

    def get(self, name: str) -> str:
        """The header's value, or an empty string."""
        return self.settings.said.text(self.head.get(name))

    def error(
        self, kind: type[ComfyUIError], code: str, words: str, node_errors: JsonObject | None = None
    ) -> ComfyUIError:
        """The error with these words."""
        message = f"{self.name}: {words} (HTTP {self.status})"
        return kind(code, message, status=self.status, node_errors=node_errors)


def _refusal(refused: _Refused) -> ComfyUIError:
    """Names who refused and why."""
    status, settings, error = refused.status, refused.settings, refused.error
    if _is_login_redirect(refused):
        return error(AccessError, *_login_refusal(refused))
    if 300 <= status < 400:
        return _redirect_error(refused, refused.get("location"))
    if status == 401:
        if settings.credential is None:
            return error(AccessError, "no_token", _missing_token(settings))
        return error(
            AccessError, "token_refused", f"Cloudflare Access cannot authenticate the request: {_NOT_ACCEPTED}"
        )
    if status == 403 and _is_of_access(refused):
        words = f"{_NO_POLICY}, or {_NOT_ACCEPTED}" if settings.credential else _missing_token(settings)
        return error(AccessError, "forbidden", f"Cloudflare Access refused: {words}")
    if status == 403 and not refused.body:
        return error(ServerError, "empty_403", _empty_403(settings))
    if status == 413:
        words = "Cloudflare takes 100 MB on its Free and Pro plans, ComfyUI what --max-upload-size says"
        return error(UsageError, "too_large", f"the request is too large; {words}")
    if status == 524:
        return error(TunnelError, "origin_timeout", "ComfyUI did not answer within Cloudflare's 120 s")
    if status == 530:
        words = "Cloudflare has no connection to the tunnel (error 1033): is cloudflared running, and does the hostname"
        return error(TunnelError, "no_connector", f"{words} lead to this tunnel?")
    if 502 <= status <= 504 or 520 <= status < 530:
        return error(TunnelError, "bad_gateway", _BAD_GATEWAY)
    return _server_refusal(refused)


def _server_refusal(refused: _Refused) -> ComfyUIError:
    said = refused.json
    node_errors = _parse_node_errors(said.get("node_errors"))
    error = said.get("error")
    code = f"http_{refused.status}"
    if isinstance(error, dict) and isinstance(error.get("type"), str):
        code = error["type"][:100]
        parts = (_text(error.get("message")), _text(error.get("details")), _describe_node_errors(node_errors))
        words = ": ".join(part for part in parts if part)[:2000]
    else:
        words = " ".join(re.sub(r"<[^>]*>", " ", refused.body).split())[:300]
    return refused.error(ServerError, code, words or _without_words(refused), node_errors)


def _without_words(refused: _Refused) -> str:
    """What ComfyUI means where it gives a status and nothing else."""
    if not refused.asked:
        return (
            "there is nothing at this path: an older ComfyUI, or none" if refused.status == 404 else "no reason given"
        )
    if refused.status != 404:
        return f"ComfyUI does not take {refused.asked}"
    return f"ComfyUI has no {refused.asked}: it was never there, was deleted, or was a temporary file before a restart"


def _login_refusal(refused: _Refused) -> tuple[str, str]:
    if refused.settings.credential is None:
        return "no_token", _missing_token(refused.settings)
    accepted = _token_accepted(refused.get("location"))
    if accepted is True:
        return "no_service_auth_policy", f"Cloudflare Access sent to its login: {_NO_POLICY}"
    words = _NOT_ACCEPTED if accepted is False else f"{_NOT_ACCEPTED}; or {_NO_POLICY}"
    return "token_refused", f"Cloudflare Access sent to its login: {words}"


def _missing_token(settings: _Settings) -> str:
    if not settings.withheld:
        return _NO_TOKEN
    why = f"COMFYUI_ACCESS_TOKEN was not sent because {settings.withheld}"
    return f"Cloudflare Access asks for a credential; {why}: use the https address"


def _empty_403(settings: _Settings) -> str:
    words = "ComfyUI's cross-site check (start it with --enable-cors-header <origin>)"
    if not is_local(settings.address.host):
        words += ", or cloudflared's check of the Access token (audTag in originRequest.access)"
    return f"refused without a word, as {words} does"


def _page_instead(refused: _Refused) -> ComfyUIError:
    """A page where JSON or a file was asked for."""
    match = re.search(r"<title[^>]*>([^<]{1,100})", refused.body, re.IGNORECASE)
    title = match[1].strip() if match else "without a title"
    kind, words = (
        (AccessError, f'Cloudflare Access answered with its own page ("{title}")')
        if _is_of_access(refused)
        else (ProtocolError, f'an HTML page came instead ("{title}"): does the address lead to ComfyUI?')
    )
    return kind("html", f"{refused.name}: {words}", status=refused.status)


def _redirect_error(refused: _Refused, location: str) -> ComfyUIError:
    # The query may hold a signature: origin and path say enough.
    to = re.split(r"[?#]", location)[0][:300] or "nowhere"
    return refused.error(ProtocolError, "redirect", f"redirected to {to}, which is not followed")


def _is_login_redirect(head: _Head | _Refused) -> bool:
    """Recognised the way cloudflared does (carrier/carrier.go)."""
    if not 300 <= head.status < 400:
        return False
    try:
        return urllib.parse.urlsplit(head.get("location")).path.startswith("/cdn-cgi/access/login")
    except ValueError:
        return False


def _is_of_access(refused: _Refused) -> bool:
    if refused.get("cf-access-aud") or refused.get("cf-access-domain"):
        return True
    return re.search(r"<title>[^<]*Cloudflare Access", refused.body, re.IGNORECASE) is not None


def _token_accepted(location: str) -> bool | None:
    """What the login's `meta` claims of the service token. Unsigned here: a hint, no more."""
    meta = urllib.parse.parse_qs(urllib.parse.urlsplit(location).query).get("meta", [""])[0].split(".")
    status = _json_object(_from_base64url(meta[1])).get("service_token_status") if len(meta) > 1 else None
    return status if isinstance(status, bool) else None


# --- WebSocket (RFC 6455) ----------------------------------------------------------------------------------

_TEXT, _BINARY, _CLOSE, _PING, _PONG = 1, 2, 8, 9, 10
_FEATURE_FLAGS = {"type": "feature_flags", "data": {"supports_preview_metadata": True}}


class WebSocket:
    """A connection on which ComfyUI tells what happens; `ComfyUIClient.connect` opens one.

    Has what scripts use of the websocket-client package: `recv`, `close`, and use in a `with` statement.
    """

    def __init__(self, connection: _Connection, transport: _Transport) -> None:
        self._connection = connection
        self._transport = transport
        self._parts = bytearray()
        self._opcode = 0
        #: Something has come in since it was last set to False.
        self.heard = True

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def recv(self, timeout: float = 0) -> str | bytes:
        """The next message: text as `str`, binary as `bytes`. Waits `timeout` seconds for it, 0 = without limit."""
        wait = self._transport.wait()
        wait.begin("idle", timeout)
        with self._transport.failures("WebSocket", wait):
            return self.receive(wait)

    def close(self) -> None:
        """Closes the connection."""
        with contextlib.suppress(OSError, _TimeIsUp, ComfyUIError):
            wait = _Wait(())
            wait.begin("idle", 1)
            self._send_frame(_CLOSE, struct.pack("!H", 1000), wait)
        self._connection.close()

    def send_text(self, text: str, wait: _Wait) -> None:
        """Sends a text message."""
        self._send_frame(_TEXT, text.encode(), wait)

    def ping(self, wait: _Wait) -> None:
        """Asks for a sign of life."""
        self.heard = False
        self._send_frame(_PING, b"", wait)

    def receive(self, wait: _Wait) -> str | bytes:
        """The next message. When the wait ends first, nothing that has come in is lost."""
        while True:
            final, opcode, payload = self._read_frame(wait)
            self.heard = True
            if opcode == _PING:
                self._send_frame(_PONG, payload, wait)
            elif opcode == _CLOSE:
                raise _Cut
            elif opcode != _PONG:
                message = self._joined(final, opcode, payload)
                if message is not None:
                    return self._transport.settings.said.text(message) if isinstance(message, str) else message

    def _joined(self, final: bool, opcode: int, payload: bytes) -> str | bytes | None:
        if (opcode == 0) == (self._opcode == 0):
            raise _Malformed("a fragment out of place")
        self._opcode = opcode or self._opcode
        if len(self._parts) + len(payload) > _MAX_MESSAGE:
            raise _Malformed(f"a message of more than {_MAX_MESSAGE} bytes")
        if final and not self._parts:
            message = payload
        else:
            self._parts += payload
            if not final:
                return None
            message = bytes(self._parts)
        opcode, self._opcode, self._parts = self._opcode, 0, bytearray()
        if opcode == _BINARY:
            return message
        try:
            return message.decode()
        except UnicodeDecodeError:
            raise _Malformed("a text that is not UTF-8") from None

    def _read_frame(self, wait: _Wait) -> tuple[bool, int, bytes]:
        first, second = self._connection.peek(2, wait)[:2]
        opcode, size, head = first & 0x0F, second & 0x7F, 2
        is_control = opcode >= _CLOSE
        # Neither reserved bits (no extension is offered) nor a mask come from a server.
        if first & 0x70 or second & 0x80 or opcode not in (0, _TEXT, _BINARY, _CLOSE, _PING, _PONG):
            raise _Malformed("a broken WebSocket frame")
        if is_control and (size > 125 or not first & 0x80):
            raise _Malformed("a broken WebSocket frame")
        if size >= 126:
            length, form = (2, "!H") if size == 126 else (8, "!Q")
            head += length
            size = struct.unpack(form, self._connection.peek(head, wait)[2:head])[0]
        if size > _MAX_MESSAGE:
            raise _Malformed(f"a message of more than {_MAX_MESSAGE} bytes")
        self._connection.peek(head + size, wait)
        self._connection.take(head)
        return bool(first & 0x80), opcode, self._connection.take(size)

    def _send_frame(self, opcode: int, payload: bytes, wait: _Wait) -> None:
        size = len(payload)
        if size < 126:
            head = struct.pack("!BB", 0x80 | opcode, 0x80 | size)
        elif size < 1 << 16:
            head = struct.pack("!BBH", 0x80 | opcode, 0xFE, size)
        else:
            head = struct.pack("!BBQ", 0x80 | opcode, 0xFF, size)
        mask = secrets.token_bytes(4)
        pad = (mask * (size // 4 + 1))[:size]
        masked = int.from_bytes(payload, "big") ^ int.from_bytes(pad, "big")
        self._connection.send(head + mask + masked.to_bytes(size, "big"), wait)


def _open_web_socket(transport: _Transport, client_id: str, wait: _Wait) -> WebSocket:
    """A WebSocket that hears of this client's prompts, the metadata of previews included."""
    settings, address = transport.settings, transport.settings.address
    key = base64.b64encode(secrets.token_bytes(16)).decode("ascii")
    headers = {
        **transport.headers_for(address),
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Key": key,
        "Sec-WebSocket-Version": "13",
    }
    target = f"{address.path}/ws?{urllib.parse.urlencode({'clientId': client_id})}"
    name = "WebSocket"
    with transport.failures(name, wait):
        connection = transport.connect(address, wait)
        try:
            # The upgrade is no slow request: it gets the time of a connection.
            wait.begin("headers", settings.connect_timeout)
            connection.send(_write_head("GET", target, headers), wait)
            head = _read_head(connection, wait)
            if head.status != 101:
                wait.begin("idle", settings.idle_timeout)
                answer = _Answer(connection, head, wait, _Connection.close)
                text = settings.said.text(answer.read_start().decode("utf-8", "replace"))
                raise _refusal(_Refused(name, "", head, text, {}, settings))
            accept = base64.b64encode(hashlib.sha1((key + _WEB_SOCKET_GUID).encode()).digest()).decode("ascii")
            if head.get("upgrade").lower() != "websocket" or head.get("sec-websocket-accept") != accept:
                raise _Malformed("a wrong answer to the upgrade")
            web_socket = WebSocket(connection, transport)
            # Only the first message of a connection counts.
            web_socket.send_text(json.dumps(_FEATURE_FLAGS), wait)
            return web_socket
        except BaseException:
            connection.close()
            raise


_WEB_SOCKET_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

# --- Submitting a prompt -----------------------------------------------------------------------------------

_SUBMIT_TRIES = 3


class _Submission(NamedTuple):
    """What is posted, and whether nobody else uses its client id."""

    body: JsonObject
    client_id_is_unique: bool


def _submit(transport: _Transport, submission: _Submission, wait: _Wait) -> JsonObject:
    """Posts a prompt once. When it is not known whether ComfyUI took it, it is looked up before it is sent again."""
    prompt_id = submission.body["prompt_id"]
    try:
        data = json.dumps(submission.body, allow_nan=False).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise UsageError("bad_workflow", f"the workflow is not JSON: {error}") from None
    headers = {"Content-Type": "application/json", "Content-Length": str(len(data))}
    request = _Request("POST", "/prompt", headers, (data,))
    # Whether each try so far is known to have come to nothing.
    taken: bool | None = False
    for tries in range(1, _SUBMIT_TRIES + 1):
        try:
            reply = _record(transport.json(request, wait), "reply to POST /prompt")
            _string(reply.get("prompt_id"), "prompt_id of the reply to POST /prompt")
            return reply
        except ComfyUIError as error:
            error.prompt_id = prompt_id
            if _has_arrived_nowhere(error) or _is_refusal(error):
                error.taken = taken
                raise
            if not _is_passing(error) or tries == _SUBMIT_TRIES:
                raise
            taken = None
            found = _look_up(transport, submission, wait)
            if found is not None:
                return {"prompt_id": found, "number": 0, "node_errors": {}, "recovered": True}
            wait.sleep(_jittered(_SHORT_PAUSE * 2**tries))
    raise AssertionError("unreachable")


def _look_up(transport: _Transport, submission: _Submission, wait: _Wait) -> str | None:
    """The id under which ComfyUI has the prompt; servers before 0.3.45 give it one of their own."""
    prompt_id, client_id = submission.body["prompt_id"], submission.body["client_id"]
    end = time.monotonic() + transport.settings.outage
    while True:
        try:
            running, waiting = _raw_queue(transport.json(_Request("GET", "/queue"), wait))
            for item in running + waiting:
                extra_data = item[3] if len(item) > 3 and isinstance(item[3], dict) else {}
                is_ours = submission.client_id_is_unique and extra_data.get("client_id") == client_id
                if is_ours or (item[1] == prompt_id and _is_of(item, client_id)):
                    return str(item[1])
            entry = _history_entry(transport, prompt_id, wait, client_id=client_id)
            return prompt_id if entry is not None else None
        except ComfyUIError as error:
            if not _is_passing(error) or time.monotonic() > end:
                words = f"whether ComfyUI has taken the prompt {prompt_id} is not known, so it was not sent again"
                raise type(error)(error.code, f"{error}; {words}", status=error.status, prompt_id=prompt_id) from error
            wait.sleep(_jittered(transport.settings.poll_interval))


def _raw_queue(body: object) -> tuple[list[list[Any]], list[list[Any]]]:
    """The items that run and wait, in the order in which they come: `[number, id, prompt, extra_data, outputs]`."""
    queue = _record(body, "queue")
    lists = []
    for key in ("queue_running", "queue_pending"):
        items = [_list(item, f"item of {key}") for item in _list(queue.get(key), key)]
        for item in items:
            _number(item[0] if item else None, f"number in {key}")
            _string(item[1] if len(item) > 1 else None, f"prompt id in {key}")
        lists.append(sorted(items, key=lambda item: float(item[0])))
    return lists[0], lists[1]


def _history_entry(
    transport: _Transport,
    prompt_id: str,
    wait: _Wait | None = None,
    repeats: int = 2,
    client_id: str | None = None,
) -> HistoryEntry | None:
    path = f"/history/{urllib.parse.quote(prompt_id, safe='')}"
    return _parse_history(transport.json(_Request("GET", path), wait, repeats), prompt_id, client_id)


# --- Following a prompt ------------------------------------------------------------------------------------

_PASSED_ON = ("execution_start", "execution_cached", "executing", "progress", "progress_state", "executed")
_LAST_EVENTS = ("execution_success", "execution_error", "execution_interrupted")
_FORMATS = {1: "jpeg", 2: "png"}


class _Run:
    """Follows one prompt: events are a hint, history is the truth."""

    def __init__(self, transport: _Transport, wait: _Wait, prompt_id: str) -> None:
        self._transport = transport
        self._settings = transport.settings
        self._wait = wait
        # Its own for every run: two sockets with one client id displace each other.
        self._client_id = str(uuid.uuid4())
        self._prompt_id = prompt_id
        self._node_errors: JsonObject = {}
        self._socket: WebSocket | None = None
        self._opened_at = self._open_at = self._ping_at = 0.0
        self._failures = 0
        # Every event since the submission has been heard.
        self._unbroken = True
        self._is_running = False
        self._last_event: tuple[str, JsonObject] | None = None
        self._executed: JsonObject = {}
        self._display_nodes: JsonObject = {}
        self._blocked: list[NodeFailure] = []
        # Something was heard of it, or the queue said that it runs.
        self._has_begun = False
        self._ahead: int | None = None
        self._absences = 0
        self._submitted = False
        # Events of the client's own that nobody has been told yet.
        self._news: list[Event] = []
        self._looked_at = self._look_at = 0.0
        self._outage_since: float | None = None

    def events(self, workflow: JsonObject, fields: JsonObject) -> Iterator[Event]:
        """Submits the workflow and tells what happens until it ends."""
        try:
            yield from self._events(workflow, fields)
        except ComfyUIError as error:
            error.prompt_id = error.prompt_id or self._prompt_id
            if self._submitted:
                error.taken = True
            raise
        finally:
            self._transport.cancelled.leave(self._prompt_id)
            if self._socket is not None:
                self._socket.close()

    def _events(self, workflow: JsonObject, fields: JsonObject) -> Iterator[Event]:
        body = {**fields, "prompt": workflow, "client_id": self._client_id, "prompt_id": self._prompt_id}
        self._open_socket()
        self._unbroken = self._socket is not None
        reply = _submit(self._transport, _Submission(body, True), self._wait)
        self._prompt_id = reply["prompt_id"]
        self._submitted = True
        self._transport.cancelled.follow(self._prompt_id)
        yield Event("submitted", self._prompt_id, {"recovered": reply.get("recovered") is True})
        self._node_errors = _parse_node_errors(reply.get("node_errors"))
        if self._node_errors:
            yield Event("node_errors", self._prompt_id, self._node_errors)
        yield from self._follow()

    def _follow(self) -> Iterator[Event]:
        self._looked_at = time.monotonic()
        # A prompt that nothing is heard of so soon waits, most likely: the queue says behind how many.
        self._look_at = self._looked_at + min(self._settings.poll_interval, _FIRST_LOOK)
        while True:
            message = self._listen(self._look_at)
            event = None if message is None else self._event_of(message)
            yield from self._told()
            if event is not None:
                yield event
            if time.monotonic() < self._look_at:
                continue
            result = self._look()
            yield from self._told()
            if result is not None:
                yield from self._rest()
                yield Event("result", self._prompt_id, _result=result)
                return

    def _told(self) -> Iterator[Event]:
        news, self._news = self._news, []
        for event in news:
            yield event if event.prompt_id == self._prompt_id else Event(event.type, self._prompt_id, event.data)

    def _rest(self) -> Iterator[Event]:
        """Events that are on their way while history already has the result."""
        end = time.monotonic() + (_SHORT_PAUSE if self._is_running and self._last_event is None else 0)
        while self._socket is not None:
            message = self._listen(min(end, time.monotonic() + _SHORT_PAUSE / 4))
            event = None if message is None else self._event_of(message)
            if event is not None:
                yield event
            elif message is None or time.monotonic() > end:
                return

    # The socket

    def _listen(self, until: float) -> str | bytes | None:
        """The next message that comes before `until`."""
        while True:
            now = time.monotonic()
            if self._socket is None:
                if now >= until or self._news:
                    return None
                # Not so that the next look comes late: a connection that hangs would hold it up.
                enough = until - now >= min(_REOPEN, self._settings.poll_interval / 2)
                if now >= self._open_at and enough:
                    self._open_socket(max(until - now, _REOPEN))
                else:
                    self._wait.sleep((min(until, self._open_at) if now < self._open_at else until) - now)
                continue
            self._wait.begin("idle", max(0.001, min(until, self._ping_at) - now))
            try:
                return self._socket.receive(self._wait)
            except _TimeIsUp:
                if self._wait.phase == "total":
                    raise TimeLimitError("total", "the total time limit is over", prompt_id=self._prompt_id) from None
                if time.monotonic() >= self._ping_at:
                    self._ping(self._socket)
                if time.monotonic() >= until:
                    return None
            except (_Cut, _Malformed, OSError):
                self._lose_socket()

    def _open_socket(self, limit: float = 0) -> None:
        try:
            with self._wait.within(limit):
                self._socket = _open_web_socket(self._transport, self._client_id, self._wait)
            self._opened_at = time.monotonic()
            self._ping_at = self._opened_at + self._settings.ping_interval
            self._tell("open")
        except ComfyUIError as error:
            # Whatever stands in the way of the socket: the requests say it, if it stands in theirs too.
            if isinstance(error, AbortedError) or (error.code == "total" and self._wait.is_over):
                raise
            self._tell("lost" if error.status is None else "refused", str(error))
            self._postpone_socket()
            if error.status is not None and error.status < 500:
                # Who says no will say it again; a server that is starting or out of reach may take it later.
                self._open_at = math.inf

    def _tell(self, state: str, reason: str = "") -> None:
        data = {"state": state, "reason": reason} if reason else {"state": state}
        self._news.append(Event("connection", self._prompt_id, data))

    def _ping(self, web_socket: WebSocket) -> None:
        if not web_socket.heard:
            return self._lose_socket()
        try:
            self._wait.begin("idle", 1)
            web_socket.ping(self._wait)
            self._ping_at = time.monotonic() + self._settings.ping_interval
        except (_TimeIsUp, OSError):
            self._lose_socket()

    def _lose_socket(self) -> None:
        self._unbroken = self._unbroken and self._last_event is not None
        # Closed before the next one opens: the server removes the new one when the old one goes after it.
        if self._socket is not None:
            self._socket.close()
            self._socket = None
            self._tell("lost")
        # One that broke right away does not count as a success, or it would be opened without end.
        if time.monotonic() - self._opened_at > self._settings.reconnect_max:
            self._failures = 0
        self._postpone_socket()

    def _postpone_socket(self) -> None:
        pause = min(self._settings.reconnect_max, self._settings.reconnect_min * 2 ** min(self._failures, 30))
        self._failures += 1
        self._open_at = time.monotonic() + _jittered(pause)

    # Messages

    def _event_of(self, message: str | bytes) -> Event | None:
        event = self._text_event(message) if isinstance(message, str) else self._binary_event(message)
        if event is not None and self._last_event is None:
            # While it is heard of, it runs; but no event postpones the look at history for ever.
            latest = self._looked_at + 10 * self._settings.poll_interval
            self._look_at = min(time.monotonic() + self._settings.poll_interval, latest)
        return event

    def _text_event(self, message: str) -> Event | None:
        # Once more without the credential: the escapes of JSON hide what the text does not show.
        said = self._settings.said.value(_json_object(message))
        kind, data = said.get("type"), said.get("data")
        if not isinstance(data, dict) or data.get("prompt_id") != self._prompt_id:
            return None
        self._has_begun = True
        is_end = kind == "executing" and data.get("node") is None
        if kind == "execution_error" and data.get("exception_type") == "ExecutionBlocked":
            # A blocked branch is reported as an error, and the prompt goes on.
            self._blocked.append(_failure_in(data))
            return Event("execution_blocked", self._prompt_id, data)
        if kind in _LAST_EVENTS:
            self._last_event = (str(kind), data)
            is_end = True
        if is_end:
            self._is_running = False
            self._look_at = time.monotonic()
            return None
        if kind not in _PASSED_ON:
            return None
        self._is_running = True
        if kind == "executed" and isinstance(data.get("output"), dict):
            node_id = _text(data.get("node"))
            self._executed[node_id] = data["output"]
            self._display_nodes[node_id] = data.get("display_node")
        return Event(str(kind), self._prompt_id, data)

    def _binary_event(self, message: bytes) -> Event | None:
        if len(message) < 8:
            return None
        kind, number = struct.unpack("!II", message[:8])
        rest = message[8:]
        if kind == 1:
            # These name no prompt, and those of prompts without a client go to everybody.
            return self._preview({"format": _FORMATS.get(number, "unknown")}, rest) if self._is_running else None
        if number > len(rest):
            return None
        head, rest = rest[:number], rest[number:]
        if kind == 3:
            data = {"node": head.decode("utf-8", "replace"), "text": rest.decode("utf-8", "replace")}
            return Event("progress_text", self._prompt_id, self._settings.said.value(data))
        said = self._settings.said.value(_json_object(head)) if kind == 4 else {}
        if said.get("prompt_id") != self._prompt_id:
            return None
        self._is_running = True
        return self._preview({**said, "format": _text(said.get("image_type")).rpartition("/")[2] or "unknown"}, rest)

    def _preview(self, data: JsonObject, image: bytes) -> Event | None:
        return Event("preview", self._prompt_id, data, image) if image else None

    # History

    def _look(self) -> RunResult | None:
        """The result, when there is one; raises when the prompt has ended otherwise."""
        try:
            entry = self._history()
            is_gone = entry is None and not self._is_queued()
            if is_gone:
                # It may have moved from the queue to history between the two looks.
                entry = self._history()
                self._absences += 1
        except ComfyUIError as error:
            error.prompt_id = self._prompt_id
            now = time.monotonic()
            self._outage_since = self._outage_since or now
            if not _is_passing(error) or now - self._outage_since >= self._settings.outage:
                raise
            self._look_at = now + self._settings.poll_interval
            return None
        self._outage_since = None
        if entry is not None:
            return self._ended(entry, "history")
        if is_gone and (self._absences >= _CERTAIN or self._transport.cancelled.has(self._prompt_id)):
            return self._ended(self._entry_from_events(), "events")
        self._looked_at = time.monotonic()
        soon = min(self._settings.poll_interval, _SHORT_PAUSE)
        self._look_at = self._looked_at + (soon if self._last_event else self._settings.poll_interval)
        return None

    def _history(self) -> HistoryEntry | None:
        return _history_entry(self._transport, self._prompt_id, self._wait, 0, self._client_id)

    def _is_queued(self) -> bool:
        running, waiting = _raw_queue(self._transport.json(_Request("GET", "/queue"), self._wait, repeats=0))
        for ahead, item in enumerate(running + waiting):
            if item[1] != self._prompt_id or not _is_of(item, self._client_id):
                continue
            self._absences = 0
            if ahead < len(running):
                self._has_begun = True
            elif ahead != self._ahead:
                self._ahead = ahead
                self._news.append(Event("queued", self._prompt_id, {"ahead": ahead}))
            return True
        return False

    def _entry_from_events(self) -> HistoryEntry:
        """What the events told of a prompt that history no longer has."""
        outputs, texts = _outputs_of(self._executed, self._display_nodes.get)
        kind, data = self._last_event or ("", {})
        if kind == "execution_error":
            return HistoryEntry(self._prompt_id, "error", outputs, texts, _failure_in(data))
        if kind == "execution_interrupted":
            return HistoryEntry(self._prompt_id, "interrupted", outputs, texts)
        if kind == "execution_success" and self._unbroken:
            return HistoryEntry(self._prompt_id, "success", outputs, texts)
        if self._transport.cancelled.has(self._prompt_id) and not self._has_begun:
            words = "the prompt was cancelled: it was taken out of the queue before it ran"
            raise ServerError("cancelled", words, prompt_id=self._prompt_id)
        raise ServerError(
            "prompt_gone",
            "the prompt is neither in the queue nor in history: it was deleted while it waited, ComfyUI was restarted, "
            "or it was evicted from history before all of it had been heard",
            prompt_id=self._prompt_id,
            outputs=outputs,
        )

    def _ended(self, entry: HistoryEntry, source: str) -> RunResult:
        if entry.state == "success":
            made = (self._prompt_id, entry.outputs, entry.texts, self._node_errors, source)
            return RunResult(*made, self._blocked, entry.missing)
        words = "the prompt was interrupted"
        if entry.state == "error":
            failure = entry.failure
            where = failure and f"node {failure.node_id} ({failure.node_type}): {failure.message}"
            words = f"the prompt failed: {where or 'ComfyUI does not say why'}"[:2000]
        raise ServerError(
            "execution_failed" if entry.state == "error" else "interrupted",
            words,
            prompt_id=self._prompt_id,
            node_errors=self._node_errors,
            outputs=entry.outputs,
            failure=entry.failure,
        )


# --- Uploads -----------------------------------------------------------------------------------------------


class Readable(Protocol):
    """What can be read in parts: a file opened for binary reading, a pipe, ..."""

    def read(self, size: int, /) -> bytes:
        """At most so many bytes; empty at the end."""


File = Union[str, "os.PathLike[str]", bytes, Readable]


class _Upload:
    """A file as the body of a form, in parts."""

    def __init__(self, file: File, filename: str | None, fields: Mapping[str, str]) -> None:
        self._own = not isinstance(file, bytes) and not hasattr(file, "read")
        self._stream = _open_file(file)
        name = filename or os.path.basename(str(file if self._own else getattr(file, "name", "upload")))
        #: What it is called in the form.
        self.name = name
        boundary = f"comfyui-{secrets.token_hex(16)}"
        self._before = b"".join(
            f'--{boundary}\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n'.encode()
            for key, value in fields.items()
        )
        # As browsers write it (https://html.spec.whatwg.org/#multipart-form-data).
        quoted = name.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")
        self._before += (
            f'--{boundary}\r\nContent-Disposition: form-data; name="image"; filename="{quoted}"\r\n'
            "Content-Type: application/octet-stream\r\n\r\n"
        ).encode("utf-8", "surrogateescape")
        self._after = f"\r\n--{boundary}--\r\n".encode()
        self._size = self._size_left()
        self.headers = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
        if self._size is None:
            self.headers["Transfer-Encoding"] = "chunked"
        else:
            self.headers["Content-Length"] = str(len(self._before) + self._size + len(self._after))

    def parts(self) -> Iterator[bytes]:
        """What is sent, a part at a time."""
        for part in self._content():
            yield b"%x\r\n%s\r\n" % (len(part), part) if self._size is None else part
        if self._size is None:
            yield b"0\r\n\r\n"

    def close(self) -> None:
        """Closes the file, unless the caller opened it."""
        if self._own and isinstance(self._stream, io.IOBase):
            self._stream.close()

    def _content(self) -> Iterator[bytes]:
        yield self._before
        left = math.inf if self._size is None else self._size
        while left > 0 and (data := self._read(int(min(left, _READ_SIZE)))):
            left -= len(data)
            yield data
        if self._size is not None and left > 0:
            raise UsageError("no_file", "the file became shorter while it was sent")
        yield self._after

    def _read(self, limit: int) -> bytes:
        try:
            return self._stream.read(limit)
        except OSError as error:
            raise UsageError("no_file", f"cannot read the file: {error.strerror}") from error

    def _size_left(self) -> int | None:
        if not isinstance(self._stream, io.IOBase):
            return None
        try:
            at = self._stream.tell()
            end = self._stream.seek(0, os.SEEK_END)
            self._stream.seek(at)
            return max(0, end - at)
        except OSError:
            return None


def _open_file(file: File) -> Readable:
    if isinstance(file, bytes):
        return io.BytesIO(file)
    if isinstance(file, (str, os.PathLike)):
        try:
            return open(file, "rb")
        except OSError as error:
            raise UsageError("no_file", f"cannot read {os.fspath(file)}: {error.strerror}") from error
    if isinstance(file, io.TextIOBase):
        raise UsageError("no_file", 'the file is open as text: open it with mode "rb"')
    return file


# --- The client --------------------------------------------------------------------------------------------

# From here on `POST /interrupt` is known to look at the prompt id; before, it stops whatever runs.
_INTERRUPT_BY_ID = (0, 3, 64)


# RFC 9110: what a header's name may be made of.
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


class ComfyUIClient:
    """ComfyUI's API at one address. May be used by several threads at once. All times are in seconds."""

    def __init__(
        self,
        url: str | None = None,
        token: str | None = None,
        *,
        client_id: str | None = None,
        single_header_name: str = "Authorization",
        connect_timeout: float = 10,
        headers_timeout: float = 130,
        idle_timeout: float = 60,
        total_timeout: float = 0,
        poll_interval: float = 2,
        outage: float = 300,
        reconnect_min: float = 0.5,
        reconnect_max: float = 30,
        ping_interval: float = 20,
        cancel: threading.Event | None = None,
        ssl_context: ssl.SSLContext | None = None,
        open_socket: OpenSocket | None = None,
    ) -> None:
        """Raises `UsageError` when the address, the token or the proxy cannot be understood; connects to nothing yet.

        url: address of ComfyUI, a path prefix included. Default: `COMFYUI_URL`, else `http://localhost:8188`.
        token: credential for Cloudflare Access. Default: `COMFYUI_ACCESS_TOKEN`.
        client_id: what `queue_prompt` and `connect` use. Default: a new UUID.
        single_header_name: header of the single-header mode (`read_service_tokens_from_header`).
        connect_timeout: to connect, TLS included.
        headers_timeout: from the request to the answer's headers; longer than Cloudflare's 120 s, which says more.
        idle_timeout: between two parts of a body.
        total_timeout: for the whole of a request, its repetitions included; 0 = no limit.
        poll_interval: pause between two looks at history while no event of the run is heard.
        outage: how long a run waits for a server that cannot be reached.
        reconnect_min, reconnect_max: shortest and longest pause before the WebSocket is opened again.
        ping_interval: pause between pings; without an answer by the next one the WebSocket is given up.
        cancel: ends every call when it is set, with `AbortedError`.
        ssl_context: how TLS is done. Default: Python's own, which honours `SSL_CERT_FILE`.
        open_socket: connects to a host and port in a way of its own, e.g. through an SSH tunnel.
        """
        address = _parse_address(url or os.environ.get("COMFYUI_URL") or "http://localhost:8188")
        text = os.environ.get("COMFYUI_ACCESS_TOKEN", "") if token is None else token
        if not _HEADER_NAME.fullmatch(single_header_name):
            words = "single_header_name is no name of a header: letters, digits and hyphens, e.g. Authorization"
            raise UsageError("bad_header", words)
        # Read even where it is not sent: a token without a known form is a mistake wherever it is found.
        credential = _parse_token(text, single_header_name) if text.strip() else None
        withheld = ""
        if credential is not None and not address.may_carry_credential:
            credential = None
            withheld = "the address is local" if is_local(address.host) else "the address is not https"
        if open_socket is None:
            # Asked here too, so that a mistake is named at once.
            _proxy_for(address)
        self.client_id = client_id or str(uuid.uuid4())
        self._places = _Places()
        self._transport = _Transport(
            _Settings(
                address,
                credential,
                withheld,
                connect_timeout,
                headers_timeout,
                idle_timeout,
                total_timeout,
                poll_interval,
                outage,
                reconnect_min,
                reconnect_max,
                ping_interval,
                cancel,
                ssl_context,
                open_socket,
                _Said(credential),
            )
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __reduce__(self) -> NoReturn:
        raise TypeError(
            "a client is not copied or pickled, as it holds connections and the credential: make another one"
        )

    @property
    def sends_credential(self) -> bool:
        """Whether requests carry the credential."""
        return self._transport.settings.credential is not None

    def close(self) -> None:
        """Closes the connections that wait to be used again."""
        self._transport.close()

    # Prompts

    def run(
        self,
        workflow: JsonObject,
        *,
        extra_data: JsonObject | None = None,
        front: bool = False,
        number: float | None = None,
        partial_execution_targets: list[str] | None = None,
        prompt_id: str | None = None,
        timeout: float = 0,
        cancel: threading.Event | None = None,
    ) -> Iterator[Event]:
        """Runs a workflow in API format and tells what happens. The last event is the `result`.

        A lost, silent or displaced WebSocket costs events, never the result. Raises `ServerError` with the code
        `execution_failed`, `interrupted`, `cancelled` (by `interrupt` or `delete_from_queue` of this client, while it
        waited) or `prompt_gone` when the prompt ended so. Leaving the loop, or `cancel`, ends the watching and not the
        prompt: that is what `interrupt` is for.

        extra_data: passed on to ComfyUI, e.g. `{"api_key_comfy_org": ...}` for partner nodes.
        front: before all others in the queue.
        number: its priority in the queue, lowest first. Default: after all others.
        partial_execution_targets: ids of the output nodes to run. Default: all of them.
        prompt_id: the prompt's id, a lower-case UUID. Default: a new one.
        timeout: longest time for the whole run, in seconds; 0 = no limit.
        """
        fields: JsonObject = {"extra_data": extra_data} if extra_data else {}
        if front:
            fields["front"] = True
        if number is not None:
            fields["number"] = number
        if partial_execution_targets is not None:
            fields["partial_execution_targets"] = partial_execution_targets
        _check_workflow(workflow)
        wait = _Wait((self._transport.settings.cancel, cancel), timeout)
        return _Run(self._transport, wait, prompt_id or str(uuid.uuid4())).events(workflow, fields)

    def run_to_end(self, workflow: JsonObject, **options: Any) -> RunResult:
        """Runs a workflow and waits for its result. Options and errors as of `run`."""
        for event in self.run(workflow, **options):
            if event.type == "result":
                return event.result
        raise AssertionError("a run ends with its result")

    def history(self, prompt_id: str) -> HistoryEntry | None:
        """How a prompt ended; None when history does not have it: queued, running, unknown, deleted or evicted."""
        return _history_entry(self._transport, prompt_id)

    def queue(self) -> Queue:
        """The prompts that run and wait."""
        running, waiting = _raw_queue(self._transport.json(_Request("GET", "/queue")))
        return Queue(*([QueueItem(item[1], item[0]) for item in items] for items in (running, waiting)))

    def delete_from_queue(self, prompt_id: str) -> None:
        """Takes a waiting prompt out of the queue; does nothing when it does not wait."""
        self._transport.cancelled.add(prompt_id)
        self._transport.read(_json_request("/queue", {"delete": [prompt_id]}))

    def interrupt(self, prompt_id: str) -> str:
        """Stops this prompt and no other: `interrupted`, `deleted` (it was waiting) or `not_running`.

        Raises `ServerError` with the code `interrupt_unsupported` when the server could only stop whatever runs.
        """
        queue = self.queue()
        deleted = any(item.prompt_id == prompt_id for item in queue.pending)
        if deleted:
            self.delete_from_queue(prompt_id)
            queue = self.queue()  # It may have begun meanwhile.
        if not any(item.prompt_id == prompt_id for item in queue.running):
            return "deleted" if deleted else "not_running"
        return "interrupted" if self._cancel_job(prompt_id) else "not_running"

    def jobs(self, *, status: str | None = None, limit: int | None = None, offset: int | None = None) -> JsonObject:
        """Prompts with their status, as ComfyUI's `GET /api/jobs` has them. Servers without it: `http_404`."""
        given = {"status": status, "limit": limit, "offset": offset}
        query = urllib.parse.urlencode({key: value for key, value in given.items() if value is not None})
        answer = self._transport.json(_Request("GET", f"/api/jobs?{query}" if query else "/api/jobs"))
        _list(_record(answer, "jobs").get("jobs"), "jobs")
        return dict(answer)

    def job(self, prompt_id: str) -> JsonObject | None:
        """A prompt with its status; None when ComfyUI does not know it."""
        try:
            return _record(self._transport.json(_Request("GET", _job_path(prompt_id))), "job")
        except ServerError as error:
            if error.status == 404:
                return None
            raise

    # The server

    def system_stats(self) -> JsonObject:
        """ComfyUI's `GET /system_stats`: version, memory, devices."""
        stats = _record(self._transport.json(_Request("GET", "/system_stats")), "system_stats")
        _record(stats.get("system"), "system of system_stats")
        return stats

    def object_info(self, node_class: str | None = None) -> JsonObject:
        """What the node classes, or one of them, take and give."""
        path = "/object_info" if node_class is None else f"/object_info/{urllib.parse.quote(node_class, safe='')}"
        return _record(self._transport.json(_Request("GET", path)), "object_info")

    def features(self) -> JsonObject:
        """The server's feature flags; empty for servers from before there were any."""
        try:
            return _record(self._transport.json(_Request("GET", "/features")), "features")
        except ServerError as error:
            if error.status == 404:
                return {}
            raise

    # Files

    def upload_image(
        self,
        file: File,
        filename: str | None = None,
        *,
        subfolder: str = "",
        type: str = "input",
        overwrite: bool = False,
    ) -> JsonObject:
        """Uploads a file of any kind, in parts: a path, bytes, or a binary file object.

        Returns `{"name", "filename", "subfolder", "type"}`: the name under which ComfyUI has it, which need not be the
        given one. It can be given to `download` and `download_to`.
        """
        fields = {"type": type, "subfolder": subfolder, "overwrite": "true" if overwrite else "false"}
        upload = _Upload(file, filename, fields)
        try:
            asked = f"the file {json.dumps(upload.name)} in {_where(subfolder, type)}"
            request = _Request("POST", "/upload/image", upload.headers, upload.parts(), asked=asked)
            reply = _record(self._transport.json(request), "reply to the upload")
            name = _string(reply.get("name"), "name in the reply to the upload")
            return {**reply, "filename": name}
        finally:
            upload.close()

    def view(self, filename: str, subfolder: str = "", type: str = "output") -> Iterator[bytes]:
        """A file of ComfyUI's, in parts as they come in."""
        return self._transport.chunks(_view_request(filename, subfolder, type), self._transport.wait())

    def download_to(self, file: FileReference, folder: str | os.PathLike[str]) -> SavedFile:
        """Saves a file, e.g. an output, in a folder that is there, under its own name: whole, or not at all.

        A file of that name is replaced, except another one of the last 10,000 that this client has put there: then the
        name is `name (2).png`, and so on. Raises `ProtocolError` with the code `unsafe_name` when the server names it
        so that it would land elsewhere.
        """
        path = self._places.of(folder, _reference(file))
        with _on_disk(path):
            if os.path.lexists(path) and (os.path.islink(path) or not os.path.isfile(path)):
                what = "a symbolic link" if os.path.islink(path) else "a folder" if os.path.isdir(path) else "no file"
                words = f"cannot write {path}: it is {what}; remove it, or give download() a path of your own"
                raise UsageError("no_file", words)
        return SavedFile(path, self._save(file, path))

    def download(self, file: FileReference, path: str | os.PathLike[str]) -> int:
        """Saves a file to a path of your own choice and returns its size: whole, or not at all.

        The server chooses a file's name, so make no path of it: that is what `download_to` is for.
        """
        target = os.fspath(path)
        _must_be_own_path(target, _reference(file)[0])
        return self._save(file, target)

    def _save(self, file: FileReference, path: str) -> int:
        request = _view_request(*_reference(file))
        partial = os.path.join(os.path.dirname(path), f".{secrets.token_hex(8)}.part")

        def attempt(wait: _Wait) -> int:
            with _on_disk(path):
                target.seek(0)
                target.truncate()
            for data in self._transport.chunks(request, wait):
                with _on_disk(path):
                    rest = memoryview(data)
                    while rest:
                        rest = rest[target.write(rest) :]
            return target.tell()

        # Made before anything is asked for: where it cannot be written is no matter of the server's. Never through a link.
        with _on_disk(path):
            target = open(partial, "xb", buffering=0)  # noqa: SIM115 (`with` follows, once its errors are told apart)
        try:
            with target:
                size = self._transport.repeat(request, attempt, self._transport.wait())
            with _on_disk(path):
                os.replace(partial, path)
            return size
        finally:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(partial)

    # In the style of ComfyUI's script_examples

    def connect(self) -> WebSocket:
        """A WebSocket that hears of what `queue_prompt` queues: `recv()` gives text as `str`, binary as `bytes`."""
        return _open_web_socket(self._transport, self.client_id, self._transport.wait())

    def queue_prompt(self, prompt: JsonObject, prompt_id: str | None = None, **fields: Any) -> JsonObject:
        """Posts a workflow and returns ComfyUI's reply; `fields` are further ones of `POST /prompt`."""
        body = {**fields, "prompt": _check_workflow(prompt), "client_id": self.client_id}
        body["prompt_id"] = prompt_id or str(uuid.uuid4())
        return _submit(self._transport, _Submission(body, False), self._transport.wait())

    def get_history(self, prompt_id: str) -> JsonObject:
        """ComfyUI's own `GET /history/{prompt_id}`; empty while the prompt waits or runs."""
        path = f"/history/{urllib.parse.quote(prompt_id, safe='')}"
        return _record(self._transport.json(_Request("GET", path)), "history")

    def get_image(self, filename: str, subfolder: str, folder_type: str) -> bytes:
        """A file of ComfyUI's, as a whole."""
        return b"".join(self.view(filename, subfolder, folder_type))

    def _cancel_job(self, prompt_id: str) -> bool:
        try:
            reply = self._transport.json(_json_request(f"{_job_path(prompt_id)}/cancel", {}))
            return _record(reply, "reply to the cancellation").get("cancelled") is not False
        except ServerError as error:
            if error.status not in (404, 405):
                raise
        version = _text(self.system_stats()["system"].get("comfyui_version"))
        if _version_of(version) < _INTERRUPT_BY_ID:
            raise ServerError(
                "interrupt_unsupported",
                f"ComfyUI {version or 'of an unknown version'} would stop whatever runs, not this prompt: update it",
                prompt_id=prompt_id,
            )
        self._transport.read(_json_request("/interrupt", {"prompt_id": prompt_id}))
        return True


def _version_of(version: str) -> tuple[int, ...]:
    numbers = re.match(r"[0-9]{1,9}(\.[0-9]{1,9})*", version)
    return tuple(int(number) for number in numbers[0].split(".")) if numbers else ()


def _json_request(path: str, body: JsonObject) -> _Request:
    data = json.dumps(body).encode()
    return _Request("POST", path, {"Content-Type": "application/json", "Content-Length": str(len(data))}, (data,))


def _job_path(prompt_id: str) -> str:
    return f"/api/jobs/{urllib.parse.quote(prompt_id, safe='')}"


def _view_request(filename: str, subfolder: str, folder: str) -> _Request:
    fields = {"filename": filename, "subfolder": subfolder, "type": folder}
    query = urllib.parse.urlencode(fields, errors="replace")
    asked = f"file {json.dumps(filename[:200])} in {_where(subfolder, folder)}"
    return _Request("GET", f"/view?{query}", any_host=True, asked=asked)


def _where(subfolder: str, folder: str) -> str:
    return "/".join(part for part in (folder or "output", subfolder) if part)


# --- Where a file is saved ---------------------------------------------------------------------------------

#: An output, what `upload_image` returned, or ComfyUI's own `{"filename", "subfolder", "type"}`.
FileReference = Union[Output, Mapping[str, Any]]

# Windows keeps these names for devices, whatever comes after a dot.
_DEVICE = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\.|$)", re.IGNORECASE)


def _reference(file: FileReference) -> tuple[str, str, str]:
    """Name, subfolder and folder."""
    if isinstance(file, Output):
        return file.filename, file.subfolder, file.type
    said: Mapping[str, Any] = file if isinstance(file, Mapping) else {}
    filename = said.get("filename", said.get("name"))
    if not isinstance(filename, str):
        wanted = 'give an output, what upload_image() returned, or {"filename", "subfolder", "type"}'
        raise UsageError("bad_file", f"the file to get has no filename: {wanted}")
    return filename, str(said.get("subfolder") or ""), str(said.get("type") or "output")


def _is_plain_name(name: str) -> bool:
    """Whether a name from the server is a plain one, which stands for a file of the folder that it is put in and for
    nothing else, on every system: no path, no drive, no control character, nothing hidden.
    """
    if not name or re.search(r"[/\\:\x00-\x1f\x7f\ud800-\udfff]", name):
        return False
    return not (name.startswith(".") or name.endswith((".", " ")) or _DEVICE.match(name))


def _path_in(folder: str | os.PathLike[str], name: str) -> str:
    """Where a file of the server's naming goes in the caller's folder."""
    where = os.fspath(folder)
    if not where:
        raise UsageError("no_file", "no folder is given to write to")
    if not _is_plain_name(name):
        raise _unsafe(name, "give download() a path of your own")
    return os.path.join(where, name)


class _Places:
    """Where one client has put files, so that none is put on another one's place."""

    # So many files are remembered, the last ones.
    _REMEMBERED = 10_000

    def __init__(self) -> None:
        self._taken: dict[str, tuple[str, str, str]] = {}
        self._lock = threading.Lock()

    def of(self, folder: str | os.PathLike[str], file: tuple[str, str, str]) -> str:
        """A file's place in a folder: its own name, or `name (2).png` and so on where another file of this client's
        stands. The same file has the same place again.
        """
        name = file[0]
        path = _path_in(folder, name)
        with _on_disk(path):
            where = os.path.realpath(folder)
        stem, extension = os.path.splitext(name)
        number = 1
        with self._lock:
            while True:
                plain = name if number == 1 else f"{stem} ({number}){extension}"
                # To some file systems, capitals and the ways to write an accent make no other name.
                key = os.path.join(where, unicodedata.normalize("NFC", plain).lower())
                if self._taken.get(key, file) == file:
                    break
                number += 1
            self._taken.pop(key, None)
            self._taken[key] = file
            if len(self._taken) > self._REMEMBERED:
                del self._taken[next(iter(self._taken))]
        return path if number == 1 else _path_in(folder, plain)


def _must_be_own_path(path: str, name: str) -> None:
    """Raises when the path may have been made of a name that is not plain: after joining, or resolving, nothing tells
    `folder/../../x` from a path that the caller meant, but the last part is the server's.
    """
    if not path:
        raise UsageError("no_file", "no path is given to write to")
    if _is_plain_name(name):
        return
    for separator in _SEPARATORS:
        last = _last_part(name, separator)
        if last and last == _last_part(path, separator):
            raise _unsafe(name, "use download_to(), or give a path whose last part is your own")


# What parts a path, by system. Each is tried alone: `x\..` is one part to some systems, and none at all to others.
_SEPARATORS = ("[/]", r"[/\\]", r"[/\\:]")


def _last_part(path: str, separator: str) -> str:
    """The part of a path that names the file, however the path is written; empty where it names a folder."""
    parts: list[str] = []
    for part in re.split(separator, path):
        if part == "..":
            del parts[-1:]
        elif part not in ("", "."):
            parts.append(part)
    return parts[-1] if parts else ""


def _unsafe(name: str, remedy: str) -> ProtocolError:
    shown = json.dumps(name[:200])
    words = f"the server names a file {shown}, which is no plain file name, so nothing was written: {remedy}"
    return ProtocolError("unsafe_name", words)


@contextlib.contextmanager
def _on_disk(path: str) -> Generator[None, None, None]:
    """Turns what goes wrong with a file of the caller's into an error that says where, and what to do."""
    folder = os.path.dirname(path) or "."
    try:
        yield
    except FileNotFoundError as error:
        raise UsageError("no_file", f"cannot write {path}: there is no folder {folder}: make it first") from error
    except NotADirectoryError as error:
        raise UsageError("no_file", f"cannot write {path}: {folder} is no folder: name one that is") from error
    except IsADirectoryError as error:
        raise UsageError("no_file", f"{path} is a folder: name a file in it, or use download_to()") from error
    except PermissionError as error:
        words = f"cannot write {path}: {folder} must not be written ({error.strerror}): choose another folder"
        raise UsageError("no_file", words) from error
    except (OSError, ValueError) as error:
        raise UsageError("no_file", f"cannot write {path!r}: {error}") from error


# --- Command line ------------------------------------------------------------------------------------------


def main(arguments: list[str] | None = None) -> int:
    """Says whether ComfyUI answers at COMFYUI_URL. Exit code 0 = it does, 1 = it does not, 2 = wrong use."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--check", action="store_true", required=True, help="ask for the server's version and devices")
    parser.add_argument("--json", action="store_true", help="print ComfyUI's own answer")
    options = parser.parse_args(arguments)
    try:
        with ComfyUIClient(total_timeout=150) as comfyui:
            stats = comfyui.system_stats()
    except ComfyUIError as error:
        print(f"{error.kind}/{error.code}: {error}", file=sys.stderr)
        return 2 if isinstance(error, UsageError) else 1
    if options.json:
        print(json.dumps(stats, indent=2))
        return 0
    devices = stats.get("devices")
    listed = devices if isinstance(devices, list) else []
    names = [_text(device.get("name")) for device in listed if isinstance(device, dict)]
    print(f"ComfyUI {_text(stats['system'].get('comfyui_version'))} answers; devices: {', '.join(names) or 'none'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
