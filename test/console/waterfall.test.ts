/** Where the time of a request went: bars that follow each other, from its arrival to its end. */
import { expect, test } from "bun:test";
import { type RequestDetail, requestPage } from "../../views/pages/request.tsx";
import { closedRecord } from "../support/records.ts";

const shell = {
  ...{ style: "/s", icon: "/i", scripts: [], isEncrypted: true },
  ...{ current: "/console/requests", csrf: "c", notices: [] },
};
const phases = {
  authenticated: 1,
  read: 2,
  parsed: 3,
  routed: 4,
  sent: 2010,
  headers: 2500,
  committed: 2600,
  closed: 3000,
};
const failed = { code: "overloaded" as const, message: "busy", chain: [] };

function bars(fields: Partial<RequestDetail>): string[][] {
  const { html } = requestPage({
    shell,
    request: { ...closedRecord(), phases, totalMs: 3000, ...fields },
    zone: "UTC",
  });
  const table = /aria-labelledby="timing"[\s\S]*?<tbody>([\s\S]*?)<\/tbody>/.exec(html)?.[1] ?? "";
  return [...table.matchAll(/<tr>([\s\S]*?)<\/tr>/g)].map(([, row = ""]) =>
    [...row.matchAll(/<t[hd][^>]*>([\s\S]*?)<\/t[hd]>/g)].map(([, cell = ""]) => cell.replace(/<[^>]+>/g, "").trim()),
  );
}

test("a try that failed has a bar of its own, before what was sent after it", () => {
  const errors = [
    { ...failed, target: "a/x", fromMs: 5, tookMs: 995 },
    { ...failed, target: "b/y", fromMs: 1001, tookMs: 999 },
  ];
  const lines = bars({ errors, attempts: 3 });
  expect(lines.slice(3).map(([name, , from, took]) => [name, from, took])).toEqual([
    ["Route", "3.0 ms", "1.0 ms"],
    ["Try 1, failed: a/x", "4.0 ms", "996 ms"],
    ["Try 2, failed: b/y", "1.0 s", "1.0 s"],
    ["Transform and send", "2.0 s", "10 ms"],
    ["Wait for the provider", "2.0 s", "490 ms"],
    ["Wait for the first content", "2.5 s", "100 ms"],
    ["Answer", "2.6 s", "400 ms"],
  ]);
});

test("of a request that came to no answer the tries are all that there is", () => {
  const errors = [{ ...failed, target: "a/x", fromMs: 5, tookMs: 995 }];
  const lines = bars({ errors, phases: { routed: 4, closed: 1010 }, totalMs: 1010, code: "overloaded" });
  expect(lines.map(([name]) => name)).toEqual(["Route", "Try 1, failed: a/x", "Answer"]);
});
