import { expect, test } from "vitest";
import { leaksIn, mask } from "../../packages/cli/audit/mask";

const HEX = "0123456789abcdef".repeat(4);
const ID = `${HEX.slice(0, 32)}.access`;

test.each([
  ["CF_ACCESS_CLIENT_SECRET=", HEX, ""],
  ['headers = {"CF-Access-Client-Secret": "', HEX, '"}'],
  ["COMFYUI_ACCESS_TOKEN=", `${HEX}`, ""],
  ["curl -H 'CF-Access-Client-Secret: ", "opensesame", "' https://a.example"],
  ['curl -H "Authorization: Bearer ', "abcdefgh.ijkl", '" https://a.example'],
  ["curl -u artist:", "swordfish", " https://a.example"],
  ['curl -H "X-API-Key: ', "k-123456", '" https://a.example'],
  ['url = "https://artist:', "swordfish", '@a.example/prompt"'],
  ['requests.get(url, auth=("artist", "', "swordfish", '"))'],
  ['far("/queue", ("artist", "', "swordfish", '"))'],
  ['req.SetBasicAuth("artist", "', "swordfish", '")'],
  ['const apiKey = "', "k-123456", '";'],
  ['fetch("https://a.example/ws?token=', "k-123456", '&clientId=a")'],
  ["MY_TOKEN=", "k-123456", " python run.py"],
  ['cookie = "CF_Authorization=', "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl", '"'],
  ['password="', "correct horse battery", '"'],
])("the secret in %s… is not quoted", (before, secret, after) => {
  const masked = mask(`${before}${secret}${after}`);
  expect(masked).not.toContain(secret);
  expect(masked.startsWith(before.replace(/[^=:"]*$/, "").slice(0, 8))).toBe(true);
  expect(masked).toContain("***");
});

test.each([
  'requests.get(f"{COMFY}/history/{prompt_id}", headers=self.headers)',
  'curl -H "CF-Access-Client-Secret: $CF_ACCESS_CLIENT_SECRET" https://a.example/prompt',
  `headers: { Authorization: \`Bearer \${token}\` }`,
  'api_key = os.environ["COMFYUI_API_KEY"]',
  'client.request("POST", "/prompt")',
  `const socket = new WebSocket(\`wss://\${host}/ws?clientId=\${id}\`);`,
])("%s is quoted as it is", (line) => {
  expect(mask(line)).toBe(line);
});

test.each([
  [`COMFYUI_ACCESS_TOKEN=${ID}:${HEX}`, 1],
  [`CF_ACCESS_CLIENT_SECRET: "${HEX}"`, 1],
  [`"CF-Access-Client-Secret": "${HEX}"`, 1],
  ["CF_ACCESS_CLIENT_SECRET=<the secret>", 0],
  ["COMFYUI_ACCESS_TOKEN=<client id>:<client secret>", 0],
  [`CF_ACCESS_CLIENT_ID=${ID}`, 0],
  [`ACCESS_LOG_SHA256=${HEX}`, 0],
])("%s holds %i secrets of a service token", (line, count) => {
  expect(leaksIn({ path: "a", text: `first\n${line}\n`, tracked: true })).toHaveLength(count);
});
