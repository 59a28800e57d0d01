/** "Did you mean": the nearest of some words. */

/** The number of single-letter changes (add, drop, replace, swap neighbours) between two words. */
function distance(from: string, to: string): number {
  let before: number[] = [];
  let last = Array.from({ length: to.length + 1 }, (_, at) => at);
  for (let row = 1; row <= from.length; row++) {
    const line = [row];
    for (let at = 1; at <= to.length; at++) {
      const same = from[row - 1] === to[at - 1] ? 0 : 1;
      let best = Math.min((last[at] ?? 0) + 1, (line[at - 1] ?? 0) + 1, (last[at - 1] ?? 0) + same);
      if (row > 1 && at > 1 && from[row - 1] === to[at - 2] && from[row - 2] === to[at - 1]) {
        best = Math.min(best, (before[at - 2] ?? 0) + 1);
      }
      line.push(best);
    }
    before = last;
    last = line;
  }
  return last[to.length] ?? 0;
}

/** The word of `known` that `word` was probably meant to be; undefined when none is near. */
export function nearest(word: string, known: Iterable<string>): string | undefined {
  const plain = word.toLowerCase().slice(0, 64);
  let best: { word: string; far: number } | undefined;
  for (const candidate of known) {
    const far = distance(plain, candidate.toLowerCase());
    if (far <= Math.max(1, Math.floor(candidate.length / 3)) && (!best || far < best.far))
      best = { word: candidate, far };
  }
  return best?.word;
}
