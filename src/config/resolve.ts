/** `${NAME}` and `${file:PATH}` in the values of a configuration. The result is for compiling, never for storing. */
import { readFileSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import type { Fault } from "./snapshot.ts";

export interface Surroundings {
  environment: Readonly<Record<string, string | undefined>>;
  /** Folder that relative paths begin at: the configuration file's. */
  folder: string;
  /**
   * For values that do not come from the configuration file: the only names that may be read. What else looks like a
   * reference stays as it is.
   */
  only?: ReadonlySet<string>;
}

const reference = /\$\$\{|\$\{([^}]*)\}|\$\{/g;

/**
 * A copy of `value` in which every text has its references replaced; names of fields are left alone. `$${` stands for
 * a literal `${` in a file. What is unset or cannot be read becomes a fault and leaves the reference standing.
 */
export function resolveReferences(value: unknown, around: Surroundings): { value: unknown; faults: Fault[] } {
  const faults: Fault[] = [];
  const walk = (node: unknown, path: string): unknown => {
    if (typeof node === "string") {
      return node.includes("${") ? resolveText(node, around, (message) => faults.push({ path, message })) : node;
    }
    if (typeof node !== "object" || node === null) return node;
    if (Array.isArray(node)) return node.map((member, at) => walk(member, dotted(path, String(at))));
    return Object.fromEntries(Object.entries(node).map(([name, member]) => [name, walk(member, dotted(path, name))]));
  };
  return { value: walk(value, ""), faults };
}

function dotted(path: string, name: string): string {
  return path === "" ? name : `${path}.${name}`;
}

function resolveText(text: string, around: Surroundings, fault: (message: string) => void): string {
  return text.replace(reference, (whole: string, inner: string | undefined) => {
    if (around.only) {
      return inner !== undefined && around.only.has(inner) ? (readName(inner, around, fault) ?? whole) : whole;
    }
    if (whole === "$${") return "${";
    if (inner === undefined) {
      fault(`has a \${ without its }; write $\${ for a literal \${`);
      return whole;
    }
    if (inner.startsWith("file:")) return readPath(inner.slice(5), around, fault) ?? whole;
    return readName(inner, around, fault) ?? whole;
  });
}

function readName(name: string, around: Surroundings, fault: (message: string) => void): string | undefined {
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) {
    fault(`\${${name}} is no name of a variable; write $\${ for a literal \${`);
    return undefined;
  }
  const value = around.environment[name];
  if (value !== undefined && value !== "") return value;
  const path = around.environment[`${name}_FILE`];
  if (path !== undefined && path !== "") return readPath(path, around, fault);
  fault(`\${${name}} is not set: set ${name}, or ${name}_FILE to the path of a file that holds it`);
  return undefined;
}

function readPath(path: string, around: Surroundings, fault: (message: string) => void): string | undefined {
  const full = isAbsolute(path) ? path : join(around.folder, path);
  try {
    return readFileSync(full, "utf8").replace(/\r?\n$/, "");
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "unreadable";
    fault(`the file ${full} cannot be read (${code})`);
    return undefined;
  }
}
