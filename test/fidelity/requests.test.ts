import { describe, expect, test } from "bun:test";
import { type Fate, protocolOrder, rowOf, rowsOf } from "../../src/protocols/fates/fate.ts";
import { requestTables } from "../../src/protocols/fates/index.ts";
import { dialects, othersOf, protocolOf } from "./dialects.ts";
import { fateOf, questionsOf } from "./fields.ts";

describe.each([...protocolOrder])("requests of a %s client", (client) => {
  const rows = rowsOf(requestTables[client]);
  const questions = questionsOf(dialects[client]);
  const from = protocolOf(client);

  test("every field of the published types has its row, and every row a field", () => {
    const used = new Set(questions.map(({ path }) => rowOf(rows, path)));
    expect(questions.filter(({ path }) => !rowOf(rows, path)).map(({ path }) => path)).toEqual([]);
    expect(rows.filter((row) => !used.has(row)).map(({ path }) => path)).toEqual([]);
    expect(questions.length).toBeGreaterThan(100);
  });

  test("no two rows are about the same", () => {
    const paths = rows.map(({ path }) => path);
    expect(paths.filter((path, index) => paths.indexOf(path) !== index)).toEqual([]);
  });

  test("data and constraints are never dropped, and what is implied is named field by field", () => {
    const lost = rows.filter((row) => row.fieldClass === "D" && row.fates.includes("dropped"));
    const vague = rows.filter((row) => row.fates.includes("implied") && row.path.endsWith("**"));
    expect([...lost, ...vague].map(({ path }) => path)).toEqual([]);
  });

  test.each(othersOf(client))("each field reaches a %s provider as the table says", (provider) => {
    const to = protocolOf(provider);
    const column = othersOf(client).indexOf(provider);
    const wrong = questions.flatMap((question) => {
      const said = rowOf(rows, question.path)?.fates[column];
      const { fate, why } = fateOf(dialects[client], question, { from, to });
      // What leaves no trace at all is lost, unless there was nothing to send.
      const seen: Fate | "lost" = fate === "lost" && said === "implied" ? "implied" : fate;
      return said === undefined || said === seen ? [] : [`${question.path}: said ${said}, is ${seen} (${why})`];
    });
    expect(wrong).toEqual([]);
  });
});
