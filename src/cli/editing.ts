/** What edits of the configuration need of the process: its file, its environment, what it is checked with. */
import { userInfo } from "node:os";
import { resolveReferences } from "../config/resolve.ts";
import { type Act, openActs } from "../store/acts.ts";
import { type ConfigEditor, openConfigEditor } from "../store/config-editor.ts";
import type { EditDeps } from "../store/config-edits.ts";
import type { Author } from "../store/config-history.ts";
import type { Store } from "../wiring/openings.ts";
import type { Io } from "./command.ts";
import { loadSnapshot, readFile } from "./configuration.ts";
import type { Options } from "./options.ts";

interface Editing {
  store: Store;
  options: Options;
  environment: Io["environment"];
  /** Unsaid: another process puts it in force. */
  putInForce?: EditDeps["putInForce"];
}

export function openEditor({ store, options, environment, putInForce }: Editing): ConfigEditor {
  const { configPath: path, configNames: only } = options;
  const around = { environment, folder: process.cwd(), only };
  return openConfigEditor({
    ...store,
    file: () => (path === undefined ? undefined : readFile(path)),
    compile: (stored) => loadSnapshot({ path, environment, only, stored }),
    resolve: (text) => String(resolveReferences(text, around).value),
    putInForce: putInForce ?? (async () => false),
  });
}

export function author(): Author {
  return { actor: "cli", origin: userName() };
}

/** For the audit: what a command did beside the configuration. That it cannot be kept is said, and stops nothing. */
export async function tellAct({ database }: Store, io: Io, act: Omit<Act, "author">): Promise<void> {
  const onError = (error: unknown) => {
    const words = error instanceof Error ? error.message : String(error);
    io.error(`What was done could not be kept for the audit: ${words}\n`);
  };
  const acts = openActs({ database, reader: database, onError });
  await acts.add({ ...act, author: author() });
  await acts.close();
}

/** A user without a name (in a container) has none. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return "";
  }
}
