/** Conversations that come back to a strict vendor after others took part in them. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import type { Answer, Seen } from "../support/upstream/script.ts";
import { ChatClient } from "./clients/chat.ts";
import type { Client, Reply } from "./clients/client.ts";
import { MessagesClient } from "./clients/messages.ts";
import { ResponsesClient } from "./clients/responses.ts";
import { startWorld, type World } from "./world.ts";

const counts = { input: 5, cached: 0, written: 0, visible: 9, reasoning: 3 };
let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world.stop());

interface Turn {
  to: string;
  answer: Omit<Answer, "counts">;
  stream: boolean;
}

/** What the upstream saw, and the reply, which the client has kept. */
async function turn(client: Client, { to, answer, stream }: Turn): Promise<{ seen: Seen | undefined; reply: Reply }> {
  const account = world.accounts.find(({ name }) => name === to);
  if (!account) throw new Error(`no account ${to}`);
  const model = account.upstream.script("returning", [{ ...answer, counts }]);
  const response = await world.post(client.request({ model: `${to}/${model}`, stream }));
  const text = await response.text();
  expect(account.upstream.violations(model)).toEqual([]);
  const reply = client.read(text, stream);
  client.keep(reply);
  return { seen: account.upstream.seen(model)[0], reply };
}

const look = (id: string) => ({ calls: [{ id, name: "look", args: { at: "here" } }] });
const answered = (client: Client, { calls }: Reply, text = "A fox.") =>
  client.report(calls.map((call) => ({ call, text, error: false, image: false })));

for (const stream of [false, true]) {
  const how = stream ? "streamed" : "whole";

  test.each([
    ["messages", () => new MessagesClient({ habit: "all", thinks: false })],
    ["responses", () => new ResponsesClient({ habit: "all", thinks: false })],
  ] as const)(`a server's repeated call id reaches a %s client once (${how})`, async (vendor, make) => {
    const client = make();
    client.say({ text: "What is there?" });
    const ids: string[] = [];
    for (let at = 0; at < 3; at++) {
      const { reply } = await turn(client, { to: "chat-1", answer: look("functions.look:0"), stream });
      ids.push(...reply.calls.map(({ id }) => id));
      answered(client, reply);
    }
    expect(new Set(ids).size).toBe(3);
    const { seen } = await turn(client, { to: `${vendor}-1`, answer: { text: "A fox." }, stream });
    expect(seen?.calls.map(({ id }) => id)).toEqual(ids);
    expect(seen?.results.map(({ id }) => id)).toEqual(ids);
  });

  test(`a tool loop that others began without reasoning goes on without it (${how})`, async () => {
    const client = new MessagesClient({ habit: "official", thinks: true });
    client.say({ text: "What is there?" });
    const { reply } = await turn(client, { to: "chat-1", answer: { text: "Let me look.", ...look("call_1") }, stream });
    expect(reply.entries.map(({ type }) => type)).toEqual(["text", "thinking", "tool_use"]);
    answered(client, reply);
    const second = await turn(client, { to: "messages-1", answer: { text: "A fox." }, stream });
    expect(second.seen?.thinks).toBe(false);
    client.say({ text: "And now?" });
    const third = await turn(client, { to: "messages-1", answer: { reasoning: "Well.", text: "A fox." }, stream });
    expect(third.seen?.thinks).toBe(true);
  });

  test(`text without calls comes alone to a client that asked for reasoning (${how})`, async () => {
    const client = new MessagesClient({ habit: "all", thinks: true });
    client.say({ text: "What is there?" });
    const { reply } = await turn(client, { to: "chat-1", answer: { text: "A fox." }, stream });
    expect(reply.entries.map(({ type }) => type)).toEqual(["text"]);
  });

  test(`an account gets the ids of its own items back, and those of no other (${how})`, async () => {
    const client = new ResponsesClient({ habit: "all", thinks: true });
    client.say({ text: "What is there?" });
    const answer = { reasoning: "Look.", text: "Let me look.", ...look("call_1") };
    const { reply } = await turn(client, { to: "responses-1", answer, stream });
    answered(client, reply);
    const there = await turn(client, { to: "responses-2", answer: { text: "A fox." }, stream });
    expect(there.seen?.proofs).toEqual([]);
    client.say({ text: "Are you sure?" });
    const back = await turn(client, { to: "responses-1", answer: { text: "I am." }, stream });
    expect(back.seen?.proofs).toEqual([String(reply.entries[0]?.encrypted_content)]);
  });

  test(`ids that Plexus made for a client stay here in a large body, too (${how})`, async () => {
    const client = new ResponsesClient({ habit: "all", thinks: false });
    client.say({ text: "What is there?" });
    const { reply } = await turn(client, { to: "chat-1", answer: { text: "Let me look.", ...look("call_1") }, stream });
    answered(client, reply, "A fox. ".repeat(12_000));
    const { seen } = await turn(client, { to: "responses-1", answer: { text: "A fox." }, stream });
    expect(seen?.results).toHaveLength(1);
  });

  test(`ids that one Chat server says again are told apart by every vendor (${how})`, async () => {
    const client = new ChatClient({ habit: "official", thinks: false });
    client.say({ text: "What is there?" });
    for (let at = 0; at < 2; at++)
      answered(client, (await turn(client, { to: "chat-1", answer: look("call_1"), stream })).reply);
    for (const to of ["messages-1", "responses-1", "gemini-1"]) {
      const { seen } = await turn(client, { to, answer: { text: "A fox." }, stream });
      expect(seen?.calls).toHaveLength(2);
      client.say({ text: "Look again." });
    }
  });
}
