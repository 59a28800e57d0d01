/** What each keyword of a JSON Schema asks of a value. */

type Verdict = boolean | undefined;

interface Inner {
  schema: unknown;
  value: unknown;
  path?: string;
  isQuiet?: boolean;
}

/** One value held against one schema. */
export interface Checking {
  rules: Record<string, unknown>;
  value: unknown;
  /** The document that references point into. */
  root: unknown;
  inner(one: Inner): Verdict;
  /** Pointer of a member or element. */
  at(key: string | number): string;
  /** Notes what was wanted. */
  misses(words: string): false;
}

type Check = (rule: unknown, checking: Checking) => Verdict;

/** Not looked into: a schema with one of these may say more than is known. */
export const openKeywords: ReadonlySet<string> = new Set([
  ...["pattern", "patternProperties", "unevaluatedItems", "unevaluatedProperties", "$dynamicRef", "$recursiveRef"],
  ...["dependentSchemas", "dependencies", "minContains", "maxContains"],
]);

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const isList = (value: unknown): value is unknown[] => Array.isArray(value);
const isNumber = (value: unknown): value is number => typeof value === "number";
const all = (verdicts: readonly Verdict[]): Verdict =>
  verdicts.includes(false) ? false : verdicts.includes(undefined) ? undefined : true;

const kinds: Readonly<Record<string, (value: unknown) => boolean>> = {
  string: (value) => typeof value === "string",
  number: isNumber,
  integer: (value) => Number.isInteger(value),
  boolean: (value) => typeof value === "boolean",
  null: (value) => value === null,
  object: isObject,
  array: isList,
};

function type(rule: unknown, { value, misses }: Checking): Verdict {
  const wanted = isList(rule) ? rule : [rule];
  if (!wanted.every((one) => typeof one === "string" && Object.hasOwn(kinds, one))) return undefined;
  return wanted.some((one) => kinds[String(one)]?.(value)) || misses(`must be of type ${wanted.join(" or ")}`);
}

/** Equal values have equal texts. */
function textOf(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    isObject(inner) ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1))) : inner,
  );
}

function listed(rule: unknown, { value, misses }: Checking): Verdict {
  if (!isList(rule)) return undefined;
  const text = textOf(value);
  return rule.some((one) => textOf(one) === text) || misses(`must be one of ${textOf(rule)}`);
}

/** A limit on a number that a value has, if it has one. */
function limit(
  measure: (value: unknown) => number | undefined,
  holds: (n: number, most: number) => boolean,
  words: string,
) {
  return (rule: unknown, { value, misses }: Checking): Verdict => {
    const measured = measure(value);
    if (measured === undefined) return true;
    if (!isNumber(rule)) return undefined;
    return holds(measured, rule) || misses(`${words} ${rule}`);
  };
}

const least = (n: number, bound: number) => n >= bound;
const most = (n: number, bound: number) => n <= bound;
const amount = (value: unknown) => (isNumber(value) ? value : undefined);
const characters = (value: unknown) => (typeof value === "string" ? [...value].length : undefined);
const elements = (value: unknown) => (isList(value) ? value.length : undefined);
const members = (value: unknown) => (isObject(value) ? Object.keys(value).length : undefined);

function required(rule: unknown, { value, misses }: Checking): Verdict {
  if (!isObject(value)) return true;
  if (!isList(rule)) return undefined;
  const missing = rule.filter((name) => typeof name === "string" && !Object.hasOwn(value, name));
  return missing.length === 0 || misses(`must have ${missing.map((name) => JSON.stringify(name)).join(", ")}`);
}

function properties(rule: unknown, { value, inner, at }: Checking): Verdict {
  if (!isObject(value)) return true;
  if (!isObject(rule)) return undefined;
  const known = Object.keys(rule).filter((name) => Object.hasOwn(value, name));
  return all(known.map((name) => inner({ schema: rule[name], value: value[name], path: at(name) })));
}

function additionalProperties(rule: unknown, { rules, value, inner, at, misses }: Checking): Verdict {
  if (!isObject(value)) return true;
  const known = isObject(rules.properties) ? rules.properties : {};
  const others = Object.keys(value).filter((name) => !Object.hasOwn(known, name));
  if (others.length > 0 && rules.patternProperties !== undefined) return undefined;
  if (rule === false && others.length > 0) {
    return misses(`must not have ${others.map((name) => JSON.stringify(name)).join(", ")}`);
  }
  return all(others.map((name) => inner({ schema: rule, value: value[name], path: at(name) })));
}

function propertyNames(rule: unknown, { value, inner, at }: Checking): Verdict {
  if (!isObject(value)) return true;
  return all(Object.keys(value).map((name) => inner({ schema: rule, value: name, path: at(name) })));
}

function each(from: number, rule: unknown, { value, inner, at }: Checking): Verdict {
  if (!isList(value)) return true;
  return all(value.slice(from).map((one, index) => inner({ schema: rule, value: one, path: at(from + index) })));
}

/** The first elements, each by its own schema. */
function prefixItems(rule: unknown, { value, inner, at }: Checking): Verdict {
  if (!isList(value)) return true;
  if (!isList(rule)) return undefined;
  return all(
    value.slice(0, rule.length).map((one, index) => inner({ schema: rule[index], value: one, path: at(index) })),
  );
}

