/** The list of models as Anthropic tells it. */

import { entriesOf, type FoundModel, type ModelListing, tokensOf } from "../listing.ts";
import { isObject } from "../read.ts";

const perPage = 1000;

export const listing: ModelListing = {
  path: (after) => `/models?limit=${perPage}${after === undefined ? "" : `&after_id=${encodeURIComponent(after)}`}`,
  headers: { "anthropic-version": "2023-06-01" },
  parse(body) {
    const page = isObject(body) ? body : {};
    const models = entriesOf(isObject(body) ? body.data : body).flatMap((entry): FoundModel[] => {
      const { id, created_at } = entry;
      if (typeof id !== "string" || id === "") return [];
      const created = typeof created_at === "string" ? Date.parse(created_at) / 1000 : Number.NaN;
      return [
        {
          id,
          ...tokensOf("context", entry.max_input_tokens ?? entry.context_length),
          ...tokensOf("maxOutput", entry.max_tokens),
          ...(Number.isFinite(created) ? { created } : {}),
        },
      ];
    });
    const { has_more, last_id } = page;
    return { models, ...(has_more === true && typeof last_id === "string" ? { next: last_id } : {}) };
  },
};
