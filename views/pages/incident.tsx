/** Failures by what caused them: how many, since when, whom they hit, and what can be done about each at once. */
import type { Child, Markup } from "../jsx/jsx-runtime.ts";
import { Layout, type Shell } from "../layout.tsx";
import { causeOf } from "../parts/diagnosis.tsx";
import { Ignored } from "../parts/fields.tsx";
import { allRequests, Chips, type Choices, FilterForm, type Filters, listAddress } from "../parts/filters.tsx";
import { type Clock, clockOf, whole } from "../parts/format.ts";
import { incidentSummary, plural, type SummedCause, timeOf, whomOf } from "../parts/incident-summary.ts";
import { brief } from "../parts/verdict.ts";

/** Over longer times the year is worth more than the second. */
const monthMs = 2_678_400_000;
/** That a button names. */
const mostAliases = 3;

export interface CauseActions {
  /** Address of the provider's page; null where there is none. */
  own: string | null;
  /** It would be switched off here, were it not of the file. */
  isOfFile: boolean;
  switching: { isEnabled: boolean } | null;
  /** Where its cooldowns are cleared. */
  clear: string | null;
  /** Targets that could be put last, and in which aliases. */
  last: readonly { target: string; aliases: readonly string[] }[];
  links: readonly { href: string; words: string }[];
}

export interface CauseCard extends SummedCause {
  /** What the newest failed of. */
  message: string;
  actions: CauseActions;
}

export interface IncidentProps {
  shell: Shell;
  zone: string;
  csrf: string;
  filters: Filters;
  choices: Choices;
  /** What of the address was not understood. */
  ignored: readonly string[];
  /** The largest first. */
  causes: readonly CauseCard[];
  groups: number;
  failures: number;
  /** Only the newest failures were taken. */
  isCut: boolean;
  /** The search went back to here and no further; epoch milliseconds. */
  lookedSince: number | null;
  /** To where a target is sent that is put last. */
  putLastPath: string;
}

export function incidentPage(props: IncidentProps): Markup {
  const { shell, zone, filters, choices, ignored, causes, groups, failures } = props;
  const clock = clockOf(zone);
  const bounds = boundsOf(props, clock);
  const asList = listAddress({ ...filters, group: "" });
  return (
    <Layout shell={shell} title="Failures by cause">
      <div class="bar">
        <h1>Failures by cause</h1>
        <div class="buttons">
          {causes.length === 0 ? null : (
            <a class="button quiet" href="#summary">
              Incident summary
            </a>
          )}
          <a class="button quiet" href={asList}>
            Show them as a list
          </a>
        </div>
      </div>
      <Ignored ignored={ignored} />
      <FilterForm filters={filters} choices={choices} list={allRequests} searches={true} />
      <Chips filters={filters} list={allRequests} />
      {causes.length === 0 ? (
        <section class="card">
          <p>No failure fits these filters. {bounds.join(" ")}</p>
          <p>
            <a class="button" href={allRequests}>
              Show all requests
            </a>
          </p>
        </section>
      ) : (
        <>
          <p class="verdict" role="status">
            {plural(failures, "failure")}, {plural(groups, "cause")}. {bounds.join(" ")}
          </p>
          <p class="muted">
            Times in {zone}.
            {groups > causes.length ? ` The ${whole(causes.length)} causes with the most failures are shown.` : null}
          </p>
          <ol class="failures">
            {causes.map((cause) => (
              <Card {...props} cause={cause} clock={clock} />
            ))}
          </ol>
          <Summary text={incidentSummary({ causes, groups, failures, bounds, filters, clock })} />
        </>
      )}
    </Layout>
  );
}

function boundsOf({ failures, isCut, lookedSince }: IncidentProps, clock: Clock): string[] {
  if (isCut) return [`These are the newest ${whole(failures)}; older ones are not counted.`];
  if (lookedSince === null) return [];
  return [`The search went back to ${timeOf(clock, lookedSince)}; older ones are not counted.`];
}

type CardProps = Pick<IncidentProps, "filters" | "csrf" | "putLastPath"> & { cause: CauseCard; clock: Clock };

