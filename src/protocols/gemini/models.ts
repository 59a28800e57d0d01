/** Model lists in Google's shape. */
import type { JsonObject } from "../../model/json.ts";
import type { ListedModel } from "../protocol.ts";

export function buildModel(model: ListedModel): JsonObject {
  return {
    name: `models/${model.id}`,
    baseModelId: model.id,
    version: "1",
    displayName: model.id,
    description: `Served by ${model.ownedBy}`,
    ...(model.context === undefined ? {} : { inputTokenLimit: model.context }),
    ...(model.maxOutput === undefined ? {} : { outputTokenLimit: model.maxOutput }),
    supportedGenerationMethods: ["generateContent", "streamGenerateContent"],
  };
}

export function buildModels(models: ListedModel[]): JsonObject {
  return { models: models.map(buildModel) };
}
