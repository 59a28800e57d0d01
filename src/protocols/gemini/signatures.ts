/** Thought signatures on the way back to a provider: only its own, each on the part where it came. */
import type { Seal } from "../../model/chat.ts";
import type { JsonObject } from "../../model/json.ts";
import type { TargetFacts } from "../../model/target.ts";
import type { Build, Content } from "./build.ts";

/** Stands for a signature that nobody has. A plain word, never base64 of it. */
export const skipValidation = "skip_thought_signature_validator";

/** The signature that this target made, if there is one. */
export function usableSeal(seals: readonly Seal[] | undefined, target: TargetFacts): string | undefined {
  return seals?.findLast(
    ({ origin, scope, form, bytes }) =>
      origin === "gemini" && form === "thought" && bytes !== "" && (scope === undefined || scope === target.scope),
  )?.bytes;
}

/**
 * The API refuses a step of the running turn whose first call has no signature. The turn begins with the newest content
 * in which the user speaks; older ones are not looked at.
 */
export function fillMissing(contents: readonly Content[], build: Build): void {
  const turn = contents.findLastIndex(({ role, parts, moved }) => role === "user" && !moved && parts.some(isSpoken));
  for (const { role, parts, at, lost } of contents.slice(turn + 1)) {
    if (role !== "model" || (build.own && !lost)) continue;
    const first = parts.find((part) => part.functionCall !== undefined);
    if (!first || first.thoughtSignature !== undefined) continue;
    first.thoughtSignature = skipValidation;
    build.notes.add("emulated", at, "signature_missing");
  }
}

function isSpoken(part: JsonObject): boolean {
  return part.functionResponse === undefined;
}
