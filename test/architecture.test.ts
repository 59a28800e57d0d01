import { describe, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize, relative } from "node:path";

/** Room -> rooms that it may import, type imports too. A room may always import itself. */
const rule: Record<string, string[]> = {
  model: [],
  kit: [],
  protocols: ["model", "kit"],
  secrets: ["kit"],
  config: ["model", "kit"],
  routing: ["model", "config", "kit"],
  metering: ["model", "config", "kit"],
  providers: ["model", "protocols", "config", "kit"],
  gateway: ["model", "kit", "protocols", "config", "routing", "metering", "providers"],
  store: ["model", "config", "secrets", "kit", "migrations"],
  views: [],
  console: ["store", "config", "views", "kit", "model"],
  http: ["gateway", "protocols", "console", "config", "store", "kit", "model"],
};
/** Wiring may import everything. */
const wiring = new Set(["cli", "wiring", "app.ts", "main.ts"]);
const maxFileLines = 400;
const maxFunctionLines = 60;

const root = normalize(join(import.meta.dir, ".."));
const files = ["src", "views"].flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts") || file.endsWith(".tsx"))
    .map((file) => `${folder}/${file}`),
);

function room(file: string): string {
  const [top, second] = file.split("/");
  return top === "src" ? (second ?? "") : (top ?? "");
}

function imports(file: string): string[] {
  const text = readFileSync(join(root, file), "utf8");
  return [...text.matchAll(/(?:from|import)\s*\(?\s*"(\.[^"]+)"/g)].map((match) =>
    relative(root, normalize(join(root, dirname(file), match[1] ?? ""))),
  );
}

/** Top-level functions and methods by their indentation: from the line that opens a body to the line that closes it. */
function longFunctions(file: string): string[] {
  const lines = readFileSync(join(root, file), "utf8").split("\n");
  const found: string[] = [];
  const opener =
    /^( {0,4})(?:export )?(?:default )?(?:async )?(?:function\*? |(?:(?:private|public|protected|static|override|readonly|get|set|async) )*(?!if\b|for\b|while\b|switch\b|catch\b|return\b|else\b)[\w#]+(?:<[^>]*>)?\().*\{$/;
  lines.forEach((line, at) => {
    const match = opener.exec(line);
    if (!match) return;
    const close = `${match[1]}}`;
    const end = lines.findIndex(
      (other, index) =>
        index > at && (other === close || /^[),;]/.test(other.startsWith(close) ? other.slice(close.length) : "")),
    );
    if (end - at + 1 > maxFunctionLines) found.push(`${file}:${at + 1} has ${end - at + 1} lines`);
  });
  return found;
}

describe("the house", () => {
  test("each room imports only what the table allows", () => {
    const broken: string[] = [];
    for (const file of files) {
      const from = room(file);
      if (wiring.has(from)) continue;
      const allowed = rule[from];
      expect(allowed, `${file} is in a room that the table does not know`).toBeDefined();
      for (const target of imports(file)) {
        const to = room(target);
        if (to !== from && !allowed?.includes(to)) broken.push(`${file} imports ${target}`);
      }
    }
    expect(broken).toEqual([]);
  });

  test("no file is over 400 lines and no function over 60", () => {
    const long = files
      .map((file) => [file, readFileSync(join(root, file), "utf8").split("\n").length - 1] as const)
      .filter(([, lines]) => lines > maxFileLines)
      .map(([file, lines]) => `${file} has ${lines} lines`);
    expect([...long, ...files.flatMap(longFunctions)]).toEqual([]);
  });

  test("kit knows no domain word", () => {
    const words = /\b(provider|alias|upstream|tokens?|anthropic|openai|gemini)\b/i;
    expect(files.filter((file) => room(file) === "kit" && words.test(readFileSync(join(root, file), "utf8")))).toEqual(
      [],
    );
  });
});
