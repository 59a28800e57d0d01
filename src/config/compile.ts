/**
 * The whole configuration to a snapshot: pure, all faults at once, nothing half valid. What the file defines wins over
 * the database; settings merge field by field.
 */
import type { Static } from "@sinclair/typebox";
import { deepFreeze } from "../kit/freeze.ts";
import { nearest } from "../kit/nearest.ts";
import { compileAliases, demoAlias } from "./compile/alias.ts";
import type { Context, Entity, Names } from "./compile/context.ts";
import { compileKeys } from "./compile/key.ts";
import { compileProvider, demoId, demoProvider } from "./compile/provider.ts";
import { compileMcpServer, compileQuota, compileSettings } from "./compile/rest.ts";
import { ConfigFaults } from "./faults.ts";
import { mergeSections, mergeSettings, type RawEntity, type Sources } from "./merge.ts";
import { idPattern, namePattern } from "./schema/common.ts";
import { configuration, type Section, sections, settingsSchema } from "./schema.ts";
import type { Fault, Provider, Snapshot } from "./snapshot.ts";
import { readValue } from "./validate.ts";

export type { Names } from "./compile/context.ts";
export type { Sources } from "./merge.ts";

/** Throws ConfigFaults with everything that is wrong. `found` holds faults that are known already (of references). */
export function compile(sources: Sources, names: Names, found: readonly Fault[] = []): Snapshot {
  const context: Context = { names, faults: [...found], warnings: [], secrets: new Set() };
  for (const source of [sources.file, sources.database]) checkTop(context, source);
  const raw = mergeSections(sources);
  const providers = compileProviders(context, raw.providers);
  const providerIds = new Set([...raw.providers.map((entity) => entity.name), demoId]);
  const aliases = compileAliases(context, readAll(context, "aliases", raw.aliases), { providers: providerIds });
  if (raw.providers.length === 0 && !aliases.has(demoId)) aliases.set(demoId, demoAlias());
  const keys = compileKeys(context, readAll(context, "keys", raw.keys), {
    quotas: new Set(raw.quotas.map((entity) => entity.name)),
    providers: providerIds,
    aliases,
  });
  const quotas = readAll(context, "quotas", raw.quotas).map((entity) => compileQuota(context, entity));
  const servers = readAll(context, "mcp_servers", raw.mcp_servers).map((entity) => compileMcpServer(context, entity));
  const settings = readValue(settingsSchema, mergeSettings(sources), { path: "settings", faults: context.faults });
  const compiledSettings = settings && compileSettings(context, settings, aliases);
  if (context.faults.length > 0 || !compiledSettings) throw new ConfigFaults(unique(context.faults));
  return deepFreeze({
    version: sources.version ?? 0,
    prices: sources.prices ?? null,
    providers,
    sharedProtocols: sharedProtocols(providers),
    aliases,
    ...keys,
    quotas: new Map(quotas.map((quota) => [quota.name, quota])),
    mcpServers: new Map(servers.map((server) => [server.name, server])),
    settings: compiledSettings,
    warnings: context.warnings,
    secrets: [...context.secrets],
  });
}

function sharedProtocols(providers: ReadonlyMap<string, Provider>): Set<string> {
  const own = [...providers.values()].filter(({ id }) => id !== demoId);
  const spoken = own.flatMap(({ protocols }) => protocols.map(({ name }) => name));
  return new Set(spoken.filter((name, at) => spoken.indexOf(name) !== at));
}

function compileProviders(context: Context, raw: RawEntity[]): Map<string, Provider> {
  const providers = new Map([[demoId, demoProvider(context.names)]]);
  for (const entity of readAll(context, "providers", raw)) {
    if (entity.name === demoId) {
      context.faults.push({ path: entity.path, message: "is built in; choose another id for this provider" });
    } else {
      providers.set(entity.name, compileProvider(context, entity));
    }
  }
  return providers;
}

/** The entities of a section that pass their schema. */
function readAll<Name extends Section>(
  context: Context,
  section: Name,
  raw: RawEntity[],
): Entity<Static<(typeof sections)[Name]["schema"]>>[] {
  const { schema } = sections[section];
  return raw.flatMap(({ name, origin, value }) => {
    const path = `${section}.${name}`;
    checkName(context, section, name);
    const body = readValue(schema, value, { path, faults: context.faults });
    return body === undefined ? [] : [{ name, origin, path, body }];
  });
}

function checkName(context: Context, section: Section, name: string): void {
  if (section === "aliases" || section === "keys") {
    if (namePattern.test(name)) return;
    context.faults.push({
      path: `${section}.${name}`,
      message: "needs a name of 1 to 128 characters, none of them a control character",
    });
  } else if (!new RegExp(idPattern).test(name)) {
    context.faults.push({
      path: `${section}.${name}`,
      message: "needs a name of 1 to 64 characters a-z 0-9 . _ -, the first one a letter or digit",
    });
  }
}

/** The outermost fields: the only ones that no entity's schema sees. */
function checkTop(context: Context, source: unknown): void {
  if (source === undefined || source === null) return;
  if (typeof source !== "object" || Array.isArray(source)) {
    context.faults.push({ path: "", message: "must be an object with providers, aliases, keys and so on" });
    return;
  }
  const known = Object.keys(configuration.properties);
  for (const [field, value] of Object.entries(source)) {
    if (!known.includes(field)) {
      const meant = nearest(field, known);
      const hint = meant ? `; did you mean "${meant}"?` : "";
      context.faults.push({ path: field, message: `is not a known field${hint}` });
    } else if (field !== "$schema" && value !== null && (typeof value !== "object" || Array.isArray(value))) {
      context.faults.push({ path: field, message: "must be an object" });
    }
  }
}

function unique(faults: readonly Fault[]): Fault[] {
  const seen = new Set<string>();
  return faults.filter(({ path, message }) => {
    const text = `${path}\n${message}`;
    return !seen.has(text) && seen.add(text);
  });
}
