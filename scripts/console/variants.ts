// A page as people ask for it: once for each choice that its forms offer, and the dearest combinations that are known.
import type { FoundPage } from "./pages.ts";

/** Of one list. */
const mostChoices = 12;

/** Of pages that take them; others ignore what they do not know. */
const combinations: Record<string, string[]> = {
  "/console/usage": ["range=90d&by=label", "range=7d&bucket=hour&by=model", "range=30d&by=model&key=research"],
  "/console/performance": ["by=provider&range=90d", "by=model&range=90d"],
  "/console/me/usage": ["range=90d&by=model", "range=7d&bucket=hour&by=model"],
  "/console/requests": [
    "key=visitor&result=5xx",
    "result=failed&provider=openai",
    "model=nobody/nothing",
    "group=cause",
    "group=cause&range=1h&q=teapot",
  ],
};

/** Addresses, that of the page itself first. */
export async function variantsOf(url: string, page: FoundPage, choices = mostChoices): Promise<string[]> {
  const response = await fetch(url + page.path, { headers: { cookie: page.visitor.cookie } });
  const html = await response.text();
  const asked = [...formQueries(html, choices), ...(combinations[page.pattern] ?? [])];
  const join = page.path.includes("?") ? "&" : "?";
  return [page.path, ...new Set(asked.map((query) => `${page.path}${join}${query}`))];
}

function formQueries(html: string, choices: number): string[] {
  const forms = [...html.matchAll(/<form[^>]*method="get"[^>]*>.*?<\/form>/gs)].map(([text]) => text);
  return forms.flatMap((form) =>
    [...form.matchAll(/<select[^>]*name="([^"]+)"[^>]*>(.*?)<\/select>/gs)].flatMap(([, name = "", options = ""]) =>
      [...options.matchAll(/<option[^>]*value="([^"]+)"/g)]
        .slice(0, choices)
        .map(([, value = ""]) => `${name}=${encodeURIComponent(value.replaceAll("&amp;", "&"))}`),
    ),
  );
}
