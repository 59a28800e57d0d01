/** What each route of the management API is for, what it takes and what it answers: beside the route list, and tested against it. */
import type { Section } from "../../config/schema.ts";
import type { JsonObject } from "../../model/json.ts";
import {
  amount,
  anything,
  component,
  componentNames,
  count,
  entityFields,
  fields,
  flag,
  listOf,
  open,
  orNull,
  pageOf,
  text,
  time,
} from "./shapes.ts";

export interface Operation {
  summary: string;
  /** Name to what it says. */
  query?: Record<string, string>;
  body?: { schema: JsonObject; type?: string; isOptional?: true };
  answer: JsonObject;
  /** Of the answer; JSON unless said. */
  type?: string;
  status?: 200 | 201 | 202;
  /** `if-match` is understood. */
  isVersioned?: true;
}

const paging = { limit: "1 to 500, 50 unless said", after: "the next of the page before" };

const request = fields({
  ...{ id: text, at: time, key: orNull(text), label: orNull(text), protocol: text, model: orNull(text) },
  ...{ alias: orNull(text), target: orNull(text), attempts: count, stream: flag, status: orNull(count) },
  ...{ code: orNull(text), interrupted: flag, tokens: open, cost_nano: orNull(count), ttft_ms: orNull(count) },
  ...{ total_ms: orNull(count), upstream_ms: orNull(count), finish: orNull(text), degraded: listOf(open) },
  errors: listOf(open),
});
const act = fields({
  ...{ id: text, at: time, last_at: time, times: count, by: { enum: ["api", "console", "cli", "start"] }, from: text },
  ...{ kind: text, section: orNull(text), name: orNull(text), detail: orNull(text) },
});
const quota = fields({
  ...{ name: text, unit: text, limit: amount, window: text, period_s: orNull(amount), warn: amount, shared: flag },
  ...{ unpriced: text, keys: listOf(text), counters: listOf(open) },
});
const spans = {
  from: "a time or a day of the reporting timezone",
  to: "the same; now unless said",
  bucket: "none, quarter or day",
  key: "the name of a client key",
  format: "json or csv",
};
const usage = fields({ data: listOf(open), "total?": open });
const recomputing = fields({ running: flag });
const narrowing = { scope: "model, account or provider", provider: "a provider's id", model: "a model of it" };
const cleared = fields({ cleared: count });

const trialStage = fields({
  ...{ name: { enum: ["dns", "connect", "tls", "key", "models", "answer"] }, target: text, protocol: orNull(text) },
  ...{ result: { enum: ["ok", "failed", "warning", "skipped"] }, ms: orNull(amount), words: text, fix: orNull(text) },
  ...{ field: orNull(text), status: orNull(count), body: orNull(text), cost_nano: orNull(count) },
});
const trialModel = fields({
  ...{ id: text, state: { enum: ["new", "same", "changed", "gone"] }, changes: listOf(open), protocols: listOf(text) },
  ...{ context: orNull(count), max_output: orNull(count), price: orNull(open), suggested: flag },
});

