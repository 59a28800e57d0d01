/** One node of several on one database, for tests: told by lines on its input what to do, answers with lines. */

import { GatewayError } from "../../src/model/error.ts";
import { Cooldowns } from "../../src/routing/cooldowns/cooldowns.ts";
import type { Permit } from "../../src/routing/cooldowns/permit.ts";
import { openCooldownStore } from "../../src/store/cooldowns.ts";
import { openDatabase } from "../../src/store/open.ts";
import { providerOf } from "../routing/cooling.ts";

const [url = "", initialMs = "1000", probeMs = "1000", maxMs = "18000000"] = process.argv.slice(2);
const now = () => performance.timeOrigin + performance.now();
const database = openDatabase(url);
const settings = { initialMs: Number(initialMs), maxMs: Number(maxMs), probeMs: Number(probeMs), onTimeout: false };
const cooldowns = new Cooldowns({
  store: openCooldownStore(database, now),
  settings: () => settings,
  now,
  random: () => 0,
  onError: (error) => console.error(error),
});
await cooldowns.shared.open();
const provider = providerOf("acme");
const open = new Map<string, Permit>();

const orders: Record<string, (argument: string) => Promise<unknown> | unknown> = {
  async enter(name) {
    const permit = await cooldowns.enter({ provider, model: "m" }, { requestId: name, slackMs: 0 });
    if (permit) open.set(name, permit);
    return permit !== undefined;
  },
  fail: (name) => open.get(name)?.failed(new GatewayError("upstream-failed", "broken")),
  far: (name) =>
    open
      .get(name)
      ?.failed(new GatewayError("rate-limited", "week", { retryAfterMs: 18_000_000, statedMs: 561_600_000 })),
  succeed: (name) => open.get(name)?.succeeded(),
  flush: () => cooldowns.shared.flush(),
  states: () => cooldowns.shared.states.all().map(({ value }) => ({ ...value, left: Math.round(value.until - now()) })),
};

for await (const line of console) {
  const [order = "", argument = ""] = line.split(" ");
  console.log(JSON.stringify((await orders[order]?.(argument)) ?? null));
}
