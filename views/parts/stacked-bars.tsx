/** Stacked bars as SVG, with what they show as a table. */
import { scaleLinear } from "d3-scale";
import type { Markup } from "../jsx/jsx-runtime.ts";
import { height, Plot, step } from "./plot.tsx";
import type { Series } from "./series.ts";

export interface Bucket {
  /** `22 Nov 14:00`. */
  name: string;
  /** Its requests. */
  href: string;
}

export interface BarsProps {
  /** What the bars are: `Cost by key`. */
  title: string;
  series: readonly Series[];
  buckets: readonly Bucket[];
  format(value: number): string;
  /** What the axis shows at the least: parts of one are nothing to count. */
  least: number;
  /** `Day`, `Hour`, … */
  bucketName: string;
  /** Made before, by `numbersOf`: a long table and a long chart need not be one piece of work. */
  numbers?: Markup;
}

/** What the bars show, as a table. */
export function numbersOf(props: BarsProps): Markup {
  return <Numbers {...props} sums={sumsOf(props)} />;
}

function sumsOf({ series, buckets }: BarsProps): number[] {
  return buckets.map((_, at) => series.reduce((sum, { values }) => sum + (values[at] ?? 0), 0));
}

export function StackedBars(props: BarsProps): Markup {
  const { title, series, buckets, format, least } = props;
  const sums = sumsOf(props);
  const y = scaleLinear()
    .domain([0, Math.max(...sums, least)])
    .nice(4)
    .range([height, 0]);
  const ticks = y.ticks(4).map((tick) => ({ at: y(tick), words: format(tick) }));
  const peak = sums.indexOf(Math.max(...sums));
  const links = buckets.map(({ name, href }, at) => ({ href, title: `${name}: ${format(sums[at] ?? 0)}` }));
  const finding = `${title}: at most ${format(sums[peak] ?? 0)}, at ${buckets[peak]?.name ?? ""}`;
  return (
    <figure class="card chart">
      <figcaption>{finding}</figcaption>
      <Plot finding={finding} ticks={ticks} names={buckets.map(({ name }) => name)} links={links}>
        <Stack {...props} y={y} />
      </Plot>
      <Legend series={series} />
      {props.numbers ?? <Numbers {...props} sums={sums} />}
    </figure>
  );
}

/** Of a step, in its units. */
const bar = { from: 0.1 * step, width: 0.8 * step };

/** One shape for all bars of a series: a page of hours has a thousand. The links over them say what each one is. */
function Stack({ series, y }: BarsProps & { y: (value: number) => number }): Markup {
  const sums: number[] = [];
  return (
    <>
      {series.map(({ values, slot }) => {
        const bars = values.map((value, at) => {
          const from = sums[at] ?? 0;
          sums[at] = from + value;
          return value > 0 ? shape(at, y(from), y(from + value)) : "";
        });
        return <path class={`s${slot}`} d={bars.join("")} />;
      })}
    </>
  );
}

function shape(at: number, low: number, high: number): string {
  return `M${at * step + bar.from} ${round(high)}h${bar.width}V${round(low)}h-${bar.width}z`;
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}

function Legend({ series }: { series: readonly Series[] }): Markup {
  return (
    <ul class="legend">
      {series.map(({ name, slot }) => (
        <li>
          <svg viewBox="0 0 10 10" aria-hidden="true" class={`s${slot}`}>
            <rect width="10" height="10" />
          </svg>
          {name}
        </li>
      ))}
    </ul>
  );
}

function Numbers({ title, series, buckets, sums, format, bucketName }: BarsProps & { sums: number[] }): Markup {
  return (
    <details>
      <summary>The numbers of this chart</summary>
      <section class="scroll" tabindex="0" aria-label={`${title}, as a table`}>
        <table>
          <caption class="hidden">{title}</caption>
          <thead>
            <tr>
              <th scope="col">{bucketName}</th>
              {series.map(({ name }) => (
                <th scope="col" class="number">
                  {name}
                </th>
              ))}
              <th scope="col" class="number">
                All
              </th>
            </tr>
          </thead>
          <tbody>
            {buckets.map(({ name, href }, at) => (
              <tr>
                <th scope="row" class="time">
                  <a href={href}>{name}</a>
                </th>
                {series.map(({ values }) => (
                  <td class="number">{format(values[at] ?? 0)}</td>
                ))}
                <td class="number">{format(sums[at] ?? 0)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </details>
  );
}
