/** Faults of a configuration as problem details: 422, each with its path in the configuration and its field in the entity. */
import { ConfigFaults, faultLine } from "../config/faults.ts";
import type { Fault } from "../config/snapshot.ts";
import { GatewayError } from "../model/error.ts";
import type { JsonObject } from "../model/json.ts";
import type { Incoming } from "./route.ts";

/** Runs it; ConfigFaults become a GatewayError. */
export async function namingFaults<Result>(run: () => Result | Promise<Result>, { path }: Incoming): Promise<Result> {
  try {
    return await run();
  } catch (error) {
    if (!(error instanceof ConfigFaults)) throw error;
    throw faultsError(error.faults, path);
  }
}

function faultsError(faults: readonly Fault[], path: string): GatewayError {
  const [first] = faults;
  const others = faults.length === 1 ? "" : ` There are ${faults.length} faults, all under errors.`;
  return new GatewayError(
    "invalid-request",
    `${first ? faultLine(first) : "The configuration is not valid"}.${others}`,
    {
      status: 422,
      members: { errors: faults.map((fault) => faultToJson(fault, path)) },
    },
  );
}

/** `field` is the path within the entity that the request is about. */
function faultToJson({ path, message }: Fault, requested: string): JsonObject {
  const [section = "", name] = requested.split("/").slice(3);
  const place = name === undefined ? section : `${section}.${safelyDecoded(name)}`;
  const isWithin = section !== "" && path.startsWith(`${place}.`);
  return { path, message, ...(isWithin ? { field: path.slice(place.length + 1) } : {}) };
}

function safelyDecoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
