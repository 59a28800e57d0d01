/** Nothing that comes from outside becomes markup. */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { Fragment, href, jsx, type Markup, unescaped } from "../../views/jsx/jsx-runtime.ts";

const hostile = `<script>alert(1)</script>"'&amp;<img src=x onerror=alert(1)>`;

/** What a reader of HTML makes of an escaped text. */
function read(html: string): string {
  const names: Record<string, string> = { lt: "<", gt: ">", quot: '"', amp: "&" };
  return html
    .replace(/&#(\d+);/g, (_all, code: string) => String.fromCodePoint(Number(code)))
    .replace(/&(lt|gt|quot|amp);/g, (_all, name: string) => names[name] ?? "");
}

describe("a text in a page", () => {
  test("is escaped in an element, in a fragment, in a list and in a component", () => {
    const Part = ({ name }: { name: string }): Markup => <b>{name}</b>;
    const html = (
      <p>
        {hostile}
        {Fragment({ children: [hostile, hostile] })}
        {[hostile, <i>{hostile}</i>]}
        <Part name={hostile} />
      </p>
    ).html;
    expect(html.match(/<[a-z]+/g)).toEqual(["<p", "<i", "<b"]);
    expect(html).not.toContain("<script");
  });

  test("reads back as it was, whatever it is", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        const { html } = <p>{text}</p>;
        expect(html.slice(3, -4)).not.toMatch(/[<>"]/);
        expect(read(html.slice(3, -4))).toBe(text);
      }),
    );
  });

  test("is nothing for what is not there, and 0 for zero", () => {
    expect(
      (
        <p>
          {null}
          {undefined}
          {false}
          {0}
        </p>
      ).html,
    ).toBe("<p>0</p>");
  });

  test("is markup only by the one loud name", () => {
    expect((<p>{unescaped("<b>x</b>")}</p>).html).toBe("<p><b>x</b></p>");
  });
});

describe("an attribute", () => {
  test("cannot be left by its value", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        const { html } = <p title={text}>x</p>;
        const value = /^<p title="([^"]*)">x<\/p>$/.exec(html)?.[1];
        expect(value).toBeDefined();
        expect(read(value ?? "")).toBe(text);
      }),
    );
  });

  test("that would run code or style is refused", () => {
    for (const name of ["onclick", "OnClick", "hx-on:click", "hx-live", "style", "srcdoc", 'a"b', "a b"]) {
      expect(() => jsx("p", { [name]: "x" })).toThrow();
    }
  });
});

describe("an address", () => {
  test.each([
    "javascript:alert(1)",
    " javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "data:text/html,x",
    "java\nscript:x",
    "vbscript:x",
    "//evil.example",
    "/\\evil.example",
    "js:x",
  ])("%p leads nowhere", (address) => {
    expect(href(address)).toBe("about:blank");
    for (const name of ["href", "src", "action", "formaction", "hx-get", "hx-post"]) {
      expect(jsx("a", { [name]: address }).html).toBe(`<a ${name}="about:blank"></a>`);
    }
  });

  test.each(["/console", "/console/requests/1?after=2&x=1", "#main", "?after=1", "https://example.com/a"])(
    "%p stays",
    (address) => {
      expect(href(address)).toBe(address);
    },
  );
});
