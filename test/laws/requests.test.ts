import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { deepFreeze } from "../../src/kit/freeze.ts";
import type { Item } from "../../src/model/chat.ts";
import type { Json, JsonObject } from "../../src/model/json.ts";
import { Notes } from "../../src/model/note.ts";
import { defaultCapabilities, type TargetFacts } from "../../src/model/target.ts";
import { safeId } from "../../src/protocols/ids.ts";
import { protocols } from "../../src/protocols/index.ts";
import type { Protocol } from "../../src/protocols/protocol.ts";
import { accept as acceptBody } from "../recordings/accept.ts";
import { crossed, type ProtocolName } from "../recordings/door.ts";
import { bodyOf, type Conversation, conversation } from "./conversation.ts";
import { callId } from "./spec.ts";

const facts: TargetFacts = { provider: "p", model: "theirs", scope: "p", can: defaultCapabilities };
const by = (name: ProtocolName) => protocols.find((one) => one.name === name) as Protocol;
const directions = crossed.map(({ client, provider }) => [client, provider] as const);

/**
 * Conversations that can be carried at all: a Responses provider takes no stop sequences, and says so. Pictures of a
 * result follow it in a turn of their own at Google, and its text says where they are.
 */
function carried(provider: ProtocolName) {
  if (provider === "responses") return conversation.map((one) => ({ ...one, options: unstopped(one) }));
  if (provider !== "gemini") return conversation;
  return conversation.map((one) => ({ ...one, rounds: one.rounds.map(unpictured) }));
}

function unpictured(round: Conversation["rounds"][number]) {
  return { ...round, results: round.results.map((result) => ({ ...result, image: false })) };
}

function unstopped({ options }: Conversation): Conversation["options"] {
  const { stop: _stop, ...rest } = options;
  return rest;
}

interface Crossed {
  sent: JsonObject;
  headers: Record<string, string>;
  /** Fields of the client that were not carried as they were. */
  told: string[];
}

function cross(client: ProtocolName, provider: ProtocolName, body: JsonObject): Crossed {
  const notes = new Notes();
  const request = by(client).parseRequest(body, notes);
  const built = by(provider).buildRequest(request, facts, notes);
  const { fields } = by(client);
  // As JSON, for that is what the provider reads.
  const sent = JSON.parse(JSON.stringify(built.body)) as JsonObject;
  return { sent, headers: built.headers, told: notes.list.map(({ field }) => fields[field] ?? field) };
}

function accept(provider: ProtocolName, { sent, headers }: Crossed): void {
  acceptBody(provider, sent, headers);
}

/** Members that are compared by what they say. */
const told = new Set([
  "model",
  "stream",
  "messages",
  "system",
  "input",
  "instructions",
  "contents",
  "systemInstruction",
]);

/** What a conversation says, in order, without the boundaries of its messages. */
function atoms(name: ProtocolName, body: JsonObject, hasIds = true): string[] {
  const request = by(name).parseRequest(body, new Notes());
  // Where there is one field for them, instructions are one text.
  const system = request.instructions.map((block) => (block.type === "text" ? block.text : block.type)).join("\n\n");
  return [...(system === "" ? [] : [`system ${system}`]), ...request.items.flatMap((item) => atomsOf(item, hasIds))];
}

function atomsOf(item: Item, hasIds: boolean): string[] {
  const idOf = (callId: string) => (hasIds ? safeId(callId) : "");
  if (item.type === "call") return [`call ${idOf(item.callId)} ${item.name} ${canonicalJson(item.args)}`];
  const blocks = item.type === "message" || item.type === "result" ? item.blocks : [];
  const role =
    item.type === "message"
      ? item.role.replace("developer", "system")
      : `result ${item.type === "result" ? `${idOf(item.callId)} ${item.isError}` : ""}`;
  if (item.type === "result" && blocks.length === 0) return [role];
  return blocks.flatMap((block) => {
    if (block.type === "text") return block.text === "" ? [role] : [`${role} ${block.text}`];
    return block.type === "media" && block.source.type === "bytes"
      ? [`${role} ${block.kind} ${block.source.data}`]
      : [block.type];
  });
}

function canonicalJson(text: string): string {
  return JSON.stringify(JSON.parse(text === "" ? "{}" : text));
}

