import { expect, test } from "bun:test";
import { readBody } from "../../src/http/body.ts";
import type { Content } from "../../src/kit/content.ts";
import type { Sweep, Watch } from "../../src/kit/sweep.ts";
import type { GatewayError } from "../../src/model/error.ts";

/** A sweep whose time passes when the test says so. */
function clock(): Sweep & { pass(milliseconds: number): void; watches: Set<Watch> } {
  const watches = new Set<Watch>();
  let now = 1000;
  return {
    watches,
    now: () => now,
    set: (watch, milliseconds) => {
      watch.due = now + milliseconds;
      watches.add(watch);
    },
    remove: (watch) => watches.delete(watch),
    stop: () => undefined,
    pass(milliseconds) {
      now += milliseconds;
      for (const watch of [...watches]) {
        if (watch.due > now) continue;
        watches.delete(watch);
        watch.fire();
      }
    },
  };
}

function slowRequest(headers: Record<string, string> = {}) {
  let controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  const body = new ReadableStream<Uint8Array>({
    start(made) {
      controller = made;
    },
  });
  const request = new Request("http://localhost/", { method: "POST", body, headers });
  const send = async (text: string) => {
    controller?.enqueue(new TextEncoder().encode(text));
    await Bun.sleep(1);
  };
  return { request, send, end: () => controller?.close() };
}

async function failureOf(reading: Promise<Content>): Promise<GatewayError> {
  return reading.then(
    ({ text }) => {
      throw new Error(`it was read: ${text}`);
    },
    (error: GatewayError) => error,
  );
}

test("a sender that is silent for 30 s in the middle of its body is told 408", async () => {
  const time = clock();
  const { request, send } = slowRequest();
  const failure = failureOf(readBody(request, time, 1000));
  await send("begun");
  time.pass(29_000);
  await send(" and on");
  time.pass(29_000);
  await send(" and on");
  time.pass(31_000);
  expect(await failure).toMatchObject({ code: "invalid-request", status: 408 });
  expect(time.watches.size).toBe(0);
});

test("a sender that is slow but not silent is read to its end", async () => {
  const time = clock();
  const { request, send, end } = slowRequest();
  const reading = readBody(request, time, 1000);
  for (let at = 0; at < 20; at++) {
    await send("x");
    time.pass(20_000);
  }
  end();
  expect((await reading).text).toBe("x".repeat(20));
  expect(time.watches.size).toBe(0);
});

test("a declared length has its time, which grows with it", async () => {
  for (const [length, seconds] of [
    [100, 31],
    [5_000_000, 131],
  ] as const) {
    const time = clock();
    const { request } = slowRequest({ "content-length": String(length) });
    const failure = failureOf(readBody(request, time, 10_000_000));
    time.pass((seconds - 2) * 1000);
    await Bun.sleep(1);
    expect(time.watches.size).toBe(1);
    time.pass(3000);
    expect(await failure).toMatchObject({ code: "invalid-request", status: 408 });
    expect(time.watches.size).toBe(0);
  }
});
