/** Long work in pieces: what else waits for this thread has its turn in between. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
