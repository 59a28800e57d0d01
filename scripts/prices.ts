/**
 * Makes the price list that the binary carries from a list of model facts (JSON: `generated`, `models[]` with provider,
 * id, aliases, price): bun scripts/prices.ts FACTS.json
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { writeList } from "../src/metering/price-list.ts";
import { readPriceList } from "../src/metering/price-source.ts";

const [source] = process.argv.slice(2);
if (source === undefined) throw new Error("Give the path of the model facts.");
const list = readPriceList(readFileSync(source, "utf8"));
writeFileSync(join(import.meta.dir, "..", "src", "metering", "prices.txt"), writeList(list));
