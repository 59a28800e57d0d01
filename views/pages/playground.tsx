/** A request of one's own making, on any key and in any protocol, and what became of it. */
import type { Markup } from "../jsx/jsx-runtime.ts";
import { Layout, type Shell } from "../layout.tsx";
import { Select } from "../parts/fields.tsx";
import { money, whole } from "../parts/format.ts";
import { type PlayedProps, playedPart } from "../parts/played.tsx";
import { Plays, type PlaysProps } from "../parts/plays.tsx";
import { protocolTitle, shellCommand } from "../parts/snippet.tsx";

export interface PlaygroundProps {
  shell: Shell;
  csrf: string;
  form: {
    protocol: string;
    key: string;
    model: string;
    system: string;
    prompt: string;
    maxTokens: number | null;
    isStream: boolean;
    /** In place of the fields above. */
    raw: string;
  };
  protocols: readonly string[];
  keys: readonly string[];
  /** Names that may be called. */
  models: readonly string[];
  /** Why it was not sent. */
  problem: string | null;
  /** What it would probably cost; null when nobody asked. */
  estimate: {
    /** `provider/model`. */
    target: string;
    /** Tokens. */
    input: number;
    output: number;
    /** Is the length of the answer that of former ones? */
    isMeasured: boolean;
    /** Nano-dollars; null without a price. */
    costNano: number | null;
    most: { output: number; costNano: number | null } | null;
  } | null;
  /** As a client would send it. */
  call: {
    url: string;
    headers: readonly (readonly [name: string, value: string])[];
    credential: readonly [name: string, before: string];
    body: string;
  } | null;
  /** What the model said; null when nothing was sent. */
  text: string | null;
  played: PlayedProps | null;
  before: PlaysProps;
}

export function playgroundPage(props: PlaygroundProps): Markup {
  const { shell, keys, problem, call } = props;
  return (
    <Layout shell={shell} title="Playground">
      <h1>Playground</h1>
      <p class="muted">
        The request takes the way of all requests: it costs what they cost, counts for the key, and is in the list with
        the label <code>playground</code>.
      </p>
      {keys.length === 0 ? (
        <section class="card">
          <p>There is no client key that is in force, and requests are sent as one.</p>
          <p>
            <a class="button" href="/console/keys">
              See the keys
            </a>
          </p>
        </section>
      ) : (
        <div class="columns even">
          <div>
            {problem === null ? null : (
              <p class="banner bad" role="alert">
                {problem}
              </p>
            )}
            <Form {...props} />
            {call === null ? null : <Curl call={call} />}
          </div>
          <Answer {...props} />
        </div>
      )}
      {keys.length === 0 ? null : <Plays {...props.before} />}
    </Layout>
  );
}

function Form({ csrf, form, protocols, keys, models, estimate }: PlaygroundProps): Markup {
  const same = (value: string) => ({ value, words: value });
  const titled = (value: string) => ({ value, words: protocolTitle(value) });
  return (
    <form class="card" method="post" action="/console/playground" data-stream="answer">
      <input type="hidden" name="csrf" value={csrf} />
      <div class="fields">
        <Select name="protocol" label="Protocol" options={protocols.map(titled)} value={form.protocol} />
        <Select name="key" label="As the key" options={keys.map(same)} value={form.key} />
        <p>
          <label for="f-model">Model</label>
          <input id="f-model" name="model" value={form.model} list="models" required aria-describedby="model-help" />
        </p>
        <datalist id="models">
          {models.map((name) => (
            <option value={name} />
          ))}
        </datalist>
        <p>
          <label for="f-max_tokens">Most tokens out</label>
          <input id="f-max_tokens" name="max_tokens" type="number" min="1" value={form.maxTokens} />
        </p>
      </div>
      <p class="muted" id="model-help">
        An alias, or a provider's own model as <code>provider/model</code>.
      </p>
      <label for="f-system">Instructions</label>
      <textarea id="f-system" name="system" rows="2">
        {form.system}
      </textarea>
      <label for="f-prompt">Message</label>
      <textarea id="f-prompt" name="prompt" rows="5">
        {form.prompt}
      </textarea>
      <p class="field">
        <label class="switch" for="f-stream">
          <input id="f-stream" name="stream" type="checkbox" value="on" checked={form.isStream} /> Stream the answer
        </label>
      </p>
      <details open={form.raw !== ""}>
        <summary>The request in JSON</summary>
        <label for="f-raw">Sent in place of the fields above, as it is</label>
        <textarea id="f-raw" name="raw" rows="10" spellcheck="false">
          {form.raw}
        </textarea>
      </details>
      {estimate === null ? null : <Estimated estimate={estimate} />}
      <Buttons />
    </form>
  );
}

/** The first one is also what the enter key presses. */
function Buttons(): Markup {
  return (
    <p class="buttons">
      <button type="submit" name="action" value="send">
        Send
      </button>
      <button type="submit" name="action" value="estimate" formaction="/console/playground#estimate" class="quiet">
        Estimate the cost
      </button>
      <button type="submit" name="action" value="draft" class="quiet">
        Show it as JSON and curl
      </button>
    </p>
  );
}

function Estimated({ estimate }: { estimate: NonNullable<PlaygroundProps["estimate"]> }): Markup {
  const { target, input, output, isMeasured, costNano, most } = estimate;
  const length = isMeasured ? "as its answers usually have" : "a guess, for it has given no answer yet";
  return (
    <p id="estimate" class="banner info" role="status" tabindex="-1">
      <strong>{costNano === null ? "Price unknown" : `About ${money(costNano)}`}</strong> by estimate, at{" "}
      <code>{target}</code>: {whole(input)} tokens in, {whole(output)} out (
      {most?.output === output ? "the most that is allowed" : length}).{" "}
      {most === null || most.output === output ? null : mostWords(most)}
      Nothing was sent.
    </p>
  );
}

function mostWords({ output, costNano }: { output: number; costNano: number | null }): string {
  const tokens = `${whole(output)} out that are allowed`;
  return costNano === null ? `At most the ${tokens}. ` : `At most ${money(costNano)}, with the ${tokens}. `;
}

function Curl({ call }: { call: NonNullable<PlaygroundProps["call"]> }): Markup {
  const [name, before] = call.credential;
  const headers = [`${name}: ${before}$PLEXUS_KEY`, ...call.headers.map(([other, value]) => `${other}: ${value}`)];
  return (
    <section class="snippet">
      <div class="bar">
        <h2>The same with curl</h2>
        <button type="button" class="quiet" data-copy="curl" aria-label="Copy the command">
          Copy
        </button>
      </div>
      <pre id="curl">{shellCommand({ url: call.url, headers, body: call.body })}</pre>
    </section>
  );
}

function Answer({ text, played }: PlaygroundProps): Markup {
  return (
    <section aria-labelledby="answered">
      <h2 id="answered">Answer</h2>
      <section class="scroll" tabindex="0" aria-label="What the model says">
        <pre id="answer" class="answer">
          {text ?? ""}
        </pre>
      </section>
      <div id="played" role="status">
        {played === null ? (
          <p class="muted">Send a request, and its answer, its choice of target and its times stand here.</p>
        ) : (
          playedPart(played)
        )}
      </div>
    </section>
  );
}
