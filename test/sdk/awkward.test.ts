/** Requests that are legal where they come from and need care where they go: the strict provider refuses none of them. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { type Fields, fieldsOf, listOf } from "../support/upstream/shape.ts";
import { awkwardChat } from "./awkward-chat.ts";
import { awkwardMessages } from "./awkward-messages.ts";
import { openWorld, type World } from "./bench.ts";

let world: World;

beforeAll(async () => {
  world = await openWorld();
});

afterAll(async () => {
  await world.stop();
});

const counts = { input: 10, cached: 0, written: 0, visible: 5, reasoning: 0 };

/** Posts to one door of the gateway, for a provider of the other protocol. */
async function send(door: "chat" | "messages", name: string, body: Fields) {
  const to = door === "chat" ? "messages" : "chat";
  const upstream = world.upstreams[to];
  const model = upstream.script(name, [{ text: "Fine.", counts }]);
  const { url, clientKey } = world.gateway;
  const response = await fetch(`${url}/v1/${door === "chat" ? "chat/completions" : "messages"}`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      authorization: `Bearer ${clientKey}`,
      "anthropic-version": "2023-06-01",
    },
    body: JSON.stringify({ ...body, model: `${to}/${model}` }),
  });
  const answer = fieldsOf(await response.json());
  expect(upstream.violations(model)).toEqual([]);
  return { status: response.status, answer, seen: upstream.seen(model) };
}

const simple = { messages: [{ role: "user", content: "Hi" }] };

for (const { name, body, check, refused } of awkwardChat) {
  test.concurrent(`a Chat client's ${name} reaches a Messages provider`, async () => {
    const { status, answer, seen } = await send("chat", name, { ...simple, ...body });
    if (refused !== undefined) {
      expect(status).toBe(400);
      expect(fieldsOf(answer.error).param).toBe(refused);
      expect(seen).toEqual([]);
      return;
    }
    expect(answer.error).toBeUndefined();
    expect(fieldsOf(listOf(answer.choices)[0]?.message).content).toBe("Fine.");
    expect(seen.length).toBe(1);
    if (seen[0]) check?.(seen[0]);
  });
}

for (const { name, body, check, refused } of awkwardMessages) {
  test.concurrent(`a Messages client's ${name} reaches a Chat provider`, async () => {
    const { status, answer, seen } = await send("messages", name, { max_tokens: 3000, ...simple, ...body });
    if (refused !== undefined) {
      expect(status).toBe(400);
      expect(fieldsOf(answer.error).message).toContain(refused);
      expect(seen).toEqual([]);
      return;
    }
    expect(answer.error).toBeUndefined();
    expect(listOf(answer.content)).toMatchObject([{ type: "text", text: "Fine." }]);
    expect(seen.length).toBe(1);
    if (seen[0]) check?.(seen[0]);
  });
}
