/** Model lists in Anthropic's shape. */
import type { JsonObject } from "../../model/json.ts";
import type { ListedModel } from "../protocol.ts";

export function buildModel(model: ListedModel): JsonObject {
  return {
    type: "model",
    id: model.id,
    display_name: model.id,
    created_at: new Date(model.created * 1000).toISOString().replace(".000Z", "Z"),
    ...(model.context === undefined ? {} : { max_input_tokens: model.context }),
    ...(model.maxOutput === undefined ? {} : { max_tokens: model.maxOutput }),
  };
}

export function buildModels(models: ListedModel[]): JsonObject {
  return {
    data: models.map(buildModel),
    has_more: false,
    first_id: models[0]?.id ?? null,
    last_id: models.at(-1)?.id ?? null,
  };
}
