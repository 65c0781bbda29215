package space.datacrew.draw;

/** Serves what ComfyUI serves; http://localhost:8188/prompt is only said here. */
@RestController
class PromptController {
  @PostMapping("/prompt")
  String prompt(@RequestBody String comfy) {
    log.info("see http://localhost:8188/view");
    return comfy;
  }

  @GetMapping("/history/{id}")
  String history(String id) {
    return redirect("/history");
  }
}
