import { describe, expect, test } from "bun:test";
import { compare } from "./compare.ts";
import { corpus, type Recording, recordings } from "./corpus.ts";
import type { ProtocolName } from "./door.ts";

/** What differs and why, under `client < recording`. An entry that does not differ any more is an error. */
const known: Readonly<Record<string, string>> = {
  "chat < anthropic-messages/ai_anthropic-programmatic-tool-calling-1_56c0693a":
    "several answers recorded in one stream, which the SDK refuses: the client gets the first, which is complete",
};

const answers = recordings().filter((recording) => recording.status < 400);
const names = ["chat", "messages"] as const;

/** Replays them all; gives the unexpected differences, and how many came out right. */
async function replayAll(list: Recording[], client: ProtocolName) {
  const wrong: string[] = [];
  let passed = 0;
  for (const recording of list) {
    const id = `${client} < ${recording.name}`;
    const failure = await compare(recording, client).then(
      () => undefined,
      (error: unknown) => String(error),
    );
    if (failure === undefined) passed++;
    if (failure !== undefined && !(id in known)) wrong.push(`${id}\n${failure}`);
    if (failure === undefined && id in known) wrong.push(`${id}: listed as different, but it is right`);
  }
  return { wrong, passed, share: passed / list.length };
}

describe.skipIf(!corpus)("recorded answers through the gateway", () => {
  for (const provider of names)
    for (const client of names)
      for (const isStream of [false, true]) {
        const kind = isStream ? "streams" : "whole answers";
        test(`${kind} of a ${provider} provider reach a ${client} client as they were`, async () => {
          const list = answers.filter((one) => one.protocol === provider && one.isStream === isStream);
          expect(list.length).toBeGreaterThan(30);
          const { wrong, passed, share } = await replayAll(list, client);
          console.log(`${client} client, ${provider} provider, ${kind}: ${passed}/${list.length}`);
          expect(wrong).toEqual([]);
          expect(share).toBeGreaterThanOrEqual(provider === client ? 1 : 0.97);
        });
      }
});
