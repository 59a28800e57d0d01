import { describe, expect, test } from "bun:test";
import { Content } from "../../../src/kit/content.ts";
import { gemini } from "../../../src/protocols/gemini/index.ts";
import { type Loose, target } from "./support.ts";

const isEnvelope = (bytes: string) => bytes.startsWith("R1dTM");
const strip = (contents: Loose): Loose => {
  const text = gemini.strip({ contents }, isEnvelope, target()).get("contents");
  return text === undefined ? undefined : JSON.parse(text);
};
const user = { role: "user", parts: [{ text: "q" }] };
const response = { role: "user", parts: [{ functionResponse: { name: "f", response: {} } }] };

describe("passing through", () => {
  test("only the path names the model", () => {
    const passage = gemini.pass({ model: "alias", stream: true }, {}, target({}, { model: "their/model:x" }));
    expect(passage.path).toBe("/models/their/model%3Ax:streamGenerateContent?alt=sse");
    expect(passage.set.size).toBe(0);
    expect(gemini.pass({ model: "a", stream: false }, {}, target({}, { model: "models/m" })).path).toBe(
      "/models/m:generateContent",
    );
    expect(gemini.pass({ model: "a", stream: false }, {}, target({}, { model: "tunedModels/m" })).path).toBe(
      "/tunedModels/m:generateContent",
    );
    expect(gemini.mayEdit(Content.ofText("anything"))).toBe(false);
  });

  test("signatures of the provider itself stay, and nothing is written", () => {
    expect(
      strip([user, { role: "model", parts: [{ functionCall: { name: "f" }, thoughtSignature: "c2ln" }] }, response]),
    ).toBeUndefined();
  });

  test("envelopes go, with the parts that only carried them", () => {
    const model = {
      role: "model",
      parts: [
        { text: "hidden", thought: true, thought_signature: "R1dTMAA=" },
        { text: "", thoughtSignature: "R1dTMAA=" },
        { text: "said", thoughtSignature: "R1dTMAA=" },
      ],
    };
    expect(strip([user, model, user])).toEqual([user, { role: "model", parts: [{ text: "said" }] }, user]);
    const only = { role: "model", parts: [{ text: "", thoughtSignature: "R1dTMAA=" }] };
    expect(strip([user, only, user])).toEqual([user, user]);
  });

  test("a call of the running turn gets the word for a missing signature, the first of its step alone", () => {
    const call = (name: string) => ({ functionCall: { name }, thoughtSignature: "R1dTMAA=" });
    const bare = { functionCall: { name: "f" } };
    const step = { role: "model", parts: [call("f"), call("f")] };
    const filled = { role: "model", parts: [{ ...bare, thoughtSignature: "skip_thought_signature_validator" }, bare] };
    expect(strip([user, step, response, user, step, response, step, response])).toEqual([
      user,
      { role: "model", parts: [bare, bare] },
      response,
      user,
      filled,
      response,
      filled,
      response,
    ]);
  });

  test("whatever the contents are, nothing breaks", () => {
    for (const contents of [undefined, 5, [5, null, {}, { parts: 5 }, { parts: [null, 5] }]] as Loose[])
      strip(contents);
  });
});
