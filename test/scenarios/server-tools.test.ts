/** Tools that the provider runs itself: asked for by every client, of every provider, and told of in the answers. */
import { describe, expect, test } from "bun:test";
import type { JsonObject } from "../../src/model/json.ts";
import { crossed } from "../recordings/door.ts";
import { at, eventsOf, exchange, list, type Outcome, type ProtocolName, type Scene } from "../traps/support.ts";

const runs = { quirks: ["web_search", "search_options", "code_execution"] };
const runsNot = { quirks: ["no_web_search", "no_search_options", "no_code_execution"] };
const place = { city: "Bern", country: "CH" };
const near = { type: "approximate", ...place };

const messages = [{ role: "user", content: "go" }];
const asking: Record<ProtocolName, JsonObject> = {
  chat: { messages },
  messages: { messages },
  responses: { input: "go", store: false },
  gemini: { contents: [{ role: "user", parts: [{ text: "go" }] }] },
};
/** A search near a place, as each protocol says it. */
const searching: Record<ProtocolName, JsonObject> = {
  chat: { web_search_options: { user_location: { type: "approximate", approximate: place } } },
  messages: { tools: [{ type: "web_search_20250305", name: "web_search", user_location: near }] },
  responses: { tools: [{ type: "web_search", user_location: near }] },
  gemini: { tools: [{ googleSearch: {} }] },
};
const running: Partial<Record<ProtocolName, JsonObject>> = {
  messages: { tools: [{ type: "code_execution_20250825", name: "code_execution" }] },
  responses: { tools: [{ type: "code_interpreter", container: { type: "auto" } }] },
  gemini: { tools: [{ codeExecution: {} }] },
};
/** A function of the client's own. */
const own: Record<ProtocolName, JsonObject> = {
  chat: { type: "function", function: { name: "look", parameters: { type: "object", properties: {} } } },
  messages: { name: "look", input_schema: { type: "object" } },
  responses: { type: "function", name: "look", parameters: { type: "object", properties: {} } },
  gemini: { functionDeclarations: [{ name: "look" }] },
};

function ask(client: ProtocolName, provider: ProtocolName, more: JsonObject, scene: Partial<Scene> = {}) {
  return exchange({ client, provider, more: runs, ...scene, body: { ...asking[client], ...more } });
}

/** What is asked for when the client has said nothing of a place. */
const bare: Record<ProtocolName, JsonObject> = {
  ...searching,
  chat: { web_search_options: {} },
  messages: { tools: [{ type: "web_search_20250305", name: "web_search" }] },
  responses: { tools: [{ type: "web_search" }] },
};

