/** Schema of a client key, with its secret (file, API) or with the secret's hash (database). */
import { type Static, type TSchema, Type } from "@sinclair/typebox";
import { captureOverride, closed, keep, network, nullable } from "./common.ts";

const expects = "at least 16 characters, without a colon and without white space";
const secretText = Type.String({ pattern: "^[^\\s:]{16,}$", maxLength: 512, expects });

/** A stored secret: SHA-256 in hex, and what the console shows of it. */
const hashed = Type.Object(
  {
    hash: Type.String({ pattern: "^[0-9a-f]{64}$", expects: "a SHA-256 in hex" }),
    last4: Type.String({ maxLength: 4 }),
  },
  closed,
);

const name = Type.String({ minLength: 1, maxLength: 512 });

function keySchema<Secret extends TSchema>(secretSchema: Secret) {
  return Type.Object(
    {
      secret: secretSchema,
      previous: nullable(
        Type.Object(
          { secret: secretSchema, until: Type.String({ maxLength: 64, description: "a date and time of RFC 3339" }) },
          closed,
        ),
      ),
      comment: Type.String({ maxLength: 1024, default: "" }),
      quotas: Type.Array(Type.String({ maxLength: 64 }), { default: [] }),
      aliases: nullable(Type.Array(name)),
      providers: nullable(Type.Array(Type.String({ minLength: 1, maxLength: 64 }))),
      ips: nullable(Type.Array(network)),
      max_concurrency: nullable(Type.Integer({ minimum: 1 })),
      allow_raw: Type.Boolean({ default: false }),
      reveal_target: Type.Boolean({ default: true }),
      capture: captureOverride,
      expires_at: nullable(Type.String({ maxLength: 64, description: "a date and time of RFC 3339" })),
      enabled: Type.Boolean({ default: true }),
    },
    closed,
  );
}

/** As people write it. */
export const key = keySchema(Type.Union([secretText, keep], { expects }));
/** The same, or with the hashes that the database holds. */
export const anyKey = keySchema(Type.Union([secretText, keep, hashed], { expects }));
export type KeyConfig = Static<typeof anyKey>;
