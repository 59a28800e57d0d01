/** As listed. */
import type { Selector } from "./selector.ts";

export const inOrder: Selector = {
  name: "in_order",
  order: (candidates) => ({ candidates }),
};
