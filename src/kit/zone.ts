/** Times as the clocks of a timezone (IANA) show them: `2026-11-22T10:24`, as forms of browsers have them. */

const minuteMs = 60_000;

export function localText(at: number, zone: string): string {
  return new Date(at + offsetAt(at, zone)).toISOString().slice(0, 16);
}

/** Undefined when it is no time. What clocks show twice is the first, what they skip is as if they had not. */
export function localTime(text: string, zone: string): number | undefined {
  if (!/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2})?$/.test(text)) return undefined;
  const shown = Date.parse(`${text}Z`);
  if (Number.isNaN(shown)) return undefined;
  const found = [shown - 86_400_000, shown + 86_400_000]
    .map((near) => shown - offsetAt(near, zone))
    .filter((at) => at + offsetAt(at, zone) === shown);
  return found.length > 0 ? Math.min(...found) : shown - offsetAt(shown - 86_400_000, zone);
}

/** Milliseconds that the clocks are ahead of UTC. */
function offsetAt(at: number, zone: string): number {
  const format = new Intl.DateTimeFormat("en-US", { timeZone: zone, timeZoneName: "longOffset" });
  const name = format.formatToParts(at).find(({ type }) => type === "timeZoneName")?.value ?? "";
  const [, sign, hours = "0", minutes = "0"] = /([+-])(\d{2}):(\d{2})/.exec(name) ?? [];
  return (sign === "-" ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * minuteMs;
}
