/** Where every quota stands, for each of its keys or for all together. */
import type { Markup } from "../jsx/jsx-runtime.ts";
import { Layout, type Shell } from "../layout.tsx";
import { entityHref } from "../parts/address.ts";
import { None } from "../parts/empty.tsx";
import { age, type Clock, clockOf, money, whole } from "../parts/format.ts";
import { FreeAgain, Level, Share } from "../parts/quota-counter.tsx";

export interface QuotaCounter {
  /** Null when all keys of the quota share it. */
  key: string | null;
  /** These four in the unit, cost in nano-dollars. */
  limit: number;
  used: number;
  reserved: number;
  remaining: number;
  level: "ok" | "warn" | "spent";
  /** Epoch milliseconds. */
  resetsAt: number;
}

export interface QuotaCard {
  name: string;
  unit: "tokens" | "requests" | "cost";
  window: "rolling" | "daily" | "weekly" | "monthly";
  /** In the unit, cost in nano-dollars. */
  limit: number;
  /** Of a rolling window. */
  periodMs: number | null;
  warn: number;
  shared: boolean;
  keys: readonly string[];
  counters: readonly QuotaCounter[];
}

export interface QuotasProps {
  shell: Shell;
  zone: string;
  now: number;
  quotas: readonly QuotaCard[];
}

export function quotasPage({ shell, zone, now, quotas }: QuotasProps): Markup {
  const clock = clockOf(zone);
  return (
    <Layout shell={shell} title="Quotas">
      <h1>Quotas</h1>
      <p class="muted">
        Times in {zone}. As of {clock.short(now)}.
      </p>
      {quotas.length === 0 ? (
        <section class="card">
          <p>
            No quota is configured: every key may use as much as it likes. Each key names the quotas that hold for it.
          </p>
          <p>
            <a class="button" href="/console/quotas/new">
              Add a quota
            </a>
          </p>
        </section>
      ) : (
        <>
          <p>
            <a class="button" href="/console/quotas/new">
              Add a quota
            </a>
          </p>
          {quotas.map((quota, at) => (
            <Quota quota={quota} id={`quota-${at}`} clock={clock} now={now} />
          ))}
        </>
      )}
    </Layout>
  );
}

interface QuotaProps {
  quota: QuotaCard;
  id: string;
  clock: Clock;
  now: number;
}

function Quota({ quota, id, clock, now }: QuotaProps): Markup {
  const { name, counters, shared, warn } = quota;
  return (
    <section aria-labelledby={id}>
      <h2 id={id}>
        <a href={`/console/quotas/${encodeURIComponent(name)}`}>{name}</a>
      </h2>
      <p>
        {amountOf(quota, quota.limit)} {windowWords(quota)},{" "}
        {shared ? "shared by all of its keys" : "for each of its keys"}. A warning is logged from{" "}
        {Math.round(warn * 100)}% on.
      </p>
      {counters.length === 0 ? (
        <p class="muted">
          No key has this quota, so nothing counts in it.{" "}
          <a href={entityHref("/console/quotas", name)}>Give it to keys</a>
        </p>
      ) : (
        <section class="scroll" tabindex="0" aria-label={`Counters of ${name}`}>
          <table class="sums">
            <caption class="hidden">{`Counters of ${name}`}</caption>
            <thead>
              <tr>
                <th scope="col">Key</th>
                <th scope="col">State</th>
                <th scope="col">Share</th>
                {["Used", "Reserved", "Left"].map((word) => (
                  <th scope="col" class="number">
                    {word}
                  </th>
                ))}
                <th scope="col" class="number">
                  {quota.window === "rolling" ? "Something is free again" : "Begins anew"}
                </th>
              </tr>
            </thead>
            <tbody>
              {counters.map((counter) => (
                <Counter quota={quota} counter={counter} clock={clock} now={now} />
              ))}
            </tbody>
          </table>
        </section>
      )}
    </section>
  );
}

function Counter({ quota, counter, clock, now }: Omit<QuotaProps, "id"> & { counter: QuotaCounter }): Markup {
  const { key, limit, used, reserved, remaining, level, resetsAt } = counter;
  return (
    <tr>
      <th scope="row" class="time">
        {key === null ? "all together" : <a href={`/console/requests?key=${encodeURIComponent(key)}`}>{key}</a>}
      </th>
      <td>
        <Level level={level} />
      </td>
      <td class="share">
        <Share
          name={`${quota.name}${key === null ? "" : ` of ${key}`}`}
          warn={quota.warn}
          taken={used + reserved}
          limit={limit}
        />
      </td>
      <td class="number">{amountOf(quota, used)}</td>
      <td class="number">{reserved === 0 ? <None /> : amountOf(quota, reserved)}</td>
      <td class="number">{amountOf(quota, remaining)}</td>
      <td class="number">
        <FreeAgain at={resetsAt} now={now} clock={clock} />
      </td>
    </tr>
  );
}

export function amountOf({ unit }: Pick<QuotaCard, "unit">, value: number): string {
  return unit === "cost" ? money(value) : `${whole(Math.floor(value))} ${unit}`;
}

export function windowWords({ window, periodMs }: Pick<QuotaCard, "window" | "periodMs">): string {
  if (window === "rolling") return `within any ${age(periodMs ?? 0).replace(/ 0 [hm]$/, "")}`;
  return { daily: "a day", weekly: "a week", monthly: "a month" }[window];
}
