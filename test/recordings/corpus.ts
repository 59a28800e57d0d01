/** Recorded traffic of the folder that PLEXUS_CORPUS names: read, never kept. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Json, JsonObject } from "../../src/model/json.ts";
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
  /** The client asked for a stream: in the body, or with the method in the path. */
  asksStream: boolean;
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

const folders: Readonly<Record<string, ProtocolName>> = {
  "openai-chat": "chat",
  "anthropic-messages": "messages",
  "openai-responses": "responses",
  gemini: "gemini",
};

export function recordings(): Recording[] {
  if (!corpus) return [];
  return [...Object.keys(folders), "errors"].flatMap((folder) => {
    const path = join(corpus as string, folder);
    const metas = readdirSync(path).filter((file) => file.endsWith(".meta.json"));
    return metas.sort().flatMap((file) => read(folder, JSON.parse(readFileSync(join(path, file), "utf8")) as Meta));
  });
}

/** Counting tokens is another operation than answering. */
function read(folder: string, meta: Meta): Recording[] {
  const protocol = folders[meta.protocol];
  if (!protocol || !corpus || /count_?tokens/i.test(meta.path)) return [];
  const file = readFileSync(join(corpus, folder, meta.response));
  const isArray = protocol === "gemini" && meta.status < 400 && /^\s*\[/.test(file.subarray(0, 9).toString());
  const bytes = new Uint8Array(isArray ? asEvents(file.toString()) : file);
  const isStream = isArray || meta.response.endsWith(".sse");
  const request = meta.request === null ? undefined : readFileSync(join(corpus, folder, meta.request), "utf8");
  return [
    {
      name: `${folder}/${meta.id}`,
      protocol,
      status: meta.status,
      headers: {
        "content-type": isStream ? "text/event-stream" : "application/json",
        ...meta.response_headers,
        ...(isArray ? { "content-type": "text/event-stream" } : {}),
      },
      bytes,
      isStream,
      model: (modelOf(new TextDecoder().decode(bytes)) ?? meta.model ?? "model").replace(/^models\//, ""),
      asksStream: /"stream"\s*:\s*true/.test(request ?? "") || meta.path.includes("streamGenerateContent"),
      ...(request === undefined ? { request: undefined } : { request: JSON.parse(request) as JsonObject }),
    },
  ];
}

/** A stream that was recorded as one list, as the events that the gateway asks for. */
function asEvents(text: string): Buffer {
  const chunks = JSON.parse(text) as Json[];
  return Buffer.from(chunks.map((chunk) => `data: ${JSON.stringify(chunk)}\r\n\r\n`).join(""));
}

function modelOf(text: string): string | undefined {
  const found = /"model(?:Version)?"\s*:\s*("(?:[^"\\]|\\.)+")/.exec(text)?.[1];
  return found === undefined ? undefined : (JSON.parse(found) as string);
}

export function replay({ bytes, status, headers }: Recording): Response {
  return new Response(bytes, { status, headers });
}
