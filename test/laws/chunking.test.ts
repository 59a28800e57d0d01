import { expect, test } from "bun:test";
import { Reading } from "../../src/gateway/reading.ts";
import { collect } from "../../src/model/collect.ts";
import type { ChatEvent } from "../../src/model/event.ts";
import { defaultCapabilities, type TargetFacts } from "../../src/model/target.ts";
import { protocols } from "../../src/protocols/index.ts";
import type { Protocol } from "../../src/protocols/protocol.ts";
import { ask } from "../recordings/clients.ts";
import { openDoor, type ProtocolName, protocolNames } from "../recordings/door.ts";
import { viewOf } from "../recordings/view.ts";
import { plainQuestion } from "./question.ts";
import { type Spec, streamOf } from "./spec.ts";

const said: Spec = {
  ...{ text: "grüße 😀 an alle", cut: false, pieces: 3, interleaved: true },
  reasoning: { text: "hm \u{1F914}", signature: "c2ln" },
  calls: [
    { id: "call_1", name: "f", args: '{"a":"ü"}' },
    { id: "call_2", name: "g", args: "" },
  ],
  counts: { fresh: 10, cached: 2, written: 1, visible: 9, reasoning: 2 },
};
const facts: TargetFacts = { provider: "p", model: "model", scope: "p", can: defaultCapabilities };

/** What comes out when the stream comes in these pieces. */
function read(protocol: Protocol, pieces: Uint8Array[], verbatim: boolean): { events: ChatEvent[]; text: string } {
  const body = { ...plainQuestion(protocol.name as ProtocolName, true), model: "alias" };
  const passage = protocol.pass({ model: "alias", stream: true }, body, facts);
  const reading = new Reading({ protocol, model: "alias", ...(verbatim ? { passage } : {}) });
  const events: ChatEvent[] = [];
  const out: Uint8Array[] = [];
  for (const piece of [...pieces, undefined]) {
    const step = piece ? reading.push(piece) : reading.end();
    events.push(...step.events);
    if (step.bytes) out.push(Buffer.from(step.bytes));
    if (step.events.some((event) => event.type === "text-delta")) reading.opening = false;
  }
  return { events, text: Buffer.concat(out).toString("utf8") };
}

/** Frames with LF line ends, comments left out, as a client reads them. */
const lines = (text: string) => text.replaceAll("\r\n", "\n");

/** The client's name of the model stands wherever the provider's did; Chat clients get the usage only when they ask. */
function forwarded(name: ProtocolName, text: string): string {
  switch (name) {
    case "chat": {
      const renamed = text.replaceAll('"model":"model"', '"model":"alias"').replaceAll(',"usage":null', "");
      return renamed.replace(/data: [^\r\n]*"choices":\[\][^\r\n]*(\r?\n){2}/, "");
    }
    case "messages":
      return text.replace('"model":"model"', '"model":"alias"');
    case "responses":
      return text.replaceAll('"model":"model"', '"model":"alias"');
    case "gemini":
      return text.replaceAll('"modelVersion":"model"', '"modelVersion":"alias"');
  }
}

for (const protocol of protocols)
  for (const ends of ["\n", "\r\n"]) {
    const name = protocol.name as ProtocolName;
    const text = `: comment\n\n${streamOf(name, said)}`.replaceAll("\n", ends);
    const bytes = new TextEncoder().encode(text);
    const label = `${name} with ${JSON.stringify(ends)}`;
    const single = [...bytes].map((byte) => new Uint8Array([byte]));

    test(`a stream cut at any byte gives the same answer when it is translated (${label})`, () => {
      const whole = collect(read(protocol, [bytes], false).events);
      expect(whole[0]?.items.map(({ type }) => type)).toEqual(["reasoning", "message", "call", "call"]);
      for (let cut = 0; cut <= bytes.length; cut++) {
        expect(collect(read(protocol, [bytes.slice(0, cut), bytes.slice(cut)], false).events)).toEqual(whole);
      }
      expect(collect(read(protocol, single, false).events)).toEqual(whole);
    });

    test(`a stream cut at any byte is forwarded as the same bytes, with the client's name of the model (${label})`, () => {
      const whole = read(protocol, [bytes], true);
      expect(lines(whole.text)).toBe(lines(forwarded(name, text)));
      for (let cut = 0; cut <= bytes.length; cut++) {
        const parts = read(protocol, [bytes.slice(0, cut), bytes.slice(cut)], true);
        expect(parts.text).toBe(whole.text);
        const facts = (events: ChatEvent[]) => events.filter(({ type }) => type === "usage" || type === "finish");
        expect(facts(parts.events)).toEqual(facts(whole.events));
      }
      expect(read(protocol, single, true).text).toBe(whole.text);
    });

    test.each(protocolNames)(`bytes that come one by one say the same to a %s client (${label})`, async (client) => {
      const views = [];
      for (const pieces of [[bytes], single]) {
        const body = new ReadableStream<Uint8Array>({
          start(controller) {
            for (const piece of pieces) controller.enqueue(piece);
            controller.close();
          },
        });
        const headers = { "content-type": "text/event-stream" };
        const door = openDoor({ provider: name, answer: () => new Response(body, { headers }) });
        const outcome = await ask(client, door.fetch, { model: "model", stream: true });
        door.close();
        if (outcome.kind === "error") throw new Error(outcome.message);
        views.push(viewOf(outcome));
      }
      expect(views[1]).toEqual(views[0] as never);
      expect(views[0]?.text).toBe(said.text);
    });
  }
