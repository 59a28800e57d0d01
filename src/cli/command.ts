/** One command of the binary. `run` resolves with the exit code: 0, 1 failed, 2 usage. */
export interface Command {
  readonly name: string;
  readonly summary: string;
  /** What `--help` prints after the name. */
  readonly usage: string;
  run(args: readonly string[], io: Io): Promise<number>;
}

/** Where a command reads and writes, so that tests need no process. */
export interface Io {
  out(text: string): void;
  error(text: string): void;
  environment: Record<string, string | undefined>;
  /** All of standard input. */
  input(): Promise<string>;
}

/** A mistake in how a command was called: told with its usage, exit code 2. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

export interface Parsed {
  values: Record<string, string>;
  rest: string[];
}

/** `--name value` and `--name=value` for the names given; everything else is positional. Throws UsageError. */
export function parseArguments(args: readonly string[], names: readonly string[]): Parsed {
  const parsed: Parsed = { values: {}, rest: [] };
  for (let at = 0; at < args.length; at++) {
    const argument = args[at] ?? "";
    if (!argument.startsWith("--") || argument === "--") {
      parsed.rest.push(argument);
      continue;
    }
    const [name = "", inline] = splitOnce(argument.slice(2), "=");
    if (!names.includes(name)) throw new UsageError(`There is no option --${name}.`);
    const value = inline ?? args[++at];
    if (value === undefined) throw new UsageError(`--${name} wants a value.`);
    parsed.values[name] = value;
  }
  return parsed;
}

function splitOnce(text: string, separator: string): [string, string | undefined] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}
