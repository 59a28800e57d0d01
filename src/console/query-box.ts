/**
 * The query box above lists of requests: `key:web status:5xx cost>0.10 -provider:x "text in an error"`. What stands for
 * itself is looked for in ids, names and errors.
 */
import { type Term, type TermField, termFields } from "../store/request-terms.ts";

export interface Query {
  terms: Term[];
  /** Undefined where nothing stands for itself. */
  text?: string;
  /** In words, what could not be understood. */
  faults: string[];
}

const word = /(-?)(?:([a-z]+)([:<>]))?(?:"([^"]*)"|(\S+))/gi;
const names = Object.keys(termFields).join(", ");

export function readQuery(given: string): Query {
  const terms: Term[] = [];
  const texts: string[] = [];
  const faults: string[] = [];
  for (const [whole, minus = "", name, operator, quoted, bare] of given.matchAll(word)) {
    const value = quoted ?? bare ?? "";
    if (name === undefined || operator === undefined) texts.push(`${minus}${value}`);
    else {
      const field = name.toLowerCase();
      const term = isField(field)
        ? termOf(field, operator, value)
        : `${whole}: there is no ${name}; there are ${names}`;
      if (typeof term === "string") faults.push(term);
      else terms.push(minus === "-" ? { ...term, not: true } : term);
    }
  }
  return { terms, faults, ...(texts.length === 0 ? {} : { text: texts.join(" ") }) };
}

function isField(name: string): name is TermField {
  return Object.hasOwn(termFields, name);
}

/** The term, or in words what is wrong. */
function termOf(field: TermField, operator: string, value: string): Term | string {
  if (termFields[field].kind === "text") {
    if (operator === ":") return { field, is: value === "-" ? "" : value };
    return `${field}${operator}${value}: ${field} is a text, compare it with a colon`;
  }
  const classOf = /^([1-5])xx$/i.exec(value)?.[1];
  if (field === "status" && operator === ":" && classOf !== undefined) {
    return { field, is: { from: Number(classOf) * 100, to: Number(classOf) * 100 + 99 } };
  }
  const amount = amountOf(field, value);
  if (amount === undefined)
    return `${field}${operator}${value}: ${value || "nothing"} is not ${kinds[field] ?? "a number"}`;
  if (operator === ":") return { field, is: { from: amount, to: amount } };
  // Columns hold whole numbers.
  return { field, is: operator === ">" ? { from: Math.floor(amount) + 1 } : { to: Math.ceil(amount) - 1 } };
}

const kinds: Partial<Record<TermField, string>> = {
  cost: "an amount of US dollars such as 0.10",
  ttft: "a time such as 300ms or 2s",
  total: "a time such as 300ms or 2s",
  status: "a status such as 429 or 5xx",
};
const milliseconds: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, "": 1 };

function amountOf(field: TermField, value: string): number | undefined {
  const [, digits, unit = ""] = /^\$?(\d{1,15}(?:\.\d{1,12})?)(ms|s|m)?$/.exec(value) ?? [];
  if (digits === undefined) return undefined;
  const isTime = field === "ttft" || field === "total";
  if (unit !== "" && !isTime) return undefined;
  if (field === "cost") return Math.round(Number(digits) * 1e9);
  return Number(digits) * (isTime ? (milliseconds[unit] ?? 1) : 1);
}
