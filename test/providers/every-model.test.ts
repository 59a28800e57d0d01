/** Every model of the catalogue, asked for everything: what is sent holds nothing that it is known to refuse. */
import { expect, test } from "bun:test";
import type { Json, JsonObject } from "../../src/model/json.ts";
import type { Refusable, TargetFacts } from "../../src/model/target.ts";
import { listed } from "../../src/providers/catalogue.ts";
import { presets } from "../../src/providers/presets.ts";
import type { ProtocolName } from "../recordings/door.ts";
import { configOf, factsOf, render } from "./render.ts";

const efforts = ["none", "minimal", "low", "medium", "high", "xhigh", "max"];
const schema = { type: "object", properties: { a: { type: "string" } } };

const chat = (effort: string): JsonObject => ({
  messages: [{ role: "user", content: "Hi" }],
  ...{ max_completion_tokens: 2_000_000, temperature: 0.5, top_p: 0.9, seed: 7, logit_bias: { 5: 1 }, n: 1 },
  ...{ presence_penalty: 0.1, frequency_penalty: 0.1, stop: ["END"], reasoning_effort: effort },
  ...{ tools: [{ type: "function", function: { name: "look", parameters: schema } }], tool_choice: "required" },
});
const messages = (effort: string): JsonObject => ({
  ...{ messages: [{ role: "user", content: "Hi" }], max_tokens: 2_000_000, temperature: 0.5, top_k: 5 },
  ...(effort === "none"
    ? { thinking: { type: "disabled" } }
    : { thinking: { type: "adaptive" }, output_config: { effort: effort === "minimal" ? "low" : effort } }),
  ...{ tools: [{ name: "look", input_schema: schema }], tool_choice: { type: "any" } },
});

const wireNames: Record<Refusable, string[]> = {
  maxTokens: ["max_tokens", "max_completion_tokens", "max_output_tokens"],
  temperature: ["temperature"],
  topP: ["top_p", "topP"],
  topK: ["top_k", "topK"],
  presencePenalty: ["presence_penalty", "presencePenalty"],
  frequencyPenalty: ["frequency_penalty", "frequencyPenalty"],
  seed: ["seed", "random_seed"],
  logitBias: ["logit_bias"],
  stop: ["stop", "stop_sequences", "stopSequences"],
  n: ["n", "candidateCount"],
  logprobs: ["logprobs", "responseLogprobs"],
};

/** Sampling stands at the top, but for Gemini. */
function sampled(body: JsonObject): JsonObject {
  return (body.generationConfig ?? body) as JsonObject;
}

function faults(body: JsonObject, { can, maxOutput = Number.POSITIVE_INFINITY }: TargetFacts): string[] {
  const top = sampled(body);
  const found = (Object.keys(can.refuses) as Refusable[])
    .filter((member) => can.refuses[member] === "always")
    .flatMap((member) => wireNames[member].filter((name) => top[name] !== undefined));
  for (const name of [...wireNames.maxTokens, "maxOutputTokens"]) {
    if (typeof top[name] === "number" && top[name] > maxOutput) found.push(name);
  }
  const said = words(body);
  const known = can.efforts === undefined ? efforts : [...can.efforts, ...(can.thinkingOff ? ["none"] : [])];
  // Where a switch or a level says that it shall not think, the least level is no word of the model's.
  found.push(...said.filter((word) => !known.includes(word)).map((word) => `effort ${word}`));
  if (!can.forcedTool && /"(?:required|any|ANY)"/.test(JSON.stringify([body.tool_choice, body.toolConfig]))) {
    found.push("a forced tool");
  }
  if (!can.thinkingOff && JSON.stringify(body.thinking ?? "").includes("disabled")) found.push("thinking turned off");
  return found;
}

/** Effort words that the request says, wherever its protocol has them. */
function words(body: JsonObject): string[] {
  const { thinkingConfig } = sampled(body) as { thinkingConfig?: JsonObject };
  const places: (Json | undefined)[] = [
    body.reasoning_effort,
    (body.reasoning as JsonObject | undefined)?.effort,
    (body.output_config as JsonObject | undefined)?.effort,
    thinkingConfig?.thinkingLevel,
  ];
  return places.filter((word) => typeof word === "string").map((word) => word.toLowerCase());
}

const known = presets.filter(({ catalogue }) => catalogue !== undefined);

test.each(known.map((preset) => [preset.id, preset] as const))("%s: no model is sent what it refuses", (id, preset) => {
  const config = configOf(id);
  const wires = Object.keys(preset.protocols).filter((name) => name !== "embeddings");
  const clients: [ProtocolName, (effort: string) => JsonObject][] = [
    ["chat", chat],
    ["messages", messages],
  ];
  const broken: string[] = [];
  for (const model of listed(preset.catalogue ?? "")) {
    const facts = factsOf(config, model);
    if (!facts.can.tools) continue;
    for (const to of wires.filter((name) => facts.only === undefined || facts.only === name)) {
      for (const [client, ask] of clients) {
        if (client === to) continue;
        for (const effort of efforts) {
          const { body } = render(client, to, facts, ask(effort));
          for (const fault of faults(body, facts)) broken.push(`${model} ${client} to ${to}, ${effort}: ${fault}`);
        }
      }
    }
  }
  expect(broken).toEqual([]);
});
