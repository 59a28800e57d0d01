import { describe, expect, test } from "bun:test";
import { compare } from "./compare.ts";
import { corpus, type Recording, recordings } from "./corpus.ts";
import { type ProtocolName, protocolNames } from "./door.ts";
import { strange } from "./exceptions.ts";

const answers = recordings().filter(({ status, name }) => status < 400 && !(name in strange));

/** Replays them all; gives the differences, and how many came out right. */
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
    else wrong.push(`${id}\n${failure}`);
  }
  return { wrong, passed, share: passed / list.length };
}

describe.skipIf(!corpus)("recorded answers through the gateway", () => {
  for (const provider of protocolNames)
    for (const client of protocolNames)
      for (const isStream of [false, true]) {
        const kind = isStream ? "streams" : "whole answers";
        test(`${kind} of a ${provider} provider reach a ${client} client as they were`, async () => {
          const list = answers.filter((one) => one.protocol === provider && one.isStream === isStream);
          expect(list.length).toBeGreaterThan(20);
          const { wrong, passed, share } = await replayAll(list, client);
          console.log(`${client} client, ${provider} provider, ${kind}: ${passed}/${list.length}`);
          expect(wrong).toEqual([]);
          expect(share).toBeGreaterThanOrEqual(provider === client ? 1 : 0.995);
        });
      }
});
