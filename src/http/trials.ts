/** `POST /api/providers/test`: tries out a provider, as it is in force or as it would be. */
import type { LiveConfig } from "../config/live.ts";
import type { RunTrial } from "../gateway/trial/trial.ts";
import type { Sweep } from "../kit/sweep.ts";
import { GatewayError } from "../model/error.ts";
import type { JsonObject } from "../model/json.ts";
import type { Trial } from "../model/trial.ts";
import { parseObject, readBody } from "./body.ts";
import { namingFaults } from "./faults.ts";
import { json } from "./problem.ts";
import type { HttpRoute } from "./route.ts";

export interface TrialDeps {
  runTrial: RunTrial;
}

const fields = ["name", "value", "models"];
/** What a configuration is called that has no name yet. */
const unnamed = "new-provider";

/**
 * `{ name?, value?, models? }`: a provider that is there, or the configuration of one (kept secrets are those that are
 * stored under the name), and models to ask in the place of its own.
 */
export function trialRoute(deps: TrialDeps, reading: { config: LiveConfig; sweep: Sweep }): HttpRoute {
  return {
    method: "POST",
    path: "/api/providers/test",
    access: "admin",
    run: (incoming) =>
      namingFaults(async () => {
        const { limits } = reading.config.current().settings;
        const content = await readBody(incoming.request, reading.sweep, limits.bodyBytes);
        return json(trialToJson(await deps.runTrial(askOf(parseObject(content.text)))), incoming.requestId);
      }, incoming),
  };
}

function askOf(asked: JsonObject): Parameters<RunTrial>[0] {
  const unknown = Object.keys(asked).find((name) => !fields.includes(name));
  if (unknown !== undefined) throw invalid(unknown, `is not known; there are ${fields.join(", ")}`);
  const { name, value, models } = asked;
  if (name !== undefined && typeof name !== "string") throw invalid("name", "is the name of a provider");
  if (name === undefined && value === undefined) throw invalid("name", "or value must be given");
  const isList = Array.isArray(models) && models.every((model) => typeof model === "string" && model !== "");
  if (models !== undefined && !isList) throw invalid("models", "is a list of the names of models");
  return {
    name: name ?? unnamed,
    ...(value === undefined ? {} : { value }),
    ...(isList ? { models: models.map(String) } : {}),
  };
}

function trialToJson({ isFine, stages, models }: Trial): JsonObject {
  return {
    fine: isFine,
    stages: stages.map(({ costNano, ...stage }) => ({ ...stage, cost_nano: costNano })),
    models:
      models?.map(({ maxOutput, isSuggested, changes, protocols, ...model }) => ({
        ...{ ...model, max_output: maxOutput, suggested: isSuggested },
        ...{ changes: changes.map((change) => ({ ...change })), protocols: [...protocols] },
      })) ?? null,
  };
}

function invalid(param: string, words: string): GatewayError {
  return new GatewayError("invalid-request", `${param} ${words}.`, { param });
}
