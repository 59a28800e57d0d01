/** What became of a request, in one sentence. */
import { duration } from "./format.ts";
import type { Outcome } from "./result.tsx";

export interface Judged extends Outcome {
  target: string | null;
  totalMs: number | null;
  errors: readonly { code: string; message: string; target?: string; upstreamStatus?: number }[];
}

/** An answer that had begun well. */
const broken = ", and its answer ended early";
/** Characters of what clients and providers may make long: the whole of it is among what failed. */
const most = 240;

export function brief(text: string): string {
  return text.length <= most ? text : `${text.slice(0, most)}…`;
}

export function verdict({ attempts, target, status, code, totalMs, interrupted, errors }: Judged): string {
  const took = totalMs === null ? "" : ` in ${duration(totalMs)}`;
  if (interrupted) return "Plexus ended before this request did, so the client got no complete answer.";
  if (code === null) {
    const tries = attempts > 1 ? ` on try ${attempts}, because ${firstFailure(errors)}` : "";
    return `Served by ${target ?? "Plexus"}${took}${tries}.`;
  }
  const answer =
    status === null ? "The client got no answer." : `The client got ${status}${status < 400 ? broken : ""}.`;
  if (code === "cancelled") return `The client left${took === "" ? "" : ` after ${took.slice(4)}`}.`;
  const why = brief(errors.at(-1)?.message ?? code);
  const sentence = /[.!?…]$/.test(why) ? why : `${why}.`;
  if (attempts === 0) return `Refused${took}, before any provider was called: ${sentence} ${answer}`;
  return `Failed after ${attempts} ${attempts === 1 ? "try" : "tries"}${took}: ${sentence} ${answer}`;
}

export interface Underway extends Pick<Judged, "attempts" | "target"> {
  phases: { sent?: number; committed?: number };
}

/** How far a request has come that has run for so long. */
export function progress({ attempts, target, phases }: Underway, elapsedMs: number): string {
  const provider = `${target ?? "the provider"}${attempts > 1 ? `, on try ${attempts}` : ""}`;
  if (phases.committed !== undefined) return `${provider} is answering.`;
  if (phases.sent === undefined) return "No provider has been asked yet.";
  return `Waiting for the first token of ${provider}, ${duration(Math.max(0, elapsedMs - phases.sent))} so far.`;
}

function firstFailure([first]: Judged["errors"]): string {
  if (!first) return "another target failed";
  const { target = "another target", upstreamStatus } = first;
  return upstreamStatus === undefined ? `${target} failed` : `${target} answered ${upstreamStatus}`;
}
