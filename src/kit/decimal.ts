/** Exact decimal numbers of nought and more: `units / 10^places`. */

export interface Decimal {
  readonly units: bigint;
  readonly places: number;
}

/** The shortest decimal that means this number. Undefined for what is negative or not finite. */
export function decimalOf(value: number): Decimal | undefined {
  if (!Number.isFinite(value) || value < 0) return undefined;
  const [mantissa = "0", exponent = "0"] = String(value).split("e");
  const [whole = "0", part = ""] = mantissa.split(".");
  const places = part.length - Number(exponent);
  const digits = BigInt(whole + part);
  return places >= 0 ? { units: digits, places } : { units: digits * tenTo(-places), places: 0 };
}

export function times(one: Decimal, other: Decimal): Decimal {
  return { units: one.units * other.units, places: one.places + other.places };
}

/** Units of a tenth to the power of `places`, which are at least its own. */
export function unitsAt({ units, places }: Decimal, wanted: number): bigint {
  return units * tenTo(wanted - places);
}

export function tenTo(power: number): bigint {
  return 10n ** BigInt(power);
}

/** Of a fraction of nought or more. */
export function roundHalfUp(numerator: bigint, denominator: bigint): bigint {
  return (2n * numerator + denominator) / (2n * denominator);
}

/** As a number; what no double counts exactly becomes the greatest that one does. */
export function countOf(value: bigint): number {
  return value > BigInt(Number.MAX_SAFE_INTEGER) ? Number.MAX_SAFE_INTEGER : Number(value);
}
