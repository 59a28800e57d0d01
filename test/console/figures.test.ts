/** What requests cost, why they went where they went, and what is limited: the pages of it, in a real browser. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { looks, wrongs } from "./checks.ts";
import { type Figures, openFigures } from "./figures.ts";
import { signIn, type Watched, watch } from "./visits.ts";

let figures: Figures;
/** Ids: tried twice, passed over, an image in words, refused. */
let ids: Record<"twice" | "passed" | "blind" | "refused", string>;
const image = {
  type: "image_url",
  image_url: {
    url: "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
  },
};

beforeAll(async () => {
  figures = await openFigures();
  const asked = { type: "text", text: "What is it?" };
  ids = {
    twice: await figures.send("mix"),
    passed: await figures.send("mix"),
    blind: await figures.send("blind", { messages: [{ role: "user", content: [image, asked] }] }),
    refused: await figures.send("nothing-like-this"),
  };
}, 60_000);
afterAll(() => figures.stop(), 60_000);

async function signedIn(work: (watched: Watched) => Promise<void>): Promise<void> {
  const watched = await watch(figures);
  if (!watched) return;
  await signIn(watched, figures.gateway);
  await work(watched);
  expect(watched.faults).toEqual([]);
  await watched.context.close();
}

/** The cells of each row of a table, without spaces around. */
async function cells({ page }: Watched, table: string): Promise<string[][]> {
  return page
    .locator(`${table} tr`)
    .evaluateAll((rows) =>
      rows.map((row) => [...row.children].map((cell) => (cell.textContent ?? "").replace(/\s+/g, " ").trim())),
    );
}

test("a request that was served on its second try says so, with every candidate and every try", async () => {
  await signedIn(async (watched) => {
    const { page } = watched;
    await page.goto(`${figures.gateway.url}/console/requests/${ids.twice}`);
    expect(await page.innerText(".verdict")).toMatch(
      /Served by paid\/good in .* on try 2, because busy\/busy answered 429/,
    );
    const routing = await cells(watched, "section[aria-labelledby=routing] table");
    expect(routing.slice(1).map((row) => row.slice(0, 3))).toEqual([
      ["busy/busy", "✕ tried, failed", "First in the order of its group."],
      ["paid/good", "✓ chosen", "Next in the order, after what failed."],
      ["off/none", "⊘ left out", "disabled: The target or its provider is switched off."],
    ]);
    const tries = await cells(watched, "section[aria-labelledby=attempts] table");
    expect(tries.slice(1).map((row) => row.slice(0, 4))).toEqual([
      ["1", "busy/busy", "✕ rate-limited", "429"],
      ["2", "paid/good", "✓ answered", "200"],
    ]);
    expect(await page.innerText("main")).toMatch(/Cost\s+\$0\.0030\s+Priced by\s+config-/);
  });
}, 60_000);

test("a target that was cooling down is shown as left out, and until when", async () => {
  await signedIn(async (watched) => {
    await watched.page.goto(`${figures.gateway.url}/console/requests/${ids.passed}`);
    const routing = await cells(watched, "section[aria-labelledby=routing] table");
    const busy = routing.find(([target]) => target === "busy/busy");
    expect(busy?.slice(1, 3)).toEqual([
      "⊘ left out",
      expect.stringMatching(/^cooled: It is left alone until \d+ \w+ \d+:/),
    ]);
  });
}, 60_000);

test("a request for which others were made leads to them, and they lead back", async () => {
  await signedIn(async ({ page }) => {
    const { url } = figures.gateway;
    await page.goto(`${url}/console/requests/${ids.blind}`);
    expect(await page.innerText("section[aria-labelledby=made]")).toContain("paid/sees");
    await page.click("section[aria-labelledby=made] a");
    expect(await page.innerText(".facts")).toContain("Made for");
    await page.click("text=the request that asked for it");
    expect(page.url()).toBe(`${url}/console/requests/${ids.blind}`);
  });
}, 60_000);

test("a request that failed is explained, with something to do", async () => {
  const failed = await figures.send("busy/busy");
  await signedIn(async ({ page }) => {
    await page.goto(`${figures.gateway.url}/console/requests/${ids.refused}`);
    expect(await page.innerText(".diagnosis")).toContain("The name that was called does not exist");
    await page.goto(`${figures.gateway.url}/console/requests/${failed}`);
    await page.click(".diagnosis a.button");
    await page.waitForURL(`${figures.gateway.url}/console/cooldowns`);
  });
}, 60_000);

