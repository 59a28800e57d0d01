/** A request of some client as a provider of a family gets it: the facts of the family, and the rendering of its protocol. */
import { compile } from "../../src/config/compile.ts";
import { translateRequest } from "../../src/gateway/translate.ts";
import type { JsonObject } from "../../src/model/json.ts";
import type { TargetFacts } from "../../src/model/target.ts";
import { protocols } from "../../src/protocols/index.ts";
import type { Protocol } from "../../src/protocols/protocol.ts";
import { createTargetFacts } from "../../src/providers/facts.ts";
import { presets } from "../../src/providers/presets.ts";
import { quirks } from "../../src/providers/quirks.ts";
import type { ProtocolName } from "../recordings/door.ts";

const names = {
  protocols: ["chat", "messages", "responses", "gemini", "embeddings"],
  quirks: Object.keys(quirks),
  demoProtocols: ["chat"],
};

export function protocolOf(name: string): Protocol {
  const found = protocols.find((one) => one.name === name);
  if (!found) throw new Error(`there is no protocol ${name}`);
  return found;
}

/** A provider as a user makes it of a preset, what is to be filled in filled in. */
export function configOf(id: string): JsonObject {
  const preset = presets.find((one) => one.id === id);
  if (!preset) throw new Error(`there is no preset ${id}`);
  const filled = Object.entries(preset.protocols).map(([key, url]) => [key, url.replaceAll(/\{\w+\}/g, "mine")]);
  return {
    name: preset.label,
    protocols: Object.fromEntries(filled),
    ...(preset.oauth === undefined ? { api_key: "sk-0123456789abcdef" } : { oauth: { kind: preset.oauth } }),
    ...(preset.auth === undefined ? {} : { auth: preset.auth as string | JsonObject }),
    query: { ...preset.query },
    headers: { ...preset.headers },
    // Elsewhere they are in force by the host.
    quirks: preset.hosts.length === 0 ? [...preset.quirks] : [],
  };
}

/** What is known of a model of a provider with this configuration. Throws where it is faulty. */
export function factsOf(config: JsonObject, model: string): TargetFacts {
  const { providers } = compile({ file: { providers: { p: config } } }, names);
  const provider = providers.get("p");
  if (!provider) throw new Error("the provider is missing");
  return createTargetFacts()(provider, model, provider.models.get(model));
}

export interface Rendered {
  body: JsonObject;
  /** `action field detail`, as the client is told. */
  told: string[];
}

/** Throws GatewayError. */
export function render(from: ProtocolName, to: string, target: TargetFacts, body: JsonObject): Rendered {
  const whole = { model: "m", ...(from === "messages" ? { max_tokens: 5000 } : {}), ...body };
  const { text, degraded } = translateRequest(
    { from: protocolOf(from), to: protocolOf(to), target },
    JSON.stringify(whole),
  );
  const told = degraded.map(({ action, field, detail }) => [action, field, detail ?? ""].join(" ").trim());
  return { body: JSON.parse(text) as JsonObject, told };
}
