/**
 * Address space that nothing is ever written to, so that it takes no memory. The runtime collects garbage when as much
 * was allocated as a share of what is held: beside a small heap, every few large requests; beside this, rarely.
 * Held for as long as the process is to be spared.
 */
export type Ballast = ArrayBuffer;

const ballastBytes = 64 * 1024 ** 2;

export function createBallast(): Ballast {
  return new ArrayBuffer(ballastBytes);
}
