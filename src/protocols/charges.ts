/** What providers say of charges beside the counts of tokens: the cost itself, the speed, and parts that have prices. */
import { countOf, decimalOf, roundHalfUp, tenTo } from "../kit/decimal.ts";
import type { Json, JsonObject } from "../model/json.ts";
import type { Usage } from "../model/usage.ts";
import { isObject, rawNumber } from "./read.ts";

/** One dollar of xAI. */
const ticks = 10_000_000_000n;
const nano = 1_000_000_000n;
/** Words for the speed that everybody gets. */
const usual = new Set(["default", "standard", "auto"]);

/** Adds to the usage what its own object says, and the speed, which some say beside it. */
export function addCharges(usage: Usage, json: JsonObject, speed?: Json): void {
  const reported = reportedCost(json);
  if (reported !== undefined) usage.reportedNano = reported;
  const word = speed ?? json.speed;
  if (typeof word === "string" && !usual.has(word)) usage.speed = word;
  const citation = positive(json.citation_tokens);
  if (citation > 0) usage.citation = citation;
  const used = isObject(json.server_tool_use) ? json.server_tool_use.web_search_requests : json.num_search_queries;
  const searches = positive(used);
  if (searches > 0) usage.searches = searches;
}

/** Images in the details that OpenAI's protocols give of input and output. */
export function addImages(usage: Usage, input: Json | undefined, output: Json | undefined): void {
  const imageIn = isObject(input) ? positive(input.image_tokens) : 0;
  const imageOut = isObject(output) ? positive(output.image_tokens) : 0;
  if (imageIn > 0) usage.imageIn = imageIn;
  if (imageOut > 0) usage.imageOut = imageOut;
}

/**
 * Nano-dollars: `cost` in dollars (OpenRouter; of one who pays the model's vendor himself with what that takes beside it),
 * `cost.total_cost` (Perplexity), `cost_in_usd_ticks` (xAI).
 */
export function reportedCost(json: JsonObject): number | undefined {
  const { cost, cost_in_usd_ticks: inTicks } = json;
  if (inTicks !== undefined) return nanoOf(inTicks, ticks);
  if (cost === undefined) return undefined;
  if (isObject(cost)) return nanoOf(cost.total_cost, 1n);
  const charged = nanoOf(cost, 1n);
  if (json.is_byok !== true || charged === undefined) return charged;
  const details = isObject(json.cost_details) ? json.cost_details : {};
  const beside = nanoOf(details.upstream_inference_cost, 1n);
  return beside === undefined ? undefined : charged + beside;
}

/** Other gateways (LiteLLM) say it in a header of whole answers, in dollars; nought where they do not know. */
export function addCostOfHeaders(usage: Usage, headers: Headers): void {
  const text = headers.get("x-litellm-response-cost");
  if (text === null || usage.reportedNano !== undefined) return;
  const told = /^[\d.]+(e-?\d+)?$/i.test(text) ? nanoOf(Number(text), 1n) : undefined;
  if (told) usage.reportedNano = told;
}

/** Of an amount of which so many are a dollar. */
function nanoOf(amount: Json | undefined, dollar: bigint): number | undefined {
  const value = typeof amount === "string" && /^\d+(\.\d+)?$/.test(amount) ? Number(amount) : numberOf(amount);
  const decimal = value === undefined ? undefined : decimalOf(value);
  return decimal && countOf(roundHalfUp(decimal.units * nano, tenTo(decimal.places) * dollar));
}

function positive(value: Json | undefined): number {
  const number = numberOf(value);
  return number !== undefined && number > 0 && Number.isFinite(number) ? number : 0;
}

function numberOf(value: Json | undefined): number | undefined {
  return typeof value === "number" ? value : rawNumber(value);
}
