import type { Reply } from "./reply";

/** The workflow that the page's button queues: a small image from the first checkpoint. */
const WORKFLOW = {
  "1": { class_type: "CheckpointLoaderSimple", inputs: { ckpt_name: "v1-5-pruned-emaonly.safetensors" } },
  "2": { class_type: "CLIPTextEncode", inputs: { text: "a lighthouse at dusk", clip: ["1", 1] } },
  "3": { class_type: "CLIPTextEncode", inputs: { text: "blurry", clip: ["1", 1] } },
  "4": { class_type: "EmptyLatentImage", inputs: { width: 512, height: 512, batch_size: 1 } },
  "5": {
    class_type: "KSampler",
    inputs: {
      model: ["1", 0],
      positive: ["2", 0],
      negative: ["3", 0],
      latent_image: ["4", 0],
      seed: 0,
      steps: 10,
      cfg: 8,
      sampler_name: "euler",
      scheduler: "normal",
      denoise: 1,
    },
  },
  "6": { class_type: "VAEDecode", inputs: { samples: ["5", 0], vae: ["1", 2] } },
  "7": { class_type: "SaveImage", inputs: { images: ["6", 0], filename_prefix: "ComfyUI" } },
};

const STYLE = `
:root { color-scheme: light dark; --line: light-dark(#c9cdd3, #454b54); --soft: light-dark(#f3f5f7, #23272e);
  --accent: light-dark(#0b57d0, #a8c7fa); --on-accent: light-dark(#fff, #062e6f); }
* { box-sizing: border-box; }
body { margin: 0; font: 1rem/1.5 system-ui, sans-serif; background: light-dark(#fff, #181b20);
  color: light-dark(#1c1f24, #e6e8eb); }
main { max-width: 40rem; margin: 0 auto; padding: 2rem 1rem; }
h1 { margin: 0 0 .25rem; font-size: 1.75rem; }
p { margin: 0 0 1.5rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .5rem 1.5rem; margin: 0 0 1.5rem;
  padding: 1rem; border: 1px solid var(--line); border-radius: .5rem; background: var(--soft); }
dt { font-weight: 600; }
dd { margin: 0; overflow-wrap: anywhere; }
button { font: inherit; padding: .6rem 1.2rem; border: 0; border-radius: .5rem; cursor: pointer;
  background: var(--accent); color: var(--on-accent); }
button:disabled { opacity: .5; cursor: default; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
progress { width: 100%; margin: 1rem 0; accent-color: var(--accent); }
img { width: 8rem; height: 8rem; border: 1px solid var(--line); border-radius: .5rem; image-rendering: pixelated; }
`;

const SCRIPT = `
const byId = (id) => document.getElementById(id);
const clientId = crypto.randomUUID();
let promptId;
const url = new URL("ws?clientId=" + clientId, location.href);
url.protocol = location.protocol === "https:" ? "wss:" : "ws:";
const socket = new WebSocket(url);
socket.onopen = () => { byId("connection").textContent = "connected"; byId("queue").disabled = false; };
socket.onclose = () => { byId("connection").textContent = "disconnected"; byId("queue").disabled = true; };
socket.onmessage = ({ data }) => {
  if (typeof data !== "string") return;
  const message = JSON.parse(data);
  if (message.type === "status") {
    if (message.data.sid) byId("session").textContent = message.data.sid;
    byId("remaining").textContent = message.data.status.exec_info.queue_remaining;
  }
  if (message.type === "progress") { byId("progress").max = message.data.max; byId("progress").value = message.data.value; }
  if (message.type === "executing" && message.data.node === null && message.data.prompt_id === promptId) finished();
};
async function finished() {
  const history = await (await fetch("history/" + promptId)).json();
  const entry = history[promptId];
  byId("prompt").textContent = entry ? entry.status.status_str : "gone";
  const image = Object.values(entry ? entry.outputs : {}).flatMap((output) => output.images || [])[0];
  if (!image) return;
  byId("result").src = "view?" + new URLSearchParams(image);
  byId("result").hidden = false;
}
byId("queue").onclick = async () => {
  const workflow = structuredClone(WORKFLOW);
  workflow["5"].inputs.seed = crypto.getRandomValues(new Uint32Array(1))[0];
  byId("progress").value = 0;
  const response = await fetch("prompt", { method: "POST", headers: { "content-type": "application/json" },
    body: JSON.stringify({ prompt: workflow, client_id: clientId }) });
  const answer = await response.json();
  promptId = answer.prompt_id;
  byId("prompt").textContent = response.ok ? "queued" : "refused: " + answer.error.message;
};
`;

const HTML = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>ComfyUI</title>
<link rel="icon" href="data:,">
<style>${STYLE}</style>
</head>
<body>
<main>
<h1>ComfyUI</h1>
<p>A stand-in for ComfyUI: it answers and behaves like it, and paints nothing.</p>
<dl>
<dt>WebSocket</dt><dd id="connection" role="status">connecting</dd>
<dt>Session</dt><dd id="session">–</dd>
<dt>Queue</dt><dd id="remaining">–</dd>
<dt>Prompt</dt><dd id="prompt" role="status">none yet</dd>
</dl>
<button id="queue" type="button" disabled>Queue prompt</button>
<progress id="progress" value="0" max="1" aria-label="Progress of the sampler"></progress>
<img id="result" alt="Result of the prompt" hidden>
</main>
<script>const WORKFLOW = ${JSON.stringify(WORKFLOW)};${SCRIPT}</script>
</body>
</html>
`;

/** GET /: shows that the page, its WebSocket and the queue work. */
export function page(): Reply {
  return {
    status: 200,
    headers: {
      "content-type": "text/html; charset=utf-8",
      "cache-control": "no-cache",
      pragma: "no-cache",
      expires: "0",
    },
    body: HTML,
  };
}
