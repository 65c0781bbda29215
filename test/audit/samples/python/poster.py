"""Posts to http://127.0.0.1:8188/prompt, but this sentence is not a call."""
import json
import urllib.request

import websocket

server = "127.0.0.1:8188"


def submit(graph, client):
    body = json.dumps({"prompt": graph, "client_id": client}).encode()
    # http://other:8188/history in a comment is none either
    request = urllib.request.Request("http://{}/prompt".format(server), data=body)
    return json.loads(urllib.request.urlopen(request).read())


def watch(client):
    socket = websocket.WebSocket()
    socket.connect("ws://%s/ws?clientId=%s" % (server, client))
    print(f"listening at ws://{server}/ws?clientId={client}")
    return socket
