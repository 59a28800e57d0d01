/**
 * Reads the type declarations that SDKs publish (`.d.ts`): interfaces, type aliases, enums and classes, as shapes. Only
 * what these generated files use is understood; anything else is `unknown`, and names that lead nowhere throw.
 */
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

export type Shape =
  | { kind: "text" | "number" | "flag" | "unknown" | "map" | "null" }
  | { kind: "literal"; value: string | number | boolean }
  | { kind: "list"; of: Shape }
  | { kind: "union" | "both"; of: Shape[] }
  | { kind: "object"; name: string; members: Member[]; bases: Shape[] }
  | { kind: "name"; name: string; scope: Scope };

export interface Member {
  name: string;
  optional: boolean;
  shape: Shape;
}

/** Where a name is looked up: the namespaces that enclose it, in a file. */
interface Scope {
  file: File;
  inside: string[];
}

interface File {
  path: string;
  types: Map<string, Shape>;
  /** Local name -> file and name there; no name for `import * as`. */
  imports: Map<string, { from: string; name?: string }>;
}

const token = /\/\*[\s\S]*?\*\/|\/\/[^\n]*|\s+|("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`|[\w$]+|=>|\.\.\.|[^\s\w])/g;

function tokens(text: string): string[] {
  return [...text.matchAll(token)].flatMap((match) => (match[1] === undefined ? [] : [match[1]]));
}

export class Declarations {
  #files = new Map<string, File>();

  /** A type by its name in a file; names in namespaces are written with dots. */
  shape(path: string, name: string): Shape {
    const file = this.#file(path);
    return this.resolve({ kind: "name", name, scope: { file, inside: [] } });
  }

  /** Follows names until something is said. */
  resolve(shape: Shape): Exclude<Shape, { kind: "name" }> {
    if (shape.kind !== "name") return shape;
    const found = this.#find(shape.name, shape.scope);
    if (!found) throw new Error(`${shape.scope.file.path} has no type ${shape.name}`);
    return this.resolve(found);
  }

  /** All members, inherited ones first. */
  members(shape: Shape & { kind: "object" }): Member[] {
    const all = new Map<string, Member>();
    for (const base of shape.bases) {
      const resolved = this.resolve(base);
      if (resolved.kind === "object") for (const member of this.members(resolved)) all.set(member.name, member);
    }
    for (const member of shape.members) all.set(member.name, member);
    return [...all.values()];
  }

  #file(path: string): File {
    const known = this.#files.get(path);
    if (known) return known;
    const file: File = { path, types: new Map(), imports: new Map() };
    this.#files.set(path, file);
    new Reader(tokens(readFileSync(path, "utf8")), file).statements([]);
    return file;
  }

  #find(name: string, scope: Scope): Shape | undefined {
    for (let depth = scope.inside.length; depth >= 0; depth--) {
      const found = scope.file.types.get([...scope.inside.slice(0, depth), name].join("."));
      if (found) return found;
    }
    const [head = "", ...rest] = name.split(".");
    const imported = scope.file.imports.get(head);
    if (!imported) return builtIns.has(head) ? { kind: "unknown" } : undefined;
    const path = declarationOf(scope.file.path, imported.from);
    if (!path) return { kind: "unknown" };
    const inner = [...(imported.name === undefined ? [] : [imported.name]), ...rest].join(".");
    const file = this.#file(path);
    return this.#find(inner, { file, inside: [] });
  }
}

/** Types of the language and of the platform that name nothing of the wire. */
const builtIns = new Set(["Date", "AbortSignal", "Omit", "Partial", "Iterable", "HttpOptions", "Response", "Tool"]);

function declarationOf(path: string, from: string): string | undefined {
  if (!from.startsWith(".")) return undefined;
  const file = join(dirname(path), from.replace(/\.m?js$/, ".d.ts"));
  return existsSync(file) ? file : undefined;
}

class Reader {
  #at = 0;
  constructor(
    readonly list: string[],
    readonly file: File,
  ) {}

  #peek(ahead = 0): string {
    return this.list[this.#at + ahead] ?? "";
  }

  #next(): string {
    return this.list[this.#at++] ?? "";
  }

  #take(text: string): boolean {
    if (this.#peek() !== text) return false;
    this.#at++;
    return true;
  }

