/** The client keys: what state each is in, what it may do, what it spends. */
import type { Markup } from "../jsx/jsx-runtime.ts";
import { Layout, type Shell } from "../layout.tsx";
import { entityHref } from "../parts/address.ts";
import { None } from "../parts/empty.tsx";
import { type Clock, clockOf, money, percent, whole } from "../parts/format.ts";

export type KeyState = "active" | "disabled" | "expired" | "over-quota";

export interface KeyLine {
  name: string;
  comment: string;
  last4: string;
  state: KeyState;
  isOfFile: boolean;
  /** What its lists leave; nothing when they leave all. */
  allows: readonly string[];
  quotas: readonly { name: string; share: number; level: "ok" | "warn" | "spent" }[];
  dayNano: number;
  monthNano: number;
  /** Epoch milliseconds; to the day, or to a quarter of an hour. Null: not within 30 days. */
  usedAt: { at: number; isDay: boolean } | null;
  expiresAt: number | null;
}

export interface KeysProps {
  shell: Shell;
  zone: string;
  now: number;
  /** What names and comments have to contain. */
  text: string;
  all: number;
  matching: number;
  lines: readonly KeyLine[];
}

const states = {
  active: { tone: "ok", sign: "✓", word: "active" },
  disabled: { tone: "off", sign: "–", word: "disabled" },
  expired: { tone: "bad", sign: "✕", word: "expired" },
  "over-quota": { tone: "bad", sign: "✕", word: "over quota" },
} as const;

export function KeyBadge({ state }: { state: KeyState }): Markup {
  const { tone, sign, word } = states[state];
  return (
    <span class={`badge ${tone}`}>
      <span aria-hidden="true">{sign}</span> {word}
    </span>
  );
}

export function keysPage({ shell, zone, now, text, all, matching, lines }: KeysProps): Markup {
  const clock = clockOf(zone);
  return (
    <Layout shell={shell} title="Keys">
      <div class="bar">
        <h1>Keys</h1>
        <a class="button" href="/console/keys/new">
          Make a key
        </a>
      </div>
      <p class="muted">
        Each client has a key of its own. Times in {zone}. As of {clock.short(now)}.
      </p>
      {all === 0 ? (
        <p class="card">There is no key yet, so nobody can call this gateway. Make one for your first client.</p>
      ) : (
        <form class="find" method="get" action="/console/keys">
          <label class="hidden" for="text">
            Name or comment
          </label>
          <input id="text" name="text" value={text} placeholder="Name or comment" />
          <button type="submit" class="quiet">
            Find
          </button>
          {text === "" ? null : <a href="/console/keys">All {whole(all)}</a>}
        </form>
      )}
      {all > 0 && lines.length === 0 ? (
        <p class="card">None of the {whole(all)} keys has this in its name or comment.</p>
      ) : null}
      {lines.length === 0 ? null : <Lines lines={lines} clock={clock} />}
      {matching > lines.length ? (
        <p class="muted">
          The first {whole(lines.length)} of {whole(matching)}: find the others by their names.
        </p>
      ) : null}
    </Layout>
  );
}

function Lines({ lines, clock }: { lines: readonly KeyLine[]; clock: Clock }): Markup {
  return (
    <section class="scroll" tabindex="0" aria-label="Keys">
      <table class="sums">
        <caption class="hidden">Keys</caption>
        <thead>
          <tr>
            <th scope="col">Key</th>
            <th scope="col">State</th>
            <th scope="col">Secret</th>
            <th scope="col">Limited to</th>
            <th scope="col">Quotas</th>
            <th scope="col" class="number">
              Cost 24 h
            </th>
            <th scope="col" class="number">
              Cost 30 d
            </th>
            <th scope="col">Last used</th>
            <th scope="col">Expires</th>
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

function Line({ line, clock }: { line: KeyLine; clock: Clock }): Markup {
  const { name, comment, last4, state, isOfFile, allows, quotas, dayNano, monthNano, usedAt, expiresAt } = line;
  return (
    <tr>
      <th scope="row">
        <a class="alone" href={entityHref("/console/keys", name)}>
          {name}
        </a>
        {isOfFile ? <span class="muted"> (file)</span> : null}
        {comment === "" ? null : <span class="muted below">{comment}</span>}
      </th>
      <td>
        <KeyBadge state={state} />
      </td>
      <td>
        <code>…{last4}</code>
      </td>
      <td>{allows.length === 0 ? <None /> : allows.join(", ")}</td>
      <td>
        {quotas.length === 0 ? <None /> : null}
        {quotas.map(({ name: quota, share, level }) => (
          <span class={level === "ok" ? "below" : `below text-${level === "spent" ? "bad" : "warn"}`}>
            {quota} {percent(Math.min(share, 1), 1)}
          </span>
        ))}
      </td>
      <td class="number">{money(dayNano)}</td>
      <td class="number">{money(monthNano)}</td>
      <td>
        {usedAt === null ? (
          <None />
        ) : (
          <time datetime={new Date(usedAt.at).toISOString()}>
            {usedAt.isDay ? clock.day(usedAt.at) : clock.minute(usedAt.at)}
          </time>
        )}
      </td>
      <td>
        {expiresAt === null ? (
          "never"
        ) : (
          <time datetime={new Date(expiresAt).toISOString()}>{clock.date(expiresAt)}</time>
        )}
      </td>
    </tr>
  );
}
