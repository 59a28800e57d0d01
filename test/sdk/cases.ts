/** The conversations that every SDK holds with every provider. */
import { expect } from "bun:test";
import type { Answer, Counts, ScriptedCall } from "../support/upstream/script.ts";
import { type Fields, fieldsOf } from "../support/upstream/shape.ts";
import { Scene, type Seat } from "./bench.ts";
import { budget, maxTokens, type Protocol } from "./client.ts";
import { isLimited } from "./limits.ts";
import { png } from "./media.ts";

export interface Case {
  name: string;
  /** Only streams can show it. */
  streamed?: true;
  run(seat: Seat): Promise<void>;
}

const counts: Counts = { input: 1234, cached: 512, written: 64, visible: 37, reasoning: 0 };
const thought: Counts = { ...counts, reasoning: 21 };

const weather = {
  name: "get_weather",
  description: "The weather of a city",
  schema: {
    type: "object",
    properties: { city: { type: "string" }, days: { type: "integer" } },
    required: ["city"],
    additionalProperties: false,
  },
};
const clock = {
  name: "get_time",
  description: "The time of a city",
  schema: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
};

async function text(seat: Seat): Promise<void> {
  const { client, provider } = seat;
  const answer: Answer = { text: 'Grüße! 😀 A line\nand "quotes" \\ and 日本語.', counts };
  const scene = new Scene(seat, "text", { steps: [answer] });
  const stop = isLimited("stop sequences", seat, "provider") ? [] : ["END", "\n\nHuman:"];
  const sampling = { stop, temperature: 0.5 };
  await scene.ask({ system: "Be brief.", history: [client.user("Say héllo 😀")], sampling }, answer);
  const seen = scene.last();
  expect(seen.system).toEqual(["Be brief."]);
  expect(seen.said).toEqual(["Say héllo 😀"]);
  expect(seen.stream).toBe(seat.mode !== "whole");
  expect(seen.maxTokens).toBe(maxTokens);
  expect(seen.stop).toEqual(stop.length === 0 || isLimited("stop sequences", seat, "client") ? undefined : stop);
  expect(seen.temperature).toBe(client.protocol === "messages" ? undefined : 0.5);
  expect(seen.tools).toEqual([]);
  expect(seen.thinks).toBe(false);
  expect(scene.target.split("/")[0]).toBe(provider);
}

/** A provider that cannot be told of them has its answer cut. */
async function stops(seat: Seat): Promise<void> {
  const { client, mode } = seat;
  const isCut = isLimited("stop sequences", seat, "provider") && !isLimited("stop sequences", seat, "client");
  const scene = new Scene(seat, "stops", { steps: [{ text: isCut ? "Fine. END Not this." : "Fine. ", counts }] });
  const sampling = { stop: ["END"], temperature: 0.5 };
  const outcome = await client.ask({ history: [client.user("Hi")], sampling, model: scene.model, mode });
  expect(outcome.text).toBe("Fine. ");
  expect(scene.seen().length).toBe(1);
}

function idOf(seat: Seat, letters: string): string {
  return `${seat.provider === "messages" ? "toolu" : "call"}_01${letters}`;
}

const required: Readonly<Record<Protocol, unknown>> = {
  chat: "required",
  messages: { type: "any" },
  responses: "required",
  gemini: { mode: "ANY" },
};

/** The last request holds these calls, and results that belong to them. */
function expectLoop(scene: Scene, calls: ScriptedCall[], results: string[]): void {
  const { client } = scene.seat;
  const seen = scene.last();
  const known = ({ id, name, args }: ScriptedCall) => (client.sendsNoIds ? { name, args } : { id, name, args });
  expect(seen.calls.map(known)).toEqual(calls.map(known));
  expect(seen.results.map(({ text: said }) => said)).toEqual(
    results.map((said, at) => client.wraps?.(calls[at]?.name ?? "", said) ?? said),
  );
  expect(seen.results.map(({ id }) => id)).toEqual(seen.calls.map(({ id }) => id));
}

function asSent({ client }: Seat, schema: Fields): Fields {
  return client.cutsSchema?.(schema) ?? schema;
}

async function toolCall(seat: Seat): Promise<void> {
  const { client } = seat;
  const call = { id: idOf(seat, "AbCdEf"), name: weather.name, args: { city: "Zürich 🏔", days: 2 } };
  const first: Answer = { calls: [call], counts };
  const second: Answer = { text: "It is sunny.", counts: { ...counts, cached: 1024 } };
  const scene = new Scene(seat, "tool", { steps: [first, second] });
  const history: unknown[] = [client.user("How is the weather?")];
  const asked = await scene.ask({ history, tools: [weather], forced: true }, first);
  expect(asked.calls).toEqual([call]);
  expect(scene.last().tools).toEqual([{ name: weather.name, schema: asSent(seat, weather.schema) }]);
  expect(scene.last().choice).toEqual(required[seat.provider]);
  const result = { id: asked.calls[0]?.id ?? "", name: weather.name, text: '{"sky":"clear","°C":21.0}' };
  await scene.ask({ history: [...history, asked.message, ...client.results([result])], tools: [weather] }, second);
  expectLoop(scene, [call], [result.text]);
  expect(scene.last().said).toEqual(["How is the weather?"]);
}

