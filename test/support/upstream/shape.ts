/** Checks of a request body that are as strict as the vendors': closed objects, exact types, a path for every fault. */

/** A fault of a request, answered as the vendor's 400. */
export class Violation extends Error {
  readonly path: string;

  constructor(path: string, words: string) {
    super(`${path}: ${words}`);
    this.path = path;
  }
}

export type Fields = Record<string, unknown>;
/** Throws Violation for a value that the vendor refuses. */
export type Check = (value: unknown, path: string) => void;

export function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** What has passed a check already, read as an object. */
export function fieldsOf(value: unknown): Fields {
  return isFields(value) ? value : {};
}

export function listOf(value: unknown): Fields[] {
  return Array.isArray(value) ? value.map(fieldsOf) : [];
}

export const anything: Check = () => {};

export function text({ most = Number.POSITIVE_INFINITY, least = 0, pattern = /^/ } = {}): Check {
  return (value, path) => {
    if (typeof value !== "string") throw new Violation(path, "Input should be a valid string");
    if (value.length < least) throw new Violation(path, `at least ${least} characters are required`);
    if (value.length > most) throw new Violation(path, `string too long, at most ${most} characters`);
    if (!pattern.test(value)) throw new Violation(path, `String should match pattern '${pattern.source}'`);
  };
}

export function number(least: number, most: number): Check {
  return (value, path) => {
    if (typeof value !== "number") throw new Violation(path, "Input should be a valid number");
    if (value < least || value > most) throw new Violation(path, `must be between ${least} and ${most}`);
  };
}

export function integer(least: number, most = Number.MAX_SAFE_INTEGER): Check {
  return (value, path) => {
    number(least, most)(value, path);
    if (!Number.isInteger(value)) throw new Violation(path, "Input should be a valid integer");
  };
}

export const flag: Check = (value, path) => {
  if (typeof value !== "boolean") throw new Violation(path, "Input should be a valid boolean");
};

export function oneOf(...words: string[]): Check {
  return (value, path) => {
    if (!words.includes(value as string)) throw new Violation(path, `Input should be one of ${words.join(", ")}`);
  };
}

export function list(check: Check, { least = 0, most = Number.POSITIVE_INFINITY } = {}): Check {
  return (value, path) => {
    if (!Array.isArray(value)) throw new Violation(path, "Input should be a valid array");
    if (value.length < least || value.length > most) throw new Violation(path, `takes ${least} to ${most} entries`);
    value.forEach((entry, at) => {
      check(entry, `${path}.${at}`);
    });
  };
}

/** An object of free keys. */
export function map(check: Check, { most = Number.POSITIVE_INFINITY, key = anything } = {}): Check {
  return (value, path) => {
    if (!isFields(value)) throw new Violation(path, "Input should be an object");
    if (Object.keys(value).length > most) throw new Violation(path, `at most ${most} entries`);
    for (const [name, entry] of Object.entries(value)) {
      key(name, `${path}.${name}`);
      check(entry, `${path}.${name}`);
    }
  };
}

/** A closed object. */
export function shape(required: Record<string, Check>, optional: Record<string, Check> = {}): Check {
  return (value, path) => {
    if (!isFields(value)) throw new Violation(path, "Input should be an object");
    const place = (name: string) => (path === "" ? name : `${path}.${name}`);
    for (const name of Object.keys(required)) {
      if (value[name] === undefined) throw new Violation(place(name), "Field required");
    }
    for (const [name, entry] of Object.entries(value)) {
      const check = required[name] ?? optional[name];
      if (!check) throw new Violation(place(name), "Extra inputs are not permitted");
      check(entry, place(name));
    }
  };
}

export function nullable(check: Check): Check {
  return (value, path) => {
    if (value !== null) check(value, path);
  };
}

/** The string check for strings, the other one for everything else. */
export function textOr(check: Check, words: Check = text()): Check {
  return (value, path) => (typeof value === "string" ? words : check)(value, path);
}

/** Objects told apart by a member, `type` unless said. */
export function tagged(kinds: Record<string, Check>, tag = "type"): Check {
  return (value, path) => {
    const name = fieldsOf(value)[tag];
    const check = typeof name === "string" && Object.hasOwn(kinds, name) ? kinds[name] : undefined;
    if (!check) {
      const known = Object.keys(kinds).join(", ");
      throw new Violation(path, `${tag} ${JSON.stringify(name)} does not match any of the expected tags: ${known}`);
    }
    check(value, path);
  };
}

const magic: [string, RegExp][] = [
  ["image/png", /^89504e470d0a1a0a/],
  ["image/jpeg", /^ffd8ff/],
  ["image/gif", /^474946383[79]61/],
  ["image/webp", /^52494646.{8}57454250/],
  ["application/pdf", /^255044462d/],
];

/** Bytes of strict base64 that are what their media type says. */
export function mediaBytes(data: string, type: string, path: string): Buffer {
  if (!/^(?:[A-Za-z0-9+/]{4})+(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$|^[A-Za-z0-9+/]{2,3}={1,2}$/.test(data)) {
    throw new Violation(path, "invalid base64 data");
  }
  const bytes = Buffer.from(data, "base64");
  const known = magic.find(([name]) => name === type);
  if (!known) throw new Violation(path, `media type ${type} is not supported`);
  if (!known[1].test(bytes.subarray(0, 16).toString("hex"))) {
    throw new Violation(path, `the data does not appear to be ${type}`);
  }
  return bytes;
}
