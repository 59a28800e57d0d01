/** `plexus plan`, `plexus apply` and `plexus export`: configuration as code, beside a running server or without one. */
import { existsSync, readFileSync } from "node:fs";
import { openStore } from "../app.ts";
import { ConfigFaults, faultLine } from "../config/faults.ts";
import { type ConfigFormat, formatOf, parseConfig } from "../config/parse.ts";
import { planText } from "../config/plan.ts";
import { GatewayError } from "../model/error.ts";
import type { ConfigEditor } from "../store/config-editor.ts";
import { type Command, type Io, parseArguments, UsageError } from "./command.ts";
import { author, openEditor } from "./editing.ts";
import { readOptions } from "./options.ts";

const usage = "FILE [--config FILE] (- is standard input; --config is the file that the server runs with)";

export const planCommand: Command = {
  name: "plan",
  summary: "show what apply would change in the database's configuration",
  usage,
  run: (args, io) =>
    withGiven(args, io, async (editor, given) => {
      io.out(planText(await editor.plan(given)));
    }),
};

export const applyCommand: Command = {
  name: "apply",
  summary: "make the database's configuration what a file says, all or nothing",
  usage,
  run: (args, io) =>
    withGiven(args, io, async (editor, given) => {
      const { plan, version } = await editor.apply(given, author());
      io.out(planText(plan));
      if (plan.changes.length > 0) io.out(`Applied as version ${version}.\n`);
    }),
};

export const exportCommand: Command = {
  name: "export",
  summary: "print the configuration, without secrets, as apply takes it",
  usage: "[--format yaml|json] [--config FILE]",
  async run(args, io) {
    const { values, rest } = parseArguments(args, ["format", "config"]);
    const { format = "yaml" } = values;
    if (rest.length > 0) throw new UsageError(`export takes no argument ${rest[0]}.`);
    if (format !== "yaml" && format !== "json") throw new UsageError("--format is yaml or json.");
    return withEditor(values, io, async (editor) => {
      const { config } = await editor.whole();
      const text = format === "json" ? JSON.stringify(config, null, 2) : Bun.YAML.stringify(config, null, 2);
      io.out(`${text.trimEnd()}\n`);
    });
  },
};

type Work = (editor: ConfigEditor, given: unknown) => Promise<void>;

async function withGiven(args: readonly string[], io: Io, work: Work): Promise<number> {
  const { values, rest } = parseArguments(args, ["config"]);
  const [path, more] = rest;
  if (path === undefined || more !== undefined) throw new UsageError("Say which file.");
  if (path !== "-" && !existsSync(path)) {
    io.error(`${path} does not exist\n`);
    return 1;
  }
  const text = path === "-" ? await io.input() : readFileSync(path, "utf8");
  return withEditor(values, io, (editor) =>
    work(editor, parseConfig(text, path === "-" ? formatIn(text) : formatOf(path))),
  );
}

/** Of a text without a name: YAML has no tabs where JSON may, else it takes JSON, too. */
function formatIn(text: string): ConfigFormat {
  return text.trimStart().startsWith("{") ? "json" : "yaml";
}

/** 1 when the configuration has faults, or what is asked is refused: all of it on standard error. */
async function withEditor(
  values: Record<string, string>,
  io: Io,
  work: (editor: ConfigEditor) => Promise<void>,
): Promise<number> {
  const options = readOptions(io.environment, values);
  const store = await openStore(options);
  try {
    await work(openEditor({ store, options, environment: io.environment }));
    return 0;
  } catch (error) {
    if (error instanceof ConfigFaults) {
      const count = error.faults.length;
      for (const fault of error.faults) io.error(`${faultLine(fault)}\n`);
      io.error(`${count} fault${count === 1 ? "" : "s"}; nothing was changed\n`);
      return 1;
    }
    if (!(error instanceof GatewayError)) throw error;
    io.error(`${error.message}\n`);
    return 1;
  } finally {
    await store.database.close();
  }
}
