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
/** Attributes that the content security policy would refuse anyway: they run code or style from the markup. */
const forbidden = /^(on|hx-on|hx-live|hx-vars)|^(style|srcdoc|srcset)$/;

/** An http or https address, a path of this site or a place on the page; anything else becomes `about:blank`. */
export function href(address: string): string {
  if (/^(#|\?|\/(?![/\\]))/.test(address)) return address;
  return /^https?:\/\/[^\s\\]+$/i.test(address) ? address : "about:blank";
}

function attribute(given: string, value: unknown): AttributeValue {
  // Nearly all are small letters already.
  const isPlain = /^[a-z][a-z0-9_:.-]*$/.test(given);
  const name = isPlain ? given : given.toLowerCase();
  if (forbidden.test(name)) throw new Error(`views must not use the attribute ${given}`);
  if (!isPlain && !/^[a-z][\w:.-]*$/.test(name)) throw new Error(`${given} is not the name of an attribute`);
  if (value === null || value === undefined || typeof value === "boolean") return value;
  const text = String(value);
  const safe = addresses.has(name) ? href(text) : text;
  // The printer escapes quotes and nothing else.
  return safe.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}

function print(child: unknown): string {
  if (child === null || child === undefined || typeof child === "boolean") return "";
  if (child instanceof Markup) return child.html;
  if (Array.isArray(child)) return child.map(print).join("");
  return Html.escapeHtml(String(child));
}

export function jsx(tag: string | ((props: Props) => Markup), props: Props): Markup {
  if (typeof tag === "function") return tag(props);
  const attributes: Record<string, AttributeValue> = {};
  // A long page has ten thousand of these: no copies of them.
  for (const name in props) if (name !== "children") attributes[name] = attribute(name, props[name]);
  const inner = print(props.children);
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
