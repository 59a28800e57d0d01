/**
 * Reads a list of prices in one of the forms that there are: ours (`{ generated, models: [{ provider, id, aliases,
 * price }] }`), or OpenRouter's list of models. Each price is held against the schema of the configuration.
 */
import { type Price, price as priceSchema, type rateNames } from "../config/schema/price.ts";
import type { Fault } from "../config/snapshot.ts";
import { readValue } from "../config/validate.ts";
import { GatewayError } from "../model/error.ts";
import type { PriceEntry, PriceList } from "./price-list.ts";

type Members = Readonly<Record<string, unknown>>;

/** What a price says of itself, which is of no use in a list. */
const asides = ["as_of", "from", "derived", "source", "discount"];

/** Throws `invalid-request`. `today` (YYYY-MM-DD) is the day of a list that names none. */
export function readPriceList(text: string, today?: string): PriceList {
  const json = parse(text);
  if (Array.isArray(json.models)) return ownList(json, today);
  if (Array.isArray(json.data)) return routerList(json.data, today);
  throw wrong("This is no price list: it has neither models[] (provider, id, price) nor data[] (id, pricing).");
}

function parse(text: string): Members {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw wrong(`This is no price list, for it is not JSON: ${(cause as Error).message}`);
  }
  if (isMembers(value)) return value;
  throw wrong("This is no price list: it must be a JSON object.");
}

function ownList({ generated, models }: Members, today: string | undefined): PriceList {
  const entries = (models as unknown[]).flatMap((model, at): PriceEntry[] => {
    if (!isMembers(model) || !isMembers(model.price)) return [];
    const { provider, id, aliases, price } = model;
    if (typeof provider !== "string" || typeof id !== "string") throw fault(at, "has no provider or no id");
    // Nought in the source may mean that nobody knows; a model on a machine of one's own costs what the machine does.
    if (price.unpriced_or_free === true || price.local === true) return [];
    const names = [id, ...(Array.isArray(aliases) ? aliases.filter((one) => typeof one === "string") : [])];
    return [{ provider, names, price: checked(price, at) }];
  });
  if (entries.length === 0) throw wrong("The price list holds no price.");
  return { date: typeof generated === "string" ? generated.slice(0, 10) : dayOr(today), entries };
}

function checked(price: Members, at: number): Price {
  const faults: Fault[] = [];
  const bare = Object.fromEntries(Object.entries(price).filter(([name]) => !asides.includes(name)));
  const value = readValue(priceSchema, bare, { path: `models.${at}.price`, faults });
  const [first] = faults;
  if (value === undefined || first) throw wrong(`${first?.path ?? `models.${at}.price`} ${first?.message ?? ""}`);
  return value;
}

/** Its names for the rates of one token; dollars as text. */
const routerRates: Readonly<Record<string, (typeof rateNames)[number]>> = {
  prompt: "input",
  completion: "output",
  input_cache_read: "cache_read",
  input_cache_write: "cache_write",
  internal_reasoning: "reasoning",
  audio: "input_audio",
};

function routerList(data: readonly unknown[], today: string | undefined): PriceList {
  const entries = data.flatMap((model): PriceEntry[] => {
    if (!isMembers(model) || typeof model.id !== "string" || !isMembers(model.pricing)) return [];
    const price = routerPrice(model.pricing);
    return price ? [{ provider: "openrouter", names: [model.id], price }] : [];
  });
  if (entries.length === 0) throw wrong("The price list holds no price.");
  return { date: dayOr(today), entries };
}

/** Undefined for a price that is not fixed, which the router writes as -1. */
function routerPrice(pricing: Members): Price | undefined {
  const price: Record<string, number> = {};
  for (const [name, rate] of Object.entries(routerRates)) {
    const value = amount(pricing[name], 6);
    if (value === undefined) continue;
    if (value < 0) return undefined;
    // Nought for a part means that it has no price of its own; for the whole it means that it is free.
    if (value > 0 || rate === "input" || rate === "output") price[rate] = value;
  }
  if (price.input === undefined || price.output === undefined) return undefined;
  const request = amount(pricing.request, 0);
  const search = amount(pricing.web_search, 3);
  if (request !== undefined && request > 0) price.per_request = request;
  if (search !== undefined && search > 0) price.web_search_per_1k = search;
  return price as Price;
}

/** Times a power of ten, as it is written and not as doubles multiply. */
function amount(value: unknown, power: number): number | undefined {
  const text = typeof value === "number" ? String(value) : value;
  if (typeof text !== "string" || !/^-?\d+(\.\d+)?(e-?\d+)?$/i.test(text)) return undefined;
  const [mantissa, exponent = "0"] = text.toLowerCase().split("e");
  const number = Number(`${mantissa}e${Number(exponent) + power}`);
  return Number.isFinite(number) ? number : undefined;
}

function dayOr(today: string | undefined): string {
  if (today === undefined) throw wrong("The price list does not say of which day it is (generated).");
  return today;
}

function isMembers(value: unknown): value is Members {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function fault(at: number, words: string): GatewayError {
  return wrong(`models.${at} ${words}.`);
}

function wrong(message: string): GatewayError {
  return new GatewayError("invalid-request", message);
}
