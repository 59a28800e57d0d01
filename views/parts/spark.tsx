/** Small pictures beside numbers: a line without axes, and a row of ticks. The numbers beside them say the same in words. */
import type { Markup } from "../jsx/jsx-runtime.ts";

const width = 120;
const height = 24;

export function Sparkline({ values }: { values: readonly (number | null)[] }): Markup | null {
  const most = Math.max(...values.map((value) => value ?? 0), 0);
  if (values.length < 2 || most === 0)
    return <svg class="spark" viewBox={`0 0 ${width} ${height}`} aria-hidden="true" />;
  const step = width / (values.length - 1);
  let isDrawn = false;
  const path = values.map((value, at) => {
    if (value === null) {
      isDrawn = false;
      return "";
    }
    const start = isDrawn ? "L" : "M";
    isDrawn = true;
    return `${start}${round(at * step)} ${round(height - 1 - (value / most) * (height - 2))}`;
  });
  return (
    <svg class="spark" viewBox={`0 0 ${width} ${height}`} preserveAspectRatio="none" aria-hidden="true">
      <path d={path.join("")} />
    </svg>
  );
}

export interface TickProps {
  /** `22 Nov 14:00`, how it was. */
  ticks: readonly { tone: "ok" | "warn" | "bad" | "off"; words: string }[];
  /** What there is to see, in words. */
  finding: string;
}

const tickStep = 6;

export function Ticks({ ticks, finding }: TickProps): Markup {
  return (
    <svg
      class="ticks"
      viewBox={`0 0 ${ticks.length * tickStep} 20`}
      preserveAspectRatio="none"
      role="img"
      aria-label={finding}
    >
      {ticks.map(({ tone, words }, at) => (
        <rect
          class={tone}
          x={String(at * tickStep + 1)}
          width={String(tickStep - 2)}
          y={toneTop[tone]}
          height={toneHeight[tone]}
        >
          <title>{words}</title>
        </rect>
      ))}
    </svg>
  );
}

/** Not by colour alone: what failed stands higher, what had no requests is a dot. */
const toneHeight = { ok: "12", warn: "16", bad: "20", off: "4" } as const;
const toneTop = { ok: "8", warn: "4", bad: "0", off: "16" } as const;

function round(value: number): string {
  return String(Math.round(value * 10) / 10);
}
