/** The published table: FIDELITY.md, printed from the tables of fates and the SDKs' types. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Fate, fates, protocolOrder, type Row, rowOf, rowsOf } from "../../src/protocols/fates/fate.ts";
import { answerTables, requestTables, streamTables } from "../../src/protocols/fates/index.ts";
import { answerQuestions } from "./answers.ts";
import { modules } from "./dialect.ts";
import { dialects, type Name, othersOf } from "./dialects.ts";
import { questionsOf } from "./fields.ts";
import { keptFigures, recorded } from "./recorded.ts";
import { streamQuestions } from "./streams.ts";
import { table, titles } from "./table.ts";

/** Cells that a protocol has words for, and that stay empty all the same. */
const withheld = [
  ["image detail and Google's mediaResolution", "Google's holds for all media of a request, documents among them"],
  ["metadata towards Chat Completions", "OpenAI takes it of answers that it stores, and Plexus has it store none"],
  ["metadata and Google's labels", "labels exist on Vertex alone, and allow fewer characters"],
  ["marks of prompt caches", "sent where the model is known to take them (`cache_marks`), which the usual one is not"],
  [
    "web search and code execution",
    "asked for where the model is known to have them; with limits that it lacks it is a 400",
  ],
  [
    "calls one by one towards Google",
    "there is no such switch, and a call that the model made is not taken from the client",
  ],
  ["strict towards Google", "there is no such switch for a single function"],
  [
    "thoughts and signatures of another vendor",
    "nobody else can check them; they return to the provider that made them",
  ],
  ["citations towards Messages", "its citations need an index that only Anthropic can make"],
  ["speed and tiers that one vendor alone has", "their prices and promises have no counterpart"],
];

interface Part {
  name: Name;
  rows: Row[];
  paths: string[];
}

/** How many fields meet each fate, in each direction. */
export function counts({ name, rows, paths }: Part): { other: Name; count: Record<Fate, number> }[] {
  return othersOf(name).map((other, column) => {
    const count = Object.fromEntries(fates.map((fate) => [fate, 0])) as Record<Fate, number>;
    for (const path of paths) {
      const fate = rowOf(rows, path)?.fates[column];
      if (fate) count[fate]++;
    }
    return { other, count };
  });
}

function requests(): Part[] {
  return protocolOrder.map((name) => {
    const paths = questionsOf(dialects[name]).map(({ path }) => path);
    return { name, rows: rowsOf(requestTables[name]), paths };
  });
}

function answers(): Part[] {
  return protocolOrder.map((name) => {
    const paths = answerQuestions(name).map(({ path }) => path);
    return { name, rows: rowsOf(answerTables[name]), paths };
  });
}

function streams(): Part[] {
  return protocolOrder.map((name) => {
    const paths = streamQuestions(name).map(({ path }) => path);
    return { name, rows: rowsOf(streamTables[name]), paths };
  });
}

function countTable(parts: readonly Part[], arrow: (name: Name, other: Name) => string): string[] {
  const head = ["direction", "fields", ...fates];
  const lines = parts.flatMap((part) =>
    counts(part).map(({ other, count }) => [
      arrow(part.name, other),
      String(part.paths.length),
      ...fates.map((fate) => String(count[fate])),
    ]),
  );
  return table(head, lines);
}

function rowTable({ name, rows }: Part): string[] {
  const lines = rows.map(({ path, fieldClass, fates: found }) => [`\`${path}\``, fieldClass, ...found]);
  return table(["field", "class", ...othersOf(name).map((other) => titles[other])], lines);
}

function versions(): string {
  const names = ["openai", "@anthropic-ai/sdk", "@google/genai"];
  const of = (name: string) =>
    JSON.parse(readFileSync(`${modules}/${name}/package.json`, "utf8")) as { version: string };
  return names.map((name) => `${name} ${of(name).version}`).join(", ");
}

const words = `
What becomes of every field when client and provider speak different protocols. When they speak the same one, the request
passes as it came. The fields are those of the types in the official SDKs (VERSIONS); tests send every one of them through
every direction and fail when a field is missing here, when its fate is another one, or when it leaves no trace. This page
is printed from the code by \`npm run fidelity\`.

- **carried**: the same value, under whatever name. **mapped**: said in the other protocol's own way.
- **emulated**: had by other means, or as near as the provider comes; told in \`x-plexus-degraded\`.
- **dropped**: left out; told there as well when it is part of a request.
- **refused**: answered with 400 that names the field.
- **implied**: nothing to send, for it says what holds anyway, what something else says that is sent, or what Plexus itself
  sees to.

Class D is data and constraints, which are never dropped from a request; H is hints. In paths \`*\` stands for the elements
of a list, \`{tag}\` for one kind of object, \`=word\` for a value; \`**\` at the end takes in all that is inside.
What a model can (media, reasoning, structured output) may make a fate better or worse: this is a usual one.
JSON Schemas, whose laws are tested elsewhere, count as one value. Of answers, \`refused\` is an error that the client is told.
What a stream's blocks and items hold is told under whole answers. Each event of Responses is asked about as if it alone said
what it says, without the others that repeat it.
`;

export const pagePath = join(import.meta.dir, "../../FIDELITY.md");

/** With the figures that were measured, else those that the page has. */
export function page(figures = keptFigures(readFileSync(pagePath, "utf8"))): string {
  const asked = requests();
  const answered = answers();
  const events = streams();
  const section = (title: string, part: Part) => ["", `### ${title}`, "", ...rowTable(part)];
  return [
    "# Fate of every field",
    words.replace("VERSIONS", versions()),
    "## Requests, counted",
    "",
    ...countTable(asked, (name, other) => `${titles[name]} client, ${titles[other]} provider`),
    "",
    "## Answers, counted",
    "",
    ...countTable(answered, (name, other) => `${titles[name]} provider, ${titles[other]} client`),
    "",
    "## Streams, counted",
    "",
    ...countTable(events, (name, other) => `${titles[name]} provider, ${titles[other]} client`),
    "",
    "## Carriable, and not carried",
    "",
    ...table(["what", "why"], withheld),
    "",
    "## Recordings",
    ...recorded(figures),
    "## Requests",
    ...asked.flatMap((part) => section(`${titles[part.name]} client`, part)),
    "",
    "## Answers",
    ...answered.flatMap((part) => section(`${titles[part.name]} provider`, part)),
    "",
    "## Events of streams",
    ...events.flatMap((part) => section(`${titles[part.name]} provider`, part)),
    "",
  ].join("\n");
}
