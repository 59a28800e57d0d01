// Prints how many fields meet which fate in each direction, and writes FIDELITY.md. With PLEXUS_CORPUS set the recordings are
// measured, too.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { page, pagePath } from "../test/fidelity/page.ts";
import { figuresOf } from "../test/fidelity/recorded.ts";

/** Undefined where there are no recordings: the figures stay as they are. */
function measured(): string[] | undefined {
  if (!process.env.PLEXUS_CORPUS) return undefined;
  const files = ["replay", "requests"].map((name) => `./test/recordings/${name}.test.ts`);
  const { exitCode, stdout, stderr } = Bun.spawnSync([process.execPath, "test", "--timeout", "60000", ...files], {
    cwd: join(import.meta.dir, ".."),
  });
  if (exitCode === 0) return figuresOf(stdout.toString());
  console.error(`The tests over the recordings failed:\n${stderr}`);
  process.exit(1);
}

const text = page(measured());
writeFileSync(pagePath, text);
console.log(text.slice(text.indexOf("## Requests, counted"), text.indexOf("\n### Requests that are refused by name")));
