/** One provider: how it is, what uses it, what failed last; and replacing its key. */
import type { Markup } from "../jsx/jsx-runtime.ts";
import { Layout, type Shell } from "../layout.tsx";
import { entityHref } from "../parts/address.ts";
import { None } from "../parts/empty.tsx";
import { listAddress } from "../parts/filters.tsx";
import { Field, type FieldState, Form, type FormFrame, Group } from "../parts/form.tsx";
import { type Clock, clockOf, duration, money, percent, whole } from "../parts/format.ts";
import { protocolWords } from "../parts/protocol-names.ts";
import { Head, type ProviderHead } from "../parts/provider-head.tsx";
import { type TickProps, Ticks } from "../parts/spark.tsx";
import { Stages } from "../parts/trial.tsx";
import type { TriedOut } from "./provider-new.tsx";

export interface ProviderProps {
  shell: Shell;
  head: ProviderHead;
  zone: string;
  /** Half hours of the last day. */
  ticks: TickProps["ticks"];
  protocols: readonly { name: string; url: string }[];
  models: number;
  /** Null when no key is sent. */
  key: { last4: string } | null;
  proxy: string | null;
  coolsDown: boolean;
  /** RFC 3339. */
  cooldowns: readonly { model: string | null; reason: string; until: string; request: string }[];
  /** Newest first. */
  errors: readonly { id: string; at: number; model: string; code: string; message: string }[];
  aliases: readonly { name: string; isLast: boolean }[];
  /** Epoch milliseconds. */
  changedAt: number | null;
  tried: TriedOut | null;
}

export function providerPage(props: ProviderProps): Markup {
  const { shell, head, tried, zone } = props;
  const clock = clockOf(zone);
  return (
    <Layout shell={shell} title={`${head.id} - Providers`}>
      <Head head={head} tab="overview" />
      {head.state.why === "" ? null : <p class="verdict">{sentence(head.state.why)}</p>}
      {tried === null ? null : <Stages {...tried} />}
      <Figures head={head} />
      {head.use.requests === 0 ? null : <Day {...props} />}
      <div class="columns">
        <div>
          <Cooldowns {...props} clock={clock} />
          <Errors {...props} clock={clock} />
          <Aliases {...props} />
        </div>
        <Facts {...props} clock={clock} />
      </div>
    </Layout>
  );
}

