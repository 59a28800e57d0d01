/**
 * A price list is one text: its day on the first line, under `# provider` one line a model (its id and other names, a tab,
 * its price as JSON). A model is looked for once; parsed, the whole would be many times as large.
 */
import type { Price } from "../config/schema/price.ts";
import { GatewayError } from "../model/error.ts";

export interface PriceEntry {
  /** As price lists name it: `openai`, `google`. */
  provider: string;
  /** The id first. */
  names: readonly string[];
  price: Price;
}

export interface PriceList {
  /** The day of its prices, YYYY-MM-DD. */
  date: string;
  entries: readonly PriceEntry[];
}

const dayPattern = /^\d{4}-\d{2}-\d{2}$/;
/** One word of plain ASCII: names are told apart by spaces. */
const namePattern = /^[!-~]{1,256}$/;

/** Throws `invalid-request` on names that the text cannot hold. */
export function writeList({ date, entries }: PriceList): string {
  if (!dayPattern.test(date)) throw wrong(`${JSON.stringify(date)} is not a day, YYYY-MM-DD.`);
  const lines = [date];
  for (const provider of new Set(entries.map((entry) => entry.provider))) {
    lines.push(`# ${provider}`);
    for (const entry of entries.filter((one) => one.provider === provider)) {
      const odd = [provider, ...entry.names].find((name) => !namePattern.test(name));
      if (odd !== undefined)
        throw wrong(`${JSON.stringify(odd)} is not the name of a model: it has characters beyond ASCII, or spaces.`);
      lines.push(`${entry.names.join(" ")}\t${JSON.stringify(entry.price)}`);
    }
  }
  return `${lines.join("\n")}\n`;
}

function wrong(message: string): GatewayError {
  return new GatewayError("invalid-request", message);
}

export function dateOf(text: string): string {
  return text.slice(0, 10);
}

/** Undefined when the list does not have the model. */
export function findPrice(text: string, provider: string, model: string): Price | undefined {
  const section = sectionOf(text, provider);
  for (const name of spellings(model)) {
    const line = section.find((one) => one.slice(0, one.indexOf("\t")).split(" ").includes(name));
    if (line !== undefined) return JSON.parse(line.slice(line.indexOf("\t") + 1)) as Price;
  }
  return undefined;
}

function sectionOf(text: string, provider: string): string[] {
  const head = `\n# ${provider}\n`;
  const start = text.indexOf(head);
  if (start < 0) return [];
  const end = text.indexOf("\n# ", start + head.length - 1);
  return text.slice(start + head.length, end < 0 ? undefined : end).split("\n");
}

/** The id; without Google's folder; a snapshot has the price of its model. Variants and tuned models have their own. */
function spellings(model: string): string[] {
  const bare = model.replace(/^models\//, "");
  const undated = bare.replace(/[-@](?:\d{8}|\d{4}-\d{2}-\d{2}|latest)$/, "");
  return [...new Set([model, bare, undated])].filter((name) => name !== "");
}

/** Every entry of a text that `writeList` made. */
export function readList(text: string): PriceList {
  const entries: PriceEntry[] = [];
  let provider = "";
  for (const line of text.split("\n").slice(1)) {
    if (line.startsWith("# ")) provider = line.slice(2);
    const tab = line.indexOf("\t");
    if (tab < 0) continue;
    entries.push({ provider, names: line.slice(0, tab).split(" "), price: JSON.parse(line.slice(tab + 1)) as Price });
  }
  return { date: dateOf(text), entries };
}

/** What the newer list has wins; what only the older one has stays. */
export function joinLists(newer: PriceList, older: PriceList): PriceList {
  const known = new Set(newer.entries.flatMap(({ provider, names }) => names.map((name) => `${provider} ${name}`)));
  const left = older.entries.flatMap((entry) => {
    const names = entry.names.filter((name) => !known.has(`${entry.provider} ${name}`));
    return names.length === 0 ? [] : [{ ...entry, names }];
  });
  return { date: newer.date, entries: [...newer.entries, ...left] };
}
