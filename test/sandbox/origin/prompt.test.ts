import { randomUUID } from "node:crypto";
import { describe, expect, it } from "vitest";
import { finished, post, testOrigin, workflow } from "./support";

const withNode = (id: string, inputs: Record<string, unknown>) => {
  const prompt = workflow();
  prompt[id].inputs = { ...prompt[id].inputs, ...inputs };
  return prompt;
};

describe("POST /prompt", () => {
  it("answers the id, a number that counts up, and no errors", async () => {
    const origin = await testOrigin();
    for (const number of [0, 1, 2]) {
      const { status, body } = await post(origin, "/api/prompt", { prompt: workflow() });
      expect(status).toBe(200);
      expect(body).toMatchObject({ number, node_errors: {} });
      expect(body.prompt_id).toMatch(/^[0-9a-f-]{36}$/);
    }
  });

  it("takes the client's own id and number", async () => {
    const origin = await testOrigin();
    const prompt_id = randomUUID();
    const { body } = await post(origin, "/prompt", { prompt: workflow(), prompt_id, number: -3.5 });
    expect(body).toMatchObject({ prompt_id, number: -3.5 });
  });

  it.each([
    ["a body without a prompt", { client_id: "me" }, "no_prompt"],
    ["an upper-case id", { prompt: workflow(), prompt_id: randomUUID().toUpperCase() }, "invalid_prompt_id"],
    ["an unknown node", { prompt: { "1": { class_type: "Nope", inputs: {} } } }, "missing_node_type"],
    [
      "a node named like an object's member",
      { prompt: { "1": { class_type: "constructor", inputs: {} } } },
      "missing_node_type",
    ],
    ["no output", { prompt: { "1": workflow()["1"] } }, "prompt_no_outputs"],
    ["a broken output", { prompt: withNode("1", { ckpt_name: "x" }) }, "prompt_outputs_failed_validation"],
  ])("refuses %s with 400 and its type", async (_, body, type) => {
    const origin = await testOrigin();
    const answer = await post(origin, "/prompt", body);
    expect(answer.status).toBe(400);
    expect(answer.body.error).toMatchObject({
      type,
      message: expect.any(String),
      extra_info: expect.anything(),
    });
  });

  it.each([
    ["0.3.44", "my id", 200, "minted"],
    ["0.3.64", "my id", 200, "kept"],
    ["0.25.0", "my id", 400, "refused"],
  ])(
    "at version %s answers an id of any text with %s: %i, %s",
    async (version, prompt_id, status, outcome) => {
      const origin = await testOrigin({ version });
      const answer = await post(origin, "/prompt", { prompt: workflow(), prompt_id });
      expect(answer.status).toBe(status);
      if (outcome !== "refused") expect(answer.body.prompt_id === prompt_id).toBe(outcome === "kept");
    },
  );

  it("names the older error type for an unknown node at an older version", async () => {
    const origin = await testOrigin({ version: "0.3.64" });
    const { body } = await post(origin, "/prompt", { prompt: { "1": { class_type: "Nope", inputs: {} } } });
    expect(body.error.type).toBe("invalid_prompt");
  });

  it.each([
    ["a missing input", "5", { samples: undefined }, "required_input_missing"],
    ["a value off the list", "1", { ckpt_name: "x" }, "value_not_in_list"],
    ["too small a number", "4", { steps: 0 }, "value_smaller_than_min"],
    ["too large a number", "4", { cfg: 101 }, "value_bigger_than_max"],
    ["text for a number", "4", { steps: "many" }, "invalid_input_type"],
    ["a link to a wrong output", "5", { samples: ["1", 0] }, "return_type_mismatch"],
    ["a link to nowhere", "5", { samples: ["99", 0] }, "exception_during_validation"],
    ["a link that is none", "5", { samples: ["1"] }, "bad_linked_input"],
  ])("says of %s which node is wrong and which outputs hang on it", async (_, id, inputs, type) => {
    const origin = await testOrigin();
    const { status, body } = await post(origin, "/prompt", { prompt: withNode(id, inputs) });
    expect(status).toBe(400);
    expect(Object.keys(body.node_errors)).toEqual([id]);
    expect(body.node_errors[id].errors.map((error: { type: string }) => error.type)).toEqual([type]);
    expect(body.node_errors[id].dependent_outputs).toEqual(["6"]);
    // What is wrong further up stands with its node alone.
    expect(body.error.details).toBe("");
  });

  it("says of an output node itself what is wrong, in the details too", async () => {
    const origin = await testOrigin();
    const { body } = await post(origin, "/prompt", { prompt: withNode("6", { images: ["1", 0] }) });
    expect(body.error.details).toContain(body.node_errors["6"].errors[0].message);
  });

  it("runs the good outputs and answers 200 with the errors of the others", async () => {
    const origin = await testOrigin();
    const prompt = workflow();
    prompt["7"] = { class_type: "LoadImage", inputs: { image: "absent.png" } };
    prompt["8"] = { class_type: "PreviewImage", inputs: { images: ["7", 0] } };
    const { status, body } = await post(origin, "/prompt", { prompt });
    expect(status).toBe(200);
    expect(Object.keys(body.node_errors)).toEqual(["7"]);
    expect(body.node_errors["7"]).toMatchObject({ class_type: "LoadImage", dependent_outputs: ["8"] });
  });

  it("runs only the outputs that partial_execution_targets names", async () => {
    const origin = await testOrigin();
    const body = { prompt: workflow(), partial_execution_targets: ["99"] };
    expect((await post(origin, "/prompt", body)).body.error.type).toBe("prompt_no_outputs");
  });

  it("takes and refuses values that have no text of their own", async () => {
    const origin = await testOrigin();
    const value = { toString: null };
    const asText = await post(origin, "/prompt", { prompt: withNode("6", { filename_prefix: value }) });
    expect(asText.status).toBe(200);
    for (const prompt of [
      withNode("4", { steps: value }),
      withNode("4", { sampler_name: value }),
      { "1": { class_type: value, inputs: {} } },
    ]) {
      expect((await post(origin, "/prompt", { prompt })).status).toBe(400);
    }
    const targets = { prompt: workflow(), partial_execution_targets: [value] };
    expect((await post(origin, "/prompt", targets)).body.error.type).toBe("prompt_no_outputs");
    expect((await finished(origin, asText.body.prompt_id)).status.status_str).toBe("success");
  });

  it("answers 500 to a body that is not JSON, as aiohttp does", async () => {
    const origin = await testOrigin();
    const response = await fetch(`${origin.url}/prompt`, { method: "POST", body: "{" });
    expect(response.status).toBe(500);
    expect(await response.text()).toMatch(/^500 Internal Server Error/);
  });

  it("answers 413 to a body above the limit", async () => {
    const origin = await testOrigin({ maxUploadSize: 1 });
    const response = await fetch(`${origin.url}/prompt`, { method: "POST", body: "x".repeat(2 ** 21) });
    expect(response.status).toBe(413);
  });
});
