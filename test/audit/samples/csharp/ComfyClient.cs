using System.Net.Http;
using System.Net.Http.Headers;
using System.Net.WebSockets;

namespace DataCrew.Draw;

public sealed class ComfyClient
{
    private const string Public = "https://comfyui.datacrew.space";
    private readonly HttpClient _near = new() { BaseAddress = new Uri("http://comfyui:8188") };
    private readonly HttpClient _far;
    private readonly string _url;

    public ComfyClient(IConfiguration configuration, HttpClient far)
    {
        _url = configuration["ComfyUI:Url"] ?? "http://localhost:8188";
        _far = far;
        _far.BaseAddress = new Uri(Public);
        _far.DefaultRequestHeaders.Add("CF-Access-Client-Id", Environment.GetEnvironmentVariable("CF_ACCESS_CLIENT_ID"));
        _far.DefaultRequestHeaders.Add("CF-Access-Client-Secret", Environment.GetEnvironmentVariable("CF_ACCESS_CLIENT_SECRET"));
    }

    public Task<HttpResponseMessage> Submit(HttpContent graph) => _near.PostAsync("/prompt", graph);

    public Task<string> Stats() => _far.GetStringAsync("system_stats");

    public async Task<string> History(string id)
    {
        using var client = new HttpClient();
        return await client.GetStringAsync($"{_url}/history/{id}");
    }

    public async Task<HttpResponseMessage> Queue(string token)
    {
        using var client = new HttpClient();
        var request = new HttpRequestMessage(HttpMethod.Get, string.Format("{0}/queue", Public));
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        return await client.SendAsync(request);
    }

    public async Task Watch()
    {
        using var socket = new ClientWebSocket();
        await socket.ConnectAsync(new Uri("wss://comfyui.datacrew.space/ws?clientId=net"), default);
    }
}