test("filters are in the address, are taken out one by one, and hold for the rows that come by themselves", async () => {
  await signedIn(async ({ page }) => {
    const { url } = figures.gateway;
    await page.goto(`${url}/console/requests`);
    await page.click("summary:text-is('Filter')");
    await page.selectOption("#f-result", "success");
    await page.fill("#f-model", "paid/good");
    await page.click(".filters button");
    await page.waitForURL(/result=success/);
    const shown = () => page.locator("#rows tr").evaluateAll((rows) => rows.map((row) => row.id.slice(2)));
    expect(await shown()).toEqual([ids.passed, ids.twice]);
    await figures.send("nothing-else-like-this");
    const next = await figures.send("mix");
    await page.waitForSelector(`#r-${next}`, { timeout: 8000 });
    expect(await shown()).toEqual([next, ids.passed, ids.twice]);
    await page.click("[aria-label='Take out: Model paid/good']");
    expect(await page.locator("#rows tr").count()).toBeGreaterThan(3);
    await page.goto(`${url}/console/requests?q=TEAPOT&colour=red`);
    expect((await shown()).at(-1)).toBe(ids.twice);
    expect(await page.innerText(".banner.warn")).toContain("colour");
    await page.goto(`${url}/console/requests?key=nobody`);
    expect(await page.innerText(".empty")).toContain("No request fits these filters");
  });
}, 60_000);

test("what an address holds is shown as text", async () => {
  const hostile = `"><img src=x onerror=alert(1)>{{7*7}}`;
  await signedIn(async ({ page }) => {
    page.on("dialog", () => {
      throw new Error("a script of the address ran");
    });
    const { url } = figures.gateway;
    const text = encodeURIComponent(hostile);
    await page.goto(`${url}/console/requests?q=${text}&label=${text}&result=${text}&${text}=1`);
    expect(await page.inputValue("#f-q")).toBe(hostile);
    expect(await page.innerText(".chips")).toContain(hostile);
    for (const path of ["usage?key=", "usage?from=", "usage?bucket=", "performance?alias=", "cooldowns?after="]) {
      const answer = await page.goto(`${url}/console/${path}${text}`);
      expect([path, answer?.status()]).toEqual([path, 200]);
      expect(await page.locator("main img").count()).toBe(0);
    }
  });
}, 60_000);

test("usage sums up to its total, to the list of requests and to the chart, by whatever it is asked", async () => {
  await signedIn(async (watched) => {
    const { page } = watched;
    const { url } = figures.gateway;
    const number = (text: string | undefined) => Number((text ?? "").replace(/[$,]/g, ""));
    for (const by of ["none", "key", "alias", "provider", "model", "label"]) {
      await page.goto(`${url}/console/usage?by=${by}&measure=requests&range=24h`);
      const rows = (await cells(watched, "table.sums tbody")).map(([, requests, , input]) =>
        [requests, input].map(number),
      );
      const [total] = (await cells(watched, "table.sums tfoot")).map(([, requests, , input]) =>
        [requests, input].map(number),
      );
      const sums = [0, 1].map((at) => rows.reduce((sum, row) => sum + (row[at] ?? 0), 0));
      expect([by, sums]).toEqual([by, total ?? []]);
      expect(sums[0]).toBe((await figures.gateway.requests()).length);
      const bars = await cells(watched, ".chart table tbody");
      expect(bars.reduce((sum, row) => sum + number(row.at(-1)), 0)).toBe(sums[0] ?? 0);
    }
    expect(await page.innerText("main")).toContain("Days in UTC");
    await page.goto(`${url}/console/usage?by=model&range=24h`);
    await page.click("table.sums a:text-is('paid/good')");
    await page.waitForURL(/\/console\/requests/);
    const listed = await page.locator("#rows tr").count();
    await page.goto(`${url}/console/usage?by=model&range=24h`);
    const row = (await cells(watched, "table.sums tbody")).find(([name]) => name === "paid/good");
    expect(number(row?.[1])).toBe(listed);
    const download = page.waitForEvent("download");
    await page.click("text=Download as CSV");
    const csv = await Bun.file((await (await download).path()) ?? "").text();
    expect(csv).toStartWith("start,model,requests,failed,");
    expect(csv).toContain(`paid/good,${listed},0,`);
  });
}, 60_000);

test("usage of days without requests says so, and what is not understood is named", async () => {
  await signedIn(async ({ page }) => {
    await page.goto(`${figures.gateway.url}/console/usage?from=2020-01-01&to=2020-01-05&by=colour`);
    const text = await page.innerText("main");
    for (const words of ["No request came in within this range", "Show the last 90 days", "Total", "by (there are"]) {
      expect(text).toContain(words);
    }
  });
}, 60_000);

