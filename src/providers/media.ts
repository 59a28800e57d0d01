/**
 * Fetches a client's image or document for a provider that takes no address. What is called is what was checked: a name
 * is resolved once for each hop, every address of it has to be public, and the connection goes to one of these
 * addresses, so that a name that changes its mind afterwards (rebinding) changes nothing.
 */
import { lookup } from "node:dns/promises";
import { GatewayError } from "../model/error.ts";
import { isPublicAddress } from "./public-address.ts";

export type Fetchable = "image" | "document";

export interface MediaLimits {
  readonly maxBytes: number;
  /** Lets addresses of the own network be called, too. */
  readonly allowPrivate: boolean;
}

export interface MediaWanted extends MediaLimits {
  kind: Fetchable;
  /** Where the address stands in the request, for errors. */
  at: string;
  signal: AbortSignal;
}

export interface FetchedMedia {
  /** Standard base64. */
  data: string;
  mime: string;
}

const tooLarge = "it is larger than what may be fetched for one request (settings.media.max_mb)";
const mostRedirects = 3;
const timeoutMs = 10_000;
const types: Readonly<Record<Fetchable, RegExp>> = { image: /^image\/[\w.+-]+$/, document: /^application\/pdf$/ };
const accepts: Readonly<Record<Fetchable, string>> = { image: "image/*", document: "application/pdf" };

/** Throws `unsupported` with the field: another target may take the address as it is. */
export async function fetchMedia(url: string, wanted: MediaWanted): Promise<FetchedMedia> {
  const timeout = AbortSignal.timeout(timeoutMs);
  const signal = AbortSignal.any([wanted.signal, timeout]);
  try {
    return await unlessAborted(signal, followed(url, { ...wanted, signal }));
  } catch (thrown) {
    if (thrown instanceof GatewayError) throw thrown;
    if (wanted.signal.aborted && wanted.signal.reason instanceof GatewayError) throw wanted.signal.reason;
    const words = timeout.aborted ? `its server took more than ${timeoutMs / 1000} s` : "its server cannot be reached";
    throw refused(wanted, words, thrown);
  }
}

/** A resolver takes no signal. */
function unlessAborted<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  const aborted = new Promise<never>((_resolve, reject) => {
    if (signal.aborted) reject(signal.reason);
    else signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
  work.catch(() => undefined);
  return Promise.race([work, aborted]);
}

async function followed(first: string, wanted: MediaWanted): Promise<FetchedMedia> {
  let url = parseAddress(first, wanted);
  for (let redirects = 0; ; redirects++) {
    const response = await call(url, wanted);
    const location = response.headers.get("location");
    if (response.status < 300 || response.status >= 400 || location === null) return content(response, wanted);
    discard(response);
    if (redirects === mostRedirects) throw refused(wanted, `it redirects more than ${mostRedirects} times`);
    if (!URL.canParse(location, url.href)) throw refused(wanted, "it redirects to what is no address");
    url = parseAddress(new URL(location, url).href, wanted);
  }
}

function parseAddress(text: string, wanted: MediaWanted): URL {
  if (!URL.canParse(text)) throw refused(wanted, "its address is not valid");
  const url = new URL(text);
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    throw refused(wanted, "only http and https addresses are fetched");
  }
  if (url.username !== "" || url.password !== "") throw refused(wanted, "its address holds a user name or password");
  return url;
}

/** Calls the address that was checked; the name goes along for the server and for its certificate. */
async function call(url: URL, wanted: MediaWanted): Promise<Response> {
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
  const address = await checkedAddress(host, wanted);
  const target = new URL(url.href);
  target.hostname = address.includes(":") ? `[${address}]` : address;
  target.hash = "";
  return fetch(target.href, {
    headers: { host: url.host, accept: accepts[wanted.kind] },
    redirect: "manual",
    signal: wanted.signal,
    ...(url.protocol === "https:" && host !== address ? { tls: { serverName: host } } : {}),
  } as BunFetchRequestInit);
}

async function checkedAddress(host: string, wanted: MediaWanted): Promise<string> {
  const found = await lookup(host, { all: true }).catch((cause) => {
    throw refused(wanted, "the name of its server cannot be resolved", cause);
  });
  const isAllowed = wanted.allowPrivate || found.every(({ address }) => isPublicAddress(address));
  // IPv4 first: many hosts have IPv6 addresses that lead nowhere.
  const chosen = found.find(({ family }) => family === 4) ?? found[0];
  if (!chosen || !isAllowed) throw refused(wanted, "its server is not on the public internet");
  return chosen.address;
}

async function content(response: Response, wanted: MediaWanted): Promise<FetchedMedia> {
  const mime = (response.headers.get("content-type") ?? "").split(";")[0]?.trim().toLowerCase() ?? "";
  const reason = refusal(response, mime, wanted);
  if (reason !== undefined) {
    discard(response);
    throw refused(wanted, reason);
  }
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of response.body ?? []) {
    size += part.byteLength;
    if (size > wanted.maxBytes) throw refused(wanted, tooLarge);
    parts.push(part);
  }
  if (size === 0) throw refused(wanted, "its server sent nothing");
  return { data: Buffer.concat(parts).toString("base64"), mime };
}

function refusal(response: Response, mime: string, wanted: MediaWanted): string | undefined {
  if (!response.ok) return `its server answered with status ${response.status}`;
  if (!types[wanted.kind].test(mime)) return `its server sent ${mime || "no media type"}, not ${accepts[wanted.kind]}`;
  return Number(response.headers.get("content-length") ?? 0) > wanted.maxBytes ? tooLarge : undefined;
}

function discard(response: Response): void {
  response.body?.cancel().catch(() => undefined);
}

function refused({ at, kind }: MediaWanted, why: string, cause?: unknown): GatewayError {
  const words = `${at}: this provider takes no addresses, and the ${kind} could not be fetched: ${why}. Send the content itself.`;
  return new GatewayError("unsupported", words, { param: at, ...(cause === undefined ? {} : { cause }) });
}
