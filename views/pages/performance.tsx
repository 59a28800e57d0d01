/** Which target is healthiest and fastest: the targets of a model or of all, compared over a range. */
import type { Markup } from "../jsx/jsx-runtime.ts";
import { Layout, type Shell } from "../layout.tsx";
import { Band, type BandPoint } from "../parts/band.tsx";
import { None } from "../parts/empty.tsx";
import { Ignored, type Option, Select } from "../parts/fields.tsx";
import { duration, money, percent, whole } from "../parts/format.ts";

/** Null is what nobody has measured. Times are milliseconds. */
export interface Compared {
  /** `provider/model`, or the provider. */
  name: string;
  href: string;
  requests: number;
  failed: number;
  ttftP50: number | null;
  ttftP95: number | null;
  totalMean: number | null;
  tokensPerSecond: number | null;
  /** Nano-dollars for a million tokens of output. */
  costPerMillion: number | null;
  /** For each bucket the requests and how many failed. */
  buckets: readonly { requests: number; failed: number }[];
}

export interface PerformanceProps {
  shell: Shell;
  zone: string;
  form: { by: string; alias: string; range: string; target: string };
  options: Record<"by" | "alias" | "range" | "target", readonly Option[]>;
  ignored: readonly string[];
  lines: readonly Compared[];
  /** How many others there are, asked less often than these. */
  more: number;
  /** Of the one that is looked at more closely; null when nothing was measured. */
  band: { name: string; points: readonly BandPoint[] } | null;
  buckets: readonly string[];
  bucketName: string;
  rangeWords: string;
  asOf: string;
}

/** Fewer requests than this say little. */
const few = 20;

export function performancePage(props: PerformanceProps): Markup {
  const { shell, zone, form, options, lines, band } = props;
  return (
    <Layout shell={shell} title="Performance">
      <h1>Performance</h1>
      <Ignored ignored={props.ignored} />
      <form method="get" action="/console/performance" class="card fields">
        <Select name="by" label="Compare" options={options.by} value={form.by} />
        <Select name="alias" label="Targets of" options={options.alias} value={form.alias} />
        <Select name="range" label="Range" options={options.range} value={form.range} />
        <Select name="target" label="Look closely at" options={options.target} value={form.target} />
        <p class="act">
          <button type="submit">Show</button>
        </p>
      </form>
      <p class="muted">
        {props.rangeWords}. Times in {zone}. As of {props.asOf}. A request counts for the target that answered it, or
        was tried last.
      </p>
      {lines.length === 0 ? (
        <Nothing />
      ) : (
        <>
          <Lines lines={lines} />
          {props.more === 0 ? null : (
            <p class="muted">{whole(props.more)} others, which were asked less often, are not shown.</p>
          )}
          <Heat {...props} />
          {band === null ? null : (
            <section aria-labelledby="closely">
              <h2 id="closely">Time to the first token</h2>
              <Band
                title={`First token of ${band.name}`}
                points={band.points}
                lowName="half of the requests (p50)"
                highName="95 of 100 (p95)"
                bucketName={props.bucketName}
              />
            </section>
          )}
        </>
      )}
    </Layout>
  );
}

function Nothing(): Markup {
  return (
    <section class="card">
      <p>
        Nothing was measured within this range. Targets are measured by the requests that they answer; selectors that go
        by measurements ask each of their targets now and then.
      </p>
      <p>
        <a class="button" href="/console/performance?range=30d">
          Show the last 30 days
        </a>
      </p>
    </section>
  );
}

const columns = ["Requests", "Success", "First token p50", "p95", "Total, mean", "Speed", "Cost per 1M out"];

function Lines({ lines }: { lines: readonly Compared[] }): Markup {
  const axis = Math.max(1, ...lines.map(({ ttftP95 }) => ttftP95 ?? 0));
  return (
    <section class="scroll" tabindex="0" aria-label="Targets compared">
      <table class="sums">
        <caption class="hidden">Targets compared; fewer than {few} requests are marked</caption>
        <thead>
          <tr>
            <th scope="col">Target</th>
            {columns.slice(0, 2).map((name) => (
              <th scope="col" class="number">
                {name}
              </th>
            ))}
            <th scope="col">First token, p50 to p95</th>
            {columns.slice(2).map((name) => (
              <th scope="col" class="number">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {lines.map((line) => (
            <Line line={line} axis={axis} />
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Line({ line, axis }: { line: Compared; axis: number }): Markup {
  const { requests, failed, ttftP50, ttftP95, totalMean, tokensPerSecond, costPerMillion } = line;
  return (
    <tr>
      <th scope="row" class="time">
        <a href={line.href}>{line.name}</a>
      </th>
      <td class="number">
        {whole(requests)} {requests < few ? <span class="muted">(few)</span> : null}
      </td>
      <td class="number">{percent(requests - failed, requests)}</td>
      <td class="span">
        {ttftP50 === null || ttftP95 === null ? <None /> : <Extent low={ttftP50} high={ttftP95} axis={axis} />}
      </td>
      <td class="number">{ttftP50 === null ? <None /> : duration(ttftP50)}</td>
      <td class="number">{ttftP95 === null ? <None /> : duration(ttftP95)}</td>
      <td class="number">{totalMean === null ? <None /> : duration(totalMean)}</td>
      <td class="number">{tokensPerSecond === null ? <None /> : `${tokensPerSecond.toFixed(1)} tok/s`}</td>
      <td class="number">{money(costPerMillion)}</td>
    </tr>
  );
}

function Extent({ low, high, axis }: { low: number; high: number; axis: number }): Markup {
  const from = (100 * low) / axis;
  const width = Math.max(0.8, (100 * (high - low)) / axis);
  return (
    <svg viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">
      <rect x={Math.min(from, 99.2).toFixed(2)} width={width.toFixed(2)} height="10" />
    </svg>
  );
}

/** Share of failures by target and time; the words of each cell are in the table itself. */
function Heat({ lines, buckets, bucketName }: PerformanceProps): Markup {
  return (
    <section aria-labelledby="heat">
      <h2 id="heat">Failures over time</h2>
      <section class="scroll" tabindex="0" aria-label="Share of failures by target and time">
        <table class="heat">
          <caption class="hidden">Share of requests that failed, by target and {bucketName.toLowerCase()}</caption>
          <thead>
            <tr>
              <th scope="col">Target</th>
              {buckets.map((name) => (
                <th scope="col">
                  <span>{name}</span>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {lines.slice(0, 20).map((line) => (
              <tr>
                <th scope="row">{line.name}</th>
                {line.buckets.map((one, at) => (
                  <Cell {...one} name={`${line.name}, ${buckets[at] ?? ""}`} />
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </section>
      <p class="muted">Percent of the requests that failed; a dash where there were none.</p>
    </section>
  );
}

function Cell({ requests, failed, name }: { requests: number; failed: number; name: string }): Markup {
  if (requests === 0) {
    return (
      <td>
        <None />
      </td>
    );
  }
  const tone = failed === 0 ? "ok" : failed / requests < 0.05 ? "warn" : "bad";
  return (
    <td class={tone} title={`${name}: ${whole(failed)} of ${whole(requests)} failed`}>
      {percent(failed, requests).replace(/\.0%$|%$/, "")}
    </td>
  );
}