describe("a web search", () => {
  for (const { client, provider } of crossed) {
    test(`that a ${client} client asks for is one at a ${provider} provider`, async () => {
      const { status, sent, told } = await ask(client, provider, searching[client]);
      expect(status).toBe(200);
      const wanted = client === "gemini" ? bare[provider] : searching[provider];
      expect(sent).toMatchObject(wanted);
      expect(told.filter((one) => one.includes("user_location"))).toHaveLength(provider === "gemini" ? 1 : 0);
    });

    test(`that a ${client} client asks for is refused where a ${provider} provider runs none`, async () => {
      const { status, bodies } = await ask(client, provider, searching[client], { more: runsNot });
      expect([status, bodies]).toEqual([400, []]);
    });
  }

  test("that is offered beside functions goes along where it is run, and is left out where it is not", async () => {
    const tools = [own.responses, { type: "web_search" }] as JsonObject[];
    const there = await ask("responses", "messages", { tools });
    expect(list(there.sent, "tools").map(({ name }) => name)).toEqual(["look", "web_search"]);
    const unknown = await ask("responses", "messages", { tools }, { more: {} });
    expect(list(unknown.sent, "tools").map(({ name }) => name)).toEqual(["look"]);
    expect(unknown.told).toContain("dropped tools.1");
    // Models of these search whatever they are asked, or take it alone.
    for (const provider of ["chat", "gemini"] as const) {
      const { sent, told } = await ask("responses", provider, { tools });
      expect(sent).not.toHaveProperty("web_search_options");
      expect([JSON.stringify(sent.tools).includes("oogleSearch"), told.includes("dropped tools.1")]).toEqual([
        false,
        true,
      ]);
    }
    const taken = [{ ...own.responses, name: "web_search" }, { type: "web_search" }] as JsonObject[];
    expect(list((await ask("responses", "messages", { tools: taken })).sent, "tools")).toHaveLength(1);
  });

  test("keeps its domains where they can be said, and is refused elsewhere", async () => {
    const only = { tools: [{ type: "web_search", filters: { allowed_domains: ["a.example"] } }] };
    const kept = await ask("responses", "messages", only);
    expect(at(kept.sent, "tools.0.allowed_domains")).toEqual(["a.example"]);
    const without = { tools: [{ type: "web_search_20250305", name: "web_search", blocked_domains: ["b.example"] }] };
    for (const provider of ["chat", "responses", "gemini"] as const) {
      const { status, json } = await ask("messages", provider, without);
      expect(status).toBe(400);
      expect(at(json, "error.message")).toContain("tools.0.blocked_domains");
    }
    for (const provider of ["chat", "gemini"] as const)
      expect((await ask("responses", provider, only)).status).toBe(400);
    const google = await ask("gemini", "messages", { tools: [{ googleSearch: { excludeDomains: ["b.example"] } }] });
    expect(at(google.sent, "tools.0.blocked_domains")).toEqual(["b.example"]);
    const dated = { tools: [{ googleSearch: { timeRangeFilter: { startTime: "2026-01-01T00:00:00Z" } } }] };
    expect((await ask("gemini", "messages", dated)).status).toBe(400);
  });

  test("tells what of it could not be said", async () => {
    const limited = { tools: [{ type: "web_search_20250305", name: "web_search", max_uses: 2 }] };
    for (const provider of ["chat", "responses", "gemini"] as const) {
      expect((await ask("messages", provider, limited)).told).toContain("dropped tools.0.max_uses");
    }
    const large = { tools: [{ type: "web_search", search_context_size: "high" }] };
    expect((await ask("responses", "messages", large)).told).toContain("dropped tools.0.search_context_size");
    const chat = await ask("responses", "chat", large);
    expect([chat.sent.web_search_options, chat.told]).toEqual([{ search_context_size: "high" }, []]);
  });
});

describe("code that the provider runs", () => {
  for (const { client, provider } of crossed) {
    const more = running[client];
    const wanted = running[provider];
    if (!more) continue;
    test(`for a ${client} client is run by a ${provider} provider, if that has a tool for it`, async () => {
      const { status, sent } = await ask(client, provider, more);
      expect(status).toBe(wanted ? 200 : 400);
      if (wanted) expect(sent).toMatchObject(wanted);
      const refused = await ask(client, provider, more, { more: runsNot });
      expect([refused.status, refused.bodies]).toEqual([400, []]);
    });
  }

  test("needs no container that is elsewhere", async () => {
    for (const container of ["cntr_1", { type: "auto", file_ids: ["file_1"] }]) {
      for (const provider of ["messages", "gemini"] as const) {
        const { status, json } = await ask("responses", provider, { tools: [{ type: "code_interpreter", container }] });
        expect(status).toBe(400);
        expect(JSON.stringify(json)).toContain("tools.0.container");
      }
    }
    const small = { tools: [{ type: "code_interpreter", container: { type: "auto", memory_limit: "4g" } }] };
    const { status, told } = await ask("responses", "gemini", small);
    expect([status, told]).toEqual([200, ["dropped tools.0.container.memory_limit"]]);
  });
});

test.each(["file_search", "mcp", "computer", "image_generation"])(
  "the tool %s of Responses is refused by every other provider by name",
  async (type) => {
    for (const provider of ["chat", "messages", "gemini"] as const) {
      const { status, json, bodies } = await ask("responses", provider, { tools: [{ type }] });
      expect([status, bodies]).toEqual([400, []]);
      expect(JSON.stringify(json)).toContain(type);
    }
  },
);

