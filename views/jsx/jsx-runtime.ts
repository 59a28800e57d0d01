/**
 * JSX that escapes: every text and every attribute value, and no address that runs code. The printing is
 * `@elysiajs/html`'s, which by itself escapes no children. `unescaped` is the only way round it.
 */
import { Html } from "@elysiajs/html";

/** HTML that is already safe to print. Only this module makes it. */
export class Markup {
  readonly html: string;

  constructor(html: string) {
    this.html = html;
  }

  toString(): string {
    return this.html;
  }
}

export type Child = Markup | string | number | boolean | null | undefined | readonly Child[];
export type AttributeValue = string | number | boolean | null | undefined;
type Props = Record<string, unknown>;

/** HTML of our own making, printed as it is. Never for anything that came from outside. */
export function unescaped(html: string): Markup {
  return new Markup(html);
}

const addresses = new Set(["href", "src", "action", "formaction", "poster", "data", "ping", "hx-get", "hx-post"]);
/** Nearly all attributes there are: known to be in order, without a look at their letters. */
const usual = new Set([
  "class",
  "href",
  "scope",
  "title",
  "id",
  "name",
  "type",
  "value",
  "d",
  "datetime",
  "aria-label",
]);
/** Attributes that the content security policy would refuse anyway: they run code or style from the markup. */
const forbidden = /^(on|hx-on|hx-live|hx-vars)|^(style|srcdoc|srcset)$/;

/** An http or https address, a path of this site or a place on the page; anything else becomes `about:blank`. */
export function href(address: string): string {
  if (/^(#|\?|\/(?![/\\]))/.test(address)) return address;
  return /^https?:\/\/[^\s\\]+$/i.test(address) ? address : "about:blank";
}

/** `class="number"`; empty where it is not set. */
function attribute(given: string, value: unknown): string {
  const name = usual.has(given) ? given : checked(given);
  if (value === null || value === undefined || value === false) return "";
  if (value === true) return name;
  const text = String(value);
  return `${name}="${quoted(addresses.has(name) ? href(text) : text)}"`;
}

function checked(given: string): string {
  const name = given.toLowerCase();
  if (forbidden.test(name)) throw new Error(`views must not use the attribute ${given}`);
  if (!/^[a-z][\w:.-]*$/.test(name)) throw new Error(`${given} is not the name of an attribute`);
  return name;
}

function quoted(text: string): string {
  if (!/[&<"]/.test(text)) return text;
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&#34;");
}

function print(child: unknown): string {
  if (typeof child === "string") return Html.escapeHtml(child);
  if (child instanceof Markup) return child.html;
  if (child === null || child === undefined || typeof child === "boolean") return "";
  if (!Array.isArray(child)) return Html.escapeHtml(String(child));
  let html = "";
  for (const one of child) html += print(one);
  return html;
}

export function jsx(tag: string | ((props: Props) => Markup), props: Props): Markup {
  if (typeof tag === "function") return tag(props);
  let attrs = "";
  // A long page has ten thousand of these: the printer is given one text, which it prints as it is.
  for (const name in props) {
    if (name === "children") continue;
    const one = attribute(name, props[name]);
    if (one !== "") attrs += attrs === "" ? one : ` ${one}`;
  }
  const inner = print(props.children);
  const attributes = attrs === "" ? null : { attrs };
  // Without children the printer closes void elements by itself.
  return new Markup(
    String(inner === "" ? Html.createElement(tag, attributes) : Html.createElement(tag, attributes, inner)),
  );
}

export const jsxs = jsx;
export const jsxDEV = jsx;

export function Fragment({ children }: { children?: Child }): Markup {
  return new Markup(print(children));
}

/** Where the compiler looks for the types of JSX. */
export namespace JSX {
  export type Element = Markup;
  export interface ElementChildrenAttribute {
    children: unknown;
  }
  export interface IntrinsicElements {
    [tag: string]: { children?: Child; [attribute: string]: AttributeValue | Child };
  }
}
