/** Requests of the playground: built by the client's protocol, sent through the pipeline, read back as words. */
import type { Authenticate } from "../config/keys.ts";
import type { PlayAsk, PlayCall, Played, PlayForm, Playground } from "../console/playing.ts";
import { forecast } from "../gateway/forecast.ts";
import type { Call, Gateway } from "../gateway/gateway.ts";
import { handle } from "../gateway/handle.ts";
import { Content } from "../kit/content.ts";
import { uuidv7 } from "../kit/id.ts";
import { SseDecoder } from "../kit/sse.ts";
import type { ChatRequest } from "../model/chat.ts";
import { replay } from "../model/collect.ts";
import { GatewayError } from "../model/error.ts";
import type { ChatEvent } from "../model/event.ts";
import type { Json } from "../model/json.ts";
import { Notes } from "../model/note.ts";
import type { RequestRecord } from "../model/record.ts";
import { defaultCapabilities } from "../model/target.ts";
import type { Protocol } from "../protocols/protocol.ts";

/** Its requests are told apart by this label. */
const label = "playground";

export function openPlayground(gateway: Gateway): Playground {
  return {
    draft: (form) => draft(protocolNamed(gateway, form.protocol), form),
    async estimate({ protocol, ...ask }) {
      const call = callOf(protocolNamed(gateway, protocol), "estimate", {
        ...ask,
        signal: new AbortController().signal,
      });
      return forecast({ ...gateway, authenticate: actingAs(ask.key) }, call);
    },
    send: (ask) => send(gateway, ask),
  };
}

function protocolNamed({ protocols }: Gateway, name: string): Protocol {
  const found = protocols.find((one) => one.name === name);
  if (found) return found;
  throw new GatewayError("invalid-request", `There is no protocol ${JSON.stringify(name)}.`, { param: "protocol" });
}

function draft(protocol: Protocol, form: PlayForm): PlayCall {
  const target = { provider: "plexus", model: form.model, scope: "plexus", can: defaultCapabilities };
  const built = protocol.buildRequest(requestOf(form), target, new Notes());
  const door = protocol.routes.find(({ operation }) => operation === "generate")?.path ?? "";
  const [called = "", query] = built.path.split("?");
  // Where the path says the model, it does so in the same way to us and to a provider.
  const path = door.endsWith("*") ? door.slice(0, -1) + called.slice(called.indexOf("/", 1) + 1) : door;
  return {
    path: query === undefined ? path : `${path}?${query}`,
    headers: [["content-type", "application/json"], ...Object.entries(built.headers)],
    credential: protocol.auth === "bearer" ? ["authorization", "Bearer "] : [protocol.auth, ""],
    body: JSON.stringify(built.body, null, 2),
  };
}

function requestOf({ protocol, model, system, prompt, maxTokens, isStream }: PlayForm): ChatRequest {
  return {
    ...{ protocol, model, tools: [], stream: isStream },
    instructions: system === "" ? [] : [{ type: "text", text: system }],
    items: [{ type: "message", role: "user", blocks: [{ type: "text", text: prompt }] }],
    sampling: maxTokens === null ? {} : { maxTokens },
  };
}

async function send(gateway: Gateway, ask: PlayAsk): Promise<Played> {
  const protocol = protocolNamed(gateway, ask.protocol);
  const id = uuidv7();
  let record: RequestRecord | null = null;
  const closed = (made: RequestRecord) => {
    if (made.id !== id) return;
    record = made;
    ask.closed(made);
  };
  const own: Gateway = {
    ...gateway,
    authenticate: actingAs(ask.key),
    observers: [...gateway.observers, { closed }],
  };
  const response = await handle(own, callOf(protocol, id, ask));
  const words = wordsOf(protocol, response);
  const text = new ReadableStream<string>({
    async pull(controller) {
      const { done, value } = await words.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    async cancel() {
      await words.return(undefined);
    },
  });
  return { id, text, record: () => record };
}

/** Without its secret, which nobody knows, and from wherever the console is: else as the key's own requests. */
function actingAs(name: string): Authenticate {
  return (snapshot, { now }) => {
    const key = snapshot.keys.get(name);
    if (key?.enabled && (key.expiresAt === null || now < key.expiresAt)) return { key, label };
    const words = key ? "is disabled or has expired" : "does not exist";
    throw new GatewayError("unauthenticated", `The key ${JSON.stringify(name)} ${words}.`);
  };
}

type Asked = Pick<PlayAsk, "call" | "address" | "signal">;

function callOf(protocol: Protocol, requestId: string, { call, address, signal }: Asked): Call {
  const [path = "", query = ""] = call.path.split("?");
  return {
    ...{ requestId, protocol, address, signal, credentials: [] },
    place: { path, query: new URLSearchParams(query) },
    headers: new Headers(call.headers.map(([name, value]): [string, string] => [name, value])),
    body: async () => Content.ofText(call.body),
  };
}

async function* wordsOf(protocol: Protocol, response: Response): AsyncGenerator<string, void> {
  const said = speaker();
  if (response.status >= 400) {
    const error = protocol.parseError(response.status, response.headers, await response.text());
    yield error.message;
    return;
  }
  if (!response.headers.get("content-type")?.startsWith("text/event-stream")) {
    const answers = protocol.parseResponse((await response.json()) as Json);
    yield replay(answers).map(said).join("");
    return;
  }
  const sse = new SseDecoder();
  const decoder = protocol.decodeStream();
  const reader = response.body?.getReader();
  try {
    for (;;) {
      const part = await reader?.read();
      const frames = part?.value ? sse.push(part.value) : sse.end();
      const events = frames.flatMap((frame) => decoder.push(frame));
      if (!part || part.done) events.push(...decoder.end());
      yield events.map(said).join("");
      if (!part || part.done) return;
    }
  } finally {
    // Whoever stopped looking has left, like any other client.
    await reader?.cancel().catch(() => undefined);
  }
}

/** Says events in words; thinking and calls are marked as such. */
function speaker(): (event: ChatEvent) => string {
  let isThinking = false;
  return (event) => {
    switch (event.type) {
      case "text-delta":
      case "refusal-delta":
      case "args-delta":
        return event.text;
      case "reasoning-delta": {
        const before = isThinking ? "" : "(thinking) ";
        isThinking = true;
        return before + event.text;
      }
      case "item-start":
        return event.item.type === "call" ? `→ ${event.item.name} ` : "";
      case "item-end": {
        const after = isThinking ? "\n\n" : event.item.type === "call" ? "\n" : "";
        isThinking = false;
        return after;
      }
      case "error":
        return `\n${event.error.message}`;
      default:
        return "";
    }
  };
}
