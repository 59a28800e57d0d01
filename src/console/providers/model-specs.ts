/** The fields of the form for one model of a provider. */
import { protocolWords } from "../../../views/parts/protocol-names.ts";
import type { Fields } from "../../config/fields.ts";
import type { Provider } from "../../config/snapshot.ts";
import type { FieldSpec } from "../forms/fields.ts";

const rates: readonly [string, string][] = [
  ["input", "Input"],
  ["output", "Output"],
  ["cache_read", "Input read from the cache"],
  ["cache_write", "Input written to the cache"],
];

export function modelSpecs({ protocols }: Provider): FieldSpec[] {
  const offered = protocols.map(({ name }) => ({ value: name, words: protocolWords(name) }));
  return [
    ...rates.map(
      ([name, label]): FieldSpec => ({
        ...{ path: `price.${name}`, label: `${label}, $ per million tokens`, kind: "number" },
      }),
    ),
    { path: "context", label: "Context, in tokens", kind: "number", help: "Empty: as the catalogue has it." },
    { path: "max_output", label: "Longest answer, in tokens", kind: "number" },
    {
      ...{ path: "vision", label: "Does it see images?", kind: "choice" },
      options: [
        { value: "", words: "as the catalogue has it" },
        { value: "true", words: "yes" },
        { value: "false", words: "no" },
      ],
    },
    {
      ...{ path: "protocols", label: "Offered with", kind: "subset", options: offered },
      all: { words: "all protocols of the provider, or what the catalogue says", only: "only" },
    },
    { path: "quirks", label: "Quirks, one a line", kind: "lines" },
    { path: "body", label: "Body, as JSON", kind: "json", help: "Merged into the body of each request to it." },
  ];
}

/** Yes, no and unknown are words in a form. */
export function modelToForm(facts: Fields): Fields {
  return typeof facts.vision === "boolean" ? { ...facts, vision: String(facts.vision) } : facts;
}

export function modelFromForm(patch: Fields): Fields {
  return typeof patch.vision === "string" ? { ...patch, vision: patch.vision === "true" } : patch;
}
