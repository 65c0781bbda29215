using Refit;

namespace DataCrew.Draw;

/// <summary>Refit makes the client; whoever asks it to says where it goes.</summary>
public interface IComfyApi
{
    [Post("/prompt")]
    Task<ComfyAnswer> Submit([Body] ComfyPrompt prompt);

    [Get("/history/{id}")]
    Task<string> History(string id);
}
