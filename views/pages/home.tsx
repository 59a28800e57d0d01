/** Overview: is it fine, and what changed? Its figures are fetched again every few seconds and merged in place. */
import type { Child, Markup } from "../jsx/jsx-runtime.ts";
import { Layout, type Shell } from "../layout.tsx";
import { Attention, type AttentionProps } from "../parts/attention.tsx";
import { None, Or } from "../parts/empty.tsx";
import type { Option } from "../parts/fields.tsx";
import { age, clockOf, duration, money, percent, whole } from "../parts/format.ts";
import { Badge } from "../parts/result.tsx";
import { KeyFirst, Snippet } from "../parts/snippet.tsx";
import { Sparkline, type TickProps, Ticks } from "../parts/spark.tsx";
import { type BarsProps, StackedBars } from "../parts/stacked-bars.tsx";
import type { Row } from "./requests.tsx";

export interface Figure {
  name: string;
  text: string;
  /** What the number leaves out. */
  note?: string;
  /** Against as long a time before; null where there was nothing. */
  delta: string | null;
  values: readonly (number | null)[];
  href: string;
}

export interface Top {
  title: string;
  /** All of them. */
  href: string;
  /** Null when they could not be loaded, as for all cards. */
  lines: readonly { name: string; href: string; requests: number; cost: string }[] | null;
}

export interface StripLine extends TickProps {
  name: string;
  href: string;
  state: { tone: "ok" | "warn" | "bad" | "off"; sign: string; word: string };
  /** Of the last day. */
  ttftMs: number | null;
  failed: number;
  requests: number;
}

export interface LiveProps {
  zone: string;
  range: string;
  /** `24 hours`. */
  rangeWords: string;
  /** Requests that are not over yet. */
  running: number;
  attention: AttentionProps;
  figures: readonly Figure[] | null;
  bars: BarsProps | null;
  tops: readonly Top[];
  strip: readonly StripLine[] | null;
  recent: readonly Row[] | null;
}

export interface HomeProps extends LiveProps {
  shell: Shell;
  ranges: readonly Option[];
  version: string;
  uptimeMs: number;
  /** `sqlite` or `postgres`. */
  database: string;
  /** Are secrets encrypted at rest? */
  isEncrypted: boolean;
  providers: number;
  /** Path of the set-up; null where there is none. */
  setup: string | null;
  /** Where clients find this gateway. */
  baseUrl: string;
  /** A name that clients can call. */
  model: string;
  protocols: readonly string[];
}

const databases: Record<string, string> = { sqlite: "SQLite", postgres: "PostgreSQL" };

export function homePage(props: HomeProps): Markup {
  const { shell, range, ranges } = props;
  const isUnused = props.recent?.length === 0;
  const address = `/console?range=${range}`;
  return (
    <Layout shell={shell} title="Overview">
      <div class="bar">
        <h1>Overview</h1>
        <nav class="ranges" aria-label="Range">
          {ranges.map(({ value, words }) => (
            <a href={`/console?range=${value}`} aria-current={value === range ? "true" : null}>
              {words}
            </a>
          ))}
        </nav>
      </div>
      {isUnused ? <First {...props} /> : null}
      <div id="overview" hx-get={address} hx-trigger="news, every 30s" hx-swap="innerMorph" data-refresh="">
        {overviewParts(props)}
      </div>
      <State {...props} />
    </Layout>
  );
}

/** What changes, as the page fetches it. */
export function overviewParts(props: LiveProps): Markup {
  const { attention, figures, bars, tops, strip, recent, rangeWords, range, running } = props;
  if (recent?.length === 0) {
    return (
      <>
        <Attention {...attention} />
        <p class="card first">No request has come in yet. The figures appear here by themselves.</p>
      </>
    );
  }
  return (
    <>
      <Attention {...attention} />
      <section aria-labelledby="figures">
        <h2 id="figures">
          Last {rangeWords}{" "}
          <small class="muted">
            (
            <a class="alone" href="/console/running">
              {running === 0 ? "no request is" : running === 1 ? "1 request is" : `${whole(running)} requests are`}{" "}
              running
            </a>
            )
          </small>
        </h2>
        {figures === null ? <Failed range={range} /> : <Figures figures={figures} />}
      </section>
      {bars === null ? <Failed range={range} /> : <Bars bars={bars} rangeWords={rangeWords} />}
      <div class="grid thirds">
        {tops.map((top) => (
          <TopCard top={top} range={range} />
        ))}
      </div>
      <section aria-labelledby="strip">
        <h2 id="strip">Providers, last 24 hours</h2>
        {strip === null ? <Failed range={range} /> : <Strip lines={strip} />}
      </section>
      <Recent {...props} />
    </>
  );
}

function Bars({ bars, rangeWords }: { bars: BarsProps; rangeWords: string }): Markup {
  const isEmpty = bars.series.every(({ values }) => values.every((value) => value === 0));
  return isEmpty ? <p class="card">No request came in within the last {rangeWords}.</p> : <StackedBars {...bars} />;
}

function Failed({ range }: { range: string }): Markup {
  return (
    <p class="banner bad" role="alert">
      This could not be loaded: the database does not answer. <a href={`/console?range=${range}`}>Try again</a>
    </p>
  );
}

function First({ setup, protocols, baseUrl, model }: HomeProps): Markup {
  return (
    <section aria-labelledby="first">
      <h2 id="first">Send the first request</h2>
      {setup === null ? null : (
        <p>
          <a class="button" href={setup}>
            Set up a provider
          </a>
        </p>
      )}
      <KeyFirst />
      <p>
        Then paste one of these. All reach the model <code>{model}</code>.
      </p>
      <div class="grid wide">
        {protocols.map((protocol) => (
          <Snippet protocol={protocol} baseUrl={baseUrl} model={model} />
        ))}
      </div>
    </section>
  );
}

