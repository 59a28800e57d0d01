import { afterEach, expect, test } from "bun:test";
import { candidatesOf, parseRouting } from "../../src/model/routing-record.ts";
import type { Login, Logins } from "../../src/providers/logins.ts";
import { type Door, openDoor, plainAnswers, secret } from "../recordings/door.ts";

const login = { kind: "claude", account: "work" };
let door: Door | undefined;
afterEach(() => door?.close());

/** A login whose first token was revoked; `next` is what a renewal gives. */
class Revoked implements Logins {
  readonly asked: [Login, string][] = [];
  private now: string | undefined = "token-old-0123456789";
  private readonly next: string | undefined;

  constructor(next: string | undefined) {
    this.next = next;
  }

  lacks(): boolean {
    return this.now === undefined;
  }

  token(): string | undefined {
    return this.now;
  }

  loggedIn(token: string): void {
    this.now = token;
  }

  async renewed(login: Login, refused: string): Promise<string | undefined> {
    this.asked.push([login, refused]);
    this.now = this.next;
    return this.next;
  }
}

/** The provider takes one token only; another stands behind it. */
function open(logins: Logins, taken: string): Door {
  const answer = ({ url, headers }: { url: string; headers: Record<string, string> }) => {
    if (url.startsWith("https://spare.example")) return Response.json(plainAnswers.chat);
    if (headers.authorization === `Bearer ${taken}`) return Response.json(plainAnswers.chat);
    return Response.json({ error: { message: "revoked", type: "invalid_request_error" } }, { status: 401 });
  };
  return openDoor({
    ...{ provider: "chat", answer, logins, cools: true, targets: ["up/model", "spare/model"] },
    more: { api_key: null, oauth: login },
    others: { spare: { protocols: { chat: "https://spare.example/v1" }, api_key: "sk-spare-0123456789" } },
  });
}

function post({ fetch }: Door, content: string): Promise<Response> {
  return fetch("http://door/v1/chat/completions", {
    method: "POST",
    headers: { authorization: `Bearer ${secret}`, "content-type": "application/json" },
    body: JSON.stringify({ model: "model", messages: [{ role: "user", content }] }),
  });
}

async function ask(door: Door, content: string): Promise<number> {
  const response = await post(door, content);
  await response.text();
  return response.status;
}

const hosts = ({ sent }: Door) => sent.map(({ url }) => new URL(url).host);

test.each([
  ["short", "Hello"],
  ["large", "x".repeat(200_000)],
])(
  "a revoked token is renewed once, and the same target answers without a cooldown, %s (vector 16)",
  async (_size, content) => {
    const logins = new Revoked("token-new-0123456789");
    door = open(logins, "token-new-0123456789");
    expect(await ask(door, content)).toBe(200);
    expect(logins.asked).toEqual([[login, "token-old-0123456789"]]);
    expect(hosts(door)).toEqual(["up.example", "up.example"]);
    expect(door.sent[1]?.body).toBe(door.sent[0]?.body ?? "");
    expect(door.sent[1]?.body).toContain(content);
    expect(door.records[0]).toMatchObject({ status: 200, attempts: 1, errors: [] });
    // The next one goes there at once, with the new token.
    expect(await ask(door, content)).toBe(200);
    expect(hosts(door)).toEqual(["up.example", "up.example", "up.example"]);
    expect(logins.asked.length).toBe(1);
  },
);

test("a renewed token that is refused, too, is no reason to renew again: the account rests", async () => {
  const logins = new Revoked("token-new-0123456789");
  door = open(logins, "token-of-nobody");
  expect(await ask(door, "Hello")).toBe(200);
  expect(logins.asked.length).toBe(1);
  expect(hosts(door)).toEqual(["up.example", "up.example", "spare.example"]);
  expect(door.records[0]?.errors).toMatchObject([{ code: "upstream-auth" }]);
  expect(await ask(door, "Hello")).toBe(200);
  expect(hosts(door).slice(3)).toEqual(["spare.example"]);
});

test("what cannot be renewed is left out without a timer, until somebody has logged in again", async () => {
  const logins = new Revoked(undefined);
  door = open(logins, "token-next-0123456789");
  expect(await ask(door, "Hello")).toBe(200);
  expect(hosts(door)).toEqual(["up.example", "spare.example"]);
  expect(door.records[0]?.errors).toMatchObject([
    { code: "upstream-auth", message: "up: The account of this provider is logged out, and has to log in again." },
  ]);
  expect(await ask(door, "Hello")).toBe(200);
  expect(hosts(door).slice(2)).toEqual(["spare.example"]);
  const left = candidatesOf(parseRouting(door.records[1]?.routing ?? ""), { target: null, attempts: 0, failed: [] });
  expect(left.at(-1)).toMatchObject({ target: "up/model", reason: "logged-out", until: null });
  expect(door.cooldowns.shared.states.knowsNothingOf("up")).toBe(true);
  logins.loggedIn("token-next-0123456789");
  expect(await ask(door, "Hello")).toBe(200);
  expect(hosts(door).slice(3)).toEqual(["up.example"]);
});

test("where nobody else is there to ask, the client is told that somebody has to log in, and nobody is asked", async () => {
  door = openDoor({
    ...{ provider: "chat", answer: () => Response.json(plainAnswers.chat), targets: ["up/model"] },
    more: { api_key: null, oauth: login },
  });
  const response = await post(door, "Hello");
  expect(response.status).toBe(502);
  expect(await response.text()).toContain("logged out");
  expect(door.sent).toEqual([]);
  expect(door.records[0]).toMatchObject({ code: "upstream-auth", attempts: 0 });
});
