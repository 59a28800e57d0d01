/** Building blocks of the configuration's schema. `expects` completes the sentence "must be …" in a fault. */
import { type Static, type TNull, type TSchema, type TUnion, Type } from "@sinclair/typebox";

/** Objects refuse unknown fields. */
export const closed = { additionalProperties: false } as const;

export function nullable<Schema extends TSchema>(schema: Schema): TUnion<[Schema, TNull]> {
  return Type.Union([schema, Type.Null()], { default: null });
}

/** Names of providers, quotas and MCP servers. */
export const idPattern = "^[a-z0-9][a-z0-9._-]{0,63}$";
/** Names of keys and aliases: 1 to 128 characters, no control characters. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused
export const namePattern = /^[^\u0000-\u001f\u007f-\u009f]{1,128}$/u;

export const url = Type.String({
  pattern: "^https?://[^\\s/?#]+[^\\s?#]*$",
  maxLength: 2048,
  expects: "an http or https URL without query and fragment",
});

/** A credential that is sent to somebody else. */
export const credential = Type.String({
  pattern: "^[\\x20-\\x7e]+$",
  maxLength: 16384,
  expects: "text of printable ASCII characters",
});

/** What an export holds in place of a secret: `apply` leaves the stored one as it is. */
export const keep = Type.Object(
  { keep: Type.String({ maxLength: 16, description: "the last characters of the secret that stays" }) },
  closed,
);
export type Keep = Static<typeof keep>;

export const headers = Type.Record(
  Type.String({ pattern: "^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}$", expects: "a header name" }),
  Type.Union(
    [
      Type.String({
        pattern: "^[\\t\\x20-\\x7e\\x80-\\xff]*$",
        maxLength: 16384,
        expects: "a header value on one line",
      }),
      keep,
    ],
    { expects: "a header value on one line" },
  ),
  { ...closed, default: {} },
);

export const body = Type.Record(Type.String(), Type.Unknown(), { default: {} });

/** Capture for a key, alias or provider: overrides the settings'. */
export const captureOverride = nullable(
  Type.Object(
    {
      mode: Type.Optional(Type.Union([Type.Literal("off"), Type.Literal("errors"), Type.Literal("all")])),
      bodies: Type.Optional(Type.Boolean()),
    },
    closed,
  ),
);

export const network = Type.String({ maxLength: 64, description: "an IP address or a network such as 10.0.0.0/8" });
