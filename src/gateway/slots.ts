/** Counts what is in flight by name, with one owner for each slot. Where there is no limit nothing is counted. */
export interface Slots {
  /** A function that gives the slot back (once, whatever is called), or undefined when `most` are taken. */
  take(name: string, most: number | null): (() => void) | undefined;
  used(name: string): number;
}

const nothingHeld = (): void => undefined;

export function createSlots(): Slots {
  const counts = new Map<string, number>();
  return {
    used: (name) => counts.get(name) ?? 0,
    take(name, most) {
      if (most === null) return nothingHeld;
      const used = counts.get(name) ?? 0;
      if (used >= most) return undefined;
      counts.set(name, used + 1);
      let held = true;
      return () => {
        if (!held) return;
        held = false;
        const left = (counts.get(name) ?? 1) - 1;
        if (left > 0) counts.set(name, left);
        else counts.delete(name);
      };
    },
  };
}
