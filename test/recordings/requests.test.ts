import { describe, expect, test } from "bun:test";
import { isDeepStrictEqual } from "node:util";
import type { JsonObject } from "../../src/model/json.ts";
import { accept } from "./accept.ts";
import { corpus, type Recording, recordings } from "./corpus.ts";
import { allPairs, openDoor, type ProtocolName, pathOf, plainAnswers, secret } from "./door.ts";
import { reasons, refused, undoubled } from "./refused.ts";

/** Sends the recorded request to a gateway whose provider speaks this protocol. */
async function send(recording: Recording, provider: ProtocolName) {
  const model = String(recording.request?.model ?? "model").replace(/^models\//, "");
  const answer = () => Response.json(plainAnswers[provider]);
  // It runs the tools that its protocol has; what others do is told elsewhere.
  const more = { quirks: ["web_search", "search_options", "code_execution"] };
  const door = openDoor({ provider, models: [model], answer, more });
  const response = await door.fetch(`http://localhost${pathOf(recording.protocol, model, recording.asksStream)}`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${secret}` },
    body: JSON.stringify(recording.protocol === "gemini" ? recording.request : { ...recording.request, model }),
  });
  const text = await response.text();
  door.close();
  return { status: response.status, text, sent: door.sent[0] };
}

/** Undefined when all is as it should be. */
async function verdict(recording: Recording, provider: ProtocolName): Promise<string | undefined> {
  const { status, text, sent } = await send(recording, provider);
  const words = refused[recording.name]?.[provider] ?? refused[recording.name]?.all;
  if (words !== undefined) {
    return status === 400 && !sent && text.includes(words) ? undefined : `not refused with ${words}: ${status} ${text}`;
  }
  if (!sent) return `${status}: ${text}`;
  const strange = undoubled[`${recording.name} > ${provider}`];
  try {
    accept(provider, JSON.parse(sent.body) as JsonObject, sent.headers);
    return strange === undefined ? undefined : "listed as refused by the double, but it is not";
  } catch (error) {
    return strange !== undefined && String(error).includes(strange) ? undefined : String(error);
  }
}

/** Undefined when the provider of the client's own protocol got what the client sent, but for what the gateway sees to. */
async function passes(recording: Recording): Promise<string | undefined> {
  const { status, text, sent } = await send(recording, recording.protocol);
  const words = refused[recording.name]?.all;
  if (!sent) return words !== undefined && text.includes(words) ? undefined : `${status}: ${text}`;
  return isDeepStrictEqual(plain(JSON.parse(sent.body)), plain(recording.request)) ? undefined : sent.body;
}

/** Without the model's name, the wish for usage in streams, what runs in the background here, and seals that are none. */
function plain(body: JsonObject = {}): JsonObject {
  const bare = JSON.stringify(body).replaceAll(/"encrypted_content":null,?/g, "");
  const { model: _, stream_options: _options, background, stream, ...rest } = JSON.parse(bare) as JsonObject;
  return { ...rest, ...(background === undefined ? { stream: stream ?? false } : {}) };
}

test("every refusal of a recorded request has its reason", () => {
  const words = Object.values(refused).flatMap((by) => Object.values(by));
  expect(words.filter((word) => reasons[word] === undefined)).toEqual([]);
  expect(Object.keys(reasons).filter((word) => !words.includes(word))).toEqual([]);
});

describe.skipIf(!corpus)("recorded requests", () => {
  for (const { client, provider } of allPairs)
    test(`of a ${client} client are what a ${provider} provider takes, or are refused by name`, async () => {
      const list = recordings().filter((one) => one.protocol === client && one.status < 400 && one.request);
      const wrong: string[] = [];
      const words = list.filter(({ name }) => refused[name]?.[provider] ?? refused[name]?.all);
      const asked = client === provider ? "" : `, ${words.length} of them refused by name`;
      for (const recording of list) {
        const fault = client === provider ? await passes(recording) : await verdict(recording, provider);
        if (fault !== undefined) wrong.push(`${recording.name} > ${provider}: ${fault.slice(0, 400)}`);
      }
      console.log(
        `${client} client, ${provider} provider, requests: ${list.length - wrong.length}/${list.length}${asked}`,
      );
      expect(wrong).toEqual([]);
    });
});
