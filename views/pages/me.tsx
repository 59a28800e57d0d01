/** What the holder of a client key sees first: the key, what it used today, what is left of its quotas, what it may call. */
import type { Child, Markup } from "../jsx/jsx-runtime.ts";
import { Layout, type Shell } from "../layout.tsx";
import { None } from "../parts/empty.tsx";
import { age, type Clock, clockOf, money, whole } from "../parts/format.ts";
import { FreeAgain, Level, Share } from "../parts/quota-counter.tsx";
import { amountOf, type QuotaCard, windowWords } from "./quotas.tsx";
import type { Sums } from "./usage.tsx";

export interface MeProps {
  shell: Shell;
  zone: string;
  now: number;
  own: {
    name: string;
    last4: string;
    /** Epoch milliseconds; null for never. */
    expiresAt: number | null;
    maxConcurrency: number | null;
    showsTargets: boolean;
    isFixed: boolean;
  };
  /** The last 24 hours. */
  day: Sums;
  /** Each with the one counter that holds for the key. */
  quotas: readonly QuotaCard[];
  models: readonly { name: string; alias: string; context: number | null; maxOutput: number | null }[];
}

export function mePage(props: MeProps): Markup {
  const { shell, own, day, quotas, models, zone, now } = props;
  return (
    <Layout shell={shell} title="Your key">
      <h1>Your key {own.name}</h1>
      <p class="muted">
        Times in {zone}. As of {clockOf(zone).short(now)}.
      </p>
      <Day day={day} showsCost={own.showsTargets} />
      <Quotas quotas={quotas} clock={clockOf(zone)} now={now} />
      <Models models={models} />
      <Facts {...props} />
    </Layout>
  );
}

function Figure({ name, children }: { name: string; children?: Child }): Markup {
  return (
    <div class="card">
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function Day({ day, showsCost }: { day: Sums; showsCost: boolean }): Markup {
  return (
    <section aria-labelledby="day">
      <h2 id="day">Last 24 hours</h2>
      <dl class="grid figures">
        <Figure name="Requests">
          <a href="/console/me/requests" aria-label={`${whole(day.requests)} requests: see the list`}>
            {whole(day.requests)}
          </a>
        </Figure>
        <Figure name="Failed">
          <span class={day.failed > 0 ? "text-bad" : null}>{whole(day.failed)}</span>
        </Figure>
        <Figure name="Tokens in">{whole(day.tokensInput)}</Figure>
        <Figure name="Tokens out">{whole(day.tokensOutput)}</Figure>
        {showsCost ? (
          <Figure name="Cost">
            {day.costNano === 0 && day.unpriced > 0 ? money(null) : money(day.costNano)}
            {day.costNano > 0 && day.unpriced > 0 ? <span class="muted"> + no price</span> : null}
          </Figure>
        ) : null}
      </dl>
      {day.requests > 0 ? null : (
        <p>
          No request came in with this key. <a href="/console/me/connect">See how to send one</a>.
        </p>
      )}
    </section>
  );
}

function Quotas({ quotas, clock, now }: { quotas: readonly QuotaCard[]; clock: Clock; now: number }): Markup {
  return (
    <section aria-labelledby="quotas">
      <h2 id="quotas">What is left</h2>
      {quotas.length === 0 ? (
        <p class="card">No quota holds for this key.</p>
      ) : (
        <section class="scroll" tabindex="0" aria-label="Quotas of this key">
          <table class="sums">
            <caption class="hidden">Quotas of this key</caption>
            <thead>
              <tr>
                <th scope="col">Quota</th>
                <th scope="col">State</th>
                <th scope="col">Share</th>
                <th scope="col">Limit</th>
                <th scope="col" class="number">
                  Left
                </th>
                <th scope="col" class="number">
                  More from
                </th>
              </tr>
            </thead>
            <tbody>
              {quotas.map((quota) => (
                <Quota quota={quota} clock={clock} now={now} />
              ))}
            </tbody>
          </table>
        </section>
      )}
    </section>
  );
}

function Quota({ quota, clock, now }: { quota: QuotaCard; clock: Clock; now: number }): Markup | null {
  const [counter] = quota.counters;
  if (!counter) return null;
  const { used, reserved, limit, remaining, level, resetsAt } = counter;
  return (
    <tr>
      <th scope="row">{quota.name}</th>
      <td>
        <Level level={level} />
      </td>
      <td class="share">
        <Share name={quota.name} warn={quota.warn} taken={used + reserved} limit={limit} />
      </td>
      <td class="share">
        {amountOf(quota, limit)} {windowWords(quota)}
        {quota.shared ? ", shared with other keys" : null}
      </td>
      <td class="number">{amountOf(quota, remaining)}</td>
      <td class="number">
        <FreeAgain at={resetsAt} now={now} clock={clock} />
      </td>
    </tr>
  );
}

function Models({ models }: Pick<MeProps, "models">): Markup {
  return (
    <section aria-labelledby="models">
      <h2 id="models">What it may call</h2>
      {models.length === 0 ? (
        <p class="card">This key may call no alias. Ask whoever runs this gateway for one.</p>
      ) : (
        <section class="scroll" tabindex="0" aria-label="Names of models">
          <table class="sums">
            <caption class="hidden">Names of models</caption>
            <thead>
              <tr>
                <th scope="col">Model</th>
                <th scope="col" class="number">
                  Context
                </th>
                <th scope="col" class="number">
                  Longest answer
                </th>
                <th scope="col">Try it</th>
              </tr>
            </thead>
            <tbody>
              {models.map(({ name, alias, context, maxOutput }) => (
                <tr>
                  <th scope="row">
                    <code>{name}</code>
                    {name === alias ? null : <span class="muted"> the same as {alias}</span>}
                  </th>
                  <td class="number">{context === null ? <None /> : `${whole(context)} tokens`}</td>
                  <td class="number">{maxOutput === null ? <None /> : `${whole(maxOutput)} tokens`}</td>
                  <td>
                    <a
                      class="button quiet small"
                      href={`/console/me/connect?model=${encodeURIComponent(name)}`}
                      aria-label={`Request for ${name}`}
                    >
                      Request
                    </a>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      )}
    </section>
  );
}

function Facts({ own, zone, now }: MeProps): Markup {
  const { last4, expiresAt, maxConcurrency } = own;
  return (
    <section aria-labelledby="key">
      <h2 id="key">The key</h2>
      <dl class="card facts">
        <dt>Secret</dt>
        <dd>
          ends in <code>{last4}</code>
        </dd>
        <dt>Expires</dt>
        <dd>
          {expiresAt === null ? (
            "never"
          ) : (
            <>
              <time datetime={new Date(expiresAt).toISOString()}>{clockOf(zone).short(expiresAt)}</time>{" "}
              <span class="muted">(in {age(Math.max(0, expiresAt - now))})</span>
            </>
          )}
        </dd>
        <dt>Requests at once</dt>
        <dd>{maxConcurrency === null ? "no limit" : `at most ${whole(maxConcurrency)}`}</dd>
      </dl>
      <p>
        <a class="button" href="/console/me/rotate">
          Make a new secret
        </a>{" "}
        <a class="alone" href="/console/me/sessions">
          Who is signed in with it
        </a>
      </p>
    </section>
  );
}
