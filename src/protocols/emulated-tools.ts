/**
 * Tools that are no functions, as functions, for protocols that have only those: freeform tools, and the shell and patch
 * tools of Responses, which its clients run. Both ways: the declaration, the calls of a history, the calls of an answer.
 */
import type { CallItem, Tool } from "../model/chat.ts";
import type { Json, JsonObject } from "../model/json.ts";
import { isObject } from "./read.ts";

/** A freeform tool as a function: its whole text travels in one string, what it must look like stands in the words. */
export function freeformFunction(tool: Tool): { description: string; schema: JsonObject } {
  const parts = [tool.description, "Put the whole input of this tool, as plain text, into `input`."];
  const format = tool.grammar;
  // Chat Completions nests what Responses has flat.
  const grammar = isObject(format?.grammar) ? format.grammar : format;
  if (typeof grammar?.definition === "string") {
    const syntax = typeof grammar.syntax === "string" ? ` (${grammar.syntax})` : "";
    parts.push(`The input must follow this grammar${syntax}:\n${grammar.definition}`);
  }
  return {
    description: parts.filter((part) => part).join("\n\n"),
    schema: { type: "object", properties: { input: { type: "string" } }, required: ["input"] },
  };
}

type TypedKind = Exclude<Tool["kind"], "function" | "custom" | "server">;

const text = { type: "string" };
const whole = { type: "integer" };

const typed: Readonly<Record<TypedKind, { description: string; schema: JsonObject }>> = {
  shell: {
    description: "Runs shell commands on the user's machine, each on its own, and gives their output.",
    schema: {
      type: "object",
      properties: {
        commands: { type: "array", items: text, description: "The commands, each one line for the shell." },
        timeout_ms: { ...whole, description: "The most milliseconds that the commands may take." },
        max_output_length: { ...whole, description: "The most characters of output to return." },
      },
      required: ["commands"],
    },
  },
  local_shell: {
    description: "Runs a command on the user's machine and gives its output.",
    schema: {
      type: "object",
      properties: {
        command: { type: "array", items: text, description: "The program and its arguments." },
        working_directory: { ...text, description: "Where to run it." },
        timeout_ms: { ...whole, description: "The most milliseconds that it may take." },
        env: { type: "object", additionalProperties: text, description: "Environment variables to set." },
        user: { ...text, description: "The user to run it as." },
      },
      required: ["command"],
    },
  },
  apply_patch: {
    description: [
      "Creates, changes or deletes one file on the user's machine. `diff` holds, for update_file, hunks that each begin",
      "with a line @@ (which may name the function or class that the hunk is in), and lines that begin with a space",
      "(context), - (removed) or + (added); for create_file, the content with + before each line; for delete_file,",
      "nothing.",
    ].join(" "),
    schema: {
      type: "object",
      properties: {
        type: { ...text, enum: ["create_file", "update_file", "delete_file"] },
        path: { ...text, description: "Path of the file." },
        diff: text,
      },
      required: ["type", "path"],
    },
  },
};

export function isTyped(kind: string): kind is TypedKind {
  return Object.hasOwn(typed, kind);
}

/** A typed tool as it is declared elsewhere; `json` is the declaration as it came. */
export function typedTool(kind: TypedKind, json: JsonObject, origin: string): Tool {
  return { kind, name: kind, ...typed[kind], origin, json };
}

/**
 * A search over deferred tools, which only its own protocol has. Elsewhere every tool that it would find is sent whole; of a
 * search that the client runs itself those that it has found.
 */
export function isToolSearch({ kind, origin, json }: Tool): boolean {
  if (kind !== "server" || typeof json?.type !== "string") return false;
  if (origin === "messages") return json.type.startsWith("tool_search_tool");
  return origin === "responses" && json.type === "tool_search";
}

/** A call's arguments as a function has them: JSON text, or what stands for it. */
export function functionArguments({ kind, args }: Pick<CallItem, "kind" | "args">): string {
  const isWrapped = kind === "custom" || (kind !== "function" && !objectOf(args));
  return isWrapped ? JSON.stringify({ input: args }) : args;
}

/** The call that an emulated one stands for. A call that does not fit its tool stays a function's: nobody may run it. */
export function nativeCall(call: CallItem, tool: Tool | undefined): CallItem {
  if (call.kind !== "function" || !tool) return call;
  if (tool.kind === "custom") return { ...call, kind: "custom", args: freeformText(call.args) };
  if (!isTyped(tool.kind)) return call;
  const body = call.incomplete ? undefined : bodyOf(tool.kind, call.args);
  return body ? { ...call, kind: tool.kind, args: JSON.stringify(body) } : call;
}

/** `{"input":"text"}` to the text; what is not of that form stays as it is. */
function freeformText(args: string): string {
  const value = objectOf(args);
  // Cut in the middle: the raw text is the best that there is.
  return typeof value?.input === "string" ? value.input : args;
}

function bodyOf(kind: TypedKind, args: string): JsonObject | undefined {
  const value = objectOf(args);
  if (!value) return undefined;
  switch (kind) {
    case "shell":
      return isTexts(value.commands) ? { timeout_ms: null, max_output_length: null, ...value } : undefined;
    case "local_shell":
      return isTexts(value.command) ? { env: {}, ...value, type: "exec" } : undefined;
    case "apply_patch": {
      const isKnown = ["create_file", "update_file", "delete_file"].includes(String(value.type));
      const hasDiff = typeof value.diff === "string" || value.type === "delete_file";
      return isKnown && hasDiff && typeof value.path === "string" ? value : undefined;
    }
  }
}

function isTexts(value: Json | undefined): boolean {
  return Array.isArray(value) && value.length > 0 && value.every((one) => typeof one === "string");
}

function objectOf(args: string): JsonObject | undefined {
  try {
    const value = JSON.parse(args) as Json;
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