function Card({ cause, clock, filters, csrf, putLastPath }: CardProps): Markup {
  const { provider, code, upstreamStatus, count, firstAt, lastAt } = cause;
  const tell = lastAt - firstAt < monthMs ? clock.short : clock.date;
  const newest = listAddress(filters, undefined, `${allRequests}/${encodeURIComponent(cause.newest)}`);
  return (
    <li class="card">
      <h2>
        {provider === null ? "Before any provider" : <Provider name={provider} href={cause.actions.own} />}{" "}
        <small>
          <span class="badge bad">
            <span aria-hidden="true">✕</span> {code}
            {upstreamStatus === null ? null : `, answered ${upstreamStatus}`}
          </span>{" "}
          {plural(count, "failure")}
        </small>
      </h2>
      <p>{causeOf(code)?.means}</p>
      <dl class="facts">
        <dt>Seen</dt>
        <dd>
          <Time at={firstAt} tell={tell} />
          {count === 1 ? null : (
            <>
              {" "}
              to <Time at={lastAt} tell={tell} />
            </>
          )}
        </dd>
        {whomOf(cause).map(({ name, few }) => (
          <>
            <dt>{name}</dt>
            <dd>{few}</dd>
          </>
        ))}
        <dt>The newest</dt>
        <dd>
          <span class="words">{brief(cause.message)}</span>{" "}
          <a class="alone" href={newest}>
            Open it
          </a>
        </dd>
      </dl>
      <Actions cause={cause} filters={filters} csrf={csrf} putLastPath={putLastPath} />
    </li>
  );
}

function Provider({ name, href }: { name: string; href: string | null }): Markup {
  return href === null ? <bdi>{name}</bdi> : <a href={href}>{name}</a>;
}

function Time({ at, tell }: { at: number; tell: Clock["short"] }): Markup {
  return <time datetime={new Date(at).toISOString()}>{tell(at)}</time>;
}

function Actions({ cause, filters, csrf, putLastPath }: Omit<CardProps, "clock">): Markup {
  const { provider, code, actions } = cause;
  const { own, switching, clear, last, links, isOfFile } = actions;
  const general = causeOf(code)?.link;
  const hasOwn = switching !== null || clear !== null || last.length > 0 || links.length > 0;
  const next = listAddress(filters);
  const query = [filters.q, `code:${code}`].filter(Boolean).join(" ");
  const same = listAddress({ ...filters, group: "", provider: provider ?? "-", q: query });
  return (
    <>
      <div class="buttons">
        <a class="button quiet" href={same}>
          See these requests
        </a>
        {links.map(({ href, words }) => (
          <a class="button quiet" href={href}>
            {words}
          </a>
        ))}
        {clear === null ? null : (
          <a class="button quiet" href={clear}>
            Clear its cooldowns
          </a>
        )}
        {last.map(({ target, aliases }) => (
          <Press action={putLastPath} csrf={csrf} next={next}>
            <input type="hidden" name="target" value={target} />
            <button type="submit" class="quiet">
              Put {target} last in{" "}
              {aliases.length <= mostAliases ? aliases.join(", ") : `${whole(aliases.length)} aliases`}
            </button>
          </Press>
        ))}
        {switching === null || own === null ? null : (
          <Press action={`${own}/enabled`} csrf={csrf} next={next}>
            <button type="submit" class="quiet" name="to" value={switching.isEnabled ? "off" : "on"}>
              {switching.isEnabled ? `Switch ${provider} off` : `Switch ${provider} on again`}
            </button>
          </Press>
        )}
        {general === undefined || hasOwn ? null : (
          <a class="button quiet" href={general.path}>
            {general.words}
          </a>
        )}
      </div>
      {isOfFile ? (
        <p class="muted">
          <bdi>{provider}</bdi> is of the configuration file: it is changed there.
        </p>
      ) : null}
    </>
  );
}

interface PressProps {
  action: string;
  csrf: string;
  /** Where one is afterwards. */
  next: string;
  children?: Child;
}

function Press({ action, csrf, next, children }: PressProps): Markup {
  return (
    <form method="post" action={action}>
      <input type="hidden" name="csrf" value={csrf} />
      <input type="hidden" name="next" value={next} />
      {children}
    </form>
  );
}

function Summary({ text }: { text: string }): Markup {
  return (
    <section class="snippet">
      <div class="bar">
        <h2 id="summary">Incident summary</h2>
        <button type="button" class="quiet" data-copy="incident" aria-label="Copy the incident summary">
          Copy
        </button>
      </div>
      <p class="muted">Markdown, without anything that was said in a request or an answer.</p>
      <pre id="incident" class="tall" tabindex="0">
        {text}
      </pre>
    </section>
  );
}
