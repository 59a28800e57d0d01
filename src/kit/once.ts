/** Work whose result several ask for within a moment: done once, for all of them. What fails is not kept. */

export interface OnceOptions {
  /** How long a result is handed out. */
  keptMs: number;
  /** Results of so many names are kept; the oldest goes. */
  most: number;
  now?: () => number;
}

/** Under one name only one kind of thing may ever be made. */
export type Once = <T>(name: string, make: () => Promise<T>) => Promise<T>;

export function createOnce({ keptMs, most, now = Date.now }: OnceOptions): Once {
  const kept = new Map<string, { at: number; made: Promise<unknown> }>();
  return <T>(name: string, make: () => Promise<T>) => {
    const known = kept.get(name);
    if (known && now() - known.at < keptMs) return known.made as Promise<T>;
    const made = make();
    kept.delete(name);
    kept.set(name, { at: now(), made });
    made.catch(() => kept.delete(name));
    const [oldest] = kept.keys();
    if (kept.size > most && oldest !== undefined) kept.delete(oldest);
    return made;
  };
}
