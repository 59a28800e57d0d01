/** The list of models as Google tells it. */

import { entriesOf, type FoundModel, type ModelListing, tokensOf } from "../listing.ts";
import { isObject } from "../read.ts";

const perPage = 1000;

export const listing: ModelListing = {
  path: (after) => `/models?pageSize=${perPage}${after === undefined ? "" : `&pageToken=${encodeURIComponent(after)}`}`,
  headers: {},
  parse(body) {
    const page = isObject(body) ? body : {};
    const models = entriesOf(page.models ?? page.publisherModels).flatMap((entry): FoundModel[] => {
      const { name, supportedGenerationMethods: methods } = entry;
      if (typeof name !== "string" || name === "") return [];
      return [
        {
          id: name.replace(/^.*models\//, ""),
          ...tokensOf("context", entry.inputTokenLimit),
          ...tokensOf("maxOutput", entry.outputTokenLimit),
          ...(Array.isArray(methods) ? { converses: methods.includes("generateContent") } : {}),
        },
      ];
    });
    const { nextPageToken: next } = page;
    return { models, ...(typeof next === "string" && next !== "" ? { next } : {}) };
  },
};
