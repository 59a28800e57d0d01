/** What the next page of somebody who is signed in says first: that something was saved, what to look at. */
import type { Notice } from "../../views/layout.tsx";
import type { Visit } from "./route.ts";

const mostWaiting = 8;

export interface Notices {
  tell(visit: Visit, notice: Notice): void;
  take(visit: Visit): readonly Notice[];
}

export function createNotices(): Notices {
  const waiting = new Map<string, Notice[]>();
  return {
    tell({ session }, notice) {
      if (!session) return;
      const told = { ...notice, text: withIsolatedMarks(notice.text) };
      const list = [...(waiting.get(session.csrf) ?? []), told].slice(-mostWaiting);
      waiting.set(session.csrf, list);
    },
    take({ session }) {
      const list = session ? waiting.get(session.csrf) : undefined;
      if (session) waiting.delete(session.csrf);
      return list ?? [];
    },
  };
}

/** A name may hold marks that turn the direction of writing: they end with the word that they stand in. */
function withIsolatedMarks(text: string): string {
  return text.replace(/\S*[\u202a-\u202e\u2066-\u2069]\S*/g, "\u2068$&\u2069");
}
