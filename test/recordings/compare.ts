/** One recording behind the gateway: what the client ends up with beside what the provider's own SDK makes of it. */
import { expect } from "bun:test";
import { safeId } from "../../src/protocols/ids.ts";
import { type Answered, ask, askLeniently } from "./clients.ts";
import { type Recording, replay } from "./corpus.ts";
import { openDoor, type ProtocolName } from "./door.ts";
import { bent, edited, failures, mendings } from "./exceptions.ts";
import { cut, opener, type View, viewOf } from "./view.ts";

/** Throws where the client ends up with something else than it should. */
export async function compare(recording: Recording, client: ProtocolName): Promise<void> {
  const question = { model: recording.model, stream: recording.isStream };
  const isSame = client === recording.protocol;
  const meant = edited[recording.name]?.meant;
  const original = meant
    ? { ...recording, bytes: Buffer.from(meant(Buffer.from(recording.bytes).toString())) }
    : recording;
  const door = openDoor({ provider: recording.protocol, models: [recording.model], answer: () => replay(recording) });
  const through = await ask(client, door.fetch, question);
  door.close();
  expect(door.records.map((record) => record.code)).not.toContain("internal");
  const mended = door.records[0]?.degraded.find(({ field }) => field === "stream")?.detail;
  if (mended !== undefined) expect([recording.name, mended]).toEqual([recording.name, mendings[recording.name] ?? ""]);
  const asItIs = isSame && mended === undefined;
  let direct = await ask(recording.protocol, async () => complete(asItIs ? recording : original), question);
  if (recording.name in bent) {
    expect(direct.kind).toBe("error");
    if (!asItIs) direct = await askLeniently(recording.protocol, async () => replay(recording), recording.model);
  }
  if (direct.kind === "error" || hiddenError(direct) || recording.name in failures) {
    expect(through.kind).toBe("error");
    return;
  }
  if (through.kind === "error") throw new Error(`the client got an error: ${JSON.stringify(through)}`);
  // Our own count stands where the provider has none.
  const isCounted = mended?.includes("no_usage");
  if (isSame && !(recording.name in bent)) {
    expect(isCounted ? { ...through.final, usage: undefined } : through.final).toEqual(direct.final as never);
  } else {
    const view = viewOf(through, opener(door));
    const hasRefusals = client === "chat" || client === "responses";
    const said = hasRefusals ? view : { ...view, text: view.text + view.refusal, refusal: "" };
    const heard = isSame ? viewOf(direct) : carried(viewOf(direct), recording.protocol, client);
    compareViews({
      client: isCounted ? { ...said, usage: heard.usage } : said,
      provider: heard,
      omitsCut: client === "gemini",
    });
  }
}

/** SDKs lose a last frame whose blank line never came; the gateway completes it. */
function complete(recording: Recording): Response {
  if (!recording.isStream) return replay(recording);
  const blankLine = new TextEncoder().encode("\n\n");
  return replay({ ...recording, bytes: Buffer.concat([recording.bytes, blankLine]) });
}

/** An error in a 200, which an SDK hands out as if it were an answer. */
function hiddenError({ final }: Answered): boolean {
  return "error" in final && Boolean(final.error);
}

/** The provider's answer as the other protocol can say it. */
function carried(view: View, provider: ProtocolName, client: ProtocolName): View {
  const calls = view.calls.map((call) => ({ ...call, id: safeId(call.id) }));
  const usage = view.usage ?? { total: 0, cached: 0, reasoning: 0 };
  // Without a place for a refusal it is text; a filter's own words stand where Google's SDK drops them.
  const isLost = client === "gemini" && provider === "messages";
  const asText = { text: isLost ? view.text : view.text + view.refusal, refusal: "" };
  // Citations need an index there that only the provider can make.
  if (client === "messages") return { ...view, ...asText, calls, usage, citations: [] };
  if (client !== "gemini") return { ...view, calls };
  const citations = view.citations.map(({ url, title }) => ({ url, title: title || url }));
  return { ...view, ...asText, calls, citations };
}

interface Views {
  client: View;
  provider: View;
  /** A call that was cut is left out, where arguments are an object. */
  omitsCut: boolean;
}

function compareViews({ client, provider, omitsCut }: Views): void {
  const calls = client.calls.map((call, at) => {
    const theirs = provider.calls[at];
    return { ...call, id: isMade(theirs?.id) ? (theirs?.id ?? "") : call.id };
  });
  const last = provider.calls.length - 1;
  const isLength = provider.finish === "length";
  if (isLength && omitsCut && calls.length === last) expect(calls).toEqual(provider.calls.slice(0, last));
  else {
    const isCut = isLength && [calls[last], provider.calls[last]].some((one) => one?.arguments === cut);
    expect(isCut ? masked(calls) : calls).toEqual(isCut ? masked(provider.calls) : provider.calls);
  }
  const said = (view: View) => ({ ...view, calls: [], reasoning: view.reasoning.replace(/\s+/g, "") });
  expect(said(client)).toEqual(said(provider));
}

/** The provider gave no id of its own: the gateway does. */
function isMade(id: string | undefined): boolean {
  return id === safeId("");
}

/** SDKs complete the arguments of a cut call, or leave them, each in its own way. */
function masked(calls: View["calls"]): View["calls"] {
  return calls.map((call, at) => (at === calls.length - 1 ? { ...call, arguments: cut } : call));
}
