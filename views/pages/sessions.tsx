/** Who is signed in to the console, from where, and ending that. */
import type { Markup } from "../jsx/jsx-runtime.ts";
import { Layout, type Shell } from "../layout.tsx";
import { entityHref } from "../parts/address.ts";
import { age, type Clock, clockOf } from "../parts/format.ts";

export interface SessionLine {
  /** What it is called in addresses. */
  handle: string;
  /** Name of the client key; null for the admin key. */
  key: string | null;
  /** The one that asks. */
  isOwn: boolean;
  browser: string;
  address: string;
  /** Epoch milliseconds. */
  startedAt: number;
  seenAt: number;
}

export interface SessionsProps {
  shell: Shell;
  zone: string;
  now: number;
  /** Where this page is: a key's holder has one of the own. */
  path: string;
  lines: readonly SessionLine[];
}

export function sessionsPage({ shell, zone, now, path, lines }: SessionsProps): Markup {
  const isHolder = shell.holder !== undefined;
  return (
    <Layout shell={shell} title="Sessions">
      {isHolder ? (
        <nav aria-label="Where you are" class="crumbs">
          <a href="/console/me">Your key</a>
        </nav>
      ) : null}
      <div class="bar">
        <h1>Sessions</h1>
        {lines.length < 2 ? null : (
          <a class="button quiet" href={`${path}/others/end`}>
            End all others
          </a>
        )}
      </div>
      <p class="muted">
        {isHolder ? "Where somebody is signed in with your key. " : "Who is signed in to this console. "}A session ends
        after 12 hours without a visit, after 7 days in any case, and when Plexus starts anew. Times in {zone}.
      </p>
      <section class="scroll" tabindex="0" aria-label="Sessions">
        <table class="sums">
          <caption class="hidden">Sessions</caption>
          <thead>
            <tr>
              <th scope="col">Browser, address</th>
              {isHolder ? null : <th scope="col">Signed in with</th>}
              <th scope="col">End</th>
              <th scope="col">Last seen</th>
              <th scope="col">Signed in</th>
            </tr>
          </thead>
          <tbody>
            {lines.map((line) => (
              <Line line={line} clock={clockOf(zone)} now={now} path={path} isHolder={isHolder} />
            ))}
          </tbody>
        </table>
      </section>
      {lines.length > 1 ? null : <p>Nobody else is signed in{isHolder ? " with this key" : null}.</p>}
      {isHolder ? null : (
        <p>
          <a href="/console/audit?part=sign-ins">Who signed in and out before</a>
        </p>
      )}
    </Layout>
  );
}

interface LineProps extends Pick<SessionsProps, "now" | "path"> {
  line: SessionLine;
  clock: Clock;
  isHolder: boolean;
}

function Line({ line, clock, now, path, isHolder }: LineProps): Markup {
  const { handle, isOwn, browser, address, startedAt, seenAt } = line;
  return (
    <tr>
      <th scope="row">
        {browser}
        <span class="muted below">{address}</span>
      </th>
      {isHolder ? null : (
        <td>
          <Owner name={line.key} />
        </td>
      )}
      <td>
        {isOwn ? (
          <span class="badge info">this one</span>
        ) : (
          <a class="alone" href={`${path}/${handle}/end`} aria-label={`End the session in ${browser} at ${address}`}>
            End
          </a>
        )}
      </td>
      <td>
        <time datetime={new Date(seenAt).toISOString()}>{clock.short(seenAt)}</time>
        <span class="muted below">{isOwn ? "now" : `${age(Math.max(0, now - seenAt))} ago`}</span>
      </td>
      <td>
        <time datetime={new Date(startedAt).toISOString()}>{clock.short(startedAt)}</time>
      </td>
    </tr>
  );
}

function Owner({ name }: { name: string | null }): Markup {
  if (name === null) return <>admin key</>;
  return (
    <a class="alone" href={entityHref("/console/keys", name)}>
      {name}
    </a>
  );
}
