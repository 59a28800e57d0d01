/** The OpenAPI document holds what is served, and what is served holds to it. */
import { describe, expect, test } from "bun:test";
import Ajv from "ajv/dist/2020.js";
import { buildJsonSchema } from "../../src/config/json-schema.ts";
import type { ConsoleOptions } from "../../src/console/deps.ts";
import { createConsole } from "../../src/console/index.ts";
import { buildOpenApi } from "../../src/http/openapi/document.ts";
import { listOperations } from "../../src/http/openapi/operations.ts";
import { httpRoutes, type ServerDeps } from "../../src/http/server.ts";
import type { JsonObject } from "../../src/model/json.ts";
import { countWires, embeddingWires, protocols } from "../../src/protocols/index.ts";
import { withDesk } from "../support/config-desk.ts";

const routes = httpRoutes({
  gateway: { protocols, embeddingWires, countWires },
  console: createConsole({ protocols: protocols.map(({ name }) => name) } as unknown as ConsoleOptions),
} as unknown as ServerDeps);
// biome-ignore lint/suspicious/noExplicitAny: reached into as the JSON that it is
const document = buildOpenApi(routes) as any;

const ajv = new Ajv({ strict: false, validateFormats: false });
ajv.addSchema({ $id: "openapi", ...document });

/** What does not fit, as told by an independent validator. */
function misfit(pointer: string, value: unknown): string {
  const check = ajv.compile({ $ref: `openapi#${pointer}` });
  return check(value) ? "" : ajv.errorsText(check.errors);
}

function answerAt(path: string, method: string, status = 200): string {
  const at = path.replaceAll("/", "~1").replaceAll("{", "%7B").replaceAll("}", "%7D");
  return `/paths/${at}/${method}/responses/${status}/content/application~1json/schema`;
}

test("every route under /api is told, and nothing else", () => {
  const served = routes.filter(({ path }) => path.startsWith("/api/")).map(({ method, path }) => `${method} ${path}`);
  expect(Object.keys(listOperations()).sort()).toEqual([...served].sort());
  const told = Object.entries(document.paths as Record<string, JsonObject>).flatMap(([path, operations]) =>
    Object.keys(operations).map((method) => `${method} ${path}`),
  );
  expect(told).toHaveLength(served.length);
});

test("ids are unique, references lead somewhere, parameters are those of the path", () => {
  const text = JSON.stringify(document);
  for (const [, pointer = ""] of text.matchAll(/"#\/([^"]+)"/g)) {
    const found = pointer.split("/").reduce((node, name) => node?.[name], document);
    expect([pointer, found === undefined]).toEqual([pointer, false]);
  }
  const ids: string[] = [];
  for (const [path, operations] of Object.entries(document.paths as Record<string, Record<string, JsonObject>>)) {
    for (const operation of Object.values(operations)) {
      ids.push(String(operation.operationId));
      const parameters = operation.parameters as { name: string; in: string }[];
      const inPath = parameters.filter((one) => one.in === "path").map(({ name }) => name);
      expect(inPath).toEqual([...path.matchAll(/\{(\w+)\}/g)].map(([, name = ""]) => name));
    }
  }
  expect(new Set(ids).size).toBe(ids.length);
  expect(text).not.toContain('"expects"');
});

describe("answers are what the document says:", () => {
  test("the configuration's", async () => {
    await withDesk({}, async ({ ask }) => {
      const one = "/api/config/keys/laptop";
      const at = "/api/config/keys/{name}";
      expect(misfit(answerAt(at, "put"), (await ask("PUT", one, {})).body)).toBe("");
      expect(misfit(answerAt(at, "get"), (await ask("GET", one)).body)).toBe("");
      expect(misfit(answerAt("/api/config/keys", "get"), (await ask("GET", "/api/config/keys")).body)).toBe("");
      expect(misfit(answerAt(at, "patch"), (await ask("PATCH", one, { comment: "x" })).body)).toBe("");
      expect(misfit(answerAt(`${at}/rotate`, "post"), (await ask("POST", `${one}/rotate`)).body)).toBe("");
      await ask("PUT", "/api/config/providers/a", {
        ...{ protocols: { chat: "https://a.example/v1" }, api_key: "of-a-provider", query: { token: "of-a-query" } },
        ...{ proxy: "http://me:password@proxy.example", headers: { "x-secret": "of-a-header" } },
      });
      const { body: whole } = await ask("GET", "/api/config");
      expect(whole.providers.a.proxy).toEqual({ keep: "" });
      expect(misfit(answerAt("/api/config", "get"), whole)).toBe("");
      expect(
        misfit(answerAt("/api/config", "put"), (await ask("PUT", "/api/config", { keys: {}, providers: {} })).body),
      ).toBe("");
      expect(
        misfit(answerAt("/api/config/plan", "post"), (await ask("POST", "/api/config/plan", whole)).body),
      ).not.toBe("");
      expect(misfit(answerAt("/api/config/plan", "post"), (await ask("POST", "/api/config/plan", {})).body)).toBe("");
      const { body: history } = await ask("GET", "/api/config/history");
      expect(history.data.length).toBeGreaterThan(3);
      expect(misfit(answerAt("/api/config/history", "get"), history)).toBe("");
      expect(misfit(answerAt("/api/config/settings", "get"), (await ask("GET", "/api/config/settings")).body)).toBe("");
      const stale = await ask("PUT", one, {}, { "if-match": '"1"' });
      const faulty = await ask("PUT", "/api/config/providers/a", {});
      for (const { body } of [stale, faulty]) expect(misfit("/components/schemas/Problem", body)).toBe("");
    });
  });

  test("and a validator that is not ours finds what is wrong in them", () => {
    expect(misfit("/components/schemas/Entity", { name: "a" })).toContain("required");
    expect(misfit("/components/schemas/Quota", { unit: "cost", limit: 0, window: "daily" })).toContain("limit");
    expect(misfit("/components/schemas/Quota", { unit: "cost", limit: 1, window: "daily" })).toBe("");
  });
});

test("the schema for editors takes what leaves out everything that has a default", () => {
  const check = ajv.compile(buildJsonSchema());
  const small = {
    providers: { a: { protocols: { chat: "https://a.example/v1" }, models: { m: {} } } },
    aliases: { b: { targets: ["a/m", { provider: "a", model: "m" }] } },
    keys: { c: { secret: "sk-0123456789abcdef" } },
    quotas: { d: { unit: "cost", limit: 1, window: "daily" } },
    mcp_servers: { e: { url: "https://mcp.example/mcp" } },
    settings: { failover: { max_attempts: 2 } },
  };
  expect([check(small), ajv.errorsText(check.errors)]).toEqual([true, "No errors"]);
  expect(check({ ...small, keys: { c: {} } })).toBe(false);
  expect(check({ ...small, aliases: { b: { targets: [] } } })).toBe(false);
});
