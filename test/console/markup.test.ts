/** What a page must not hold, for the content security policy would refuse it or it would run code. */
import { expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dir, "../../views");
const files = readdirSync(root, { recursive: true, encoding: "utf8" }).filter((file) => /\.(tsx|js|css)$/.test(file));
const text = (file: string) => readFileSync(join(root, file), "utf8");
const views = files.filter((file) => file.endsWith(".tsx"));

const banned: [string, RegExp][] = [
  ["hx-on", /\bhx-on\b/],
  ["an event attribute", /\son[a-z]+=/],
  ["a filter of a trigger", /hx-trigger"?[=:]\s*"[^"]*\[/],
  ["a javascript address", /\b(javascript|js):/],
  ["hx-live or hx-vars", /\bhx-(live|vars)\b/],
  ["a style attribute", /\sstyle=/],
  ["a script in the page", /<script(?![^>]*\bsrc=)/],
  ["a style sheet in the page", /<style\b/],
  ["hx-boost", /\bhx-boost\b/],
];

test.each(banned)("no view holds %s", (_name, pattern) => {
  expect(views.filter((file) => pattern.test(text(file)))).toEqual([]);
});

test("each ban finds what it bans", () => {
  const samples = [
    '<a hx-on:click="x">',
    '<a onclick="x">',
    '<a hx-trigger="keyup[ctrlKey]">',
    '<a href="javascript:x">',
    '<a hx-live="x">',
    '<a style="x">',
    "<script>",
    "<style>",
    "<a hx-boost>",
  ];
  for (const [at, sample] of samples.entries()) expect([sample, banned[at]?.[1].test(sample)]).toEqual([sample, true]);
});

test("nothing is loaded from elsewhere", () => {
  const address = /(src|href)="https?:|\burl\(|@import|\/\/[\w-]+\.(com|net|org|io|dev)\b/;
  expect(files.filter((file) => address.test(text(file)))).toEqual([]);
});

test("markup that is not escaped is made in no view", () => {
  expect(views.filter((file) => /unescaped|new Markup/.test(text(file)))).toEqual([]);
});

test("a visit costs less than 100 KB, and the style less than 6", () => {
  const htmx = readFileSync(join(root, "../node_modules/htmx.org/dist/htmx.min.js"));
  const own = ["assets/console.css", "assets/console.js", "assets/icon.svg"].map(
    (file) => Bun.gzipSync(text(file)).length,
  );
  expect(Bun.gzipSync(text("assets/console.css")).length).toBeLessThan(6 * 1024);
  expect(Bun.gzipSync(htmx).length + own.reduce((sum, size) => sum + size)).toBeLessThan(60_000);
});
