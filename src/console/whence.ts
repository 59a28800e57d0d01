/** Where a visit comes from, in words for people: the address, and the browser as it calls itself. */
import type { Visit } from "./route.ts";
import type { Whence } from "./session.ts";

/** Many say that they are others, too: the first that fits is meant. */
const browsers: readonly [RegExp, string][] = [
  [/\bEdg(?:e|A|iOS)?\//, "Edge"],
  [/\b(?:OPR|Opera)\//, "Opera"],
  [/\bSamsungBrowser\//, "Samsung Internet"],
  [/\b(?:Firefox|FxiOS)\//, "Firefox"],
  [/(?:Chrome|Chromium|CriOS)\//, "Chrome"],
  [/\bSafari\//, "Safari"],
];
const systems: readonly [RegExp, string][] = [
  [/\biPhone\b/, "iPhone"],
  [/\biPad\b/, "iPad"],
  [/\bAndroid\b/, "Android"],
  [/\bCrOS\b/, "ChromeOS"],
  [/\bWindows\b/, "Windows"],
  [/\bMac(?:intosh| OS X)\b/, "macOS"],
  [/\bLinux\b/, "Linux"],
];
const longest = 512;
const nobodys = "unknown browser";

export function whenceOf({ request, address }: Visit): Whence {
  return { address, browser: browserOf(request.headers.get("user-agent")) };
}

/** `Firefox on Linux`; of what is no known browser its name, where that is a plain word: `curl/8.5.0`. */
export function browserOf(agent: string | null): string {
  const text = (agent ?? "").slice(0, longest);
  const [browser, system] = [browsers, systems].map((all) => all.find(([form]) => form.test(text))?.[1]);
  if (browser === undefined) return /^[\w.-]{1,30}(?:\/[\w.]{1,12})?(?![\w./-])/.exec(text)?.[0] ?? nobodys;
  return system === undefined ? browser : `${browser} on ${system}`;
}
