/** One buffer that is filled again and again, for large bytes that are copied before anything else runs. */
export interface Scratch {
  /** So many bytes, with what was in them; the next call may give the same ones. */
  take(size: number): Buffer;
}

/** What is larger than `most` bytes is not kept. */
export function createScratch(most = 4 * 1024 ** 2): Scratch {
  let kept = Buffer.alloc(0);
  return {
    take(size) {
      if (size > most) return Buffer.allocUnsafeSlow(size);
      if (kept.length < size) kept = Buffer.allocUnsafeSlow(Math.min(most, 2 * size));
      return kept.subarray(0, size);
    },
  };
}