function sentence(words: string): string {
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}.`;
}

function Figures({ head: { id, use } }: { head: ProviderHead }): Markup {
  const query = `provider=${encodeURIComponent(id)}`;
  return (
    <section aria-label="Last 24 hours">
      <dl class="grid figures">
        <div class="card">
          <dt>Requests, 24 h</dt>
          <dd>
            <a href={`/console/requests?${query}`} aria-label={`${whole(use.requests)} requests: see them`}>
              {whole(use.requests)}
            </a>
          </dd>
        </div>
        <div class="card">
          <dt>Failed</dt>
          <dd>
            {use.requests === 0 ? (
              <None />
            ) : (
              <span class={use.failed > 0 ? "text-bad" : null}>{percent(use.failed, use.requests)}</span>
            )}
          </dd>
        </div>
        <div class="card">
          <dt>First token, median</dt>
          <dd>{use.ttftP50 === null ? <None /> : duration(use.ttftP50)}</dd>
        </div>
        <div class="card">
          <dt>Cost, 24 h</dt>
          <dd>{use.unpriced > 0 && use.costNano === 0 ? "no price" : money(use.costNano)}</dd>
        </div>
      </dl>
    </section>
  );
}

function Day({ head: { id, use }, ticks }: ProviderProps): Markup {
  const finding = `${id}, 48 half hours: ${whole(use.requests)} requests, ${whole(use.failed)} failed`;
  return (
    <figure class="card trial">
      <Ticks ticks={ticks} finding={finding} />
      <figcaption class="muted">The last 24 hours, by half hours: higher where requests failed.</figcaption>
    </figure>
  );
}

function Facts(props: ProviderProps & { clock: Clock }): Markup {
  const { head, protocols, models, key, proxy, coolsDown, changedAt, clock } = props;
  return (
    <aside aria-labelledby="facts">
      <h2 id="facts">Configured</h2>
      <dl class="card facts stacked">
        {protocols.map(({ name, url }) => (
          <>
            <dt>{protocolWords(name)}</dt>
            <dd>
              <code>{url}</code>
            </dd>
          </>
        ))}
        <dt>Key</dt>
        <dd>
          {key === null ? "none is sent" : key.last4 === "" ? "set" : `set, ends …${key.last4}`}{" "}
          <a class="alone" href={`${head.own}/key`}>
            Credentials
          </a>
        </dd>
        <dt>Models</dt>
        <dd>
          <a class="alone" href={`${head.own}/models`}>
            {whole(models)} configured
          </a>
        </dd>
        {proxy === null ? null : (
          <>
            <dt>Proxy</dt>
            <dd>
              <code>{proxy}</code>
            </dd>
          </>
        )}
        <dt>After failures</dt>
        <dd>
          <CoolingSwitch head={head} coolsDown={coolsDown} />
        </dd>
        {changedAt === null ? null : (
          <>
            <dt>Changed</dt>
            <dd>
              <time datetime={new Date(changedAt).toISOString()}>{clock.short(changedAt)}</time>
            </dd>
          </>
        )}
      </dl>
      <form method="post" action={`${head.own}/test`} class="test">
        <input type="hidden" name="csrf" value={head.csrf} />
        <button type="submit">Test it now</button>
        <p class="muted">Asks for its models and for one tiny answer in each protocol.</p>
      </form>
    </aside>
  );
}

function CoolingSwitch({ head, coolsDown }: Pick<ProviderProps, "head" | "coolsDown">): Markup {
  return (
    <>
      {coolsDown ? "left alone for a while" : "asked again at once"}
      {head.isOfFile ? null : (
        <form method="post" action={`${head.own}/cooldown`}>
          <input type="hidden" name="csrf" value={head.csrf} />
          <button type="submit" class="quiet small" name="to" value={coolsDown ? "off" : "on"}>
            {coolsDown ? "Never leave it alone" : "Leave it alone after failures"}
          </button>
        </form>
      )}
    </>
  );
}

function Cooldowns({ head, cooldowns, clock }: ProviderProps & { clock: Clock }): Markup | null {
  if (cooldowns.length === 0) return null;
  return (
    <section aria-labelledby="cooling">
      <h2 id="cooling">Left alone now</h2>
      <ul class="card plain">
        {cooldowns.map(({ model, reason, until, request }) => (
          <li>
            <strong>{model ?? "all its models"}</strong>: {reason}, until{" "}
            <time datetime={until}>{clock.short(Date.parse(until))}</time>.{" "}
            <a class="alone" href={`/console/requests/${encodeURIComponent(request)}`}>
              The request
            </a>
          </li>
        ))}
      </ul>
      <p>
        <a class="button quiet" href={`/console/cooldowns/clear?provider=${encodeURIComponent(head.id)}`}>
          Clear its cooldowns
        </a>
      </p>
    </section>
  );
}

function Errors({ head, errors, clock }: ProviderProps & { clock: Clock }): Markup {
  return (
    <section aria-labelledby="errors">
      <h2 id="errors">Last failures</h2>
      {errors.length === 0 ? (
        <p class="card">No failed request was found.</p>
      ) : (
        <ul class="card plain">
          {errors.map(({ id, at, model, code, message }) => (
            <li>
              <a class="alone" href={`/console/requests/${id}`}>
                <time datetime={new Date(at).toISOString()}>{clock.short(at)}</time>
              </a>{" "}
              <strong>{code}</strong> <span class="muted">{model}</span>
              <span class="words below">{message}</span>
            </li>
          ))}
        </ul>
      )}
      {errors.length === 0 ? null : (
        <p>
          <a href={listAddress({ provider: head.id, result: "failed", group: "cause" })}>Its failures by cause</a>
        </p>
      )}
    </section>
  );
}

function Aliases({ head, aliases }: ProviderProps): Markup {
  return (
    <section aria-labelledby="aliases">
      <h2 id="aliases">Aliases that use it</h2>
      {aliases.length === 0 ? (
        <p class="card">
          None. Clients call its models as {head.id}/model. <a href="/console/aliases/new">Add an alias</a>
        </p>
      ) : (
        <ul class="card plain">
          {aliases.map(({ name, isLast }) => (
            <li>
              <a class="alone" href={entityHref("/console/aliases", name)}>
                {name}
              </a>
              {isLast ? <span class="muted"> has no other provider</span> : null}
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

export interface ProviderKeyProps {
  shell: Shell;
  head: ProviderHead;
  zone: string;
  key: { last4: string } | null;
  /** Of the provider as a whole; epoch milliseconds. */
  changedAt: number | null;
  /** The newest request; null when there is none. */
  last: { at: number; status: number | null } | null;
  fields: readonly FieldState[];
  frame: FormFrame;
}

export function keyPage({ shell, head, zone, key, changedAt, last, fields, frame }: ProviderKeyProps): Markup {
  const clock = clockOf(zone);
  const time = (at: number) => <time datetime={new Date(at).toISOString()}>{clock.short(at)}</time>;
  return (
    <Layout shell={shell} title={`Credentials of ${head.id}`}>
      <Head head={head} tab="key" />
      <p>
        {key === null
          ? "No key is sent to this provider."
          : key.last4 === ""
            ? "A key is set; it is never shown."
            : `A key is set that ends …${key.last4}; it is never shown.`}
      </p>
      <p class="muted">
        {changedAt === null ? null : <>The provider was last changed {time(changedAt)}. </>}
        {last === null ? (
          "No request went there yet."
        ) : (
          <>
            Last used {time(last.at)}, {last.status === null ? "without an answer" : `the client got ${last.status}`}.
          </>
        )}{" "}
        ({zone})
      </p>
      <Form frame={frame} isReadOnly={head.isOfFile}>
        <Group
          legend="Replace the key"
          help="This form changes the key and nothing else. Requests that run keep the old one."
        >
          {fields.map((field) => (
            <Field field={head.isOfFile ? { ...field, isFixed: true } : field} />
          ))}
        </Group>
      </Form>
    </Layout>
  );
}
