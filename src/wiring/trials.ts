/** Trying out providers: over the gateway's own parts, with configurations that are not kept. */
import type { Gateway } from "../gateway/gateway.ts";
import { createTrials, type RunTrial } from "../gateway/trial/trial.ts";
import type { ConfigEditor } from "../store/config-editor.ts";

export function openTrials(gateway: Gateway, editor: ConfigEditor): RunTrial {
  return createTrials({ gateway, compile: (name, value) => editor.tryOut({ part: "providers", name }, value) });
}
