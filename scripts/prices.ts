/**
 * Makes the price list that the binary carries from a list of model facts (JSON: `generated`, `models[]` with provider,
 * id, aliases, price): bun scripts/prices.ts FACTS.json
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type RateName, rateNames } from "../src/config/schema/price.ts";
import { type PriceEntry, writeList } from "../src/metering/price-list.ts";
import { readPriceList } from "../src/metering/price-source.ts";

/** OpenAI's slow speed is half of everything; the facts have no columns for it. */
function withFlex(entry: PriceEntry): PriceEntry {
  const { provider, price } = entry;
  if (provider !== "openai" || price.output === undefined) return entry;
  const tiers = price.tiers?.map((tier) => ({ ...tier, ...halved(tier) }));
  const flex = { ...halved(price), ...(tiers ? { tiers } : {}), send: { service_tier: "flex" } };
  return { ...entry, price: { ...price, modes: { ...price.modes, flex } } };
}

function halved(rates: Partial<Record<RateName, number>>): Partial<Record<RateName, number>> {
  const half: Partial<Record<RateName, number>> = {};
  for (const name of rateNames) {
    const rate = rates[name];
    if (rate !== undefined) half[name] = rate / 2;
  }
  return half;
}

const [source] = process.argv.slice(2);
if (source === undefined) throw new Error("Give the path of the model facts.");
const { date, entries } = readPriceList(readFileSync(source, "utf8"));
const text = writeList({ date, entries: entries.map(withFlex) });
writeFileSync(join(import.meta.dir, "..", "src", "metering", "prices.txt"), text);
