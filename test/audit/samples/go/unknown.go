package draw

import comfyui "github.com/slimhappy/comfyui-go-sdk"

var remote = comfyui.NewClient("https://comfyui.datacrew.space")
