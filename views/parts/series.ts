/** The series of a chart: the largest by name, the rest as one, each with a colour that stays with its name. */

export interface Series {
  name: string;
  /** One for each bucket. */
  values: readonly number[];
  /** 0 to 7, a colour of the style sheet; 8 is the rest. */
  slot: number;
}

const colours = 8;
const most = 7;
const rest = 8;

/** Largest first. */
export function seriesOf(all: readonly { name: string; values: readonly number[] }[]): Series[] {
  const ranked = all
    .map((one) => ({ ...one, sum: total(one.values) }))
    .filter(({ sum }) => sum > 0)
    .sort((one, other) => other.sum - one.sum);
  const shown = ranked.slice(0, most);
  const slots = slotsOf(shown.map(({ name }) => name));
  const series = shown.map(({ name, values }) => ({ name, values, slot: slots.get(name) ?? 0 }));
  const others = ranked.slice(most);
  if (others.length === 0) return series;
  const values = others[0]?.values.map((_, at) => total(others.map((one) => one.values[at] ?? 0))) ?? [];
  return [...series, { name: `${others.length} others`, values, slot: rest }];
}

function total(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}

/** A name has its own colour; where two want the same one, the later in the alphabet takes the next. */
function slotsOf(names: readonly string[]): Map<string, number> {
  const slots = new Map<string, number>();
  const taken = new Set<number>();
  for (const name of [...names].sort()) {
    let slot = hash(name) % colours;
    while (taken.has(slot)) slot = (slot + 1) % colours;
    taken.add(slot);
    slots.set(name, slot);
  }
  return slots;
}

function hash(text: string): number {
  let value = 7;
  for (let at = 0; at < text.length; at++) value = (Math.imul(value, 31) + text.charCodeAt(at)) >>> 0;
  return value;
}
