/** Who spends what: sums of usage by one thing, as bars over time and as a table whose rows sum up to its total. */
import type { Markup } from "../jsx/jsx-runtime.ts";
import { Layout, type Shell } from "../layout.tsx";
import { None } from "../parts/empty.tsx";
import { Day, Ignored, type Option, Select } from "../parts/fields.tsx";
import { money, percent, whole } from "../parts/format.ts";
import type { Series } from "../parts/series.ts";
import { type BarsProps, type Bucket, numbersOf, StackedBars } from "../parts/stacked-bars.tsx";

/** Money in nano-dollars. */
export interface Sums {
  requests: number;
  failed: number;
  tokensInput: number;
  tokensOutput: number;
  tokensCacheRead: number;
  estimated: number;
  costNano: number;
  unpriced: number;
}

export interface UsageLine {
  /** Empty where a request has no such value. */
  name: string;
  href: string;
  sum: Sums;
}

export interface UsageForm {
  measure: string;
  by: string;
  range: string;
  bucket: string;
  key: string;
  from: string;
  to: string;
}

export interface UsageProps {
  shell: Shell;
  zone: string;
  form: UsageForm;
  /** What is not chosen among is absent. */
  options: Record<"measure" | "by" | "range" | "bucket", readonly Option[]> & { key?: readonly Option[] };
  ignored: readonly string[];
  lines: readonly UsageLine[];
  total: Sums;
  series: readonly Series[];
  buckets: readonly Bucket[];
  bucketName: string;
  /** How the range reads. */
  rangeWords: string;
  asOf: string;
  /** Null where there is none. */
  csv: string | null;
  /** Where the page is; the list of all keys' usage unless said. */
  path?: string;
  /** False: whoever looks is told no costs. */
  showsCost?: boolean;
  /** Made before, by `usageNumbers`. */
  numbers?: Markup;
}

const headings: Record<string, string> = {
  none: "All",
  key: "Key",
  alias: "Alias",
  provider: "Provider",
  model: "Model",
  label: "Label",
};

function barsOf({ form, options, series, buckets, bucketName, numbers }: UsageProps): BarsProps {
  const measure = options.measure.find(({ value }) => value === form.measure)?.words ?? form.measure;
  const heading = headings[form.by] ?? form.by;
  return {
    title: form.by === "none" ? measure : `${measure} by ${heading.toLowerCase()}`,
    format: form.measure === "cost" ? money : whole,
    least: form.measure === "cost" ? 400_000 : 4,
    ...{ series, buckets, bucketName },
    ...(numbers ? { numbers } : {}),
  };
}

/** The table of the chart, which may be as long as all the rest. */
export function usageNumbers(props: UsageProps): Markup {
  return numbersOf(barsOf(props));
}

export function usagePage(props: UsageProps): Markup {
  const { shell, zone, form, options, total, lines, csv, path = "/console/usage", showsCost = true } = props;
  const heading = headings[form.by] ?? form.by;
  return (
    <Layout shell={shell} title="Usage">
      <h1>Usage</h1>
      <Ignored ignored={props.ignored} />
      <form method="get" action={path} class="card fields">
        <Select name="measure" label="Show" options={options.measure} value={form.measure} />
        <Select name="by" label="By" options={options.by} value={form.by} />
        {options.key === undefined ? null : <Select name="key" label="Of key" options={options.key} value={form.key} />}
        <Select name="range" label="Range" options={options.range} value={form.range} />
        <Select name="bucket" label="Bars for each" options={options.bucket} value={form.bucket} />
        <Day name="from" label="Or from" value={form.from} />
        <Day name="to" label="Through" value={form.to} />
        <p class="act">
          <button type="submit">Show</button>
        </p>
      </form>
      <p class="muted">
        {props.rangeWords}. Days in {zone}. As of {props.asOf}.
      </p>
      {lines.length === 0 ? <Nothing path={path} /> : <StackedBars {...barsOf(props)} />}
      {showsCost ? <Unpriced count={total.unpriced} /> : null}
      <Lines heading={heading} lines={lines} total={total} showsCost={showsCost} />
      {lines.length === 0 || csv === null ? null : (
        <p>
          <a class="button" href={csv} download>
            Download as CSV
          </a>
        </p>
      )}
    </Layout>
  );
}

function Nothing({ path }: { path: string }): Markup {
  return (
    <section class="card">
      <p>No request came in within this range.</p>
      <p>
        <a class="button" href={`${path}?range=90d`}>
          Show the last 90 days
        </a>
      </p>
    </section>
  );
}

function Unpriced({ count }: { count: number }): Markup | null {
  if (count === 0) return null;
  return (
    <p class="banner warn">
      No price: {whole(count)} {count === 1 ? "request" : "requests"} used tokens whose price is not known. Their cost
      is not among these sums; set the model's price and recompute.
    </p>
  );
}

interface LinesProps {
  heading: string;
  lines: readonly UsageLine[];
  total: Sums;
  showsCost: boolean;
}

function Lines({ heading, lines, total, showsCost }: LinesProps): Markup {
  const costs = showsCost ? ["Cost", "Share", "Per request"] : [];
  const columns = ["Requests", "Failed", "Tokens in", "From cache", "Tokens out", ...costs];
  return (
    <section class="scroll" tabindex="0" aria-label={`Usage by ${heading.toLowerCase()}`}>
      <table class="sums">
        <caption class="hidden">Usage by {heading.toLowerCase()}</caption>
        <thead>
          <tr>
            <th scope="col">{heading}</th>
            {columns.map((name) => (
              <th scope="col" class="number">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {lines.map(({ name, href, sum }) => (
            <tr>
              <th scope="row" class="time">
                <a href={href}>{name === "" ? "none" : name}</a>
              </th>
              <Figures sum={sum} total={total} showsCost={showsCost} />
            </tr>
          ))}
        </tbody>
        <tfoot>
          <tr>
            <th scope="row">Total</th>
            <Figures sum={total} total={total} showsCost={showsCost} />
          </tr>
        </tfoot>
      </table>
    </section>
  );
}

function Figures({ sum, total, showsCost }: { sum: Sums; total: Sums; showsCost: boolean }): Markup {
  const priced = sum.requests - sum.unpriced;
  return (
    <>
      <td class="number">{whole(sum.requests)}</td>
      <td class="number">
        {whole(sum.failed)} <span class="muted">({percent(sum.failed, sum.requests)})</span>
      </td>
      <td class="number">{whole(sum.tokensInput)}</td>
      <td class="number">{whole(sum.tokensCacheRead)}</td>
      <td class="number">{whole(sum.tokensOutput)}</td>
      {showsCost ? (
        <>
          <td class="number">{cost(sum)}</td>
          <td class="number">{percent(sum.costNano, total.costNano)}</td>
          <td class="number">
            {sum.requests === 0 ? <None /> : priced === 0 ? "no price" : money(sum.costNano / priced)}
          </td>
        </>
      ) : null}
    </>
  );
}

/** Nothing priced at all is not free. */
function cost({ costNano, unpriced }: Sums): string {
  if (unpriced === 0) return money(costNano);
  return costNano === 0 ? "no price" : `${money(costNano)} + no price`;
}
