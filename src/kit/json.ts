/**
 * JSON with exact numbers, and a scanner that finds the members of a text's top-level object so that single values can
 * be patched in place without writing the rest anew.
 */

type Source = { source: string };
interface ExactJson {
  rawJSON(text: string): unknown;
  parse(text: string, reviver: (key: string, value: unknown, context: Source) => unknown): unknown;
}
const exact = JSON as unknown as ExactJson;

/** Could `text` hold a number that a double does not print back as it was written? May say yes too often. */
function hasOddNumber(text: string): boolean {
  return /(?:^|[:,[])\s*-?(?:\d{16}|0(?=\s*[,}\]])(?<=-0)|\d+\.\d*0(?!\d)|\d+\.\d{16}|\d+(?:\.\d+)?[eE])/.test(text);
}

/**
 * Parses JSON; numbers that would change when printed again (`1.0`, `1e400`, 20 digits) become raw values that
 * `JSON.stringify` prints as they were. Throws SyntaxError.
 */
export function parseExact(text: string): unknown {
  if (!hasOddNumber(text)) return JSON.parse(text);
  return exact.parse(text, (_key, value, context) =>
    typeof value === "number" && String(value) !== context.source ? exact.rawJSON(context.source) : value,
  );
}

/**
 * Parses JSON with doubles for numbers, except under members named in `keys`, whose values are kept exactly. Throws
 * SyntaxError.
 */
export function parseJson(text: string, keys: readonly string[] = []): unknown {
  const plain: unknown = JSON.parse(text);
  return keys.length === 0 || !hasOddNumber(text) ? plain : graft(plain, parseExact(text), keys);
}

function graft(plain: unknown, exactly: unknown, keys: readonly string[]): unknown {
  if (typeof plain !== "object" || plain === null) return plain;
  if (Array.isArray(plain)) return plain.map((value, at) => graft(value, (exactly as unknown[])[at], keys));
  const out: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(plain)) {
    const other = (exactly as Record<string, unknown>)[key];
    out[key] = keys.includes(key) ? other : graft(value, other, keys);
  }
  return out;
}

export interface Member {
  key: string;
  /** Offset of the key's opening quote. */
  keyStart: number;
  /** Offsets of the value, end exclusive. */
  start: number;
  end: number;
}

export interface TopLevel {
  members: Member[];
  /** Offset just after the opening brace. */
  open: number;
  /** Deepest nesting met; the outer object counts as 1. */
  depth: number;
}

const quote = 34;
const backslash = 92;

function stringEnd(text: string, start: number): number {
  for (let at = text.indexOf('"', start + 1); at >= 0; at = text.indexOf('"', at + 1)) {
    let back = at - 1;
    while (text.charCodeAt(back) === backslash) back--;
    if ((at - back) % 2 === 1) return at + 1;
  }
  return -1;
}

/**
 * Finds the members of the object that `text` holds, in one pass. For well-formed JSON only: whether it is, JSON.parse
 * decides. Undefined when the text is no object.
 */
export function scanObject(text: string): TopLevel | undefined {
  const length = text.length;
  let at = 0;
  while (at < length && text.charCodeAt(at) <= 32) at++;
  if (text.charCodeAt(at) !== 123) return undefined;
  const top: TopLevel = { members: [], open: at + 1, depth: 1 };
  let depth = 1;
  let member: Member | undefined;
  at++;
  while (at < length && depth > 0) {
    const code = text.charCodeAt(at);
    if (code === quote) {
      const end = stringEnd(text, at);
      if (end < 0) return undefined;
      if (depth === 1 && member === undefined) {
        member = { key: JSON.parse(text.slice(at, end)) as string, keyStart: at, start: -1, end: -1 };
        let colon = end;
        while (colon < length && text.charCodeAt(colon) !== 58) colon++;
        colon++;
        while (text.charCodeAt(colon) <= 32) colon++;
        member.start = colon;
        at = colon;
        continue;
      }
      at = end;
      continue;
    }
    if (code === 123 || code === 91) {
      depth++;
      if (depth > top.depth) top.depth = depth;
    } else if (code === 125 || code === 93) {
      depth--;
    }
    if ((depth === 0 || (depth === 1 && code === 44)) && member !== undefined) {
      member.end = trimEnd(text, at);
      top.members.push(member);
      member = undefined;
    }
    at++;
  }
  return depth === 0 ? top : undefined;
}

function trimEnd(text: string, end: number): number {
  let at = end;
  while (text.charCodeAt(at - 1) <= 32) at--;
  return at;
}

/** Sets top-level members of the object in `text` to JSON texts, in place; absent ones are put first. */
export function patchObject(text: string, top: TopLevel, values: ReadonlyMap<string, string>): string {
  let out = "";
  let from = 0;
  const seen = new Set<string>();
  for (const member of top.members) {
    const value = values.get(member.key);
    if (value === undefined) continue;
    out += text.slice(from, member.start) + value;
    from = member.end;
    seen.add(member.key);
  }
  out += text.slice(from);
  for (const [key, value] of values) {
    if (seen.has(key)) continue;
    const comma = top.members.length > 0 ? "," : "";
    out = `${out.slice(0, top.open)}${JSON.stringify(key)}:${value}${comma}${out.slice(top.open)}`;
  }
  return out;
}
