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
}

/** `provider` is the catalogue's name of one. */
export function lookUp(provider: string, model: string): CatalogueEntry | undefined {
  const from = `\n${text}`.indexOf(`\n# ${provider}\n`);
  if (from < 0 || /\s/.test(model)) return undefined;
  const end = text.indexOf("\n# ", from + 1);
  const lines = text.slice(from, end < 0 ? undefined : end).split("\n");
  const line = lines.slice(1).find((one) => one.slice(0, one.indexOf("\t")).split(" ").includes(model));
  return line === undefined ? undefined : (JSON.parse(line.slice(line.indexOf("\t") + 1)) as CatalogueEntry);
}

/** All ids and aliases of a provider. */
export function listed(provider: string): string[] {
  const lines = text.split("\n");
  const from = lines.indexOf(`# ${provider}`);
  if (from < 0) return [];
  const end = lines.findIndex((line, at) => at > from && (line === "" || line.startsWith("# ")));
  return lines
    .slice(from + 1, end < 0 ? undefined : end)
    .flatMap((line) => line.slice(0, line.indexOf("\t")).split(" "));
}
