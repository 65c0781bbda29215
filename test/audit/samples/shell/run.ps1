param([string]$ComfyServer = "127.0.0.1:8188")
$answer = Invoke-RestMethod -Uri "http://$ComfyServer/prompt" -Method Post -Body $body
Invoke-WebRequest -Uri "https://comfyui.datacrew.space/view?filename=a.png" -OutFile a.png
