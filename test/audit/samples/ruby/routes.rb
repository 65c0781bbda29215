# Sinatra's and Rails' routes under ComfyUI's names.
post "/prompt" do
  "comfy"
end

Rails.application.routes.draw do
  get "/history/:id", to: "comfy#history"
end