const text = { type: "text", text: "so" };
/** What providers tell of a search and of code, whole. */
const searched: Partial<Record<ProtocolName, JsonObject>> = {
  messages: {
    ...{ id: "msg_1", type: "message", role: "assistant", model: "m", stop_reason: "end_turn" },
    content: [
      { type: "server_tool_use", id: "srvtoolu_1", name: "web_search", input: { query: "q" } },
      {
        ...{ type: "web_search_tool_result", tool_use_id: "srvtoolu_1" },
        content: [{ type: "web_search_result", url: "https://a.example", title: "A", encrypted_content: "x" }],
      },
      text,
    ],
    usage: { input_tokens: 1, output_tokens: 1 },
  },
  responses: {
    ...{ id: "resp_1", object: "response", created_at: 1, model: "m", status: "completed", error: null },
    output: [
      { type: "web_search_call", id: "ws_1", status: "completed", action: { type: "search", query: "q" } },
      {
        ...{ type: "message", id: "msg_1", role: "assistant", status: "completed" },
        content: [{ type: "output_text", text: "so", annotations: [] }],
      },
    ],
  },
  gemini: {
    candidates: [
      {
        ...{ content: { role: "model", parts: [{ text: "so" }] }, finishReason: "STOP", index: 0 },
        groundingMetadata: { webSearchQueries: ["q"] },
      },
    ],
  },
};
const ran: Partial<Record<ProtocolName, JsonObject>> = {
  messages: {
    ...searched.messages,
    content: [
      { type: "server_tool_use", id: "srvtoolu_1", name: "bash_code_execution", input: { command: "print(1)" } },
      {
        ...{ type: "bash_code_execution_tool_result", tool_use_id: "srvtoolu_1" },
        content: { type: "bash_code_execution_result", stdout: "1\n", stderr: "", return_code: 0, content: [] },
      },
      text,
    ],
  },
  responses: {
    ...searched.responses,
    output: [
      {
        ...{ type: "code_interpreter_call", id: "ci_1", container_id: "c", status: "completed", code: "print(1)" },
        outputs: [{ type: "logs", logs: "1\n" }],
      },
      ...list(searched.responses, "output").slice(1),
    ],
  },
  gemini: {
    candidates: [
      {
        ...{ finishReason: "STOP", index: 0 },
        content: {
          role: "model",
          parts: [
            { executableCode: { language: "PYTHON", code: "print(1)" } },
            { codeExecutionResult: { outcome: "OUTCOME_OK", output: "1\n" } },
            { text: "so" },
          ],
        },
      },
    ],
  },
};

/** What a client is shown of it: the types of what its answer is made of, or the search beside it. */
function shown(client: ProtocolName, { json }: Outcome): unknown[] {
  switch (client) {
    case "responses":
      return list(json, "output").map((item) => item.action ?? item.code ?? item.type);
    case "messages":
      return list(json, "content").map(({ type }) => type);
    case "gemini": {
      const queries = at(json, "candidates.0.groundingMetadata.webSearchQueries");
      const parts = list(json, "candidates.0.content.parts").map((part) => Object.keys(part)[0]);
      return queries ? [queries, ...parts] : parts;
    }
    case "chat":
      return Object.keys(at(json, "choices.0.message") as JsonObject);
  }
}

