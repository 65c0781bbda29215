"""Answers each line, a JSON object with `url` and `token`, with what the Python client makes of them, as one line of JSON.

`url`: its host, port and whether it is local; `token`: the headers that are sent there, and the token's end. An error
is its code, with its message.
"""

import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "packages/client/python"))

import comfyui_api_client as client


def main() -> None:
    for line in sys.stdin:
        asked = json.loads(line)
        print(json.dumps({"url": url_of(asked["url"]), "token": token_of(asked["token"])}), flush=True)


def url_of(text: str) -> dict[str, object]:
    try:
        address = client._parse_address(text)
    except client.ComfyUIError as error:
        return {"error": error.code, "message": str(error)}
    return {
        "origin": address.origin,
        "path": address.path,
        "local": client.is_local(address.host),
        "carries": address.may_carry_credential,
    }


def token_of(text: str) -> dict[str, object]:
    try:
        credential = client._parse_token(text, "Authorization")
    except client.ComfyUIError as error:
        return {"error": error.code, "message": str(error)}
    headers = {name.lower(): value for name, value in credential.headers.items()}
    try:
        client._must_be_current(credential)
    except client.ComfyUIError as error:
        return {"headers": headers, "error": error.code, "message": str(error)}
    return {"headers": headers}


main()
