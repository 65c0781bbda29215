package space.datacrew.draw;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.web.client.RestTemplate;

public class ComfyClient {
  private static final String PUBLIC = "https://comfyui.datacrew.space";
  private static final String NEAR = System.getenv().getOrDefault("COMFYUI_URL", "http://localhost:8188");

  @Value("${comfyui.url:http://comfyui:8188}")
  private String base;

  private final HttpClient http = HttpClient.newHttpClient();
  private final RestTemplate rest = new RestTemplate();

  String submit(String graph) throws Exception {
    HttpRequest request = HttpRequest.newBuilder()
        .uri(URI.create(base + "/prompt"))
        .POST(HttpRequest.BodyPublishers.ofString(graph))
        .build();
    return http.send(request, HttpResponse.BodyHandlers.ofString()).body();
  }

  String stats() throws Exception {
    var request = guard(HttpRequest.newBuilder(URI.create(PUBLIC + "/system_stats"))).build();
    return http.send(request, HttpResponse.BodyHandlers.ofString()).body();
  }

  private HttpRequest.Builder guard(HttpRequest.Builder builder) {
    return builder
        .header("CF-Access-Client-Id", System.getenv("CF_ACCESS_CLIENT_ID"))
        .header("CF-Access-Client-Secret", System.getenv("CF_ACCESS_CLIENT_SECRET"));
  }

  String queue() {
    return rest.getForObject(String.format("%s/queue", PUBLIC), String.class);
  }

  String history(String id) {
    return rest.getForObject(NEAR + "/history/{id}", String.class, id);
  }

  void watch() {
    http.newWebSocketBuilder()
        .header("Authorization", "Basic " + login())
        .buildAsync(URI.create("wss://comfyui.datacrew.space/ws?clientId=java"), null);
  }

  private String login() {
    return "YXJ0aXN0";
  }
}
