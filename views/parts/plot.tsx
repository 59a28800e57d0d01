/** The frame of a chart over time: an axis with labels in HTML, so that they keep their size, and rules across. */
import type { Child, Markup } from "../jsx/jsx-runtime.ts";

/** Of the drawing, in its own units; it is stretched to what room there is. */
export const height = 100;
export const step = 10;

export interface PlotProps {
  /** What there is to see, in words. */
  finding: string;
  /** From low to high, at even distances, the last at the top. */
  ticks: readonly { at: number; words: string }[];
  /** What each bucket is called. */
  names: readonly string[];
  /** Where each bucket leads, for those who point at it; the chart's table has the same links for all. */
  links?: readonly { href: string; title: string }[];
  children?: Child;
}

export function Plot({ finding, ticks, names, links, children }: PlotProps): Markup {
  const width = names.length * step;
  const last = names.length - 1;
  return (
    <div class="plot">
      <div class="axis" aria-hidden="true">
        {ticks.toReversed().map(({ words }) => (
          <span>{words}</span>
        ))}
      </div>
      <svg role="img" aria-label={finding} viewBox={`0 0 ${width} ${height}`} preserveAspectRatio="none">
        {ticks.map(({ at }) => (
          <path class="rule" d={`M0 ${at}H${width}`} />
        ))}
        {children}
      </svg>
      {links === undefined ? null : (
        <div class="over" aria-hidden="true">
          {links.map(({ href, title }) => (
            // biome-ignore lint/a11y/useAnchorContent: for pointing only, the table has the same links in words
            <a href={href} title={title} tabindex="-1" />
          ))}
        </div>
      )}
      <div class="times" aria-hidden="true">
        {[...new Set([0, Math.floor(last / 2), last])].map((at) => (
          <span>{names[at]}</span>
        ))}
      </div>
    </div>
  );
}
