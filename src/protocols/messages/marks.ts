/**
 * Prompt-cache marks of an outgoing request. They are gathered while it is built and written at the end, because at
 * most four are taken and one of an hour may not follow one of five minutes.
 */
import type { CacheMark } from "../../model/chat.ts";
import type { JsonObject } from "../../model/json.ts";
import type { Notes } from "../../model/note.ts";

type Zone = "tools" | "system" | "messages";

interface Mark {
  zone: Zone;
  object: JsonObject;
  ttl: CacheMark["ttl"];
  at: string;
}

const most = 4;
const zones: readonly Zone[] = ["tools", "system", "messages"];

export function cacheControl(mark: CacheMark): JsonObject {
  return mark.ttl === "5m" || mark.ttl === "1h" ? { type: "ephemeral", ttl: mark.ttl } : { type: "ephemeral" };
}

export class Marks {
  private readonly list: Mark[] = [];

  add(zone: Zone, object: JsonObject, cache: CacheMark | undefined, at: string | undefined): void {
    if (cache) this.list.push({ zone, object, ttl: cache.ttl, at: `${at ?? zone}.cache_control` });
  }

  get any(): boolean {
    return this.list.length > 0;
  }

  /** Writes the marks in prefix order: the last ones stay, and always the last of the tools and of the system text. */
  write(notes: Notes, reserved = 0): void {
    const ordered = zones.flatMap((zone) => this.list.filter((mark) => mark.zone === zone));
    const chosen = choose(ordered, most - reserved);
    let short = false;
    for (const mark of ordered) {
      if (!chosen.has(mark)) {
        notes.add("dropped", mark.at, "too_many_marks");
        continue;
      }
      const late = short && mark.ttl === "1h";
      if (late) notes.add("clamped", mark.at, "long_after_short");
      mark.object.cache_control = cacheControl(late ? { ttl: "5m" } : { ...(mark.ttl ? { ttl: mark.ttl } : {}) });
      short ||= mark.ttl !== "1h";
    }
  }
}

function choose(ordered: Mark[], room: number): Set<Mark> {
  if (ordered.length <= room) return new Set(ordered);
  const chosen = new Set<Mark>();
  const last = (zone: Zone) => ordered.findLast((mark) => mark.zone === zone);
  for (const mark of [last("system"), last("tools")]) if (mark && chosen.size < room - 1) chosen.add(mark);
  for (const mark of ordered.toReversed()) if (chosen.size < room) chosen.add(mark);
  return chosen;
}
