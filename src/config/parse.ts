/** Text of a configuration to plain data, before anything is checked. */
import { ConfigFaults } from "./faults.ts";

export type ConfigFormat = "yaml" | "json";

/** By the file's name: `.json` is JSON, everything else YAML. */
export function formatOf(path: string): ConfigFormat {
  return path.toLowerCase().endsWith(".json") ? "json" : "yaml";
}

/** Throws ConfigFaults with an empty path when the text cannot be read. An empty text is an empty configuration. */
export function parseConfig(text: string, format: ConfigFormat): unknown {
  const clean = text.startsWith("\uFEFF") ? text.slice(1) : text;
  if (clean.trim() === "") return {};
  try {
    return format === "json" ? JSON.parse(clean) : (Bun.YAML.parse(clean) ?? {});
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ConfigFaults([{ path: "", message: `is not valid ${format.toUpperCase()}: ${reason}` }]);
  }
}
