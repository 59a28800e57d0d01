import { describe, expect, test } from "bun:test";
import { protocolOrder, rowOf, rowsOf } from "../../src/protocols/fates/fate.ts";
import { answerTables } from "../../src/protocols/fates/index.ts";
import { answerFate, answerQuestions } from "./answers.ts";
import { othersOf } from "./dialects.ts";

describe.each([...protocolOrder])("answers of a %s provider", (provider) => {
  const rows = rowsOf(answerTables[provider]);
  const questions = answerQuestions(provider);

  test("every field of the published types has its row, and every row a field", () => {
    const used = new Set(questions.map(({ path }) => rowOf(rows, path)));
    expect(questions.filter(({ path }) => !rowOf(rows, path)).map(({ path }) => path)).toEqual([]);
    expect(rows.filter((row) => !used.has(row)).map(({ path }) => path)).toEqual([]);
    expect(questions.length).toBeGreaterThan(80);
  });

  test.each(othersOf(provider))("each field reaches a %s client as the table says", (client) => {
    const column = othersOf(provider).indexOf(client);
    const wrong = questions.flatMap((question) => {
      const said = rowOf(rows, question.path)?.fates[column];
      const seen = answerFate(provider, client, question);
      return said === undefined || said === seen ? [] : [`${question.path}: said ${said}, is ${seen}`];
    });
    expect(wrong).toEqual([]);
  });
});
