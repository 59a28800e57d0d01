/** Calls of other providers in the hands of a client of Google, which sends them to Google as they are. */
import { expect, test } from "bun:test";
import { isEnvelope, unwrapSeal } from "../../src/gateway/seals.ts";
import { gemini } from "../../src/protocols/gemini/index.ts";
import { target } from "../protocols/responses/support.ts";
import { openDoor, secret } from "../recordings/door.ts";

test("a call that Google did not make goes to Google with the word that stands for a missing signature", async () => {
  const call = { id: "call_1", type: "function", function: { name: "look", arguments: "{}" } };
  const message = { role: "assistant", content: null, tool_calls: [call] };
  const head = { id: "c", object: "chat.completion", created: 1, model: "m" };
  const answer = () => Response.json({ ...head, choices: [{ index: 0, message, finish_reason: "tool_calls" }] });
  const door = openDoor({ provider: "chat", answer });
  const user = { role: "user", parts: [{ text: "q" }] };
  const response = await door.fetch("http://localhost/v1beta/models/model:generateContent", {
    method: "POST",
    headers: { "content-type": "application/json", "x-goog-api-key": secret },
    body: JSON.stringify({ contents: [user] }),
  });
  const { candidates } = JSON.parse(await response.text());
  const { content } = candidates[0];
  const signature: string = content.parts[0].thoughtSignature;
  expect(unwrapSeal(door.ring, signature)).toEqual({ origin: "chat", scope: "up", form: "thought", bytes: "" });
  const results = { role: "user", parts: [{ functionResponse: { name: "look", response: { output: "x" } } }] };
  const body = { contents: [user, content, results] };
  // For others than Google it is no signature.
  await door.fetch("http://localhost/v1beta/models/model:generateContent", {
    method: "POST",
    headers: { "content-type": "application/json", "x-goog-api-key": secret },
    body: JSON.stringify(body),
  });
  expect(JSON.parse(door.sent.at(-1)?.body ?? "{}").messages[1].tool_calls).toEqual([call]);
  const stripped = gemini.strip(body, isEnvelope, target());
  expect(JSON.parse(stripped.get("contents") ?? "[]")[1].parts[0]).toEqual({
    functionCall: { id: "call_1", name: "look", args: {} },
    thoughtSignature: "skip_thought_signature_validator",
  });
  door.close();
});
