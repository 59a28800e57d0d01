import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { compile } from "../../src/config/compile.ts";
import { price as priceSchema } from "../../src/config/schema/price.ts";
import type { Snapshot, StoredPrices } from "../../src/config/snapshot.ts";
import { readValue } from "../../src/config/validate.ts";
import { priceOfTarget } from "../../src/gateway/prices.ts";
import { findPrice, joinLists, type PriceList, readList, writeList } from "../../src/metering/price-list.ts";
import { readPriceList } from "../../src/metering/price-source.ts";
import { createPriceOf, listsInForce } from "../../src/metering/pricing.ts";
import { emptyUsage } from "../../src/model/usage.ts";
import { createTargetFacts } from "../../src/providers/facts.ts";
import { presets } from "../../src/providers/presets.ts";

const builtIn = readFileSync(join(import.meta.dir, "../../src/metering/prices.txt"), "utf8");
const names = { protocols: ["chat"], quirks: [], demoProtocols: ["chat"] };

describe("the price list in the binary", () => {
  const { entries, date } = readList(builtIn);

  test("has a day, and every price is one that could be configured", () => {
    expect(date).toMatch(/^\d{4}-\d{2}-\d{2}$/);
    expect(entries.length).toBeGreaterThan(600);
    for (const { provider, names: ids, price } of entries) {
      const faults: { path: string; message: string }[] = [];
      readValue(priceSchema, price, { path: `${provider}/${ids[0]}`, faults });
      expect(faults).toEqual([]);
    }
  });

  test("is found by every id and name, names no model twice, and is what it is written from", () => {
    const seen = new Set<string>();
    for (const { provider, names: ids, price } of entries) {
      for (const id of ids) {
        expect(findPrice(builtIn, provider, id)).toEqual(price);
        expect(seen.has(`${provider} ${id}`)).toBe(false);
        seen.add(`${provider} ${id}`);
      }
    }
    expect(writeList({ date, entries })).toBe(builtIn);
  });

  test("knows a provider for every family that has a catalogue", () => {
    const known = new Set(entries.map(({ provider }) => provider));
    expect(presets.flatMap(({ catalogue }) => (catalogue && !known.has(catalogue) ? [catalogue] : []))).toEqual([]);
  });

  test("has no price that may only mean that nobody knows one", () => {
    expect(findPrice(builtIn, "openrouter", "openrouter/auto")).toBeUndefined();
    expect(entries.filter(({ price }) => price.unpriced_or_free || price.local)).toEqual([]);
  });
});

describe("a model in a list", () => {
  const text = writeList({
    date: "2026-11-22",
    entries: [
      { provider: "one", names: ["model", "also"], price: { input: 1 } },
      { provider: "two", names: ["model"], price: { input: 2 } },
      { provider: "two", names: ["model:free"], price: { input: 0 } },
    ],
  });

  test.each([
    ["one", "model", 1],
    ["one", "also", 1],
    ["two", "model", 2],
    ["one", "models/model", 1],
    ["one", "model-20261122", 1],
    ["one", "model-2026-11-22", 1],
    ["one", "model@20261122", 1],
    ["one", "model-latest", 1],
    ["two", "model:free", 0],
  ])("of %s is found as %s", (provider, model, input) => {
    expect(findPrice(text, provider, model)).toEqual({ input });
  });

  test.each([
    ["three", "model"],
    ["one", "mode"],
    ["one", "model also"],
    ["one", "model:free"],
    ["one", "ft:model:me::1"],
    ["one", ""],
    ["2026-11-22", "model"],
  ])("of %p is not found as %p, for it may cost something else", (provider, model) => {
    expect(findPrice(text, provider, model)).toBeUndefined();
  });

  test("of the newer list wins, and the others stay", () => {
    const newer: PriceList = {
      date: "2026-12-01",
      entries: [{ provider: "one", names: ["also"], price: { input: 5 } }],
    };
    const joined = writeList(joinLists(newer, readList(text)));
    expect(joined).toStartWith("2026-12-01\n");
    const [also, model, other] = [
      findPrice(joined, "one", "also"),
      findPrice(joined, "one", "model"),
      findPrice(joined, "two", "model"),
    ];
    expect([also, model, other]).toEqual([{ input: 5 }, { input: 1 }, { input: 2 }]);
  });

  test("cannot have a name that the text cannot hold", () => {
    for (const name of ["a b", "a\tb", "a\nb", "é", ""]) {
      const entries = [{ provider: "one", names: [name], price: { input: 1 } }];
      expect(() => writeList({ date: "2026-11-22", entries })).toThrow("not the name");
    }
    expect(() => writeList({ date: "soon", entries: [] })).toThrow("is not a day");
  });
});

