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

/** Parses JSON with doubles for numbers, except under members named in `keys`: see `exactParts`. Throws SyntaxError. */
export function parseJson(text: string, keys: readonly string[] = []): unknown {
  const plain: unknown = JSON.parse(text);
  return keys.length === 0 ? plain : exactParts(plain, text, keys);
}

/** What `text` was parsed to, with the values under members named in `keys` kept exactly as they were written. */
export function exactParts(plain: unknown, text: string, keys: readonly string[]): unknown {
  return hasOddNumber(text) ? graft(plain, parseExact(text), keys) : plain;
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
}

const quote = 34;
const backslash = 92;
const brace = 123;
const bracket = 91;
const comma = 44;
const colon = 58;

/** Behind the closing quote of the string that opens at `start`; -1 when it does not end. */
export function stringEnd(text: string, start: number): number {
  for (let at = text.indexOf('"', start + 1); at >= 0; at = text.indexOf('"', at + 1)) {
    let back = at - 1;
    while (text.charCodeAt(back) === backslash) back--;
    if ((at - back) % 2 === 1) return at + 1;
  }
  return -1;
}

/** Where the string begins whose closing quote stands at `end`; -1 when that is not in the text, or not certain. */
export function stringStart(text: string, end: number): number {
  for (let at = text.lastIndexOf('"', end - 1); at > 0; at = text.lastIndexOf('"', at - 1)) {
    let back = at - 1;
    while (text.charCodeAt(back) === backslash) back--;
    if (back < 0) return -1;
    if ((at - back) % 2 === 1) return at;
  }
  return -1;
}

/**
 * Finds the members of the object that `text` holds, in one pass, and checks its structure: strings end, brackets
 * match. The rest of the grammar is for JSON.parse. Undefined when the text is no object, or breaks that structure.
 */
export function scanObject(text: string): TopLevel | undefined {
  const scan = new Scan();
  return scan.run(text) === "whole" ? { members: scan.members } : undefined;
}

/** The members at the beginning of an object whose text was cut, the one in which it was cut apart. */
export function scanFront(text: string): { members: Member[]; cut: Member } | undefined {
  const scan = new Scan();
  return scan.run(text) === "cut" && scan.member ? { members: scan.members, cut: scan.member } : undefined;
}

class Scan {
  readonly members: Member[] = [];
  /** The one whose value is being read. */
  member: Member | undefined;

  run(text: string): "whole" | "cut" | "broken" {
    let at = 0;
    while (text.charCodeAt(at) <= 32) at++;
    if (text.charCodeAt(at) !== brace) return "broken";
    /** Closing brackets that are awaited, the innermost last. */
    const awaited = [brace + 2];
    for (at++; at < text.length; at++) {
      const code = text.charCodeAt(at);
      if (code === quote) {
        const end = stringEnd(text, at);
        if (end < 0) return "cut";
        if (awaited.length === 1 && this.member === undefined) {
          this.member = memberAt(text, at, end);
          if (!this.member) return "broken";
          at = this.member.start - 1;
        } else {
          at = end - 1;
        }
        continue;
      }
      if (code === brace || code === bracket) {
        awaited.push(code + 2);
        continue;
      }
      const closes = code === brace + 2 || code === bracket + 2;
      if (closes && awaited.pop() !== code) return "broken";
      if (awaited.length > 1 || (awaited.length === 1 && code !== comma)) continue;
      if (!this.endMember(text, at)) return "broken";
      if (awaited.length === 0) return text.slice(at + 1).trim() === "" ? "whole" : "broken";
    }
    return "cut";
  }

  /** False when the member has no value. */
  private endMember(text: string, at: number): boolean {
    const { member } = this;
    if (member === undefined) return true;
    member.end = trimEnd(text, at);
    this.members.push(member);
    this.member = undefined;
    return member.end > member.start;
  }
}

/** The JSON text of a member of the object in `text`, the last one of its name; undefined when there is none. */
export function memberText(
  text: string,
  key: string,
  members: readonly Member[] = scanObject(text)?.members ?? [],
): string | undefined {
  const member = members.findLast((one) => one.key === key);
  return member && text.slice(member.start, member.end);
}

