/** The fields of a provider's forms. */
import { protocolWords } from "../../../views/parts/protocol-names.ts";
import { type Fields, fieldsOf, isFields, memberAt, mergePatch } from "../../config/fields.ts";
import { isKeep, maskSecrets } from "../../config/secret-places.ts";
import type { Fault } from "../../config/snapshot.ts";
import type { FieldSpec } from "../forms/fields.ts";
import type { Supply } from "./supply.ts";

export const nameSpec: FieldSpec = {
  path: "name",
  label: "Label",
  kind: "text",
  help: "For people; the name when empty.",
};

export const keySpec: FieldSpec = { path: "api_key", label: "API key", kind: "secret" };

export function urlSpecs(protocols: readonly string[]): FieldSpec[] {
  return protocols.map((protocol) => ({
    path: `protocols.${protocol}`,
    label: `URL for ${protocolWords(protocol)}`,
    kind: "text",
  }));
}

const authSpecs: readonly FieldSpec[] = [
  {
    path: "auth",
    label: "How the key is sent",
    kind: "choice",
    options: [
      { value: "", words: "as the protocol has it" },
      { value: "bearer", words: "Authorization: Bearer" },
      { value: "x-api-key", words: "x-api-key" },
      { value: "x-goog-api-key", words: "x-goog-api-key" },
      { value: "header", words: "in the header named below" },
      { value: "none", words: "not at all" },
    ],
  },
  { path: "auth_header", label: "Header of its own for the key", kind: "text", help: "Such as api-key for Azure." },
];

const json = (path: string, label: string, help: string): FieldSpec => ({ path, label, kind: "json", help });
const number = (path: string, label: string, help?: string): FieldSpec => ({
  ...{ path, label, kind: "number" },
  ...(help === undefined ? {} : { help }),
});

export const advancedSpecs: readonly FieldSpec[] = [
  ...authSpecs,
  json(
    "headers",
    "Headers, as JSON",
    "Sent with every request. Values that are kept secret show their last characters.",
  ),
  json("query", "Query parameters, as JSON", "Added to every request."),
  json("body", "Body, as JSON", "Merged into the body of every request."),
  { path: "proxy", label: "Proxy", kind: "text", help: "http://host:port, for this provider only." },
  number("timeout_s", "Longest wait for the beginning of an answer, in seconds"),
  number("max_concurrency", "Most requests at once", "Empty: any number."),
  number("stall.first_byte_s", "Streams: longest wait for the first byte, in seconds", "Empty: no limit."),
  number("stall.min_bytes_per_s", "Streams: least bytes a second", "Empty: no limit."),
  number("stall.window_s", "Streams: measured over so many seconds"),
  number("stall.grace_s", "Streams: not measured for the first seconds"),
  { path: "estimate_tokens", label: "Count its tokens ourselves: what it reports is wrong", kind: "switch" },
];

export function quirkSpecs({ quirks }: Supply): FieldSpec[] {
  const options = quirks.map(({ value, words }) => ({ value, words: `${value}: ${words}` }));
  return [{ path: "quirks", label: "They win over what is known of the server", kind: "checks", options }];
}

/** Fields that hold a secret are never shown: left empty, they stay. */
export function guarded(specs: readonly FieldSpec[], value: Fields): FieldSpec[] {
  return specs.map((spec) =>
    isKeep(memberAt(value, spec.path.split("."))) && spec.kind === "text" ? { ...spec, kind: "secret" } : spec,
  );
}

/** What was typed in, for the page that comes back: of JSON, secrets are masked. `value` is the entity as it was typed in. */
export function withoutTypedSecrets(
  typed: URLSearchParams,
  specs: readonly FieldSpec[],
  value: Fields | undefined,
): URLSearchParams {
  const shown = new URLSearchParams(typed);
  const masked = maskSecrets("providers", value ?? {});
  for (const { path, kind } of specs) {
    const member = memberAt(masked, path.split("."));
    if (kind === "json" && member !== undefined && shown.has(path)) shown.set(path, JSON.stringify(member, null, 2));
  }
  return shown;
}

/** The entity as the form has it: the way of the key in two fields. */
export function toForm(value: Fields): Fields {
  const { auth } = value;
  return isFields(auth) ? { ...value, auth: "header", auth_header: auth.header } : value;
}

/** What the form says of the way of the key, as the configuration has it. */
export function fromForm(patch: Fields, before: Fields, faults: Fault[]): Fields {
  const { auth: _auth, auth_header: _name, ...rest } = patch;
  if (patch.auth === undefined && patch.auth_header === undefined) return rest;
  const typed = fieldsOf(mergePatch(toForm(before), patch));
  if (typed.auth !== "header") return { ...rest, auth: typed.auth ?? null };
  if (typeof typed.auth_header === "string") return { ...rest, auth: { header: typed.auth_header } };
  faults.push({ path: "auth_header", message: "needs the name of the header" });
  return rest;
}
