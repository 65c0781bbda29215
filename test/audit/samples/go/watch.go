package draw

import (
	"net/http"
	"net/url"
	"os"

	"github.com/gorilla/websocket"
)

func getEnv(key, fallback string) string {
	if value := os.Getenv(key); value != "" {
		return value
	}
	return fallback
}

var comfyHost = getEnv("COMFY_HOST", "comfyui:8188")

func Watch(token string) (*websocket.Conn, error) {
	target := url.URL{Scheme: "wss", Host: "comfyui.datacrew.space", Path: "/ws", RawQuery: "clientId=watch"}
	header := http.Header{"Authorization": {"Bearer " + token}}
	socket, _, err := websocket.DefaultDialer.Dial(target.String(), header)
	return socket, err
}

func Near() (*websocket.Conn, error) {
	socket, _, err := websocket.DefaultDialer.Dial("ws://"+comfyHost+"/ws?clientId=near", nil)
	return socket, err
}

func Models() (*http.Response, error) {
	address, _ := url.JoinPath("http://"+comfyHost, "object_info", "CheckpointLoaderSimple")
	return http.Get(address)
}