/** The object in `text` without members of these names; `name.inner` takes one out of a member that is an object. */
export function withoutMembers(text: string, names: readonly string[]): string {
  const members = scanObject(text)?.members;
  if (!members) return text;
  const isOut = new Set(names);
  const kept = members.flatMap((member) => {
    if (isOut.has(member.key)) return [];
    const inner = names.flatMap((name) =>
      name.startsWith(`${member.key}.`) ? [name.slice(member.key.length + 1)] : [],
    );
    if (inner.length === 0) return [text.slice(member.keyStart, member.end)];
    const value = withoutMembers(text.slice(member.start, member.end), inner);
    return value === "{}" ? [] : [text.slice(member.keyStart, member.start) + value];
  });
  return `{${kept.join(",")}}`;
}

/** The member whose key stands from `start` to `end`; its own end is not known yet. */
export function memberAt(text: string, start: number, end: number): Member | undefined {
  let at = end;
  while (text.charCodeAt(at) <= 32) at++;
  if (text.charCodeAt(at) !== colon) return undefined;
  at++;
  while (text.charCodeAt(at) <= 32) at++;
  const inner = text.slice(start + 1, end - 1);
  return { key: inner.includes("\\") ? unescaped(inner) : inner, keyStart: start, start: at, end: -1 };
}

/** A key with escapes: two spellings of one name must not pass for two. */
function unescaped(inner: string): string {
  try {
    return JSON.parse(`"${inner}"`) as string;
  } catch {
    return inner;
  }
}

function trimEnd(text: string, end: number): number {
  let at = end;
  while (text.charCodeAt(at - 1) <= 32) at--;
  return at;
}

/** A piece of a text, by its offsets, and what is to stand in its place. */
export interface Splice {
  start: number;
  end: number;
  text: string;
}

/** What is known of the object in a text already: its members' names, or all of their places. */
export interface Known {
  object: object;
  members?: readonly Member[] | undefined;
}

/**
 * The splices that set top-level members of the object in `text` to JSON texts; absent members are put first, what has
 * the value already is left alone.
 */
export function spliceMembers(text: string, values: ReadonlyMap<string, string>, known: Known): Splice[] {
  const splices =
    (known.members ? undefined : quickSplices(text, values, known.object)) ??
    placedSplices(text, values, known.members ?? scanObject(text)?.members ?? []);
  return splices
    .filter(({ start, end, text: value }) => end === start || text.slice(start, end) !== value)
    .sort((a, b) => a.start - b.start);
}

/** Without a scan of the whole text: for members whose name stands nowhere else in it. */
function quickSplices(text: string, values: ReadonlyMap<string, string>, known: object): Splice[] | undefined {
  const splices: Splice[] = [];
  for (const [key, value] of values) {
    const name = JSON.stringify(key);
    const at = text.indexOf(name);
    if (!Object.hasOwn(known, key)) {
      if (at >= 0) return undefined;
      splices.push(insertion(text, { key, value, isOnly: Object.keys(known).length === 0 }));
      continue;
    }
    if (at < 0 || text.includes(name, at + 1)) return undefined;
    const member = memberAt(text, at, at + name.length);
    if (!member || text.charCodeAt(member.start) !== quote) return undefined;
    splices.push({ start: member.start, end: stringEnd(text, member.start), text: value });
  }
  return splices;
}

function placedSplices(text: string, values: ReadonlyMap<string, string>, members: readonly Member[]): Splice[] {
  const splices: Splice[] = [];
  for (const [key, value] of values) {
    const named = members.filter((member) => member.key === key);
    for (const { start, end } of named) splices.push({ start, end, text: value });
    if (named.length === 0) splices.push(insertion(text, { key, value, isOnly: members.length === 0 }));
  }
  return splices;
}

function insertion(text: string, { key, value, isOnly }: { key: string; value: string; isOnly: boolean }): Splice {
  const at = text.indexOf("{") + 1;
  return { start: at, end: at, text: `${JSON.stringify(key)}:${value}${isOnly ? "" : ","}` };
}

export function applySplices(text: string, splices: readonly Splice[]): string {
  let out = "";
  let from = 0;
  for (const splice of splices) {
    out += text.slice(from, splice.start) + splice.text;
    from = splice.end;
  }
  return out + text.slice(from);
}
