import { expect, test } from "vitest";
import { parse } from "yaml";
import { withoutSecrets } from "../../packages/cli/adopt/scratch";

const FILE = `# ours
encryptionsalt: v1:abc=
secretsprovider: gcpkms://key
encryptedkey: xyz
config:
  p:zone: datacrew.space # kept
  p:google:
    clientId: id
    clientSecret:
      secure: AAABAH==
  p:tunnel.name:
    secure: AAABAI==
  p:list:
    - name: first
    - { name: second, key: { secure: AAABAJ== } }
  cloudflare:apiToken:
    secure: AAABAK==
  p:odd: { secure: plain, and: more }
`;
const VALUES = {
  "p:zone": { value: "datacrew.space" },
  "p:google": { value: JSON.stringify({ clientId: "id", clientSecret: "google's" }), secret: true },
  "p:tunnel.name": { value: "house", secret: true },
  "p:list": { value: JSON.stringify([{ name: "first" }, { name: "second", key: "listed" }]), secret: true },
  "cloudflare:apiToken": { value: "token", secret: true },
};

test("a copy's config has every value, and its secrets beside the text, wherever they stand", () => {
  const { text, secrets } = withoutSecrets(FILE, VALUES);
  expect(secrets).toEqual([
    { key: ["--path", "p:google.clientSecret"], value: "google's" },
    { key: ["p:tunnel.name"], value: "house" },
    { key: ["--path", "p:list[1].key"], value: "listed" },
    { key: ["cloudflare:apiToken"], value: "token" },
  ]);
  expect(parse(text)).toEqual({
    config: {
      "p:zone": "datacrew.space",
      "p:google": { clientId: "id", clientSecret: "" },
      "p:tunnel.name": "",
      "p:list": [{ name: "first" }, { name: "second", key: "" }],
      "cloudflare:apiToken": "",
      "p:odd": { secure: "plain", and: "more" },
    },
  });
});

test("a stack without a file has an empty one", () => {
  expect(withoutSecrets("", {})).toMatchObject({ secrets: [] });
});
