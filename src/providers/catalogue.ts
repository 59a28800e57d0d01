/**
 * Facts of well-known models, made by scripts/catalogue.ts: under `# provider` one line a model, its id and aliases, a
 * tab, JSON. It stays one text, in which a model is looked for once; parsed, it would be many times as large.
 */
import text from "./models.txt" with { type: "text" };

/** One line. Names are those of the list that it was made of; what is absent is unknown. */
export interface CatalogueEntry {
  /** Tokens. */
  context?: number;
  max_output?: number;
  /** What it reads beside text: `image`, `pdf`, `audio`, `video`. */
  in?: readonly string[];
  tools?: boolean;
  structured_output?: boolean;
  reasoning?: {
    form?: string;
    /** Effort words, least first; `none` where it is a word like the others. */
    levels?: readonly string[];
    can_disable?: boolean;
    always_on?: boolean;
    disable_only_at_effort?: readonly string[];
    thinking_types?: readonly string[];
    budget?: { least?: number; most?: number };
    toggle_field?: string;
    forced_tool_choice_refused?: boolean;
    effort_or_tools?: boolean;
    echo?: string;
  };
  /** Members that are refused always, and unless thinking is off. */
  refused?: readonly string[];
  refused_thinking?: readonly string[];
  prefill_refused?: boolean;
  /** The one protocol that it is offered with, where there is only one. */
  only?: string;
}

/** `provider` is the catalogue's name of one. A snapshot, a variant or a tuned model has the facts of what it was made of. */
export function lookUp(provider: string, model: string): CatalogueEntry | undefined {
  const lines = section(provider);
  for (const name of spellings(model)) {
    const line = lines.find((one) => one.slice(0, one.indexOf("\t")).split(" ").includes(name));
    if (line !== undefined) return JSON.parse(line.slice(line.indexOf("\t") + 1)) as CatalogueEntry;
  }
  return undefined;
}

/** The lines of a provider. */
function section(provider: string): string[] {
  const head = `# ${provider}\n`;
  const from = text.startsWith(head) ? 0 : text.indexOf(`\n${head}`) + 1;
  if (from === 0 && !text.startsWith(head)) return [];
  const end = text.indexOf("\n# ", from);
  return text.slice(from + head.length, end < 0 ? undefined : end).split("\n");
}

/** The id, then shorter ones: without Google's folder, a tuning's name, a router's variant, a snapshot's date. */
function spellings(model: string): string[] {
  const bare = model.replace(/^models\//, "").replace(/^ft:([^:]+):.*$/, "$1");
  const plain = bare.replace(/:[a-z]+$/, "");
  const undated = plain.replace(/[-@](?:\d{8}|\d{4}-\d{2}-\d{2}|latest)$/, "");
  return [...new Set([model, bare, plain, undated])].filter((name) => name !== "");
}

/** All ids and aliases of a provider. */
export function listed(provider: string): string[] {
  return section(provider).flatMap((line) => (line === "" ? [] : line.slice(0, line.indexOf("\t")).split(" ")));
}
