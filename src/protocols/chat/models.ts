/** Models as OpenAI clients list them. */
import type { JsonObject } from "../../model/json.ts";
import type { ListedModel } from "../protocol.ts";

export function buildModels(models: ListedModel[]): JsonObject {
  return { object: "list", data: models.map(buildModel) };
}

export function buildModel(model: ListedModel): JsonObject {
  return { id: model.id, object: "model", created: model.created, owned_by: model.ownedBy };
}
