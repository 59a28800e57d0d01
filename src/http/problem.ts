/** Errors of the management API: problem details (RFC 9457), with `errors` naming each field that is at fault. */
import type { GatewayError } from "../model/error.ts";

export function problem(error: GatewayError, requestId: string): Response {
  const body = {
    type: "about:blank",
    title: error.code,
    status: error.status,
    detail: error.message,
    request_id: requestId,
    ...(error.detail.param === undefined ? {} : { errors: [{ path: error.detail.param, message: error.message }] }),
    ...error.detail.members,
  };
  const headers = { "content-type": "application/problem+json", "x-request-id": requestId, ...error.detail.headers };
  return new Response(JSON.stringify(body), { status: error.status, headers });
}

export function json(body: unknown, requestId: string, status = 200): Response {
  const headers = { "content-type": "application/json", "x-request-id": requestId };
  return new Response(JSON.stringify(body), { status, headers });
}
