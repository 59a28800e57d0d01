/**
 * Does a JSON value fit a JSON Schema? An interpreter with a limit on its steps: schemas and values are strangers', so
 * nothing of them becomes code or a regular expression. Keywords of draft 2020-12, and what draft 7 spells otherwise.
 * What is not looked into (patterns, references to other documents) makes a verdict open, never wrong.
 */
import { assertions, type Checking, openKeywords } from "./json-schema-keywords.ts";

/** Undefined: it cannot be told. */
export type Verdict = boolean | undefined;

export interface Misfit {
  /** JSON pointer in the value; empty for the whole of it. */
  path: string;
  /** What is wanted there. */
  words: string;
}

const mostSteps = 50_000;
const mostDepth = 200;
const mostMisfits = 20;

class Exhausted extends Error {}

/** Empty when the value fits, and when that cannot be told. */
export function misfits(schema: unknown, value: unknown): Misfit[] {
  const checker = new Checker(schema);
  try {
    return checker.fits({ schema, value, path: "", depth: 0 }) === false ? checker.found : [];
  } catch (error) {
    if (error instanceof Exhausted) return [];
    throw error;
  }
}

interface Asked {
  schema: unknown;
  value: unknown;
  path: string;
  depth: number;
  /** One of several ways in which the value may fit: what does not is no misfit yet. */
  isQuiet?: boolean;
}

class Checker {
  readonly found: Misfit[] = [];
  private readonly root: unknown;
  private steps = 0;

  constructor(root: unknown) {
    this.root = root;
  }

  fits({ schema, value, path, depth, isQuiet = false }: Asked): Verdict {
    if (++this.steps > mostSteps || depth > mostDepth) throw new Exhausted();
    if (schema === false) return this.misses({ path, words: "nothing may stand here" }, isQuiet);
    if (typeof schema !== "object" || schema === null || Array.isArray(schema)) return schema === true || undefined;
    const rules = schema as Record<string, unknown>;
    if (value === null && rules.nullable === true) return true;
    const checking: Checking = {
      ...{ rules, value, root: this.root },
      inner: (one) => this.fits({ path, ...one, depth: depth + 1, isQuiet: isQuiet || one.isQuiet === true }),
      at: (key) => `${path}/${String(key).replace(/~/g, "~0").replace(/\//g, "~1")}`,
      misses: (words) => this.misses({ path, words }, isQuiet),
    };
    let verdict: Verdict = true;
    for (const [keyword, rule] of Object.entries(rules)) {
      const check = Object.hasOwn(assertions, keyword) ? assertions[keyword] : undefined;
      const one = check ? check(rule, checking) : openKeywords.has(keyword) ? undefined : true;
      if (one === false) verdict = false;
      else if (one === undefined && verdict) verdict = undefined;
    }
    return verdict;
  }

  private misses(misfit: Misfit, isQuiet: boolean): false {
    if (!isQuiet && this.found.length < mostMisfits) this.found.push(misfit);
    return false;
  }
}
