# Asks ComfyUI; http://localhost:8188/view is only said here.
require "net/http"
require "httparty"
require "faraday"

PUBLIC_URL = "https://comfyui.datacrew.space".freeze

class ComfyClient
  def initialize(url = nil)
    @url = url || ENV.fetch("COMFYUI_URL", "http://127.0.0.1:8188")
    @guarded = Faraday.new(url: PUBLIC_URL) do |connection|
      connection.headers["CF-Access-Client-Id"] = ENV["CF_ACCESS_CLIENT_ID"]
      connection.headers["CF-Access-Client-Secret"] = ENV["CF_ACCESS_CLIENT_SECRET"]
    end
  end

  def submit(graph)
    uri = URI("#{@url}/prompt")
    request = Net::HTTP::Post.new(uri)
    request.body = graph
    Net::HTTP.start(uri.host, uri.port) { |http| http.request(request) }
  end

  def stats
    @guarded.get("/system_stats")
  end

  def queue
    HTTParty.get "#{PUBLIC_URL}/queue", basic_auth: { username: "artist", password: "swordfish99" }
  end

  def history(id)
    Net::HTTP.get(URI.join(PUBLIC_URL, "/history/", id))
  end
end
