/** What was sent from the playground since somebody signed in. */
import type { Markup } from "../jsx/jsx-runtime.ts";
import { None, Or } from "./empty.tsx";
import { type Clock, clockOf, money } from "./format.ts";
import { Badge, type Outcome } from "./result.tsx";

export interface PlayLine {
  /** Of the request. */
  id: string;
  /** Epoch milliseconds. */
  at: number;
  protocol: string;
  model: string;
  key: string;
  /** How the message, or the request in JSON, begins. */
  words: string;
  /** Null while it runs. */
  outcome: Outcome | null;
  /** Nano-dollars; null without a price, undefined where there was nothing to be charged. */
  costNano: number | null | undefined;
  /** Is its form kept? */
  canRepeat: boolean;
}

export interface PlaysProps {
  lines: readonly PlayLine[];
  zone: string;
}

export interface PlaysPartProps extends PlaysProps {
  /** It takes the place of the one in the page. */
  isNews?: boolean;
}

export function Plays({ lines, zone, isNews = false }: PlaysPartProps): Markup {
  return (
    <section id="plays" aria-labelledby="played-before" hx-swap-oob={isNews ? "true" : null}>
      <h2 id="played-before">What you sent</h2>
      <p class="muted">
        The last 20 requests of this sign-in, kept in memory until you sign out. All of them are in the{" "}
        <a href="/console/requests?label=playground">list of requests</a>, too.
      </p>
      {lines.length === 0 ? (
        <p class="card">Nothing yet: send the request above.</p>
      ) : (
        <Table lines={lines} zone={zone} />
      )}
    </section>
  );
}

function Table({ lines, zone }: PlaysProps): Markup {
  const clock = clockOf(zone);
  return (
    <section class="scroll" tabindex="0" aria-label="What you sent, newest first">
      <table class="sums recent">
        <caption class="hidden">What you sent, newest first; times in {zone}</caption>
        <thead>
          <tr>
            <th scope="col">Time ({zone})</th>
            <th scope="col">Result</th>
            <th scope="col">Protocol</th>
            <th scope="col">Model</th>
            <th scope="col">Key</th>
            <th scope="col">Message</th>
            <th scope="col" class="number">
              Cost
            </th>
            <th scope="col" class="number">
              Form
            </th>
          </tr>
        </thead>
        <tbody>
          {lines.map((line) => (
            <Line line={line} clock={clock} />
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Line({ line, clock }: { line: PlayLine; clock: Clock }): Markup {
  const { id, at, protocol, model, key, words, outcome, costNano, canRepeat } = line;
  const time = clock.short(at);
  const running = { status: null, code: null, interrupted: false, attempts: 0, isRunning: true };
  return (
    <tr>
      <th scope="row" class="time">
        <a href={`/console/requests/${encodeURIComponent(id)}`}>
          <time datetime={new Date(at).toISOString()}>{time}</time>
        </a>
      </th>
      <td>
        <Badge {...(outcome ?? running)} />
      </td>
      <td>{protocol}</td>
      <td class="name" title={model}>
        {model}
      </td>
      <td class="name" title={key}>
        {key}
      </td>
      <td class="why">
        <Or text={words} />
      </td>
      <td class="number">{outcome === null || costNano === undefined ? <None /> : money(costNano)}</td>
      <td class="number">
        {canRepeat ? (
          <a
            class="alone"
            href={`/console/playground?again=${encodeURIComponent(id)}`}
            aria-label={`Use again: ${time}`}
          >
            Use again
          </a>
        ) : (
          <span class="muted">too long to keep</span>
        )}
      </td>
    </tr>
  );
}
