/** Every column that may hold a secret: encryption, rotation and backup go by this list, and a test checks it. */
export interface SecretColumn {
  table: string;
  column: string;
  /** Columns whose values, joined with `/`, are the row's id in the seal. */
  id: readonly string[];
  /** Written only by a running server, behind the canary, and too much to be looked through at each start. */
  isBulky?: true;
}

export const secretColumns: readonly SecretColumn[] = [
  { table: "entities", column: "body", id: ["kind", "name"] },
  { table: "meta", column: "value", id: ["key"] },
  { table: "config_history", column: "before_body", id: ["id"] },
  { table: "config_history", column: "after_body", id: ["id"] },
  { table: "stored_inputs", column: "input", id: ["id"], isBulky: true },
  { table: "stored_responses", column: "response", id: ["id"], isBulky: true },
  { table: "kept_turns", column: "parts", id: ["id"], isBulky: true },
  { table: "image_descriptions", column: "text", id: ["id"], isBulky: true },
];

/** Columns whose names sound like secrets, and why they are none. */
export const exemptColumns: Readonly<Record<string, string>> = {
  "requests.key_name": "the name of a client key",
  "requests.tokens_input": "a count",
  "requests.tokens_output": "a count",
  "requests.tokens_reasoning": "a count",
  "requests.tokens_cache_read": "a count",
  "requests.tokens_cache_write": "a count",
  "requests.tokens_estimated": "a flag",
  "rollups.tokens_input": "a sum",
  "rollups.tokens_output": "a sum",
  "rollups.tokens_reasoning": "a sum",
  "rollups.tokens_cache_read": "a sum",
  "rollups.tokens_cache_write": "a sum",
  "rollups.flow_tokens": "a sum",
  "meta.key": "the name of a value",
  "target_stats.body": "measurements",
};
