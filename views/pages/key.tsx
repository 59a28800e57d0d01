/** One client key: its settings, where its quotas stand, what it used, what it may call. */
import type { Markup } from "../jsx/jsx-runtime.ts";
import { Layout, type Shell } from "../layout.tsx";
import { entityHref } from "../parts/address.ts";
import { ChangesLink } from "../parts/changes-link.tsx";
import { Field, type FieldState, Form, type FormFrame, Group, OfFile } from "../parts/form.tsx";
import { type Clock, clockOf, money, percent, whole } from "../parts/format.ts";
import { Level } from "../parts/quota-counter.tsx";
import type { Series } from "../parts/series.ts";
import { type Bucket, StackedBars } from "../parts/stacked-bars.tsx";
import { KeyBadge, type KeyState } from "./keys.tsx";
import { amountOf, type QuotaCard, type QuotaCounter, windowWords } from "./quotas.tsx";
import type { Sums } from "./usage.tsx";

export interface NewKeyProps {
  shell: Shell;
  frame: FormFrame;
  name: FieldState;
  fields: readonly FieldState[];
}

export function newKeyPage({ shell, frame, name, fields }: NewKeyProps): Markup {
  return (
    <Layout shell={shell} title="New key">
      <h1>New key</h1>
      <p class="muted">Its secret is made for you, and shown once on the next page.</p>
      <Form frame={frame}>
        <Settings fields={[name, ...fields]} />
      </Form>
    </Layout>
  );
}

const listed = new Set(["aliases", "providers", "ips"]);

function Settings({ fields }: { fields: readonly FieldState[] }): Markup {
  return (
    <>
      <Group legend="Key">
        {fields
          .filter(({ name }) => !listed.has(name))
          .map((field) => (
            <Field field={field} />
          ))}
      </Group>
      <Group legend="Limited to">
        {fields
          .filter(({ name }) => listed.has(name))
          .map((field) => (
            <Field field={field} />
          ))}
      </Group>
    </>
  );
}

export interface KeyProps {
  shell: Shell;
  frame: FormFrame;
  name: string;
  last4: string;
  state: KeyState;
  isEnabled: boolean;
  isOfFile: boolean;
  fields: readonly FieldState[];
  zone: string;
  now: number;
  /** Epoch milliseconds; null when no former secret works. */
  previousUntil: number | null;
  standings: readonly { quota: QuotaCard; counter: QuotaCounter }[];
  /** Of 30 days; `lastAt` is null when it was never used. */
  used: {
    month: Sums;
    lastAt: number | null;
    measure: "cost" | "requests";
    series: readonly Series[];
    buckets: readonly Bucket[];
  };
  permissions: readonly { alias: string; also: readonly string[]; isAllowed: boolean; rule: string }[];
}

export function keyPage(props: KeyProps): Markup {
  const { shell, frame, name, state, isOfFile, fields, previousUntil, zone } = props;
  const clock = clockOf(zone);
  return (
    <Layout shell={shell} title={`${name} - Keys`}>
      <p class="crumbs">
        <a href="/console/keys">Keys</a>
      </p>
      <div class="bar">
        <h1>
          <bdi>{name}</bdi> <KeyBadge state={state} />
        </h1>
        {isOfFile ? null : <Actions {...props} />}
      </div>
      {isOfFile ? <OfFile what="key" back={frame.back} /> : null}
      {previousUntil === null ? null : (
        <p class="banner info">
          The former secret is valid until{" "}
          <time datetime={new Date(previousUntil).toISOString()}>{clock.short(previousUntil)}</time> ({zone}).{" "}
          <a href={`${frame.action}/revoke`}>End it now</a>
        </p>
      )}
      <Used {...props} clock={clock} />
      <h2 id="settings">Settings</h2>
      <Form frame={frame} isReadOnly={isOfFile}>
        <Settings fields={fields} />
      </Form>
      <Permissions {...props} />
    </Layout>
  );
}

function Actions({ frame, isEnabled, name }: KeyProps): Markup {
  return (
    <div class="buttons">
      <a class="button quiet" href={`${frame.action}/rotate`}>
        New secret
      </a>
      <form method="post" action={`${frame.action}/enabled`}>
        <input type="hidden" name="csrf" value={frame.csrf} />
        <button type="submit" class="quiet" name="to" value={isEnabled ? "off" : "on"}>
          {isEnabled ? "Disable" : "Enable"}
        </button>
      </form>
      <a class="button quiet" href={`${frame.action}/remove`}>
        Delete
      </a>
      <ChangesLink part="keys" name={name} />
    </div>
  );
}