test("performance compares targets, those of one alias, and marks what is few", async () => {
  await signedIn(async (watched) => {
    const { page } = watched;
    await page.goto(`${figures.gateway.url}/console/performance`);
    const all = (await cells(watched, "table.sums tbody")).map(([name]) => name);
    expect(all).toContain("paid/blind");
    await page.selectOption("#f-alias", "mix");
    await page.click("main form button");
    await page.waitForURL(/alias=mix/);
    const rows = await cells(watched, "table.sums tbody");
    expect(rows.map(([name]) => name).sort()).toEqual(["paid/good"]);
    const good = rows.find(([name]) => name === "paid/good");
    expect([good?.[1], good?.[2], good?.at(-1)]).toEqual([expect.stringContaining("(few)"), "100%", "$30.00"]);
    expect(await page.innerText("section[aria-labelledby=closely]")).toContain("First token of paid/good");
  });
}, 60_000);

test("a cooldown shows why and until when, and is cleared after a word of confirmation", async () => {
  await figures.send("mix");
  await signedIn(async (watched) => {
    const { page } = watched;
    const { url } = figures.gateway;
    await page.goto(`${url}/console/cooldowns`);
    const text = await page.innerText("main");
    for (const words of ["busy/busy", "cooling down", "Too many requests for this teapot", "The last 7 days"]) {
      expect(text).toContain(words);
    }
    await page.click("text=Clear");
    expect(await page.innerText("main form")).toContain("The next request may go there at once");
    await page.click("text=Leave it as it is");
    await page.waitForURL(`${url}/console/cooldowns`);
    await page.click("text=Clear");
    await page.click("button:text-is('Clear it')");
    await page.waitForURL(`${url}/console/cooldowns?cleared=1`);
    expect(await page.innerText("main")).toContain("No target is cooling down");
    const history = await cells(watched, "section[aria-labelledby=history] tbody");
    expect(history[0]?.slice(1, 3)).toEqual(["– cleared", "busy/busy"]);
    await page.goto(`${url}/console/cooldowns/clear?provider=busy`);
    expect(await page.innerText("main")).toContain("There was nothing to clear any more");
  });
}, 60_000);

test("cooldowns are cleared with the session's token only", async () => {
  await signedIn(async ({ page }) => {
    const { url } = figures.gateway;
    const answer = await page.request.post(`${url}/console/cooldowns/clear`, {
      ...{ form: { provider: "busy" }, headers: { origin: url }, maxRedirects: 0 },
    });
    expect(answer.status()).toBe(403);
  });
}, 60_000);

test("quotas show what is used, what is left and when they begin anew", async () => {
  await signedIn(async (watched) => {
    const { page } = watched;
    await page.goto(`${figures.gateway.url}/console/quotas`);
    const text = await page.innerText("main");
    for (const words of ["$0.0100 a day", "1,000 requests within any 1 h", "No key has this quota"]) {
      expect(text).toContain(words);
    }
    const [shared] = (await cells(watched, "table.sums tbody")).filter(([key]) => key === "all together");
    const used = Number.parseInt(shared?.[3] ?? "", 10);
    expect(used).toBeGreaterThan(2);
    expect(shared?.[5]).toBe(`${1000 - used} requests`);
  });
}, 60_000);

describe.each(looks)("at $width px, $scheme", (look) => {
  test("no page scrolls sideways, and axe finds nothing", async () => {
    await figures.send("mix");
    const watched = await watch(figures, { ...look, bypassCSP: true });
    if (!watched) return;
    const { page, context } = watched;
    await signIn(watched, figures.gateway);
    const lists = ["requests?key=web&result=failed&q=x", "requests?key=web&model=paid/good", "requests?key=nobody"];
    const sums = ["usage", "usage?by=model&measure=requests&range=24h", "usage?from=2020-01-01&to=2020-01-02"];
    const others = ["performance", "cooldowns", "cooldowns/clear?provider=busy", "quotas"];
    const requests = Object.values(ids).map((id) => `requests/${id}`);
    for (const path of [...lists, ...sums, ...others, ...requests]) {
      await page.goto(`${figures.gateway.url}/console/${path}`);
      await page.evaluate(`document.querySelectorAll("details").forEach((one) => { one.open = true; })`);
      expect([path, await wrongs(page)]).toEqual([path, []]);
    }
    await context.close();
  }, 120_000);
});
