// Prints how many fields meet which fate in each direction, and writes FIDELITY.md.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { page } from "../test/fidelity/page.ts";

const text = page();
writeFileSync(join(import.meta.dir, "../FIDELITY.md"), text);
console.log(text.slice(text.indexOf("## Requests, counted"), text.indexOf("\n## Requests\n")));