describe("a list from outside", () => {
  test("in our form is read with its day", () => {
    const models = [
      { provider: "a", id: "m", aliases: ["m-1"], price: { input: 1, as_of: "2026-01-01", from: "somebody" } },
      { provider: "a", id: "free", price: { input: 0, output: 0, unpriced_or_free: true } },
      { provider: "a", id: "here", price: { input: 0, output: 0, local: true } },
      { provider: "a", id: "none" },
    ];
    expect(readPriceList(JSON.stringify({ generated: "2026-11-22", models }))).toEqual({
      date: "2026-11-22",
      entries: [{ provider: "a", names: ["m", "m-1"], price: { input: 1 } }],
    });
  });

  test("of a router is read in its own words, exactly", () => {
    const data = [
      {
        id: "vendor/model",
        pricing: {
          ...{ prompt: "0.0000003", completion: "0.0000015", request: "0.002", web_search: "0.01" },
          ...{ input_cache_read: "0.00000003", input_cache_write: "0", internal_reasoning: "0", image: "0" },
        },
      },
      { id: "vendor/free:free", pricing: { prompt: "0", completion: "0" } },
      { id: "router/auto", pricing: { prompt: "-1", completion: "-1" } },
      { id: "odd", pricing: { prompt: "much", completion: "more" } },
    ];
    const { date, entries } = readPriceList(JSON.stringify({ data }), "2026-12-24");
    expect(date).toBe("2026-12-24");
    expect(entries).toEqual([
      {
        provider: "openrouter",
        names: ["vendor/model"],
        price: { input: 0.3, output: 1.5, cache_read: 0.03, per_request: 0.002, web_search_per_1k: 10 },
      },
      { provider: "openrouter", names: ["vendor/free:free"], price: { input: 0, output: 0 } },
    ]);
  });

  test.each([
    ["nonsense", "not JSON"],
    ["[]", "must be a JSON object"],
    ["{}", "neither models[]"],
    ['{"models":[]}', "holds no price"],
    ['{"data":[]}', "holds no price"],
    ['{"models":[{"provider":"a","price":{"input":1}}]}', "models.0 has no provider or no id"],
    ['{"generated":"2026-11-22","models":[{"provider":"a","id":"m","price":{"input":-1}}]}', "models.0.price.input"],
    ['{"generated":"2026-11-22","models":[{"provider":"a","id":"m","price":{"inptu":1}}]}', "models.0.price.inptu"],
    ['{"models":[{"provider":"a","id":"m","price":{"input":1}}]}', "of which day"],
  ])("that is %p is refused with words", (text, words) => {
    expect(() => readPriceList(text)).toThrow(words);
  });
});

describe("the price of a target", () => {
  const usage = { ...emptyUsage(), inUncached: 1_000_000 };
  const snapshotOf = (models: Record<string, unknown>, prices: StoredPrices | null = null): Snapshot =>
    compile(
      {
        file: {
          providers: {
            vendor: { protocols: { chat: "https://api.openai.com/v1" }, models },
            own: { protocols: { chat: "https://llm.example/v1" }, models },
          },
        },
        prices,
      },
      names,
    );
  const priceOf = (target: string, models: Record<string, unknown> = {}, prices: StoredPrices | null = null) =>
    priceOfTarget(snapshotOf(models, prices), createTargetFacts(createPriceOf(() => prices)), target);
  const dollars = (target: string, models?: Record<string, unknown>, prices?: StoredPrices) => {
    const cost = priceOf(target, models, prices)?.costOf(usage, 0);
    return cost === null || cost === undefined ? undefined : cost / 1e9;
  };
  const [builtInVersion = ""] = listsInForce(null);

  test("is that of the list in the binary, by the provider's address", () => {
    expect(priceOf("vendor/gpt-5.4")?.version).toBe(builtInVersion);
    expect(builtInVersion).toStartWith("builtin-");
    expect(dollars("vendor/gpt-5.4-2026-03-05")).toBe(5);
    expect(priceOf("own/gpt-5.4")).toBeUndefined();
    expect(priceOf("vendor/of-next-year")).toBeUndefined();
    expect(priceOf("nobody/gpt-5.4")).toBeUndefined();
  });

  test("is the configured one, which stands for itself", () => {
    const models = { "gpt-5.4": { price: { input: 7 } } };
    expect(dollars("vendor/gpt-5.4", models)).toBe(7);
    expect(dollars("own/gpt-5.4", models)).toBe(7);
    const { version, terms } = priceOf("own/gpt-5.4", models) ?? {};
    expect(terms).toEqual({ input: 7 });
    expect(version).toMatch(/^config-[0-9a-f]{8}$/);
    expect(priceOf("own/gpt-5.4", { "gpt-5.4": { price: { input: 8 } } })?.version).not.toBe(version);
  });

  test("is that of a list with a configured discount, from a configured source", () => {
    expect(dollars("vendor/gpt-5.4", { "gpt-5.4": { price: { discount: 0.5 } } })).toBe(2.5);
    expect(dollars("own/gpt-5.4", { "gpt-5.4": { price: { source: "openai" } } })).toBe(5);
    expect(priceOf("own/gpt-5.4", { "gpt-5.4": { price: { source: "openai" } } })?.version).toBe(builtInVersion);
    expect(dollars("own/gpt-5.4", { "gpt-5.4": { price: { source: "openai", input: 3 } } })).toBe(3);
    expect(priceOf("own/gpt-5.4", { "gpt-5.4": { price: { discount: 0.5 } } })).toBeUndefined();
    expect(priceOf("own/gpt-5.4", { "gpt-5.4": { price: { source: "nowhere" } } })).toBeUndefined();
    expect(priceOf("own/gpt-5.4", { "gpt-5.4": { price: null } })).toBeUndefined();
  });

  test("is that of the list that was loaded last; what it does not have stays", () => {
    const entries = [{ provider: "openai", names: ["gpt-5.4"], price: { input: 9 } }];
    const text = writeList({ date: "2026-12-01", entries });
    const loaded = { version: 3, at: Date.parse("2027-01-01"), text };
    expect(dollars("vendor/gpt-5.4", {}, loaded)).toBe(9);
    expect(priceOf("vendor/gpt-5.4", {}, loaded)?.version).toBe("update-3");
    expect(priceOf("vendor/gpt-5.4-pro", {}, loaded)?.version).toBe(builtInVersion);
    const before = { ...loaded, at: Date.parse("2020-01-01") };
    expect(priceOf("vendor/gpt-5.4", {}, before)?.version).toBe(builtInVersion);
  });

  test("of the provider that is always there is nothing, whatever its model is called", () => {
    for (const model of ["demo", "another"]) expect(dollars(`demo/${model}`)).toBe(0);
  });
});