  /** Reads to the end of the file, or of the namespace that was opened. */
  statements(inside: string[]): void {
    while (this.#at < this.list.length && !this.#take("}")) {
      while (this.#take("export") || this.#take("declare") || this.#take("abstract"));
      const word = this.#next();
      if (word === "import") this.#import();
      else if (word === "interface" || word === "class") this.#object(inside);
      else if (word === "type" && this.#peek() !== "{") this.#alias(inside);
      else if (word === "enum") this.#enum(inside);
      else if (word === "namespace") {
        const name = this.#next();
        this.#next();
        this.statements([...inside, name]);
      } else if (word === "{") {
        this.#skip(["}"]);
        if (this.#peek() === "from") this.#skip([";"]);
      } else if (word !== ";") this.#skip([";"]);
    }
  }

  #import(): void {
    const names: [string, string?][] = [];
    if (this.#take("*")) {
      this.#next();
      names.push([this.#next()]);
    } else {
      this.#take("type");
      if (this.#take("{")) {
        while (!this.#take("}")) {
          this.#take("type");
          const name = this.#next();
          names.push([this.#take("as") ? this.#next() : name, name]);
          this.#take(",");
        }
      }
    }
    this.#skip(["from"]);
    const from = this.#next().slice(1, -1);
    for (const [local, name] of names) this.file.imports.set(local, name === undefined ? { from } : { from, name });
    this.#take(";");
  }

  #object(inside: string[]): void {
    const name = this.#next();
    if (this.#peek() === "<") this.#angles();
    const bases: Shape[] = [];
    while (this.#peek() !== "{") {
      const word = this.#next();
      if (word === "extends" || word === "," || word === "implements") bases.push(this.#type(inside));
    }
    this.#next();
    const members = this.#members(inside);
    this.file.types.set([...inside, name].join("."), { kind: "object", name, members, bases });
  }

  #alias(inside: string[]): void {
    const name = this.#next();
    if (this.#peek() === "<") this.#angles();
    this.#take("=");
    this.file.types.set([...inside, name].join("."), this.#type(inside));
    this.#skip([";"]);
  }

  #enum(inside: string[]): void {
    const name = this.#next();
    const of: Shape[] = [];
    this.#next();
    while (!this.#take("}")) {
      this.#next();
      if (this.#take("=")) of.push(literal(this.#next()));
      this.#take(",");
    }
    this.file.types.set([...inside, name].join("."), { kind: "union", of });
  }

  /** Properties up to the closing brace; methods and accessors are none. */
  #members(inside: string[]): Member[] {
    const members: Member[] = [];
    while (!this.#take("}")) {
      while (["readonly", "static", "private", "protected", "public", "declare"].includes(this.#peek())) this.#next();
      if (this.#peek() === "get" && this.#peek(1) !== "?" && this.#peek(1) !== ":") {
        this.#skip([";"]);
        continue;
      }
      if (this.#take("[")) {
        this.#skip(["]"]);
        this.#skip([";"]);
        members.push({ name: "[key]", optional: true, shape: { kind: "unknown" } });
        continue;
      }
      const name = this.#next().replace(/^["']|["']$/g, "");
      const optional = this.#take("?");
      if (!this.#take(":")) {
        this.#skip([";"]);
        continue;
      }
      members.push({ name, optional, shape: this.#type(inside) });
      this.#take(";");
      this.#take(",");
    }
    return members;
  }

  #type(inside: string[]): Shape {
    this.#take("|");
    const of: Shape[] = [];
    do {
      const both: Shape[] = [];
      do both.push(this.#postfix(inside));
      while (this.#take("&"));
      of.push(both.length === 1 ? (both[0] as Shape) : { kind: "both", of: both });
    } while (this.#take("|"));
    return of.length === 1 ? (of[0] as Shape) : { kind: "union", of };
  }

  #postfix(inside: string[]): Shape {
    let shape = this.#single(inside);
    while (this.#peek() === "[" && this.#peek(1) === "]") {
      this.#at += 2;
      shape = { kind: "list", of: shape };
    }
    return shape;
  }

  #single(inside: string[]): Shape {
    const word = this.#next();
    if (/^["'`]|^-?\d/.test(word)) return literal(word);
    if (word === "{") return { kind: "object", name: "", members: this.#members(inside), bases: [] };
    if (word === "(") return this.#grouped(inside);
    if (word === "readonly") return this.#postfix(inside);
    const plain = plainShapes[word];
    if (plain) return plain;
    if (word === "keyof" || word === "typeof") {
      this.#single(inside);
      return { kind: "unknown" };
    }
    let name = word;
    while (this.#take(".")) name += `.${this.#next()}`;
    if (this.#peek() !== "<") return { kind: "name", name, scope: { file: this.file, inside } };
    if (name === "Array" || name === "ReadonlyArray") {
      this.#next();
      const of = this.#type(inside);
      this.#take(">");
      return { kind: "list", of };
    }
    this.#angles();
    return { kind: name === "Record" ? "map" : "unknown" };
  }

  #grouped(inside: string[]): Shape {
    const start = this.#at;
    const shape = this.#peek() === ")" || this.#peek() === "..." ? undefined : this.#type(inside);
    if (shape && this.#take(")") && this.#peek() !== "=>") return shape;
    this.#at = start;
    this.#skip([")"]);
    if (this.#take("=>")) this.#type(inside);
    return { kind: "unknown" };
  }

  #angles(): void {
    let depth = 0;
    do {
      const word = this.#next();
      if (word === "<") depth++;
      if (word === ">") depth--;
    } while (depth > 0 && this.#at < this.list.length);
  }

  /** Past the next of these that stands outside of brackets. */
  #skip(ends: string[]): void {
    let depth = 0;
    while (this.#at < this.list.length) {
      const word = this.#peek();
      if (depth === 0 && ends.includes(word)) {
        this.#at++;
        return;
      }
      if ("{([".includes(word)) depth++;
      if ("})]".includes(word) && --depth < 0) return;
      this.#at++;
    }
  }
}

const plainShapes: Record<string, Shape> = {
  string: { kind: "text" },
  number: { kind: "number" },
  boolean: { kind: "flag" },
  unknown: { kind: "unknown" },
  any: { kind: "unknown" },
  never: { kind: "null" },
  object: { kind: "map" },
  null: { kind: "null" },
  undefined: { kind: "null" },
  true: { kind: "literal", value: true },
  false: { kind: "literal", value: false },
};

function literal(word: string): Shape {
  if (/^["'`]/.test(word)) return { kind: "literal", value: word.slice(1, -1) };
  return { kind: "literal", value: Number(word) };
}
