/** What trying out a provider showed: each step with its time and what to change, and the models that it tells of. */
import type { Child, Markup } from "../jsx/jsx-runtime.ts";
import { duration, money, whole } from "./format.ts";
import { protocolWords } from "./protocol-names.ts";

export interface StageLine {
  name: "dns" | "connect" | "tls" | "key" | "models" | "answer";
  target: string;
  protocol: string | null;
  result: "ok" | "failed" | "warning" | "skipped";
  ms: number | null;
  words: string;
  fix: string | null;
  status: number | null;
  body: string | null;
  costNano: number | null;
}

export interface ModelLine {
  id: string;
  state: "new" | "same" | "changed" | "gone";
  changes: readonly { field: string; before: number; after: number }[];
  context: number | null;
  /** Dollars for a million tokens. */
  price: { input: number | null; output: number | null } | null;
  protocols: readonly string[];
}

const steps: Record<StageLine["name"], string> = {
  dns: "Name",
  connect: "Connection",
  tls: "Encryption",
  key: "Key",
  models: "Models",
  answer: "Answer",
};
const results = {
  ok: { tone: "ok", sign: "✓", word: "ok" },
  failed: { tone: "bad", sign: "✕", word: "failed" },
  warning: { tone: "warn", sign: "!", word: "look" },
  skipped: { tone: "off", sign: "–", word: "skipped" },
} as const;

export function Stages({ stages, isFine }: { stages: readonly StageLine[]; isFine: boolean }): Markup {
  const failed = stages.find(({ result }) => result === "failed");
  return (
    <section class="card trial" aria-labelledby="test" id="tested" tabindex="-1">
      <h2 id="test">The test</h2>
      <p role="status">
        {isFine ? "It works." : `It fails at: ${failed ? nameOf(failed) : "the network"}. ${failed?.words ?? ""}`}
      </p>
      <ol class="stages">
        {stages.map((stage) => (
          <Stage stage={stage} />
        ))}
      </ol>
      <p class="muted">
        Name, connection and encryption are probes of their own. The rest went the way of the traffic: same headers,
        key, proxy and protocol.
      </p>
    </section>
  );
}

function nameOf({ name, protocol }: StageLine): string {
  return protocol === null ? steps[name] : `${steps[name]}, ${protocolWords(protocol)}`;
}

function Stage({ stage }: { stage: StageLine }): Markup {
  const { target, result, ms, words, fix, status, body, costNano, name } = stage;
  const { tone, sign, word } = results[result];
  return (
    <li>
      <span class="step">
        <strong>{nameOf(stage)}</strong> <span class="muted">{target}</span>
      </span>
      <span class={`badge ${tone}`}>
        <span aria-hidden="true">{sign}</span> {word}
      </span>
      <span class="number">{ms === null ? null : duration(ms)}</span>
      <div class="told">
        {words}
        {name === "answer" && result === "ok" ? costWords(costNano) : null}
        {fix === null ? null : (
          <>
            {" "}
            <strong>{fix}</strong>
          </>
        )}
        {body === null || result === "ok" ? null : (
          <details>
            <summary>What the provider answered{status === null ? null : ` (${status})`}</summary>
            <pre>{body}</pre>
          </details>
        )}
      </div>
    </li>
  );
}

function costWords(nano: number | null): string {
  return nano === null ? " What it cost is not known: the model has no price." : ` It cost ${money(nano)}.`;
}

interface FoundProps {
  models: readonly ModelLine[];
  /** Names of those that are ticked. */
  ticked: ReadonlySet<string>;
  /** Those that are configured already, and as they are, need no tick. */
  isDiff: boolean;
}

/** To be ticked, within a form. */
export function Found({ models, ticked, isDiff }: FoundProps): Markup {
  const shown = isDiff ? models.filter(({ state }) => state !== "same") : models;
  const same = models.length - shown.length;
  const isMixed = new Set(models.flatMap(({ protocols }) => protocols)).size > 1;
  if (shown.length === 0) {
    return (
      <p>
        {models.length === 0
          ? "Nothing changes because of that: what is configured stays as it is."
          : `All ${whole(same)} models are configured already.`}
      </p>
    );
  }
  return (
    <>
      <section class="scroll tall" tabindex="0" aria-label="Models that were found">
        <table>
          <caption class="hidden">Models that were found</caption>
          <thead>
            <tr>
              <th scope="col">Model</th>
              {isDiff ? <th scope="col">What differs</th> : null}
              <th scope="col" class="number">
                $ per 1M, in / out
              </th>
              <th scope="col" class="number">
                Context
              </th>
              {isMixed ? <th scope="col">Protocols</th> : null}
            </tr>
          </thead>
          <tbody>
            {shown.map((model) => (
              <tr>
                <th scope="row">
                  <label class="switch">
                    <input type="checkbox" name="models" value={model.id} checked={ticked.has(model.id)} /> {model.id}
                  </label>
                </th>
                {isDiff ? <td>{difference(model)}</td> : null}
                <td class="number">
                  <Rates price={model.price} />
                </td>
                <td class="number">{model.context === null ? null : whole(model.context)}</td>
                {isMixed ? <td>{model.protocols.map(protocolWords).join(", ")}</td> : null}
              </tr>
            ))}
          </tbody>
        </table>
      </section>
      {same > 0 ? <p class="muted">{whole(same)} more are configured already, as they are.</p> : null}
    </>
  );
}

const words = { new: "new", same: "as configured", gone: "gone: no longer told of" } as const;

function difference({ state, changes }: ModelLine): Child {
  if (state !== "changed") return words[state];
  return changes.map(({ field, before, after }) => `${field}: ${whole(before)} → ${whole(after)}`).join("; ");
}

export function Rates({ price }: { price: ModelLine["price"] }): Markup {
  if (price === null) return <span class="muted">no price</span>;
  const rate = (value: number | null) => (value === null ? "?" : `$${Number(value.toFixed(4))}`);
  return (
    <>
      {rate(price.input)} / {rate(price.output)}
    </>
  );
}