function Used({ name, last4, used, standings, clock }: KeyProps & { clock: Clock }): Markup {
  const { month, lastAt } = used;
  const query = `key=${encodeURIComponent(name)}`;
  return (
    <section aria-label="Use">
      <dl class="grid figures">
        <div class="card">
          <dt>Secret</dt>
          <dd>
            <code>…{last4}</code>
          </dd>
        </div>
        <div class="card">
          <dt>Requests, 30 d</dt>
          <dd>
            <a href={`/console/requests?${query}`} aria-label={`${whole(month.requests)} requests: see them`}>
              {whole(month.requests)}
            </a>
          </dd>
        </div>
        <div class="card">
          <dt>Failed</dt>
          <dd>
            <span class={month.failed > 0 ? "text-bad" : null}>{percent(month.failed, month.requests)}</span>
          </dd>
        </div>
        <div class="card">
          <dt>Tokens</dt>
          <dd>{whole(month.tokensInput + month.tokensOutput)}</dd>
        </div>
        <div class="card">
          <dt>Cost, 30 d</dt>
          <dd>
            <a href={`/console/usage?${query}&range=30d`} aria-label={`${money(month.costNano)}: see what for`}>
              {money(month.costNano)}
            </a>
          </dd>
        </div>
      </dl>
      <p class="muted">
        {lastAt === null ? (
          "It was not used yet."
        ) : (
          <>
            Last used <time datetime={new Date(lastAt).toISOString()}>{clock.short(lastAt)}</time>.
          </>
        )}
        {month.unpriced > 0 ? ` ${whole(month.unpriced)} of its requests had no known price.` : null}
      </p>
      {standings.length === 0 ? null : <Standings standings={standings} clock={clock} />}
      <Chart used={used} />
    </section>
  );
}

function Chart({ used: { measure, series, buckets } }: Pick<KeyProps, "used">): Markup | null {
  if (series.length === 0) return null;
  const isCost = measure === "cost";
  return (
    <StackedBars
      title={isCost ? "Cost by alias" : "Requests by alias"}
      series={series}
      buckets={buckets}
      bucketName="Day"
      format={isCost ? money : whole}
      least={isCost ? 400_000 : 4}
    />
  );
}

function Standings({ standings, clock }: Pick<KeyProps, "standings"> & { clock: Clock }): Markup {
  return (
    <ul class="standings">
      {standings.map(({ quota, counter }) => (
        <li>
          <a class="alone" href={entityHref("/console/quotas", quota.name)}>
            {quota.name}
          </a>{" "}
          <Level level={counter.level} /> {amountOf(quota, counter.used + counter.reserved)} of{" "}
          {amountOf(quota, counter.limit)} {windowWords(quota)}
          {quota.shared ? ", shared with others" : null};{" "}
          {quota.window === "rolling" ? "something is free again" : "begins anew"}{" "}
          <time datetime={new Date(counter.resetsAt).toISOString()}>{clock.short(counter.resetsAt)}</time>
        </li>
      ))}
    </ul>
  );
}

const mostShown = 200;

function Permissions({ permissions, state }: KeyProps): Markup {
  const allowed = permissions.filter(({ isAllowed }) => isAllowed).length;
  const sorted = [...permissions].sort((one, other) => Number(other.isAllowed) - Number(one.isAllowed));
  return (
    <section aria-labelledby="permissions">
      <h2 id="permissions">What may this key call?</h2>
      <p>
        {state === "disabled" || state === "expired" ? `Nothing at all while it is ${state}. Else ` : null}
        {whole(allowed)} of {whole(permissions.length)} aliases.
      </p>
      {permissions.length === 0 ? (
        <p>
          There is no alias yet: clients call models as provider/model. <a href="/console/aliases/new">Add an alias</a>
        </p>
      ) : (
        <section class="scroll" tabindex="0" aria-label="Aliases and the rule that decides">
          <table class="sums">
            <caption class="hidden">Aliases and the rule that decides</caption>
            <thead>
              <tr>
                <th scope="col">Alias</th>
                <th scope="col">May it?</th>
                <th scope="col">Because</th>
              </tr>
            </thead>
            <tbody>
              {sorted.slice(0, mostShown).map(({ alias, also, isAllowed, rule }) => (
                <tr>
                  <th scope="row">
                    <a class="alone" href={entityHref("/console/aliases", alias)}>
                      {alias}
                    </a>
                    {also.length === 0 ? null : <span class="muted below">also {also.join(", ")}</span>}
                  </th>
                  <td>
                    <span class={`badge ${isAllowed ? "ok" : "off"}`}>
                      <span aria-hidden="true">{isAllowed ? "✓" : "⊘"}</span> {isAllowed ? "yes" : "no"}
                    </span>
                  </td>
                  <td class="why">{rule}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      )}
      {permissions.length > mostShown ? <p class="muted">The first {whole(mostShown)} are shown.</p> : null}
    </section>
  );
}
