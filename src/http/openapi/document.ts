/** `GET /api/openapi.json`: OpenAPI 3.1 of the management API, made of the route list and the configuration's schema. */
import type { Json, JsonObject } from "../../model/json.ts";
import { json } from "../problem.ts";
import type { HttpRoute } from "../route.ts";
import { listOperations, type Operation } from "./operations.ts";
import { buildComponents, component } from "./shapes.ts";

const path = "/api/openapi.json";

/** The routes and the one that tells of them. */
export function withOpenApi(routes: readonly HttpRoute[]): HttpRoute[] {
  const own: HttpRoute = {
    ...{ method: "GET", path, access: "admin" },
    run: ({ requestId }) => json(buildOpenApi([...routes, own]), requestId),
  };
  return [...routes, own];
}

export function buildOpenApi(routes: readonly HttpRoute[]): JsonObject {
  const operations = listOperations();
  const paths: Record<string, JsonObject> = {};
  for (const route of routes.filter((one) => one.path.startsWith("/api/"))) {
    const operation = operations[`${route.method} ${route.path}`];
    if (!operation) continue;
    const at = templateOf(route.path);
    paths[at] = { ...paths[at], [route.method.toLowerCase()]: buildOperation(route, operation) };
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "Management API of Plexus",
      version: "1",
      description:
        "Errors are problem details (RFC 9457). An ETag is a version; If-Match refuses stale edits with 409.",
    },
    security: [{ admin: [] }],
    paths,
    components: {
      schemas: buildComponents(),
      securitySchemes: {
        admin: { type: "http", scheme: "bearer", description: "the admin key" },
        client: { type: "http", scheme: "bearer", description: "a client key" },
      },
    },
  };
}

function templateOf(path: string): string {
  return path.replace(/:(\w+)/g, "{$1}").replace(/\*$/, "{model}");
}

function buildOperation({ method, path, access }: HttpRoute, operation: Operation): JsonObject {
  const { summary, body, answer, type = "application/json", status = 200 } = operation;
  const problem = { "application/problem+json": { schema: component("Problem") } };
  return {
    operationId: idOf(method, path),
    summary,
    tags: [tagOf(path)],
    ...(access === "public" ? { security: [] } : access === "client" ? { security: [{ client: [] }] } : {}),
    parameters: parametersOf(path, operation),
    ...(body ? { requestBody: bodyOf(body) } : {}),
    responses: {
      [status]: { description: "done", content: { [type]: { schema: answer } } },
      ...(status === 200 && method === "PUT" && path.endsWith("/:name") ? { 201: { description: "created" } } : {}),
      default: { description: "what is wrong, in words", content: problem },
    },
  };
}

function bodyOf({ schema, type = "application/json", isOptional }: NonNullable<Operation["body"]>): JsonObject {
  return { required: isOptional !== true, content: { [type]: { schema } } };
}

function parametersOf(path: string, { query = {}, isVersioned }: Operation): Json[] {
  const text = { type: "string" };
  const named = [...templateOf(path).matchAll(/\{(\w+)\}/g)].map(([, name = ""]) => ({
    ...{ name, in: "path", required: true, schema: text },
  }));
  const asked = Object.entries(query).map(([name, description]) => ({ name, in: "query", description, schema: text }));
  const versions = isVersioned
    ? [{ name: "If-Match", in: "header", description: "the ETag that was seen", schema: text }]
    : [];
  return [...named, ...asked, ...versions];
}

/** `putConfigProvidersName`. */
function idOf(method: string, path: string): string {
  const words = templateOf(path)
    .replace("/api/", "")
    .split(/[^A-Za-z0-9]+/)
    .filter(Boolean);
  return method.toLowerCase() + words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join("");
}

function tagOf(path: string): string {
  return path.split("/")[2]?.replace(/\.json$/, "") ?? "";
}