describe.each(directions)("a conversation of a %s client", (client, provider) => {
  // Google pairs calls and results by their order: ids stay at home.
  const hasIds = client !== "gemini" && provider !== "gemini";

  test(`is what a strict ${provider} provider takes`, () => {
    fc.assert(
      fc.property(carried(provider), (one) => accept(provider, cross(client, provider, bodyOf(client, one)))),
      { numRuns: 600 },
    );
  });

  test(`comes back from ${provider} and back as it was, but for what was told`, () => {
    fc.assert(
      fc.property(carried(provider), (one) => {
        const body = bodyOf(client, one);
        const there = cross(client, provider, body);
        const back = cross(provider, client, there.sent);
        const isTold = (key: string) =>
          there.told.some((field) => field === key || field.startsWith(`${key}.`) || key.startsWith(`${field}.`));
        const lost: string[] = [];
        for (const [key, value] of Object.entries(body)) {
          if (told.has(key)) continue;
          for (const path of differences(value as Json, back.sent[key], key)) {
            // Chat nests the members of a function.
            if (!isTold(path) && !isTold(path.replace(".function.", "."))) lost.push(path);
          }
        }
        const { items = "messages" } = by(client).fields;
        if (!isTold(items)) expect(atoms(client, back.sent, hasIds)).toEqual(atoms(client, body, hasIds));
        expect(lost).toEqual([]);
      }),
      { numRuns: 600 },
    );
  });

  test("keeps its texts, calls and results, all of them and in their order", () => {
    fc.assert(
      fc.property(carried(provider), (one) => {
        const body = bodyOf(client, one);
        const { sent } = cross(client, provider, body);
        const dialogue = (name: ProtocolName, from: JsonObject) =>
          atoms(name, from, hasIds).filter(
            (atom) => !atom.startsWith("system ") && !atom.includes("<system-reminder>"),
          );
        const before = dialogue(client, body).filter((atom) => !/(image|document) /.test(atom));
        const after = dialogue(provider, sent);
        let from = 0;
        for (const atom of before) {
          const at = after.indexOf(atom, from);
          expect(at, `${atom} in ${JSON.stringify(after.slice(from))}`).toBeGreaterThanOrEqual(0);
          from = at + 1;
        }
        const all = JSON.stringify(sent);
        const words = [
          ...one.system,
          ...(client === "chat" || client === "responses" ? one.rounds.flatMap(({ reminder }) => reminder ?? []) : []),
        ];
        for (const text of words) expect(all).toContain(JSON.stringify(text).slice(1, -1));
      }),
      { numRuns: 400 },
    );
  });

  test("is translated the same way every time, and never changed itself", () => {
    fc.assert(
      fc.property(carried(provider), (one) => {
        const body = deepFreeze(bodyOf(client, one)) as JsonObject;
        const first = cross(client, provider, body);
        expect(JSON.stringify(cross(client, provider, body))).toBe(JSON.stringify(first));
        const again = by(provider).buildRequest(
          by(provider).parseRequest(deepFreeze(first.sent) as JsonObject, new Notes()),
          facts,
          new Notes(),
        );
        const third = by(provider).buildRequest(
          by(provider).parseRequest(JSON.parse(JSON.stringify(again.body)), new Notes()),
          facts,
          new Notes(),
        );
        expect(JSON.stringify(third.body)).toBe(JSON.stringify(again.body));
      }),
      { numRuns: 200 },
    );
  });

  test("that grows keeps its beginning, which prompt caches depend on", () => {
    fc.assert(
      fc.property(carried(provider), (one) => {
        const list = (upTo: number) => {
          const { sent } = cross(client, provider, bodyOf(client, { ...one, rounds: one.rounds.slice(0, upTo) }));
          return {
            messages: ((sent.messages ?? sent.input ?? sent.contents) as Json[]).map((message) =>
              JSON.stringify(message),
            ),
            tools: JSON.stringify(sent.tools),
          };
        };
        const whole = list(one.rounds.length);
        for (let upTo = 0; upTo < one.rounds.length; upTo++) {
          const { messages, tools } = list(upTo);
          // The last user turn differs: it holds other words.
          expect(whole.messages.slice(0, messages.length - 1)).toEqual(messages.slice(0, -1));
          expect(tools).toBe(whole.tools);
        }
      }),
      { numRuns: 200 },
    );
  });
});

/** What a request says that says no more than its absence. */
const defaults: readonly [RegExp, Json][] = [
  [/^stream$/, false],
  [/^parallel_tool_calls$/, true],
  [/disable_parallel_tool_use$/, false],
  [/^service_tier$/, "auto"],
  [/\.strict$/, false],
  // Messages enforces every schema.
  [/^(?:response_format\.json_schema|text\.format)\.strict$/, true],
];

/** Paths at which two values differ; what stands only in the second is the other protocol's own default. */
function differences(one: Json, other: Json | undefined, path: string): string[] {
  if (Array.isArray(one) && Array.isArray(other) && one.length === other.length) {
    return one.flatMap((value, at) => differences(value, other[at], `${path}.${at}`));
  }
  if (isObject(one) && isObject(other)) {
    return Object.entries(one).flatMap(([key, value]) => differences(value as Json, other[key], `${path}.${key}`));
  }
  const isDefault = defaults.some(([pattern, value]) => other === undefined && pattern.test(path) && value === one);
  return isDefault || Bun.deepEquals(one, other) ? [] : [path];
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

describe("ids of calls", () => {
  const wild = fc.oneof(
    callId,
    fc.string({ unit: "binary", minLength: 1 }),
    fc.string({ minLength: 60, maxLength: 90 }),
  );

  test("become legal everywhere, the same each time, and stay as they are once they are legal", () => {
    fc.assert(
      fc.property(wild, (id) => {
        expect(safeId(id)).toMatch(/^[A-Za-z0-9_-]{1,64}$/);
        expect(safeId(id)).toBe(safeId(id));
        expect(safeId(safeId(id))).toBe(safeId(id));
      }),
      { numRuns: 1000 },
    );
  });

  test("that differ stay different", () => {
    fc.assert(
      fc.property(fc.uniqueArray(wild, { minLength: 2, maxLength: 20 }), (ids) => {
        expect(new Set(ids.map(safeId)).size).toBe(ids.length);
      }),
      { numRuns: 1000 },
    );
    expect(safeId("a.b")).not.toBe(safeId("a:b"));
  });
});
