/** From an entity to what was changed of it. */
import type { Markup } from "../jsx/jsx-runtime.ts";

export function ChangesLink({ part, name }: { part: string; name: string }): Markup {
  return (
    <a class="button quiet" href={`/console/audit?part=${part}&name=${encodeURIComponent(name)}`}>
      Changes
    </a>
  );
}
