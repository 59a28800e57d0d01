import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { compile } from "../../src/config/compile.ts";
import { defaultCapabilities } from "../../src/model/target.ts";
import { listed, lookUp } from "../../src/providers/catalogue.ts";
import { createTargetFacts } from "../../src/providers/facts.ts";
import { presetOf, presets } from "../../src/providers/presets.ts";
import { quirks } from "../../src/providers/quirks.ts";
import { configOf, factsOf } from "./render.ts";

const text = readFileSync(join(import.meta.dir, "..", "..", "src", "providers", "models.txt"), "utf8");

describe("the catalogue", () => {
  test("has every line in a form that is found by its id and its aliases", () => {
    let provider = "";
    let count = 0;
    for (const line of text.trimEnd().split("\n")) {
      if (line.startsWith("# ")) provider = line.slice(2);
      else {
        const [names = "", json = ""] = line.split("\t");
        for (const name of names.split(" ")) expect(lookUp(provider, name)).toEqual(JSON.parse(json));
        count++;
      }
    }
    expect(count).toBeGreaterThan(400);
  });

  test("names no model twice, and knows a provider for every preset that says so", () => {
    for (const { catalogue } of presets) {
      if (catalogue === undefined) continue;
      const names = listed(catalogue);
      expect(names.length).toBeGreaterThan(0);
      expect(new Set(names).size).toBe(names.length);
    }
  });

  test("takes snapshots, variants, folders and tuned models for what they were made of", () => {
    const facts = lookUp("openai", "gpt-4o");
    expect(facts).toBeDefined();
    for (const name of ["gpt-4o-2031-01-01", "gpt-4o-latest", "ft:gpt-4o:acme::b1"]) {
      expect(lookUp("openai", name)).toEqual(facts as object);
    }
    expect(lookUp("google", "models/gemini-2.5-pro")).toEqual(lookUp("google", "gemini-2.5-pro") as object);
    expect(lookUp("anthropic", "claude-opus-5-5@20310101")).toEqual(lookUp("anthropic", "claude-opus-5-5") as object);
    expect(lookUp("openrouter", "openai/gpt-oss-120b:nitro")).toEqual(
      lookUp("openrouter", "openai/gpt-oss-120b") as object,
    );
    expect(lookUp("openai", "gpt-4o-tomorrow")).toBeUndefined();
  });

  test("finds nothing for other providers, parts of ids, or names with blanks", () => {
    expect(lookUp("nobody", "gpt-5")).toBeUndefined();
    expect(lookUp("openai", "gpt-5.")).toBeUndefined();
    expect(lookUp("openai", "gpt-5 gpt-5-2025-08-07")).toBeUndefined();
    expect(lookUp("anthropic", "gpt-5")).toBeUndefined();
  });
});

