/** A band between two values over time, with the numbers as a table. */
import { scaleLinear } from "d3-scale";
import { area, line } from "d3-shape";
import type { Markup } from "../jsx/jsx-runtime.ts";
import { None } from "./empty.tsx";
import { duration } from "./format.ts";
import { height, Plot, step } from "./plot.tsx";

export interface BandPoint {
  /** `22 Nov 14:00`. */
  name: string;
  /** Milliseconds; null where nothing was measured. */
  low: number | null;
  high: number | null;
}

export interface BandProps {
  title: string;
  points: readonly BandPoint[];
  lowName: string;
  highName: string;
  bucketName: string;
}

interface Dot {
  at: number;
  low: number;
  high: number;
}

export function Band(props: BandProps): Markup {
  const { title, points, lowName, highName } = props;
  const dots = points.map(({ low, high }, at) => (low === null || high === null ? null : { at, low, high }));
  const highest = Math.max(0, ...dots.map((dot) => dot?.high ?? 0));
  const y = scaleLinear()
    .domain([0, highest || 1])
    .nice(4)
    .range([height, 0]);
  const x = ({ at }: Dot) => (at + 0.5) * step;
  const ticks = y.ticks(4).map((tick) => ({ at: y(tick), words: tick === 0 ? "0" : duration(tick) }));
  const finding = `${title}: ${highName} at most ${duration(highest)}`;
  return (
    <figure class="card chart">
      <figcaption>{finding}</figcaption>
      <Plot finding={finding} ticks={ticks} names={points.map(({ name }) => name)}>
        {runsOf(dots).map((run) => (
          <>
            <path
              class="band"
              d={area<Dot>(
                x,
                ({ low }) => y(low),
                ({ high }) => y(high),
              )(run)}
            />
            <path class="low" d={line<Dot>(x, ({ low }) => y(low))(run)} />
            <path class="high" d={line<Dot>(x, ({ high }) => y(high))(run)} />
          </>
        ))}
      </Plot>
      <ul class="legend">
        <li>
          <svg viewBox="0 0 10 10" aria-hidden="true">
            <path class="low" d="M0 5h10" />
          </svg>
          {lowName}
        </li>
        <li>
          <svg viewBox="0 0 10 10" aria-hidden="true">
            <path class="high" d="M0 5h10" />
          </svg>
          {highName}
        </li>
      </ul>
      <Numbers {...props} />
    </figure>
  );
}

/** Neighbours that were measured. One alone is drawn as a short piece. */
function runsOf(dots: readonly (Dot | null)[]): Dot[][] {
  const runs: Dot[][] = [];
  dots.forEach((dot, at) => {
    if (dot === null) return;
    const run = at > 0 && dots[at - 1] ? runs.at(-1) : undefined;
    if (run) run.push(dot);
    else runs.push([dot]);
  });
  return runs.map((run) => {
    const [first] = run;
    return first && run.length === 1
      ? [
          { ...first, at: first.at - 0.4 },
          { ...first, at: first.at + 0.4 },
        ]
      : run;
  });
}

function Numbers({ title, points, lowName, highName, bucketName }: BandProps): Markup {
  return (
    <details>
      <summary>The numbers of this chart</summary>
      <section class="scroll" tabindex="0" aria-label={`${title}, as a table`}>
        <table>
          <caption class="hidden">{title}</caption>
          <thead>
            <tr>
              <th scope="col">{bucketName}</th>
              <th scope="col" class="number">
                {lowName}
              </th>
              <th scope="col" class="number">
                {highName}
              </th>
            </tr>
          </thead>
          <tbody>
            {points.map(({ name, low, high }) => (
              <tr>
                <th scope="row">{name}</th>
                <td class="number">{low === null ? <None /> : duration(low)}</td>
                <td class="number">{high === null ? <None /> : duration(high)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </details>
  );
}
