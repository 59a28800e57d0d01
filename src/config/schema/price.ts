/** Schema of a model's price: US dollars for a million tokens, where the name says nothing else. */
import { type Static, Type } from "@sinclair/typebox";
import { closed } from "./common.ts";

/** A dollar for a token: what is dearer is a mistake. */
const dearest = 1_000_000;
const rate = Type.Optional(Type.Number({ minimum: 0, maximum: dearest }));

const rates = {
  input: rate,
  output: rate,
  cache_read: rate,
  cache_write: rate,
  cache_write_1h: rate,
  reasoning: rate,
  input_audio: rate,
  output_audio: rate,
  cache_read_audio: rate,
  input_image: rate,
  output_image: rate,
  cache_read_image: rate,
  input_video: rate,
  output_video: rate,
  citation: rate,
};
export type RateName = keyof typeof rates;
export const rateNames = Object.keys(rates) as RateName[];

const tiers = Type.Optional(
  Type.Array(
    Type.Object(
      { above: Type.Number({ minimum: 0 }), inclusive: Type.Optional(Type.Boolean()), ...rates },
      { ...closed, description: "rates of the whole request when its prompt has more tokens" },
    ),
    { maxItems: 32 },
  ),
);

const modes = Type.Record(
  Type.String({ minLength: 1, maxLength: 64 }),
  Type.Object(
    {
      ...rates,
      tiers,
      send: Type.Record(Type.String(), Type.String(), { description: "members of the request that choose it" }),
      headers: Type.Optional(Type.Record(Type.String(), Type.String())),
    },
    { ...closed, description: "rates of another speed" },
  ),
);

const scheduled = Type.Array(
  Type.Object(
    {
      from: Type.String({ pattern: "^\\d{4}-\\d{2}-\\d{2}$", expects: "a date, YYYY-MM-DD" }),
      ...rates,
      tiers,
    },
    { ...closed, description: "rates from a day on (UTC)" },
  ),
  { maxItems: 32 },
);

const time = Type.String({ pattern: "^([01]\\d|2[0-4]):[0-5]\\d$", expects: "a time, HH:MM" });
const timeOfDay = Type.Object(
  {
    off_peak_multiplier: Type.Number({ minimum: 0, maximum: 1 }),
    peak_utc: Type.Array(
      Type.Object(
        { weekdays: Type.Optional(Type.Array(Type.Integer({ minimum: 1, maximum: 7 }))), from: time, to: time },
        { ...closed, description: "weekdays: 1 is Monday" },
      ),
      { maxItems: 32 },
    ),
    holidays: Type.Optional(Type.String()),
  },
  closed,
);

export const price = Type.Object(
  {
    ...rates,
    tiers,
    per_request: rate,
    per_1k_requests: rate,
    web_search_per_1k: rate,
    per_audio_hour: rate,
    per_input_audio_hour: rate,
    per_1k_pages: rate,
    discount: Type.Optional(
      Type.Number({ minimum: 0, maximum: 1, description: "the part that is not paid: 0.1 is a tenth off" }),
    ),
    source: Type.Optional(
      Type.String({ maxLength: 64, description: "the provider of the price list whose model of this name it is" }),
    ),
    modes: Type.Optional(modes),
    scheduled: Type.Optional(scheduled),
    time_of_day: Type.Optional(timeOfDay),
    from: Type.Optional(Type.String()),
    as_of: Type.Optional(Type.String()),
    derived: Type.Optional(Type.Array(Type.String())),
    unpriced_or_free: Type.Optional(Type.Boolean()),
    local: Type.Optional(Type.Boolean()),
  },
  { ...closed, description: "US dollars for a million tokens" },
);
export type Price = Static<typeof price>;
