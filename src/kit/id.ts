/** Ids made in code, never by a database. */
export function uuidv7(): string {
  return Bun.randomUUIDv7();
}