function Figures({ figures }: { figures: readonly Figure[] }): Markup {
  return (
    <dl class="grid figures">
      {figures.map(({ name, text, note, delta, values, href }) => (
        <div class="card">
          <dt>{name}</dt>
          <dd>
            <a href={href} aria-label={`${name}: ${text}`}>
              {text}
            </a>
            {note === undefined ? null : <span class="delta"> {note}</span>}
          </dd>
          <dd class="delta">{delta ?? "nothing to compare with"}</dd>
          <dd>
            <Sparkline values={values} />
          </dd>
        </div>
      ))}
    </dl>
  );
}

function TopCard({ top: { title, href, lines }, range }: { top: Top; range: string }): Markup {
  return (
    <section class="card top">
      <h2>{title}</h2>
      {lines === null ? (
        <Failed range={range} />
      ) : lines.length === 0 ? (
        <p class="muted">None yet.</p>
      ) : (
        <>
          <ol>
            {lines.map((line) => (
              <li>
                <a href={line.href}>{line.name === "" ? "none" : line.name}</a>
                <span class="number">
                  {line.cost} <span class="muted">({whole(line.requests)})</span>
                </span>
              </li>
            ))}
          </ol>
          <a class="alone" href={href}>
            All of them
          </a>
        </>
      )}
    </section>
  );
}

function Strip({ lines }: { lines: readonly StripLine[] }): Markup {
  if (lines.length === 0) return <p class="card">No provider is configured, and none was asked.</p>;
  return (
    <section class="scroll" tabindex="0" aria-label="Providers">
      <table class="sums strip">
        <caption class="hidden">Providers</caption>
        <thead>
          <tr>
            <th scope="col">Provider</th>
            <th scope="col">State</th>
            <th scope="col">Half hours</th>
            <th scope="col" class="number">
              Requests
            </th>
            <th scope="col" class="number">
              Failed
            </th>
            <th scope="col" class="number">
              First token (p50)
            </th>
          </tr>
        </thead>
        <tbody>
          {lines.map(({ name, href, state, ticks, finding, requests, failed, ttftMs }) => (
            <tr>
              <th scope="row" class="time">
                <a href={href}>{name}</a>
              </th>
              <td>
                <span class={`badge ${state.tone}`}>
                  <span aria-hidden="true">{state.sign}</span> {state.word}
                </span>
              </td>
              <td>
                <Ticks ticks={ticks} finding={finding} />
              </td>
              <td class="number">{whole(requests)}</td>
              <td class="number">{requests === 0 ? <None /> : percent(failed, requests)}</td>
              <td class="number">{ttftMs === null ? <None /> : duration(ttftMs)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Recent({ recent, zone, range }: LiveProps): Markup {
  const clock = clockOf(zone);
  return (
    <section aria-labelledby="recent">
      <h2 id="recent">Newest requests</h2>
      {recent === null ? (
        <Failed range={range} />
      ) : (
        <section class="scroll" tabindex="0" aria-label="List of the newest requests">
          <table class="sums recent">
            <caption class="hidden">List of the newest requests</caption>
            <thead>
              <tr>
                <th scope="col">Time ({zone})</th>
                <th scope="col">Result</th>
                <th scope="col">Key</th>
                <th scope="col">Model</th>
                <th scope="col">Served by</th>
                <th scope="col" class="number">
                  Total
                </th>
                <th scope="col" class="number">
                  Cost
                </th>
              </tr>
            </thead>
            <tbody>
              {recent.map((row) => (
                <tr id={`o-${row.id}`}>
                  <th scope="row" class="time">
                    <a href={`/console/requests/${encodeURIComponent(row.id)}`}>
                      <time datetime={new Date(row.at).toISOString()}>{clock.short(row.at)}</time>
                    </a>
                  </th>
                  <td>
                    <Badge {...row} />
                  </td>
                  <Name text={row.key} />
                  <Name text={row.model} />
                  <Name text={row.target} />
                  <td class="number">{row.totalMs === null ? <None /> : duration(row.totalMs)}</td>
                  <td class="number">{row.tokens === null ? <None /> : money(row.costNano)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      )}
    </section>
  );
}

function Name({ text }: { text: string | null }): Markup {
  return (
    <td class="name" title={text}>
      <Or text={text} />
    </td>
  );
}

function Fact({ name, children }: { name: string; children?: Child }): Markup {
  return (
    <>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </>
  );
}

function State({ version, uptimeMs, database, isEncrypted, providers }: HomeProps): Markup {
  return (
    <section aria-labelledby="state">
      <h2 id="state">This gateway</h2>
      <dl class="card facts">
        <Fact name="Version">{version}</Fact>
        <Fact name="Running for">{age(uptimeMs)}</Fact>
        <Fact name="Database">{databases[database] ?? database}</Fact>
        <Fact name="Encryption at rest">
          {isEncrypted ? (
            <span class="badge ok">
              <span aria-hidden="true">✓</span> on
            </span>
          ) : (
            <>
              <span class="badge warn">
                <span aria-hidden="true">!</span> off
              </span>{" "}
              <span class="muted">
                set <code>ENCRYPTION_KEY</code> to turn it on
              </span>
            </>
          )}
        </Fact>
        <Fact name="Providers">
          {whole(providers)}
          {providers === 0 ? <span class="muted"> configured; the built-in demo answers</span> : null}
        </Fact>
      </dl>
    </section>
  );
}
