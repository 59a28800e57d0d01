import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { migrations } from "../../migrations/index.ts";
import type { OpenedRecord } from "../../src/model/record.ts";
import type { Database } from "../../src/store/database.ts";
import { openJournal } from "../../src/store/journal.ts";
import { migrate } from "../../src/store/migrate.ts";
import { openDatabase } from "../../src/store/open.ts";
import { replayJournals } from "../../src/store/replay.ts";
import { findRequest, recentRequests } from "../../src/store/requests.ts";
import { closedRecord, openedRecord } from "../support/records.ts";

let dir = "";
let database: Database;

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), "plexus-journal-"));
  database = openDatabase("sqlite://:memory:");
  await migrate(database, migrations);
});
afterEach(async () => {
  await database.close();
  rmSync(dir, { recursive: true, force: true });
});

/** The folder of a process that has ended. */
function deadFolder(lines: string[]): string {
  const folder = join(dir, "999999999-dead");
  mkdirSync(folder, { recursive: true });
  const owner = { pid: 999999999, host: hostname(), boot: "another", start: "1" };
  writeFileSync(join(folder, "owner.json"), JSON.stringify(owner));
  writeFileSync(join(folder, "journal-1.log"), lines.join("\n"));
  return folder;
}

function ownFolder(): string {
  return join(dir, readdirSync(dir).find((name) => name.startsWith(`${process.pid}-`))!);
}

