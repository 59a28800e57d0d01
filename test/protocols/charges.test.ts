import { expect, test } from "bun:test";
import type { JsonObject } from "../../src/model/json.ts";
import { emptyUsage } from "../../src/model/usage.ts";
import { addCostOfHeaders, reportedCost } from "../../src/protocols/charges.ts";
import { parseUsage as parseChat } from "../../src/protocols/chat/usage.ts";
import { parseUsage as parseGemini } from "../../src/protocols/gemini/usage.ts";
import { parseUsage as parseMessages } from "../../src/protocols/messages/usage.ts";
import { parseUsage as parseResponses } from "../../src/protocols/responses/usage.ts";

test.each<[string, JsonObject, number | undefined]>([
  ["a router's dollars", { cost: 0.00014 }, 140_000],
  ["dollars with many digits", { cost: 0.1234567895 }, 123_456_790],
  ["dollars as text", { cost: "0.25" }, 250_000_000],
  ["nothing, which is a charge, too", { cost: 0 }, 0],
  ["a cost in parts", { cost: { input_tokens_cost: 0.1, total_cost: 0.3 } }, 300_000_000],
  ["ticks of ten to the tenth", { cost_in_usd_ticks: 12_345_675 }, 1_234_568],
  [
    "a router's fee beside what the vendor takes",
    { cost: 0.001, is_byok: true, cost_details: { upstream_inference_cost: 0.02 } },
    21_000_000,
  ],
  ["a router's fee alone, which is not the cost", { cost: 0.001, is_byok: true }, undefined],
  ["no cost", { prompt_tokens: 1 }, undefined],
  ["what is no amount", { cost: "free" }, undefined],
  ["what is negative", { cost: -1 }, undefined],
])("a provider reports %s", (_, json, expected) => {
  expect(reportedCost(json)).toBe(expected);
});

const tokens = { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 };
const counted = { input_tokens: 10, output_tokens: 5, total_tokens: 15 };

test("the cost is read beside the tokens, in each protocol that has a place for it", () => {
  for (const usage of [
    parseChat({ ...tokens, cost: 0.5 }),
    parseResponses({ ...counted, cost: 0.5 }),
    parseMessages({ input_tokens: 10, output_tokens: 5, cost: 0.5 }),
  ]) {
    expect(usage?.reportedNano).toBe(500_000_000);
  }
});

test.each<[string, number | undefined]>([
  ["0.000123", 123_000],
  ["1.5e-05", 15_000],
  ["0.0", undefined],
  ["None", undefined],
  ["-1", undefined],
])("a header of a whole answer says %p", (text, expected) => {
  const usage = emptyUsage();
  addCostOfHeaders(usage, new Headers({ "x-litellm-response-cost": text }));
  expect(usage.reportedNano).toBe(expected);
});

test("a header changes nothing of what the answer itself says", () => {
  const usage = { ...emptyUsage(), reportedNano: 7 };
  addCostOfHeaders(usage, new Headers({ "x-litellm-response-cost": "1" }));
  addCostOfHeaders(usage, new Headers());
  expect(usage.reportedNano).toBe(7);
});

test("the speed is read where it is not the usual one", () => {
  expect(parseChat(tokens, "priority")?.speed).toBe("priority");
  expect(parseResponses(counted, "flex")?.speed).toBe("flex");
  expect(parseMessages({ input_tokens: 1, output_tokens: 1, speed: "fast" }).speed).toBe("fast");
  for (const usual of ["default", "standard", "auto"]) expect(parseChat(tokens, usual)).not.toHaveProperty("speed");
});

test("pictures, films, cached audio, citations and searches are counted apart", () => {
  const chat = parseChat({
    ...tokens,
    prompt_tokens_details: { image_tokens: 4 },
    completion_tokens_details: { image_tokens: 2 },
    citation_tokens: 7,
    num_search_queries: 3,
  });
  expect(chat).toMatchObject({ imageIn: 4, imageOut: 2, citation: 7, searches: 3 });
  const messages = parseMessages({ input_tokens: 1, output_tokens: 1, server_tool_use: { web_search_requests: 2 } });
  expect(messages.searches).toBe(2);
  const gemini = parseGemini({
    promptTokenCount: 100,
    candidatesTokenCount: 40,
    cachedContentTokenCount: 30,
    promptTokensDetails: [
      { modality: "IMAGE", tokenCount: 20 },
      { modality: "VIDEO", tokenCount: 10 },
    ],
    cacheTokensDetails: [{ modality: "AUDIO", tokenCount: 30 }],
    candidatesTokensDetails: [{ modality: "IMAGE", tokenCount: 39 }],
  });
  expect(gemini).toMatchObject({ imageIn: 20, videoIn: 10, imageOut: 39, audioRead: 30 });
});