describe("what is known of a target", () => {
  const limits = (id: string, model: string) => {
    const { context, maxOutput } = factsOf(configOf(id), model);
    return [context, maxOutput];
  };

  test("comes from the catalogue by the host of the provider, for aliases too", () => {
    expect(limits("openai", "gpt-5-2025-08-07")).toEqual([400_000, 128_000]);
    expect(limits("azure", "gpt-5")).toEqual([400_000, 128_000]);
    expect(limits("anthropic", "claude-opus-4-5-20251101")).toEqual([200_000, 64_000]);
    expect(limits("vllm", "gpt-5")).toEqual([undefined, undefined]);
  });

  test("is what the configuration says where it says something", () => {
    const models = { "gpt-5": { context: 9000, vision: false, quirks: ["no_tools"] }, "gpt-4o": { max_output: 77 } };
    const config = { ...configOf("openai"), models };
    const own = factsOf(config, "gpt-5");
    expect([own.context, own.maxOutput, own.can.vision, own.can.tools]).toEqual([9000, 128_000, false, false]);
    expect(factsOf(config, "gpt-4o")).toMatchObject({ context: 128_000, maxOutput: 77, can: { vision: true } });
  });

  test.each([
    [
      "openai",
      "gpt-5",
      {
        efforts: ["minimal", "low", "medium", "high"],
        thinkingOff: false,
        refuses: { temperature: "always", logprobs: "always" },
      },
    ],
    [
      "openai",
      "gpt-5.4",
      { efforts: ["low", "medium", "high", "xhigh"], thinkingOff: true, refuses: { temperature: "thinking" } },
    ],
    ["openai", "gpt-5.6", { effortOrTools: true }],
    ["openai", "gpt-4o", { thinking: "none", vision: true, refuses: {} }],
    ["anthropic", "claude-opus-4-5", { thinking: "budget", budget: { least: 1024 }, prefill: true, forcedTool: true }],
    [
      "anthropic",
      "claude-opus-5-5",
      {
        thinking: "adaptive",
        thinkingOff: false,
        prefill: false,
        forcedTool: false,
        refuses: { temperature: "always", topK: "always" },
      },
    ],
    ["anthropic", "claude-haiku-5-5", { thinkingOff: true, effortsWhenOff: ["low", "medium", "high"] }],
    [
      "google",
      "gemini-2.5-pro",
      { thinking: "budget", budget: { least: 128, most: 32_768 }, thinkingOff: false, schemaWithTools: false },
    ],
    ["google", "gemini-3.1-pro-preview", { thinking: "adaptive", toolMedia: true, schemaWithTools: true }],
    ["xai", "grok-4.5", { refuses: { stop: "always", presencePenalty: "always", frequencyPenalty: "always" } }],
    [
      "deepseek",
      "deepseek-flash",
      { efforts: ["low", "high", "max"], thinkingSwitch: "thinking.type", echoReasoning: true },
    ],
    ["moonshot", "kimi-k3", { thinkingOff: false, refuses: { temperature: "always", n: "always", seed: "always" } }],
    ["zai", "glm-5", { efforts: [], thinkingSwitch: "thinking.type", vision: false, toolStream: true }],
    ["minimax", "MiniMax-M3", { vision: true, echoReasoning: true }],
    ["groq", "openai/gpt-oss-120b", { vision: false, thinkingOff: false, echoReasoning: false, names: false }],
    ["openrouter", "openai/gpt-oss-120b", { effortMember: "reasoning", cacheMarks: true }],
    ["together", "openai/gpt-oss-120b", { outputSchema: false }],
  ] as const)("%s has %s as the catalogue says", (id, model, can) => {
    expect(factsOf(configOf(id), model).can as object).toMatchObject(can);
  });

  test("is nothing but the family for a model that the catalogue does not know", () => {
    const family = { ...defaultCapabilities, webSearch: true, codeExecution: true };
    expect(factsOf(configOf("openai"), "gpt-of-tomorrow").can).toEqual(family);
    expect(factsOf(configOf("deepseek"), "deepseek-of-tomorrow")).toMatchObject({
      can: { echoReasoning: true, developerRole: false, thinking: "switch" },
    });
  });

  test("is what newer models do where a vendor has changed its ways", () => {
    const claude = factsOf(configOf("anthropic"), "claude-of-tomorrow").can;
    expect(claude).toMatchObject({ thinking: "adaptive", prefill: false, refuses: { temperature: "always" } });
    expect(factsOf(configOf("anthropic"), "claude-sonnet-4-5").can).toMatchObject({ prefill: true, refuses: {} });
    expect(factsOf(configOf("google"), "gemini-of-tomorrow").can).toMatchObject({ thinking: "adaptive" });
  });

  test("is worked out once for each provider and model of a configuration", () => {
    const { providers } = compile({ file: { providers: { p: configOf("openai") } } }, names);
    const provider = providers.get("p");
    if (!provider) throw new Error("the provider is missing");
    const look = createTargetFacts();
    expect(look(provider, "gpt-5", undefined)).toBe(look(provider, "gpt-5", undefined));
    for (let at = 0; at < 1500; at++) look(provider, `any-${at}`, undefined);
    expect(look(provider, "any-0", undefined)).toBe(look(provider, "any-0", undefined));
    // A client cannot fill the memory with names.
    expect(look(provider, "any-1400", undefined)).not.toBe(look(provider, "any-1400", undefined));
    expect(look(provider, "any-1400", undefined)).toEqual(look(provider, "any-1400", undefined));
  });
});

const names = { protocols: ["chat", "responses", "embeddings"], quirks: [], demoProtocols: [] };

describe("presets", () => {
  test.each(presets.map((preset) => [preset.id, preset] as const))(
    "%s makes a provider without faults",
    (id, preset) => {
      expect(factsOf(configOf(id), "m").provider).toBe("p");
      expect(preset.quirks.filter((name) => !Object.hasOwn(quirks, name))).toEqual([]);
      expect(Object.keys(preset.protocols).length).toBeGreaterThan(0);
      // There is a way to a credential, or none is needed.
      expect(preset.oauth ?? preset.keyUrl ?? preset.auth).toBeDefined();
      expect(preset.keyUrl ?? "https://").toStartWith("https://");
    },
  );

  test("have ids of their own and hosts of their own", () => {
    const ids = presets.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    const hosts = presets.flatMap(({ hosts: some }) => some);
    expect(new Set(hosts).size).toBe(hosts.length);
  });

  test("are found again by the addresses that they have", () => {
    for (const { id, hosts, protocols } of presets) {
      if (hosts.length === 0) continue;
      for (const url of Object.values(protocols)) expect(presetOf(url.replaceAll(/\{\w+\}/g, "mine"))?.id).toBe(id);
    }
  });

  test("are not found by parts of a host's name, by another port, or outside their path", () => {
    for (const url of [
      "https://notapi.openai.com/v1",
      "https://api.openai.com.evil.example/v1",
      "http://localhost:8000/v1",
      "https://chatgpt.com/other",
      "demo:chat",
      "not an address",
    ]) {
      expect([url, presetOf(url)?.id]).toEqual([url, undefined]);
    }
    expect(presetOf("https://eu.api.openai.com/v1")?.id).toBe("openai");
  });
});
