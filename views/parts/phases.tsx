/** Where the time went: one bar for each phase on one axis, with its numbers in the same row. */
import type { Markup } from "../jsx/jsx-runtime.ts";
import type { Failure } from "./failures.tsx";
import { duration } from "./format.ts";

const order = ["authenticated", "read", "parsed", "routed", "sent", "headers", "committed", "closed"] as const;
export type Phase = (typeof order)[number];

const names: Record<Phase, string> = {
  authenticated: "Check the key",
  read: "Receive the request",
  parsed: "Parse",
  routed: "Route",
  sent: "Transform and send",
  headers: "Wait for the provider",
  committed: "Wait for the first content",
  closed: "Answer",
};
/** Bars thinner than this would not be seen, in hundredths of the axis. */
const thinnest = 0.5;

export interface PhasesProps {
  /** Milliseconds since arrival at which each phase was over. */
  phases: Partial<Record<Phase, number>>;
  totalMs: number | null;
  upstreamMs: number | null;
  ttftMs: number | null;
  attempts: number;
  /** Tries that failed have bars of their own, where their times are known. */
  errors: readonly Pick<Failure, "target" | "fromMs" | "tookMs">[];
  /** Of a request that has not ended: the present phase goes on. */
  elapsedMs?: number | undefined;
}

interface Bar {
  name: string;
  tone: "own" | "waiting" | "failed";
  from: number;
  to: number;
}

export function Phases(props: PhasesProps): Markup | null {
  const { phases, totalMs, upstreamMs, ttftMs, attempts, errors, elapsedMs } = props;
  const tries = triesOf(errors);
  const bars = barsOf(elapsedMs === undefined ? phases : { ...phases, [presentOf(phases)]: elapsedMs }, tries);
  if (bars.length === 0) return null;
  const axis = Math.max(totalMs ?? 0, bars.at(-1)?.to ?? 0, 0.001);
  return (
    <section aria-labelledby="timing">
      <h2 id="timing">Where the time went</h2>
      {totalMs === null ? null : (
        <p>
          {duration(totalMs)} in all, {upstreamMs === null ? "none" : duration(upstreamMs)} of it spent waiting for
          providers. Plexus itself took {fine(Math.max(0, totalMs - (upstreamMs ?? 0)))}.
          {ttftMs === null ? null : ` The first token was there after ${duration(ttftMs)}: the upright line.`}
          {attempts > 1 && tries.length === 0 ? " Tries that failed are part of “Transform and send”." : null}
        </p>
      )}
      <table class="phases card">
        <caption class="hidden">Phases with their start and length</caption>
        <thead>
          <tr>
            <th scope="col">Phase</th>
            <th scope="col" class="bars">
              Share
            </th>
            <th scope="col" class="number">
              From
            </th>
            <th scope="col" class="number">
              Took
            </th>
          </tr>
        </thead>
        <tbody>
          {bars.map((bar) => (
            <Line bar={bar} axis={axis} ttftMs={ttftMs} />
          ))}
        </tbody>
      </table>
    </section>
  );
}

/** The one after the last that is over. */
function presentOf(phases: PhasesProps["phases"]): Phase {
  const last = order.findLastIndex((phase) => phases[phase] !== undefined);
  return order[last + 1] ?? "closed";
}

interface Try {
  name: string;
  to: number;
}

function triesOf(errors: PhasesProps["errors"]): Try[] {
  return errors.flatMap(({ target, fromMs, tookMs }, at) =>
    target === undefined || fromMs === undefined || tookMs === undefined
      ? []
      : [{ name: `Try ${at + 1}, failed: ${target}`, to: fromMs + tookMs }],
  );
}

/** One after the other, from the arrival to the end: they add up to the whole. */
function barsOf(phases: PhasesProps["phases"], tries: readonly Try[]): Bar[] {
  let from = 0;
  const bars: Bar[] = [];
  const add = (name: string, tone: Bar["tone"], until: number) => {
    const to = Math.max(from, until);
    bars.push({ name, tone, from, to });
    from = to;
  };
  let isTried = false;
  const addTries = () => {
    if (!isTried) for (const { name, to } of tries) add(name, "failed", to);
    isTried = true;
  };
  for (const phase of order) {
    const to = phases[phase];
    if (to === undefined) continue;
    // What was sent last was sent after the tries before it.
    if (order.indexOf(phase) >= order.indexOf("sent")) addTries();
    add(names[phase], phase === "headers" || phase === "committed" ? "waiting" : "own", to);
  }
  return bars;
}

interface LineProps {
  bar: Bar;
  /** Milliseconds from one end to the other. */
  axis: number;
  ttftMs: number | null;
}

function Line({ bar: { name, tone, from, to }, axis, ttftMs }: LineProps): Markup {
  const width = Math.max((100 * (to - from)) / axis, thinnest);
  const start = Math.min((100 * from) / axis, 100 - width);
  return (
    <tr>
      <th scope="row">{name}</th>
      <td class="bars">
        <svg viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true" class={tone}>
          <rect x={start.toFixed(2)} y="0" width={width.toFixed(2)} height="10" />
          {ttftMs === null ? null : <path class="first" d={`M${((100 * ttftMs) / axis).toFixed(2)} 0v10`} />}
        </svg>
      </td>
      <td class="number">{fine(from)}</td>
      <td class="number">{fine(to - from)}</td>
    </tr>
  );
}

/** Phases of our own are often shorter than a millisecond. */
function fine(ms: number): string {
  if (ms === 0) return "0 ms";
  if (ms < 0.05) return "<0.1 ms";
  return ms < 10 ? `${ms.toFixed(1)} ms` : duration(ms);
}
