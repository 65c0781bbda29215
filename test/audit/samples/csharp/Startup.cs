// Serves ComfyUI's routes itself.
var app = WebApplication.Create(args);
app.MapPost("/prompt", () => "comfy");
app.MapGet("/history/{id}", (string id) => id);
Console.WriteLine("open http://localhost:8188/view");
app.Run();
