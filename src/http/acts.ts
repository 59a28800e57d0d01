/** Tells the audit what the management API did beside the configuration. */
import type { Act, Acts } from "../store/acts.ts";
import type { Incoming } from "./route.ts";

export interface ActDeps {
  acts: Pick<Acts, "add">;
}

export function tellAct({ acts }: ActDeps, { address }: Incoming, act: Omit<Act, "author">): Promise<void> {
  return acts.add({ ...act, author: { actor: "api", origin: address } });
}
