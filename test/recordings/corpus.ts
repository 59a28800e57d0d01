/** Recorded traffic of the folder that PLEXUS_CORPUS names: read, never kept. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { JsonObject } from "../../src/model/json.ts";
import type { ProtocolName } from "./door.ts";

export const corpus = process.env.PLEXUS_CORPUS;
if (!corpus) console.log("skipped: set PLEXUS_CORPUS to the folder of recordings to replay them through the gateway");

export interface Recording {
  /** `folder/id`. */
  name: string;
  protocol: ProtocolName;
  status: number;
  headers: Record<string, string>;
  bytes: Uint8Array;
  isStream: boolean;
  /** As the provider names it in its answer, else as the client did. */
  model: string;
  request: JsonObject | undefined;
}

interface Meta {
  id: string;
  protocol: string;
  path: string;
  status: number;
  model: string | null;
  request: string | null;
  response: string;
  response_headers: Record<string, string>;
}

const protocolNames: Readonly<Record<string, ProtocolName>> = {
  "openai-chat": "chat",
  "anthropic-messages": "messages",
};

export function recordings(): Recording[] {
  if (!corpus) return [];
  return ["openai-chat", "anthropic-messages", "errors"].flatMap((folder) => {
    const path = join(corpus as string, folder);
    const metas = readdirSync(path).filter((file) => file.endsWith(".meta.json"));
    return metas.sort().flatMap((file) => read(folder, JSON.parse(readFileSync(join(path, file), "utf8")) as Meta));
  });
}

/** Counting tokens is another operation than answering. */
function read(folder: string, meta: Meta): Recording[] {
  const protocol = protocolNames[meta.protocol];
  if (!protocol || !corpus || meta.path.includes("count_tokens")) return [];
  const bytes = new Uint8Array(readFileSync(join(corpus, folder, meta.response)));
  const isStream = meta.response.endsWith(".sse");
  const request = meta.request === null ? undefined : readFileSync(join(corpus, folder, meta.request), "utf8");
  return [
    {
      name: `${folder}/${meta.id}`,
      protocol,
      status: meta.status,
      headers: { "content-type": isStream ? "text/event-stream" : "application/json", ...meta.response_headers },
      bytes,
      isStream,
      model: modelOf(new TextDecoder().decode(bytes)) ?? meta.model ?? "model",
      ...(request === undefined ? { request: undefined } : { request: JSON.parse(request) as JsonObject }),
    },
  ];
}

function modelOf(text: string): string | undefined {
  const found = /"model"\s*:\s*("(?:[^"\\]|\\.)+")/.exec(text)?.[1];
  return found === undefined ? undefined : (JSON.parse(found) as string);
}

export function replay({ bytes, status, headers }: Recording): Response {
  return new Response(bytes, { status, headers });
}