async function parallelTools(seat: Seat): Promise<void> {
  const { client } = seat;
  const calls = [
    { id: idOf(seat, "first"), name: weather.name, args: { city: "Oslo" } },
    { id: idOf(seat, "second"), name: clock.name, args: { city: "Oslo" } },
  ];
  const first: Answer = { text: "I look it up.", calls, counts };
  const second: Answer = { text: "Noon, and rain.", counts };
  const scene = new Scene(seat, "parallel", { steps: [first, second] });
  const history: unknown[] = [client.user("Weather and time?")];
  const tools = [weather, clock];
  const asked = await scene.ask({ history, tools }, first);
  expect(asked.calls).toEqual(calls);
  const results = asked.calls.map(({ id, name }) => ({ id, name, text: `result of ${name}` }));
  await scene.ask({ history: [...history, asked.message, ...client.results(results)], tools }, second);
  expectLoop(
    scene,
    calls,
    results.map(({ text: said }) => said),
  );
}

/** Keys that one vendor refuses in schemas are the client's own again in the calls. */
async function oddKeys(seat: Seat): Promise<void> {
  const { client } = seat;
  const odd = client.protocol === "chat";
  const key = odd ? "$top" : "top";
  const properties = { [key]: { type: "integer" }, [odd ? "@odata.type" : "kind"]: { type: "string" } };
  const tool = { name: "list", description: "Lists", schema: { type: "object", properties, required: [key] } };
  const call = { id: idOf(seat, "odd"), name: "list", args: { [key]: 3 } };
  const second: Answer = { text: "Three.", counts };
  const scene = new Scene(seat, "keys", { steps: [] });
  const history: unknown[] = [client.user("List three")];
  // The name that the provider gets is made by the gateway: the script learns it from a first request.
  scene.add({ text: "Which?", counts });
  await scene.ask({ history, tools: [tool] }, { text: "Which?", counts });
  const sent = Object.keys(fieldsOf(fieldsOf(scene.last().tools[0]?.schema).properties));
  expect(sent.length).toBe(2);
  const first: Answer = { calls: [{ ...call, args: { [sent[0] ?? ""]: 3 } }], counts };
  scene.add(first);
  scene.add(second);
  const asked = await scene.ask({ history, tools: [tool] }, first);
  expect(asked.calls).toEqual([call]);
  const results = client.results([{ id: call.id, name: call.name, text: "1 2 3" }]);
  await scene.ask({ history: [...history, asked.message, ...results], tools: [tool] }, second);
  expectLoop(scene, first.calls ?? [], ["1 2 3"]);
}

async function image(seat: Seat): Promise<void> {
  const { client } = seat;
  const bytes = png();
  const answer: Answer = { text: "A red square.", counts };
  const scene = new Scene(seat, "image", { steps: [answer] });
  await scene.ask({ history: [client.user("What is this?", bytes)] }, answer);
  expect(scene.last().images.map((each) => each.toString("hex"))).toEqual([bytes.toString("hex")]);
  expect(scene.last().said).toEqual(["What is this?"]);
}

/** The proof of the first turn's reasoning comes back to the provider that made it, byte for byte. */
async function thinking(seat: Seat): Promise<void> {
  const { client, provider } = seat;
  const call = { id: idOf(seat, "thought"), name: clock.name, args: { city: "Rome" } };
  const first: Answer = {
    reasoning: "The user wants the time – 时间 – so I call it.",
    text: "Wait.",
    calls: [call],
    counts: thought,
  };
  const second: Answer = { reasoning: "Now I know it.", text: "It is noon.", counts: thought };
  const third: Answer = { text: "You are welcome.", counts };
  // OpenAI shows no reasoning; routers that speak its protocol do.
  const at = provider === "chat" ? "router" : provider;
  const scene = new Scene(seat, "thinking", { steps: [first, second, third], at });
  const common = { tools: [clock], thinks: true };
  // No two runs are one conversation: what was kept of the other would be put back.
  const history: unknown[] = [client.user(`What time is it? ${crypto.randomUUID()}`)];
  const asked = await scene.ask({ ...common, history }, first);
  expect(asked.calls).toEqual([call]);
  expect(scene.last().thinks).toBe(true);
  expect(scene.last().proofs).toEqual([]);
  history.push(asked.message, ...client.results([{ id: call.id, name: call.name, text: "12:00" }]));
  const told = await scene.ask({ ...common, history }, second);
  // The upstream refuses a proof that it did not issue, or one beside another text.
  expect(scene.last().thinks).toBe(true);
  const kept = client.protocol === provider ? client.keepsProofs : undefined;
  expect(scene.last().proofs.length).toBe(kept === "none" ? 0 : 1);
  expectLoop(scene, [call], ["12:00"]);
  history.push(told.message, client.user("Thanks"));
  await scene.ask({ ...common, history }, third);
  expect(scene.last().proofs.length).toBe(kept === "none" ? 0 : kept === "of calls" ? 1 : 2);
  expect(scene.last().maxTokens).toBeGreaterThan(client.protocol === "messages" ? budget : 1024);
}