describe("what a provider ran itself", () => {
  const action = { type: "search", query: "q", queries: ["q"] };
  const ofSearch: Record<ProtocolName, unknown[]> = {
    chat: ["role", "content", "refusal"],
    messages: ["text"],
    responses: ["message", action],
    gemini: [["q"], "text"],
  };
  const ofCode: Record<ProtocolName, unknown[]> = {
    chat: ofSearch.chat,
    messages: ["server_tool_use", "code_execution_tool_result", "text"],
    responses: ["print(1)", "message"],
    gemini: ["executableCode", "codeExecutionResult", "text"],
  };
  for (const { client, provider } of crossed) {
    const search = searched[provider];
    const code = ran[provider];
    if (!search || !code) continue;
    test(`is told by a ${provider} provider and shown to a ${client} client as far as it can be whole`, async () => {
      const found = shown(client, await ask(client, provider, {}, { reply: search }));
      // Google says what it searched for at the end.
      const wanted =
        client === "responses" && provider === "messages" ? ofSearch.responses.toReversed() : ofSearch[client];
      expect(found).toEqual(wanted);
      expect(shown(client, await ask(client, provider, {}, { reply: code }))).toEqual(ofCode[client]);
    });
  }

  test("is told by halves to nobody", async () => {
    const output = [{ ...list(ran.responses, "output")[0], outputs: null }, ...list(ran.responses, "output").slice(1)];
    const reply = { ...ran.responses, output } as JsonObject;
    expect(shown("messages", await ask("messages", "responses", {}, { reply }))).toEqual(["text"]);
    expect(shown("gemini", await ask("gemini", "responses", {}, { reply }))).toEqual(["text"]);
    const paused = { ...searched.messages, content: [...list(searched.messages, "content").slice(0, 1), text] };
    expect(shown("responses", await ask("responses", "messages", {}, { reply: paused }))).toEqual(["message"]);
  });

  test("is shown with sources and outputs to clients that ask for them", async () => {
    const include = ["web_search_call.action.sources", "code_interpreter_call.outputs"];
    const search = await ask("responses", "messages", { include }, { reply: searched.messages as JsonObject });
    expect(at(search.json, "output.0.action.sources")).toEqual([{ type: "url", url: "https://a.example" }]);
    const code = await ask("responses", "gemini", { include }, { reply: ran.gemini as JsonObject });
    expect(at(code.json, "output.0.outputs")).toEqual([{ type: "logs", logs: "1\n" }]);
  });

  test("streams as the blocks that a client's grammar has", async () => {
    const parts = list(ran.gemini, "candidates.0.content.parts");
    const reply = parts.map((part, index) => ({
      candidates: [
        {
          ...{ content: { role: "model", parts: [part] }, index: 0 },
          ...(index === 2 ? { finishReason: "STOP" } : {}),
        },
      ],
    }));
    const streamed = await ask("messages", "gemini", {}, { reply, stream: true });
    const blocks = eventsOf(streamed).flatMap(({ content_block: block }) => (block ? [block as JsonObject] : []));
    const whole = await ask("messages", "gemini", {}, { reply: { ...ran.gemini, responseId: "r" } });
    expect(blocks.map(({ type }) => type)).toEqual(list(whole.json, "content").map(({ type }) => type ?? null));
    expect(streamed.text).toContain('{\\"code\\":\\"print(1)\\"}');
    expect(blocks[1]).toMatchObject({ tool_use_id: String(blocks[0]?.id), content: { stdout: "1\n", return_code: 0 } });
  });

  test("and Plexus made an item of is sent to no provider again", async () => {
    const code = await ask("messages", "gemini", {}, { reply: ran.gemini as JsonObject });
    const turns = [...messages, { role: "assistant", content: code.json.content ?? [] }, ...messages];
    const headers = { "anthropic-version": "2023-06-01" };
    const back = await ask("messages", "messages", { messages: turns }, { headers });
    expect(list(back.sent, "messages.1.content").map(({ type }) => type)).toEqual(["text"]);
    for (const provider of ["chat", "responses", "gemini"] as const) {
      expect((await ask("messages", provider, { messages: turns })).status).toBe(200);
    }
    const search = await ask("responses", "messages", {}, { reply: searched.messages as JsonObject });
    const user = { role: "user", content: "go" };
    const input = [user, ...list(search.json, "output"), user];
    const sent = await ask("responses", "responses", { input });
    expect(list(sent.sent, "input").map(({ type, role }) => type ?? role)).toEqual(["user", "message", "user"]);
    for (const provider of ["chat", "messages", "gemini"] as const) {
      expect((await ask("responses", provider, { input })).status).toBe(200);
    }
  });
});
