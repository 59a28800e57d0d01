/** Media that came by address, for a provider that takes none: fetched once for all attempts, and put in their place. */
import type { ChatRequest, MediaBlock } from "../model/chat.ts";
import { mediaOf, withMedia } from "../model/media.ts";
import type { Protocol } from "../protocols/protocol.ts";
import { type Fetchable, type FetchedMedia, fetchMedia } from "../providers/media.ts";
import type { Exchange } from "./exchange.ts";

type Kinds = NonNullable<Protocol["inlineOnly"]>;

/** A media block with an address that is to be fetched. */
interface ByAddress {
  kind: Fetchable;
  url: string;
  at: string;
}

export class Media {
  private readonly fetched = new Map<string, FetchedMedia>();

  has({ kind, url }: ByAddress): boolean {
    return this.fetched.has(`${kind} ${url}`);
  }

  set({ kind, url }: ByAddress, media: FetchedMedia): void {
    this.fetched.set(`${kind} ${url}`, media);
  }

  /** A copy with the content of each address that the protocol does not take; the request itself where there is none. */
  inlined(request: ChatRequest, { inlineOnly }: Protocol): ChatRequest {
    if (!inlineOnly) return request;
    return withMedia(request, (block) => {
      const wanted = byAddress(block, inlineOnly);
      const media = wanted && this.fetched.get(`${wanted.kind} ${wanted.url}`);
      return media ? { ...block, mime: media.mime, source: { type: "bytes", data: media.data } } : block;
    });
  }
}

interface Fetching {
  protocol: Protocol | undefined;
  request: ChatRequest;
  signal: AbortSignal;
}

/** Fetches what the target's protocol does not take and no attempt has fetched; undefined when there is nothing to do. */
export function gatherMedia(exchange: Exchange, { protocol, request, signal }: Fetching): Promise<void> | undefined {
  const kinds = protocol?.inlineOnly;
  if (!kinds || !exchange.snapshot.settings.media.fetch) return undefined;
  const wanted = mediaOf(request).flatMap((block) => byAddress(block, kinds) ?? []);
  return wanted.length === 0 ? undefined : gather(exchange, wanted, signal);
}

async function gather(exchange: Exchange, wanted: readonly ByAddress[], signal: AbortSignal): Promise<void> {
  exchange.media ??= new Media();
  const { media } = exchange;
  const { maxBytes, allowPrivate } = exchange.snapshot.settings.media;
  let left = maxBytes;
  for (const one of wanted) {
    if (media.has(one)) continue;
    const fetched = await fetchMedia(one.url, { ...one, maxBytes: left, allowPrivate, signal });
    left -= Buffer.byteLength(fetched.data, "base64");
    media.set(one, fetched);
  }
}

function byAddress({ kind, source, at = "items" }: MediaBlock, kinds: Kinds): ByAddress | undefined {
  if (source.type !== "url" || (kind !== "image" && kind !== "document") || !kinds.includes(kind)) return undefined;
  // A data URL holds its content.
  return /^data:/i.test(source.url) ? undefined : { kind, url: source.url, at };
}
