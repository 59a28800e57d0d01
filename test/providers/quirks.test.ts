import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { defaultCapabilities } from "../../src/model/target.ts";
import { quirks, withQuirks } from "../../src/providers/quirks.ts";
import { factsOf } from "./render.ts";

const readme = readFileSync(join(import.meta.dir, "..", "..", "README.md"), "utf8");
const table = readme.split("### What a model can do")[1]?.split("\n## ")[0] ?? "";
const chat = { chat: "https://up.example/v1" };

describe("quirks", () => {
  test("are the rows of the README's table, in the same words", () => {
    const rows = [...table.matchAll(/^\| `([a-z_]+)` \| (.+) \|$/gm)].map(([, name, words]) => [name, words]);
    expect(rows).toEqual(Object.entries(quirks).map(([name, { words }]) => [name, words]));
  });

  test.each(Object.keys(quirks))("%s changes something after one of the others", (name) => {
    const changes = Object.keys(quirks).some((other) => {
      const there = withQuirks(defaultCapabilities, [other]);
      return Bun.deepEquals(withQuirks(there, [name]), there) === false;
    });
    expect(changes).toBe(true);
  });

  test("of a model win over those of its provider, and later ones over earlier ones", () => {
    const models = { plain: null, odd: { quirks: ["max_completion_tokens"] } };
    const config = { protocols: chat, quirks: ["max_tokens", "no_vision", "vision"], models };
    expect(factsOf(config, "plain").can).toMatchObject({ maxCompletionTokens: false, vision: true });
    expect(factsOf(config, "odd").can).toMatchObject({ maxCompletionTokens: true, vision: true });
  });

  test("that are not known are faults with a hint", () => {
    const build = () => factsOf({ protocols: chat, quirks: ["no_stream_usge"] }, "m");
    expect(build).toThrow(/no_stream_usage/);
  });

  test("take single refusals away and leave the others", () => {
    const can = withQuirks(defaultCapabilities, ["no_sampling", "no_penalties", "sampling"]);
    expect(can.refuses).toEqual({ presencePenalty: "always", frequencyPenalty: "always" });
  });
});
