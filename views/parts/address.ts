/** Addresses of pages of entities, whose names may be anything. */

/** Last parts of addresses that are pages of a list itself. */
const ownPages = new Set(["new", "import"]);

/** An entity that is called as such a page is spelled in another way, which means the same. */
export function entityHref(list: string, name: string): string {
  const encoded = encodeURIComponent(name);
  const part = ownPages.has(name) ? `%${(name.codePointAt(0) ?? 0).toString(16)}${encoded.slice(1)}` : encoded;
  return `${list}/${part}`;
}
