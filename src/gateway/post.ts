/** Sends a prepared request to its provider; one that a login's token cannot open is renewed and sent once more. */
import { GatewayError } from "../model/error.ts";
import type { Wire } from "../protocols/protocol.ts";
import { authHeaders } from "../providers/auth.ts";
import { callUpstream, readErrorBody } from "../providers/call.ts";
import { type Login, loginLacking } from "../providers/logins.ts";
import type { Candidate } from "../routing/resolve.ts";
import type { Exchange } from "./exchange.ts";
import type { Addressed } from "./outgoing.ts";

export interface Posting {
  candidate: Candidate;
  prepared: Addressed;
  controller: AbortController;
}

/** Resolves with an answer that is no refusal. */
export async function post(exchange: Exchange<Wire>, posting: Posting): Promise<Response> {
  const { candidate, prepared } = posting;
  const { oauth } = candidate.provider;
  exchange.mark("sent");
  const response = await (oauth ? sendLoggedIn(exchange, posting, oauth) : send(exchange, posting, prepared.headers));
  exchange.mark("headers");
  exchange.heard(response.headers);
  if (!response.ok) throw named(exchange, candidate, await refused(posting, response));
  return response;
}

function send({ gateway }: Exchange<Wire>, posting: Posting, headers: Addressed["headers"]): Promise<Response> {
  const { candidate, prepared, controller } = posting;
  const { proxy } = candidate.provider;
  return callUpstream(gateway.transport(prepared.url), prepared.url, {
    method: "POST",
    headers,
    body: prepared.body,
    signal: controller.signal,
    ...(proxy === null ? {} : { proxy }),
  });
}

/** A token may be revoked before its time: at a 401 it is renewed, once, and the account is none the worse for it. */
async function sendLoggedIn(exchange: Exchange<Wire>, posting: Posting, login: Login): Promise<Response> {
  const { logins } = exchange.gateway;
  const token = logins.token(login);
  if (token === undefined) throw named(exchange, posting.candidate, loginLacking());
  const { provider } = posting.candidate;
  const prepared = keepable(posting.prepared);
  const sendWith = (token: string) => {
    const headers = { ...prepared.headers, ...authHeaders(provider, prepared.protocol, token) };
    return send(exchange, { ...posting, prepared }, headers);
  };
  const response = await sendWith(token);
  if (response.status !== 401) return response;
  const renewed = await logins.renewed(login, token);
  await response.body?.cancel();
  if (renewed === undefined) throw named(exchange, posting.candidate, loginLacking());
  return sendWith(renewed);
}

/** Bytes lie in a buffer that the next request takes: what may be sent twice needs its own. */
function keepable(prepared: Addressed): Addressed {
  const { body } = prepared;
  return typeof body === "string" ? prepared : { ...prepared, body: Buffer.from(body) };
}

/** An error without words of its provider says at least whose it is, to whom targets are shown. */
function named(exchange: Exchange<Wire>, { provider }: Candidate, error: GatewayError): GatewayError {
  if (!error.detail.isSilent || exchange.key?.revealTarget === false) return error;
  return new GatewayError(error.code, `${provider.id}: ${error.message}`, error.detail);
}

async function refused({ prepared }: Posting, response: Response): Promise<GatewayError> {
  const text = await readErrorBody(response);
  if (response.status >= 300 && response.status < 400) {
    const message = `The provider answered with a redirect (${response.status}). Correct its base URL.`;
    return new GatewayError("upstream-failed", message, { upstreamStatus: response.status });
  }
  return prepared.protocol.parseError(response.status, response.headers, text);
}
