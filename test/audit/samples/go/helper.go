package draw

import (
	"context"
	"io"
	"net/http"
)

type Remote struct {
	address string
	token   string
}

func NewRemote(token string) *Remote {
	return &Remote{address: "https://comfyui.datacrew.space", token: token}
}

func (r *Remote) do(ctx context.Context, method, path string, body io.Reader) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, method, r.address+path, body)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "Bearer "+r.token)
	return http.DefaultClient.Do(req)
}

func (r *Remote) Queue(ctx context.Context) (*http.Response, error) {
	return r.do(ctx, http.MethodGet, "/queue", nil)
}

func (r *Remote) View(ctx context.Context, name string) (*http.Response, error) {
	return r.do(ctx, http.MethodGet, "/view?filename="+name, nil)
}
