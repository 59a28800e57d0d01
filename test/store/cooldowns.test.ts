import { beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import type { CooldownState } from "../../src/model/cooldown.ts";
import { GatewayError } from "../../src/model/error.ts";
import { Cooldowns } from "../../src/routing/cooldowns/cooldowns.ts";
import { clearCooldowns } from "../../src/routing/cooldowns/upkeep.ts";
import { openCooldownStore } from "../../src/store/cooldowns.ts";
import type { Database } from "../../src/store/database.ts";
import { acme, broken, hour, limited, minute, usual } from "../routing/cooling.ts";
import { type Dialect, dialects, withMigrated } from "../support/databases.ts";
import { sharedPostgres } from "../support/postgres.ts";

beforeAll(() => sharedPostgres(), 60_000);

const real = () => performance.timeOrigin + performance.now();

async function openNode(database: Database, now: () => number = real) {
  const store = openCooldownStore(database, now);
  const cooldowns = new Cooldowns({ store, settings: () => usual, now, random: () => 0 });
  await cooldowns.shared.open();
  const enter = async (model = "m", requestId: string = crypto.randomUUID()) => {
    const permit = await cooldowns.enter({ provider: acme, model }, { requestId, slackMs: 0 });
    if (!permit) throw new Error("leave to ask was refused");
    return permit;
  };
  const states = () => cooldowns.shared.states.all().map(({ value }) => value);
  return { cooldowns, store, enter, states, flush: () => cooldowns.shared.flush() };
}

describe.each(dialects)("cooldowns in %s", (dialect: Dialect) => {
  test("survive a restart, failures included", () =>
    withMigrated(dialect, async ({ database }) => {
      const first = await openNode(database);
      const request = await first.enter("x/y:free");
      await Bun.sleep(2);
      request.failed(broken());
      (await first.enter("weekly")).failed(limited(5 * hour, 156 * hour));
      await first.flush();
      await first.cooldowns.shared.close();
      const second = await openNode(database);
      const byModel = (model: string) => second.states().find(({ key }) => key.model === model);
      expect(byModel("x/y:free")).toMatchObject({ failures: 1, reason: "upstream-failed", message: "broken" });
      expect(Math.abs((byModel("x/y:free")?.until ?? 0) - real() - 2 * minute)).toBeLessThan(2000);
      expect(byModel("weekly")).toMatchObject({ failures: 0, isFar: true, source: "stated" });
      expect(second.cooldowns.cooling({ provider: acme, model: "x/y:free" })).toMatchObject({ failures: 1 });
    }));

  test("are learned by other nodes, and so is that they were cleared or ended", () =>
    withMigrated(dialect, async ({ database }) => {
      const one = await openNode(database);
      const other = await openNode(database);
      (await one.enter()).failed(broken());
      await one.flush();
      await other.flush();
      expect(other.states()).toHaveLength(1);
      expect(other.cooldowns.cooling({ provider: acme, model: "m" })).toBeDefined();
      expect(clearCooldowns(other.cooldowns, { provider: "acme" })).toBe(1);
      await other.flush();
      await one.flush();
      expect(one.states()).toEqual([]);
      (await one.enter()).failed(broken());
      await one.flush();
      const { data } = await one.store.history({ limit: 10 });
      expect(data.map(({ kind }) => kind)).toEqual(["cooled", "cleared", "cooled"]);
      const page = await one.store.history({ limit: 2 });
      expect((await one.store.history({ limit: 2, after: page.next ?? "" })).data).toEqual(data.slice(2));
    }));

  test("count failures on several nodes at once as one", () =>
    withMigrated(dialect, async ({ database }) => {
      const nodes = [await openNode(database), await openNode(database)];
      const permits = await Promise.all([...nodes, ...nodes, ...nodes].map((node) => node.enter()));
      await Bun.sleep(20);
      for (const permit of permits) permit.failed(broken());
      for (const node of [...nodes, ...nodes]) await node.flush();
      for (const node of nodes) expect(node.states()).toMatchObject([{ failures: 1 }]);
    }));

  test("count once what another node asked before it heard of the failure", () =>
    withMigrated(dialect, async ({ database }) => {
      const one = await openNode(database);
      const other = await openNode(database);
      (await one.enter()).failed(broken());
      await one.cooldowns.shared.flush();
      const late = await other.enter();
      await Bun.sleep(5);
      late.failed(broken());
      await other.flush();
      expect(other.states()).toMatchObject([{ failures: 1 }]);
    }));

  test("mean the same moment on nodes whose clocks do not agree", () =>
    withMigrated(dialect, async ({ database }) => {
      const one = await openNode(database);
      // On SQLite both nodes have the machine's clock: only that of the process is off.
      const off = await openNode(database, () => real() - 3 * hour);
      (await one.enter()).failed(limited(10 * minute));
      await one.flush();
      await off.flush();
      const [state] = off.states();
      expect(Math.abs((state?.until ?? 0) - (real() - 3 * hour) - 10 * minute)).toBeLessThan(2000);
    }));

  test("wait in memory while the database is away", () =>
    withMigrated(dialect, async ({ database }) => {
      let isAway = true;
      const store = openCooldownStore(database, real);
      const errors: unknown[] = [];
      const cooldowns = new Cooldowns({
        store: {
          read: (seen) => (isAway ? Promise.reject(new Error("away")) : store.read(seen)),
          change: (change) => (isAway ? Promise.reject(new Error("away")) : store.change(change)),
        },
        settings: () => usual,
        onError: (error) => void errors.push(error),
      });
      const ask = () => cooldowns.enter({ provider: acme, model: "m" }, { requestId: "r", slackMs: 0 });
      (await ask())?.failed(broken());
      await cooldowns.shared.flush();
      expect(errors.length).toBe(1);
      expect(await ask()).toBeUndefined();
      isAway = false;
      await cooldowns.shared.flush();
      const read = await store.read(undefined);
      expect(read?.states).toMatchObject([{ failures: 1 }]);
      expect(cooldowns.shared.states.all()).toHaveLength(1);
    }));

  test("take names and words of any characters", () =>
    withMigrated(dialect, async ({ database }) => {
      const node = await openNode(database);
      const model = "a:b/c'd\"\u{1F600} \\ %";
      (await node.enter(model)).failed(new GatewayError("upstream-failed", `nul \u0000 half \ud800 ${model}`));
      await node.flush();
      const again = await openNode(database);
      expect(again.states()[0]?.key.model).toBe(model);
      expect(again.cooldowns.cooling({ provider: acme, model })).toBeDefined();
    }));
});

describe.each(dialects)("two processes on one %s", (dialect: Dialect) => {
  test(
    "have never more than one trial in flight",
    () =>
      withMigrated(dialect, async ({ url }) => {
        const nodes = [await startNode(url), await startNode(url)];
        try {
          const [one, other] = nodes as [Node, Node];
          await one.say("enter a");
          await one.say("fail a");
          for (let round = 0; round < 4; round++) {
            await untilOpen(one, other);
            const asked = await Promise.all(
              Array.from({ length: 10 }, (_, at) => nodes[at % 2]?.say(`enter p${round}-${at}`)),
            );
            expect(asked.filter(Boolean)).toHaveLength(1);
            const at = asked.indexOf(true);
            const prober = nodes[at % 2] as Node;
            await Bun.sleep(700);
            expect(await Promise.all(nodes.map((node, n) => node.say(`enter late${round}-${n}`)))).toEqual([
              false,
              false,
            ]);
            await prober.say(`${round < 3 ? "fail" : "succeed"} p${round}-${at}`);
            await one.say("flush");
            await other.say("flush");
            await one.say("flush");
            if (round < 3) expect(await failures(other)).toEqual([round + 2]);
          }
          expect(await one.say("states")).toEqual([]);
          expect(await other.say("states")).toEqual([]);
          expect(await Promise.all(nodes.map((node) => node.say("enter well")))).toEqual([true, true]);
        } finally {
          for (const node of nodes) node.stop();
        }
      }),
    60_000,
  );

  test(
    "let one live request through every probe_s where the stated reset is far away",
    () =>
      withMigrated(dialect, async ({ url }) => {
        const nodes = [await startNode(url), await startNode(url)];
        try {
          const [one, other] = nodes as [Node, Node];
          await one.say("enter a");
          await one.say("far a");
          await one.say("flush");
          await other.say("flush");
          const began = performance.now();
          const given: { at: number; node: Node; name: string }[] = [];
          for (let turn = 0; performance.now() - began < 3600; turn++) {
            const node = nodes[turn % 2] as Node;
            if (await node.say(`enter t${turn}`)) given.push({ at: performance.now() - began, node, name: `t${turn}` });
            const last = given.at(-1);
            if (last?.name === `t${turn}` && given.length < 3) await last.node.say(`far ${last.name}`);
            else if (last?.name === `t${turn}`) break;
            await Bun.sleep(20);
          }
          expect(given).toHaveLength(3);
          const gaps = given.map(({ at }, place) => at - (given[place - 1]?.at ?? 0));
          for (const gap of gaps) expect(gap).toBeGreaterThan(900);
          for (const gap of gaps) expect(gap).toBeLessThan(1400);
          await given[2]?.node.say(`succeed ${given[2].name}`);
          for (const node of [...nodes, ...nodes]) await node.say("flush");
          expect(await Promise.all(nodes.map((node) => node.say("states")))).toEqual([[], []]);
        } finally {
          for (const node of nodes) node.stop();
        }
      }),
    60_000,
  );
});

interface Node {
  say(line: string): Promise<unknown>;
  stop(): void;
}

async function startNode(url: string): Promise<Node> {
  const child = Bun.spawn([process.execPath, join(import.meta.dir, "cooldown-node.ts"), url, "250", "1000"], {
    stdin: "pipe",
    stdout: "pipe",
    stderr: "inherit",
  });
  const reader = child.stdout.getReader();
  const decoder = new TextDecoder();
  let text = "";
  let tail: Promise<unknown> = Promise.resolve();
  const answer = async (): Promise<unknown> => {
    while (!text.includes("\n")) {
      const part = await reader.read();
      if (part.done) throw new Error("the node ended");
      text += decoder.decode(part.value);
    }
    const end = text.indexOf("\n");
    const line = text.slice(0, end);
    text = text.slice(end + 1);
    return JSON.parse(line);
  };
  const node: Node = {
    say(line) {
      const turn = tail.then(() => {
        child.stdin.write(`${line}\n`);
        child.stdin.flush();
        return answer();
      });
      tail = turn.catch(() => undefined);
      return turn;
    },
    stop: () => child.kill(),
  };
  await node.say("flush");
  return node;
}

async function statesOf(node: Node): Promise<(CooldownState & { left: number })[]> {
  return (await node.say("states")) as (CooldownState & { left: number })[];
}

async function failures(node: Node): Promise<number[]> {
  return (await statesOf(node)).map((state) => state.failures);
}

/** Both know of it, and its time is over. */
async function untilOpen(...nodes: Node[]): Promise<void> {
  for (const node of nodes) await node.say("flush");
  for (const node of nodes) {
    for (let [state] = await statesOf(node); state && state.left > 0; [state] = await statesOf(node)) {
      await Bun.sleep(Math.min(state.left + 1, 100));
    }
  }
}
