/** What commands that edit the configuration have in common. */
import { userInfo } from "node:os";
import type { Author } from "../store/config-history.ts";

export function author(): Author {
  return { actor: "cli", origin: userName() };
}

/** A user without a name (in a container) has none. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return "";
  }
}
