// A server of its own, with routes that ComfyUI has too, and calls of others.
package main

import "net/http"

func main() {
	mux := http.NewServeMux()
	mux.HandleFunc("/prompt", func(w http.ResponseWriter, r *http.Request) { w.Write([]byte("comfy")) })
	http.HandleFunc("/history", func(w http.ResponseWriter, r *http.Request) {})
	http.Get("https://image.pollinations.ai/prompt/cat")
	http.ListenAndServe(":8188", mux)
}
