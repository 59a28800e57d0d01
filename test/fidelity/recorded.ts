/** What the tests over recorded traffic found, and which recordings are exceptions: a chapter of FIDELITY.md. */
import { bent, edited, failures, strange } from "../recordings/exceptions.ts";
import { reasons, refused, undoubled } from "../recordings/refused.ts";
import { table, titles } from "./table.ts";

const words = `
Traffic that other projects recorded against the real providers, and which is no part of this repository, goes through the
gateway in \`test/recordings\`: of an answer the client's SDK has to make what the provider's own SDK makes of it (text,
reasoning, calls, citations, finish, usage), and a request has to be one that the provider takes, or has to be refused with a
400 that names the cause. A direction passes with 99.5 %. The figures are those of the last \`npm run fidelity\` that was given
the folder of recordings in \`PLEXUS_CORPUS\`.
`;

const heading = "### Measured";

interface Figure {
  client: string;
  provider: string;
  kind: string;
  count: string;
  refused: string;
}

/** The lines of figures that the tests print. */
export function figuresOf(output: string): string[] {
  const found = [
    ...output.matchAll(
      /^(\w+) client, (\w+) provider, (requests|whole answers|streams): (\d+\/\d+)(?:, (\d+) of them refused by name)?$/gm,
    ),
  ].map(([, client = "", provider = "", kind = "", count = "", refused = "0"]): Figure => {
    return { client, provider, kind, count, refused };
  });
  const directions = new Map(found.map((one) => [`${one.client} ${one.provider}`, one]));
  const of = (one: Figure, kind: string) =>
    found.find((other) => other.client === one.client && other.provider === one.provider && other.kind === kind);
  const lines = [...directions.values()].map((one) => {
    const { client, provider } = one;
    const [asked, whole, streamed] = ["requests", "whole answers", "streams"].map((kind) => of(one, kind));
    const direction = `${titleOf(client)} client, ${titleOf(provider)} provider`;
    return [direction, asked?.count ?? "", asked?.refused ?? "", whole?.count ?? "", streamed?.count ?? ""];
  });
  return table(["direction", "requests", "of them refused by name", "whole answers", "streams"], lines.sort());
}

function titleOf(name: string): string {
  return Object.entries(titles).find(([key]) => key === name)?.[1] ?? name;
}

/** The figures that a page holds, kept where none are measured. */
export function keptFigures(page: string): string[] {
  const [, rest = ""] = page.split(`${heading}\n`);
  return rest
    .slice(0, rest.indexOf("\n###"))
    .split("\n")
    .filter((line) => line !== "");
}

function listed(list: Readonly<Record<string, string>>): string[] {
  return table(
    ["recording", "reason"],
    Object.entries(list).map(([name, why]) => [`\`${name}\``, why]),
  );
}

function refusals(): string[] {
  const lines = Object.entries(refused).flatMap(([name, by]) =>
    Object.entries(by).map(([provider, word]) => {
      const whom = provider === "all" ? "every other" : titleOf(provider);
      return [`\`${name}\``, whom, `\`${word}\``, reasons[word] ?? ""];
    }),
  );
  return table(["recording", "provider", "named", "reason"], lines);
}

export function recorded(figures: readonly string[]): string[] {
  const whys = Object.fromEntries(Object.entries(edited).map(([name, { why }]) => [name, why]));
  return [
    words,
    heading,
    "",
    ...figures,
    "",
    "### Requests that are refused by name",
    "",
    ...refusals(),
    "",
    "### Requests that the tests' stand-in for a provider does not know",
    "",
    ...listed(Object.fromEntries(Object.entries(undoubled).map(([name, word]) => [name, `\`${word}\``]))),
    "",
    "### Streams that the provider's own SDK refuses, and that are whole when translated",
    "",
    ...listed(bent),
    "",
    "### Streams that were edited by hand, and what is asked of them",
    "",
    ...listed(whys),
    "",
    "### Recordings that are no answers, and are left out",
    "",
    ...listed(strange),
    "",
    "### Answers that the gateway takes for failures",
    "",
    ...listed(failures),
    "",
  ];
}
