/** The last requests of the playground, for the session that sent them. In memory, and gone with the session. */
import type { PlayLine } from "../../views/parts/plays.tsx";
import type { RequestRecord } from "../model/record.ts";
import type { PlayFields } from "./playing.ts";
import type { Session } from "./session.ts";

const mostPlays = 20;
/** Of all forms of a session that can be used again. */
const mostBytes = 262_144;
const mostWords = 60;

type Whose = Session | null;

/** A request that was just sent. */
export interface Play {
  /** Of the request; empty until it is known. */
  id: string;
  closed(record: RequestRecord): void;
}

export interface Plays {
  begin(session: Whose, fields: PlayFields): Play;
  /** Newest first. */
  list(session: Whose): PlayLine[];
  /** What the form had; undefined when it is not kept, or is of another session. */
  find(session: Whose, id: string): PlayFields | undefined;
}

interface Kept extends Play {
  line: Omit<PlayLine, "id" | "canRepeat">;
  fields: PlayFields | undefined;
}

export function createPlays(now: () => number = Date.now): Plays {
  const bySession = new WeakMap<Session, Kept[]>();
  const of = (session: Whose) => (session ? bySession.get(session) : undefined) ?? [];
  return {
    begin(session, fields) {
      const play = playOf(fields, now());
      if (session) bySession.set(session, bounded([play, ...of(session)]));
      return play;
    },
    list: (session) =>
      of(session).flatMap(({ id, line, fields }) =>
        id === "" ? [] : [{ id, ...line, canRepeat: fields !== undefined }],
      ),
    find: (session, id) => of(session).find((play) => id !== "" && play.id === id)?.fields,
  };
}

function playOf(fields: PlayFields, at: number): Kept {
  const { protocol, key, model, prompt, raw } = fields;
  const line = { at, protocol, key, model, words: beginning(raw === "" ? prompt : raw) };
  const play: Kept = {
    ...{ id: "", line: { ...line, outcome: null, costNano: undefined }, fields },
    closed({ status, code, interrupted, attempts, costNano, model: called, tokens }) {
      const outcome = { status, code, interrupted, attempts };
      play.line = { ...line, model: called ?? model, outcome, costNano: tokens === null ? undefined : costNano };
    },
  };
  return play;
}

/** A text of its own, which keeps none of the long one. */
function beginning(text: string): string {
  const all = [...text.slice(0, 4 * mostWords).replace(/\s+/g, " ")];
  return all.length <= mostWords ? all.join("") : `${all.slice(0, mostWords - 1).join("")}…`;
}

/** Of forms that are too much together, those of the oldest go. */
function bounded(plays: Kept[]): Kept[] {
  let bytes = 0;
  for (const play of plays) {
    const size = play.fields ? bytesOf(play.fields) : 0;
    if (bytes + size > mostBytes) play.fields = undefined;
    else bytes += size;
  }
  return plays.slice(0, mostPlays);
}

function bytesOf({ protocol, key, model, system, prompt, raw }: PlayFields): number {
  return [protocol, key, model, system, prompt, raw].reduce((sum, text) => sum + 2 * text.length, 0);
}
