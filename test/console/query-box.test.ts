/** The query box of lists of requests. */
import { expect, test } from "bun:test";
import { readQuery } from "../../src/console/query-box.ts";

test("terms are read with their values, turned round by a minus, and the rest is looked for as it stands", () => {
  expect(readQuery('key:web status:5xx cost>0.10 -provider:x "text in error" more')).toEqual({
    terms: [
      { field: "key", is: "web" },
      { field: "status", is: { from: 500, to: 599 } },
      { field: "cost", is: { from: 100_000_001 } },
      { field: "provider", is: "x", not: true },
    ],
    text: "text in error more",
    faults: [],
  });
});

test("times and amounts have units, texts may have spaces or be absent", () => {
  expect(readQuery('total>2s ttft<300ms tries>1 in:0 key:"my laptop" alias:- status:429').terms).toEqual([
    { field: "total", is: { from: 2001 } },
    { field: "ttft", is: { to: 299 } },
    { field: "tries", is: { from: 2 } },
    { field: "in", is: { from: 0, to: 0 } },
    { field: "key", is: "my laptop" },
    { field: "alias", is: "" },
    { field: "status", is: { from: 429, to: 429 } },
  ]);
});

test("what cannot be understood is said with what there is", () => {
  expect(readQuery("colour:red cost>much key>a total>5kg").faults).toEqual([
    expect.stringMatching(/^colour:red: there is no colour; there are id, key, /),
    "cost>much: much is not an amount of US dollars such as 0.10",
    "key>a: key is a text, compare it with a colon",
    "total>5kg: 5kg is not a time such as 300ms or 2s",
  ]);
  expect(readQuery("").terms).toEqual([]);
  expect(readQuery(" \t")).toEqual({ terms: [], faults: [] });
});
