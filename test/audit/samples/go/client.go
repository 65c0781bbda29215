// Package draw keeps its address in a struct, and its header in a method.
package draw

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"strings"
)

const historyPath = "/history/"

type Client struct {
	baseURL string
	http    *http.Client
}

// See http://other:8188/prompt, which is a comment.
func New() *Client {
	base := os.Getenv("COMFYUI_URL")
	if base == "" {
		base = "http://127.0.0.1:8188"
	}
	return &Client{baseURL: strings.TrimRight(base, "/"), http: http.DefaultClient}
}

func (c *Client) Submit(graph []byte) (*http.Response, error) {
	req, err := http.NewRequest(http.MethodPost, c.baseURL+"/prompt", bytes.NewReader(graph))
	if err != nil {
		return nil, err
	}
	return c.http.Do(req)
}

func (c *Client) History(id string) (*http.Response, error) {
	return http.Get(c.baseURL + historyPath + id)
}

func guard(req *http.Request) {
	req.Header.Set("CF-Access-Client-Id", os.Getenv("CF_ACCESS_CLIENT_ID"))
	req.Header.Set("CF-Access-Client-Secret", os.Getenv("CF_ACCESS_CLIENT_SECRET"))
}

func Stats() (*http.Response, error) {
	req, _ := http.NewRequest("GET", fmt.Sprintf("https://%s/system_stats", "comfyui.datacrew.space"), nil)
	guard(req)
	return http.DefaultClient.Do(req)
}

func Queue() (*http.Response, error) {
	req, _ := http.NewRequest("GET", "https://comfyui.datacrew.space/queue", nil)
	req.SetBasicAuth("artist", "swordfish99")
	return http.DefaultClient.Do(req)
}

func Interrupt() (*http.Response, error) {
	req, _ := http.NewRequest("POST", "https://comfyui.datacrew.space/interrupt", nil)
	return http.DefaultClient.Do(req)
}