describe("a journal", () => {
  test("replays closed records, and marks as interrupted what was only opened", async () => {
    const closed = closedRecord();
    const opened = openedRecord();
    const folder = deadFolder([
      JSON.stringify({ opened }),
      JSON.stringify({ opened: closed }),
      JSON.stringify({ closed }),
      "",
    ]);
    expect(await replayJournals(dir, database)).toEqual({ closed: 1, interrupted: 1, unreadable: 0 });
    expect(await findRequest(database.sql, closed.id)).toEqual(closed);
    expect(await findRequest(database.sql, opened.id)).toMatchObject({
      interrupted: true,
      status: null,
      at: opened.at,
    });
    expect(existsSync(folder)).toBe(false);
  });

  test("replays the same lines twice without a difference", async () => {
    const closed = closedRecord();
    const lines = [JSON.stringify({ opened: closed }), JSON.stringify({ closed }), JSON.stringify({ closed }), ""];
    deadFolder(lines);
    await replayJournals(dir, database);
    deadFolder(lines);
    await replayJournals(dir, database);
    expect((await recentRequests(database.sql)).data).toEqual([{ ...closed, routing: null }]);
  });

  test("ignores a line that was cut at any byte", async () => {
    const first = closedRecord();
    const line = `${JSON.stringify({ closed: closedRecord({ label: "ü" }) })}\n`;
    const bytes = Buffer.from(line);
    for (let cut = 0; cut < bytes.length - 1; cut += 13) {
      const folder = deadFolder([JSON.stringify({ closed: first }), ""]);
      appendFileSync(join(folder, "journal-1.log"), bytes.subarray(0, cut));
      const replayed = await replayJournals(dir, database);
      expect(replayed).toEqual({ closed: 1, interrupted: 0, unreadable: cut === 0 ? 0 : 1 });
    }
    expect((await recentRequests(database.sql)).data).toEqual([{ ...first, routing: null }]);
  });

  test("leaves the journal of a living process alone", async () => {
    const opened = openedRecord();
    const journal = openJournal(dir, () => [opened]);
    journal.opened();
    await Bun.sleep(60);
    expect(await replayJournals(dir, database)).toEqual({ closed: 0, interrupted: 0, unreadable: 0 });
    expect(readFileSync(join(ownFolder(), "journal-1.log"), "utf8")).toBe(`${JSON.stringify({ opened })}\n`);
    journal.close(true);
    expect(readdirSync(dir)).toEqual([]);
  });

  test("has a line for what runs longer than a moment, and one more when more is known of it", async () => {
    const [long, short, late] = [openedRecord(), openedRecord(), openedRecord()];
    const running: OpenedRecord[] = [];
    const journal = openJournal(dir, () => running);
    const lines = () => readFileSync(join(ownFolder(), "journal-1.log"), "utf8").split("\n").slice(0, -1);
    const ids = () => lines().map((line) => Object.values(JSON.parse(line) as Record<string, { id: string }>)[0]?.id);
    running.push(long);
    journal.opened();
    journal.closed(closedRecord({ id: short.id }));
    await Bun.sleep(60);
    running.unshift(late);
    journal.opened();
    await Bun.sleep(60);
    expect(ids()).toEqual([short.id, long.id, late.id]);
    const admission = { key: "k", model: "m", parent: null, inputTokens: 7, inputNano: null, charges: [] };
    journal.admitted({ ...long, admission });
    journal.admitted(openedRecord());
    await Bun.sleep(60);
    expect(ids()).toEqual([short.id, long.id, late.id, long.id]);
    expect(lines()[3]).toContain('"inputTokens":7');
    journal.admitted({ ...late, admission });
    running.shift();
    journal.closed(closedRecord({ id: late.id }));
    await Bun.sleep(60);
    expect(ids()).toEqual([short.id, long.id, late.id, long.id, late.id]);
    journal.close(true);
  });

  test("stays when the database cannot take it", async () => {
    const folder = deadFolder([JSON.stringify({ closed: closedRecord() }), ""]);
    const broken = openDatabase("sqlite://:memory:");
    await expect(replayJournals(dir, broken)).rejects.toThrow();
    await broken.close();
    expect(existsSync(join(folder, "journal-1.log"))).toBe(true);
  });

  test("drops a full segment only when its records are stored, and carries running requests on", async () => {
    const running = openedRecord();
    const journal = openJournal(dir, () => [running]);
    journal.opened();
    const closed = closedRecord({ label: "x".repeat(300_000) });
    const segment = journal.closed(closed);
    journal.tidy(true);
    expect(readdirSync(ownFolder()).sort()).toEqual(["journal-1.log", "journal-2.log", "owner.json"]);
    journal.stored(segment, 1);
    journal.tidy(true);
    expect(readdirSync(ownFolder()).sort()).toEqual(["journal-2.log", "owner.json"]);
    expect(readFileSync(join(ownFolder(), "journal-2.log"), "utf8")).toBe(`${JSON.stringify({ opened: running })}\n`);
    journal.close(false);
  });

  test("a process that is killed while it answers loses nothing that it had answered", async () => {
    const url = `sqlite://${join(dir, "plexus.db")}`;
    const journals = join(dir, "journal");
    const script = join(import.meta.dir, "../support/journal-child.ts");
    const child = Bun.spawn([process.execPath, script, url, journals], { stdout: "pipe", stderr: "inherit" });
    let told = "";
    const reading = (async () => {
      for await (const chunk of child.stdout) {
        told += Buffer.from(chunk).toString();
        if (told.length > 200_000) child.kill("SIGKILL");
      }
    })();
    await child.exited;
    await reading;
    const lines = told.slice(0, told.lastIndexOf("\n")).split("\n");
    const idsOf = (word: string) =>
      lines.flatMap((line) => (line.startsWith(`${word} `) ? [line.slice(word.length + 1)] : []));
    const answered = idsOf("closed");
    expect(answered.length).toBeGreaterThan(1000);

    const after = openDatabase(url);
    await replayJournals(journals, after);
    const rows = await after.sql<{ id: string; interrupted: number }>`SELECT id, interrupted FROM requests`;
    const stored = new Map(rows.map((row) => [row.id, row.interrupted]));
    expect(answered.filter((id) => stored.get(id) !== 0)).toEqual([]);
    expect(stored.get(idsOf("open")[0]!)).toBe(1);
    expect(await after.sql`PRAGMA integrity_check`).toEqual([{ integrity_check: "ok" }]);
    await after.close();
    expect(readdirSync(journals)).toEqual([]);
  }, 60_000);
});