async function structured(seat: Seat): Promise<void> {
  const { client } = seat;
  const schema = {
    type: "object",
    properties: { name: { type: "string" }, parts: { type: "array", items: { type: "number" } } },
    required: ["name", "parts"],
    additionalProperties: false,
  };
  const value = { name: "Ünit", parts: [1, 2.5] };
  const answer: Answer = { text: JSON.stringify(value), counts };
  const scene = new Scene(seat, "structured", { steps: [answer] });
  const outcome = await scene.ask({ history: [client.user("Describe it")], schema }, answer);
  expect(JSON.parse(outcome.text)).toEqual(value);
  // Google sorts properties by their names unless it is told an order.
  const isOrdered = seat.provider === "gemini" && client.protocol !== "gemini";
  // Anthropic takes no schema without it.
  const added = seat.provider === "messages" ? { additionalProperties: false } : {};
  const sent = { ...asSent(seat, schema), ...added };
  expect(scene.last().schema).toEqual(isOrdered ? { ...sent, propertyOrdering: ["name", "parts"] } : sent);
}

export const conversations: Case[] = [
  { name: "text", run: text },
  { name: "stop sequences", run: stops },
  { name: "a tool call and its result", run: toolCall },
  { name: "two parallel tools", run: parallelTools },
  { name: "property keys that a vendor refuses", run: oddKeys },
  { name: "an image", run: image },
  { name: "thinking with its proof over three turns", run: thinking },
  { name: "structured output", run: structured },
];

type Place = Protocol | "router";

/** A tool loop whose every step another provider answers: no history may be refused, and proofs find their maker. */
function wandering(first: Place, second: Place): Case {
  const run = async (seat: Seat) => {
    const { client } = seat;
    // A Messages client's own request to think is passed through: it would start in the middle of a turn without.
    const thinks = first !== "chat" || client.protocol !== "messages";
    const common = { tools: [clock], thinks };
    const history: unknown[] = [client.user(`What time is it? ${crypto.randomUUID()}`)];
    const scenes = new Map<Place, Scene>();
    for (const [step, place] of [first, second, first, second].entries()) {
      const call = { id: `call_step${step}`, name: clock.name, args: { city: `city ${step}` } };
      const mute = place === "chat" || !thinks;
      const answer: Answer = {
        ...(mute ? {} : { reasoning: `Thought ${step}` }),
        ...{ text: `Step ${step}`, calls: [call], counts: mute ? counts : thought },
      };
      const scene = scenes.get(place) ?? new Scene(seat, "wandering", { steps: [], at: place });
      scenes.set(place, scene);
      scene.add(answer);
      const outcome = await scene.ask({ ...common, history }, answer);
      expect(outcome.calls).toEqual([call]);
      expect(scene.last().calls.map(({ args }) => args.city)).toEqual(
        [0, 1, 2].slice(0, step).map((at) => `city ${at}`),
      );
      expect(scene.last().results.map(({ text: said }) => said)).toEqual(["0", "1", "2"].slice(0, step));
      history.push(outcome.message, ...client.results([{ id: call.id, name: call.name, text: String(step) }]));
    }
    for (const [place, scene] of scenes) {
      // Google signs calls whether they were thought about or not.
      const isProven = place === "gemini" || (place !== "chat" && thinks);
      expect(scene.last().proofs.length).toBe(isProven ? 1 : 0);
    }
  };
  return { name: `a conversation that goes from ${first} to ${second} and back`, run };
}

/** Of a seat's provider; the other one is reached in the middle. */
export const wanderings: Record<Protocol, Case[]> = {
  chat: [wandering("chat", "messages"), wandering("router", "messages")],
  messages: [wandering("messages", "chat"), wandering("messages", "router")],
  responses: [wandering("responses", "messages"), wandering("responses", "router")],
  gemini: [wandering("gemini", "messages"), wandering("gemini", "responses")],
};
