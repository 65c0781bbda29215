from comfy_api_simplified import ComfyApiWrapper

near = ComfyApiWrapper("http://192.168.7.20:8188/")
far = ComfyApiWrapper("https://comfyui.datacrew.space/", user="me", password="hunter2hunter2")
