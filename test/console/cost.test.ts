/** What a request's page says of its cost. */
import { expect, test } from "bun:test";
import { type RequestDetail, requestPage } from "../../views/pages/request.tsx";
import { closedRecord } from "../support/records.ts";

const shell = {
  ...{ style: "/s", icon: "/i", scripts: [], isEncrypted: true },
  ...{ current: "/console/requests", csrf: "c", notices: [] },
};

function told(fields: Partial<RequestDetail>): string[] {
  const { html } = requestPage({ shell, request: { ...closedRecord(), ...fields }, zone: "UTC" });
  const text = (html.split("What it took")[1] ?? "").replace(/<[^>]+>/g, "\n");
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  const at = lines.indexOf("Cost");
  return [lines[at + 1] ?? "", lines[at + 3] ?? ""];
}

test("names the price that it was computed with", () => {
  const pricing = { reportedNano: null, computedNano: 1_500_000_000, version: "builtin-2026-11-22" };
  expect(told({ costNano: 1_500_000_000, pricing })).toEqual(["$1.50", "builtin-2026-11-22"]);
});

test("names the provider whose number it is, and ours beside it", () => {
  const pricing = { reportedNano: 2_000_000_000, computedNano: 1_500_000_000, version: "update-3" };
  expect(told({ costNano: 2_000_000_000, pricing })).toEqual(["$2.00", "the provider ($1.50 by update-3)"]);
  const alone = { ...pricing, computedNano: null, version: null };
  expect(told({ costNano: 2_000_000_000, pricing: alone })).toEqual(["$2.00", "the provider"]);
});

test("says that no price is known, which is not nothing", () => {
  const unknown = { reportedNano: null, computedNano: null, version: null };
  expect(told({ costNano: null, pricing: unknown })[0]).toBe("no price");
  expect(told({ costNano: 0, pricing: { ...unknown, computedNano: 0, version: "config-1" } })[0]).toBe("$0");
});