function items(rule: unknown, checking: Checking): Verdict {
  if (isList(rule)) return prefixItems(rule, checking);
  const { prefixItems: first } = checking.rules;
  return each(isList(first) ? first.length : 0, rule, checking);
}

function additionalItems(rule: unknown, checking: Checking): Verdict {
  const { items: first } = checking.rules;
  return isList(first) ? each(first.length, rule, checking) : true;
}

function contains(rule: unknown, { rules, value, inner, misses }: Checking): Verdict {
  if (!isList(value) || rules.minContains !== undefined) return isList(value) ? undefined : true;
  const verdicts = value.map((one) => inner({ schema: rule, value: one, isQuiet: true }));
  if (verdicts.includes(true)) return true;
  return verdicts.includes(undefined) ? undefined : misses("must hold an element that fits `contains`");
}

/** How many of several schemas the value fits, and of how many that cannot be told. */
function counted(rule: unknown[], { value, inner }: Checking): { fitting: number; open: number } {
  const verdicts = rule.map((schema) => inner({ schema, value, isQuiet: true }));
  return {
    fitting: verdicts.filter((one) => one === true).length,
    open: verdicts.filter((one) => one === undefined).length,
  };
}

function anyOf(rule: unknown, checking: Checking): Verdict {
  if (!isList(rule)) return undefined;
  const { fitting, open } = counted(rule, checking);
  if (fitting > 0) return true;
  return open > 0 ? undefined : checking.misses("must fit one of the schemas in `anyOf`");
}

function oneOf(rule: unknown, checking: Checking): Verdict {
  if (!isList(rule)) return undefined;
  const { fitting, open } = counted(rule, checking);
  if (fitting > 1) return checking.misses("must fit only one of the schemas in `oneOf`");
  if (open > 0) return undefined;
  return fitting === 1 || checking.misses("must fit one of the schemas in `oneOf`");
}

function not(rule: unknown, { value, inner, misses }: Checking): Verdict {
  const verdict = inner({ schema: rule, value, isQuiet: true });
  if (verdict === undefined) return undefined;
  return !verdict || misses("must not fit the schema in `not`");
}

function conditional(rule: unknown, { rules, value, inner }: Checking): Verdict {
  const verdict = inner({ schema: rule, value, isQuiet: true });
  if (verdict === undefined) return undefined;
  const branch = verdict ? rules.then : rules.else;
  return branch === undefined ? true : inner({ schema: branch, value });
}

function dependentRequired(rule: unknown, checking: Checking): Verdict {
  const { value } = checking;
  if (!isObject(value)) return true;
  if (!isObject(rule)) return undefined;
  return all(Object.keys(rule).map((name) => !Object.hasOwn(value, name) || required(rule[name], checking)));
}

/** References inside the document only. */
function reference(rule: unknown, { root, value, inner }: Checking): Verdict {
  if (typeof rule !== "string" || !/^#(?:\/|$)/.test(rule)) return undefined;
  let schema: unknown = root;
  for (const part of rule.split("/").slice(1)) {
    const key = decoded(part).replace(/~1/g, "/").replace(/~0/g, "~");
    const isThere = typeof schema === "object" && schema !== null && Object.hasOwn(schema, key);
    if (!isThere) return undefined;
    schema = (schema as Record<string, unknown>)[key];
  }
  return inner({ schema, value });
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

function multipleOf(rule: unknown, { value, misses }: Checking): Verdict {
  if (!isNumber(value)) return true;
  // Of fractions there is no exact remainder.
  if (!Number.isSafeInteger(rule) || rule === 0 || Math.abs(value) > Number.MAX_SAFE_INTEGER) return undefined;
  return value % Number(rule) === 0 || misses(`must be a multiple of ${rule}`);
}

export const assertions: Readonly<Record<string, Check>> = {
  type,
  enum: listed,
  const: (rule, { value, misses }) => textOf(rule) === textOf(value) || misses(`must be ${textOf(rule)}`),
  minimum: limit(amount, least, "must be at least"),
  maximum: limit(amount, most, "must be at most"),
  exclusiveMinimum: limit(amount, (n, bound) => n > bound, "must be more than"),
  exclusiveMaximum: limit(amount, (n, bound) => n < bound, "must be less than"),
  multipleOf,
  minLength: limit(characters, least, "characters must be at least"),
  maxLength: limit(characters, most, "characters must be at most"),
  minItems: limit(elements, least, "elements must be at least"),
  maxItems: limit(elements, most, "elements must be at most"),
  minProperties: limit(members, least, "members must be at least"),
  maxProperties: limit(members, most, "members must be at most"),
  uniqueItems: (rule, { value, misses }) =>
    rule !== true ||
    !isList(value) ||
    new Set(value.map(textOf)).size === value.length ||
    misses("elements must differ"),
  required,
  properties,
  additionalProperties,
  propertyNames,
  items,
  prefixItems,
  additionalItems,
  contains,
  allOf: (rule, { value, inner }) => (isList(rule) ? all(rule.map((schema) => inner({ schema, value }))) : undefined),
  anyOf,
  oneOf,
  not,
  if: conditional,
  dependentRequired,
  $ref: reference,
};
