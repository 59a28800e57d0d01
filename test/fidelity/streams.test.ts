import { describe, expect, test } from "bun:test";
import { protocolOrder, rowOf, rowsOf } from "../../src/protocols/fates/fate.ts";
import { streamTables } from "../../src/protocols/fates/index.ts";
import { othersOf } from "./dialects.ts";
import { streamFate, streamQuestions } from "./streams.ts";

describe.each([...protocolOrder])("streams of a %s provider", (provider) => {
  const rows = rowsOf(streamTables[provider]);
  const questions = streamQuestions(provider);

  test("every field of the published types has its row, and every row a field", () => {
    const used = new Set(questions.map(({ path }) => rowOf(rows, path)));
    expect(questions.filter(({ path }) => !rowOf(rows, path)).map(({ path }) => path)).toEqual([]);
    expect(rows.filter((row) => !used.has(row)).map(({ path }) => path)).toEqual([]);
    expect(questions.length).toBeGreaterThan(50);
  });

  test.each(othersOf(provider))("each field of an event reaches a %s client as the table says", (client) => {
    const column = othersOf(provider).indexOf(client);
    const wrong = questions.flatMap((question) => {
      const said = rowOf(rows, question.path)?.fates[column];
      const seen = streamFate(provider, client, question);
      return said === undefined || said === seen ? [] : [`${question.path}: said ${said}, is ${seen}`];
    });
    expect(wrong).toEqual([]);
  });
});
