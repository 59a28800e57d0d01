/** `plexus translate`: one request, answer or stream from one protocol to another, without a server. */
import { type Pair, translateRequest, translateResponse, translateStream } from "../gateway/translate.ts";
import { toGatewayError } from "../model/error.ts";
import { protocols } from "../protocols/index.ts";
import type { Protocol } from "../protocols/protocol.ts";
import { type Command, parseArguments, UsageError } from "./command.ts";

const kinds = { request: translateRequest, response: translateResponse, stream: translateStream };

function find(name: string | undefined, option: string): Protocol {
  const protocol = protocols.find((one) => one.name === name);
  if (protocol) return protocol;
  throw new UsageError(`${option} wants one of ${protocols.map((one) => one.name).join(", ")}.`);
}

export const translateCommand: Command = {
  name: "translate",
  summary: "translate a request, an answer or a stream from one protocol to another",
  usage: "request|response|stream --from PROTOCOL --to PROTOCOL [FILE]",
  async run(args, io) {
    const { values, rest } = parseArguments(args, ["from", "to"]);
    const [kind = "", file, more] = rest;
    if (!(kind in kinds) || more !== undefined)
      throw new UsageError("Say what to translate: request, response or stream.");
    const pair: Pair = { from: find(values.from, "--from"), to: find(values.to, "--to") };
    const text = file === undefined ? await io.input() : await Bun.file(file).text();
    try {
      const { text: out, degraded } = kinds[kind as keyof typeof kinds](pair, text);
      io.out(out.endsWith("\n") ? out : `${out}\n`);
      for (const note of degraded) io.error(`${note.action} ${note.field}${note.detail ? ` (${note.detail})` : ""}\n`);
      return 0;
    } catch (thrown) {
      const error = toGatewayError(thrown);
      const place = error.detail.param === undefined ? "" : ` (at ${error.detail.param})`;
      io.error(`${error.code}: ${error.message}${place}\n`);
      return 1;
    }
  },
};
