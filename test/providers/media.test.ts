/** Fetching media by address, from a real server: what comes back, and every limit. */
import { afterAll, expect, test } from "bun:test";
import { GatewayError } from "../../src/model/error.ts";
import { type FetchedMedia, fetchMedia, type MediaWanted } from "../../src/providers/media.ts";

const calls: string[] = [];
const image = Buffer.from("an image, as its server says");
const server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: (request) => answer(new URL(request.url), request) });
afterAll(() => server.stop(true));
const base = `http://127.0.0.1:${server.port}`;

function answer({ pathname, search }: URL, request: Request): Response | Promise<Response> {
  calls.push(pathname);
  const type = (value: string) => ({ headers: { "content-type": value } });
  if (pathname === "/png") return new Response(image, type("Image/PNG; charset=x"));
  if (pathname === "/pdf") return new Response(image, type("application/pdf"));
  if (pathname === "/html") return new Response("<p>", type("text/html"));
  if (pathname === "/bare") return new Response(new Uint8Array([1]));
  if (pathname === "/empty") return new Response("", type("image/png"));
  if (pathname === "/host") return new Response(request.headers.get("host"), type("image/png"));
  if (pathname === "/to") return Response.redirect(decodeURIComponent(search.slice(1)), 302);
  if (pathname === "/silent") return new Promise<Response>(() => undefined);
  if (pathname === "/relative") return new Response(null, { status: 307, headers: { location: "png" } });
  if (pathname.startsWith("/hop")) {
    const left = Number(pathname.slice(4));
    return new Response(null, { status: 302, headers: { location: left === 0 ? "/png" : `/hop${left - 1}` } });
  }
  if (pathname === "/endless") {
    const body = new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(4096)) });
    return new Response(body, type("image/png"));
  }
  return new Response("no", { status: 404 });
}

function get(url: string, more: Partial<MediaWanted> = {}): Promise<FetchedMedia> {
  const signal = new AbortController().signal;
  return fetchMedia(url, { kind: "image", at: "messages.0", maxBytes: 100_000, allowPrivate: true, signal, ...more });
}

async function refusal(work: Promise<unknown>): Promise<GatewayError> {
  const thrown = await work.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (thrown instanceof GatewayError) return thrown;
  throw new Error(`not refused: ${thrown}`);
}

test("an image is its bytes with the type that its server names", async () => {
  expect(await get(`${base}/png`)).toEqual({ data: image.toString("base64"), mime: "image/png" });
  expect(await get(`${base}/relative`)).toEqual({ data: image.toString("base64"), mime: "image/png" });
  expect(await get(`${base}/pdf`, { kind: "document" })).toMatchObject({ mime: "application/pdf" });
});

test("the server is told the name by which it was called", async () => {
  const host = `localhost:${server.port}`;
  expect(Buffer.from((await get(`http://${host}/host`)).data, "base64").toString()).toBe(host);
});

test.each<[string, string, Partial<MediaWanted>]>([
  ["/html", "sent text/html, not image/*", {}],
  ["/pdf", "sent application/pdf, not image/*", {}],
  ["/png", "sent image/png, not application/pdf", { kind: "document" }],
  ["/bare", "not image/*", {}],
  ["/empty", "sent nothing", {}],
  ["/gone", "status 404", {}],
  ["/endless", "settings.media.max_mb", {}],
  ["/png", "settings.media.max_mb", { maxBytes: image.length - 1 }],
  ["/hop3", "redirects more than 3 times", {}],
  ["/to?file:///etc/passwd", "only http and https", {}],
  ["/to?http://user:word@127.0.0.1/", "user name or password", {}],
])("%s is refused: %s", async (path, words, more) => {
  const error = await refusal(get(base + path, more));
  expect(error).toMatchObject({ code: "unsupported", status: 400, detail: { param: "messages.0" } });
  expect(error.message).toContain(words);
  expect(error.message).toStartWith("messages.0: ");
});

test("three redirects and the exact limit are still taken", async () => {
  expect(await get(`${base}/hop2`, { maxBytes: image.length })).toMatchObject({ mime: "image/png" });
});

test.each(["ftp://127.0.0.1/x", "file:///etc/passwd", "gs://bucket/x", "no address", "http://a:b@127.0.0.1/"])(
  "%s is never called",
  async (url) => {
    expect(await refusal(get(url))).toMatchObject({ code: "unsupported" });
  },
);

const port = server.port;
test.each([
  ...[`127.0.0.1:${port}`, `2130706433:${port}`, `0x7f.1:${port}`, `017700000001:${port}`, `127.1:${port}`],
  ...[`[::1]:${port}`, `[::ffff:127.0.0.1]:${port}`, `localhost:${port}`, "169.254.169.254", "[fd00:ec2::254]"],
])("%s is not called without leave for private addresses", async (host) => {
  const before = calls.length;
  const error = await refusal(get(`http://${host}/png`, { allowPrivate: false }));
  expect(error.message).toMatch(/not on the public internet|cannot be resolved/);
  expect(calls.length).toBe(before);
});

test("silence and a client that leaves end the call with the reason", async () => {
  const controller = new AbortController();
  setTimeout(() => controller.abort(new GatewayError("cancelled", "left")), 30);
  expect(await refusal(get(`${base}/silent`, { signal: controller.signal }))).toMatchObject({ code: "cancelled" });
});

test("a server that cannot be reached is the field's error", async () => {
  expect((await refusal(get("http://127.0.0.1:1/x"))).message).toContain("cannot be reached");
});