/** Under `METHOD path`, the path as in the route list. */
const plain: Record<string, Operation> = {
  "GET /api/schema/config.json": { summary: "JSON Schema of the configuration, for editors", answer: open },
  "GET /api/openapi.json": { summary: "This document", answer: open },
  "GET /api/requests": { summary: "Requests, newest first", query: paging, answer: pageOf(request) },
  "GET /api/requests/:id": { summary: "One request, with why it went where it went", answer: request },
  "GET /api/acts": {
    summary: "What people did beside the configuration, newest first: signing in and out, resets, clearing",
    query: {
      ...paging,
      ...{ kind: "sign-ins, operations, or one kind", section: "of entities of one section", name: "of one entity" },
    },
    answer: pageOf(act),
  },
  "GET /api/me": {
    summary: "What the holder of a client key may know of it",
    answer: fields({ key: open, models: listOf(text), quotas: listOf(open) }),
  },
  "GET /api/events": {
    summary: "Requests as they open and close, as server-sent events; Last-Event-ID goes on from there",
    query: { key: "of one client key: only as they close" },
    answer: text,
    type: "text/event-stream",
  },
  "GET /api/usage": {
    summary: "Requests, tokens and cost, summed",
    query: { ...spans, by: "none, key, alias, provider, model or label" },
    answer: usage,
  },
  "GET /api/performance": {
    summary: "Times, speed and failures of providers or models",
    query: { ...spans, by: "provider or model" },
    answer: usage,
  },
  "GET /api/prices": {
    summary: "The price lists, or the price of one target",
    query: { target: "provider/model" },
    answer: open,
  },
  "POST /api/prices": {
    summary: "Lay a price list over those that were loaded before",
    query: { source: "where it is from" },
    body: { schema: open },
    answer: fields({ version: text, models: count }),
    status: 201,
  },
  "GET /api/prices/recompute": { summary: "How far pricing rows anew is", answer: recomputing },
  "POST /api/prices/recompute": {
    summary: "Price rows anew",
    body: {
      schema: fields({ "rows?": { enum: ["unknown", "all"] }, "since?": time, "until?": time }),
      isOptional: true,
    },
    answer: recomputing,
    status: 202,
  },
  "GET /api/cooldowns": { summary: "What is left alone, why and until when", answer: fields({ data: listOf(open) }) },
  "GET /api/cooldowns/history": { summary: "Cooldowns of the last week", query: paging, answer: pageOf(open) },
  "DELETE /api/cooldowns": { summary: "Clear cooldowns", query: narrowing, answer: cleared },
  "DELETE /api/cooldowns/:provider": { summary: "Clear those of a provider", query: narrowing, answer: cleared },
  "DELETE /api/cooldowns/:provider/*": { summary: "Clear those of a model", query: narrowing, answer: cleared },
  "GET /api/quotas": { summary: "Where all quotas stand", answer: fields({ data: listOf(quota) }) },
  "GET /api/quotas/:name": { summary: "Where a quota stands", answer: quota },
  "POST /api/quotas/:name/reset": { summary: "Set counters to nothing", query: { key: "of one key" }, answer: quota },
  "POST /api/quotas/:name/recompute": {
    summary: "Set counters to what the rows say",
    query: { key: "of one key" },
    answer: quota,
  },
  "GET /api/refusals": { summary: "Parameters that are left out for targets", answer: fields({ data: listOf(open) }) },
  "DELETE /api/refusals": {
    summary: "Try them again",
    query: { provider: "a provider's id", model: "a model of it", parameter: "one of them" },
    answer: fields({ forgotten: count }),
  },
  "POST /api/explain": {
    summary: "Where a request would go, and why nowhere else; calls nobody",
    body: { schema: fields({ path: text, body: open, "key?": orNull(text), "headers?": orNull(open) }) },
    answer: open,
  },
  "POST /api/providers/test": {
    summary: "Try out a provider, as it is or as it would be: network, key, models, one tiny answer in each protocol",
    body: { schema: fields({ "name?": text, "value?": component("Provider"), "models?": listOf(text) }) },
    answer: fields({ fine: flag, stages: listOf(trialStage), models: orNull(listOf(trialModel)) }),
  },
  "POST /api/translate": {
    summary: "One translation; calls nobody",
    body: {
      schema: fields({
        ...{ kind: { enum: ["request", "response", "stream"] }, from: text, to: text, body: anything },
        "target?": text,
      }),
    },
    answer: fields({ result: anything, degraded: listOf(open) }),
  },
  "GET /api/config": {
    summary: "The whole configuration, of the file and the database, without secrets",
    answer: component("Configuration"),
  },
  "PUT /api/config": {
    summary: "Apply: sections that are given become what is given, others stay; all or nothing",
    body: { schema: component("Configuration") },
    answer: component("Applied"),
    isVersioned: true,
  },
  "POST /api/config/plan": {
    summary: "What apply would change",
    body: { schema: component("Configuration") },
    answer: component("Plan"),
  },
  "GET /api/config/history": {
    summary: "Who changed what and when, newest first",
    query: { ...paging, section: "of one section", name: "of one entity" },
    answer: pageOf(component("HistoryEntry")),
  },
  "POST /api/config/history/:id/revert": {
    summary: "Take a change back (12.0), or all of a version (12)",
    query: { force: "true: though something else came after it" },
    answer: component("Applied"),
  },
  "POST /api/config/keys/:name/rotate": {
    summary: "A new secret, told once; the former one goes on for a while",
    body: { schema: fields({ "overlap_s?": { ...amount, default: 86_400 } }), isOptional: true },
    answer: fields({ ...entityFields, in_force: flag, secret: text }),
    isVersioned: true,
  },
};

const settings = fields({ version: count, updated_at: orNull(time), value: open, file: open, "in_force?": flag });
const settingsPath = "/api/config/settings";
const settingsOperations: Record<string, Operation> = {
  [`GET ${settingsPath}`]: { summary: "The settings that are set, and those that the file sets", answer: settings },
  [`PUT ${settingsPath}`]: {
    summary: "Replace the settings",
    ...{ body: { schema: component("Settings") }, answer: settings, isVersioned: true },
  },
  [`PATCH ${settingsPath}`]: {
    summary: "Change some settings; null sets one back",
    ...{ body: { schema: open, type: "application/merge-patch+json" }, answer: settings, isVersioned: true },
  },
  [`DELETE ${settingsPath}`]: { summary: "Back to the defaults", answer: settings, isVersioned: true },
};

function entityOperations(section: Section, name: string): Record<string, Operation> {
  const list = `/api/config/${section}`;
  const value = component(name);
  const edited = fields({
    ...{ ...entityFields, in_force: flag, warnings: listOf(component("Fault")) },
    ...(section === "keys" ? { "secret?": text } : {}),
  });
  return {
    [`GET ${list}`]: { summary: `All ${section}`, answer: fields({ data: listOf(component("Entity")) }) },
    [`POST ${list}`]: {
      summary: `Create one of the ${section}`,
      ...{ body: { schema: fields({ name: text, "value?": value }) }, answer: edited, status: 201 },
    },
    [`GET ${list}/:name`]: { summary: `One of the ${section}`, answer: component("Entity") },
    [`PUT ${list}/:name`]: {
      summary: "Replace it, or create it (201)",
      ...{ body: { schema: value }, answer: edited, isVersioned: true },
    },
    [`PATCH ${list}/:name`]: {
      summary: "Change some of its fields; null takes one out",
      ...{ body: { schema: open, type: "application/merge-patch+json" }, answer: edited, isVersioned: true },
    },
    [`DELETE ${list}/:name`]: {
      summary: "Delete it",
      ...{ answer: fields({ deleted: flag, in_force: flag }), isVersioned: true },
    },
  };
}

export function listOperations(): Record<string, Operation> {
  const entities = Object.entries(componentNames).map(([section, name]) => entityOperations(section as Section, name));
  return Object.assign({}, plain, settingsOperations, ...entities);
}
