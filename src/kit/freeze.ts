/** Makes a value immutable for good: objects, arrays, maps and sets, all the way down. Class instances are left alone. */

function refuse(): never {
  throw new TypeError("this collection is frozen");
}

/** Freezes in place and returns the value. Cycles are fine. */
export function deepFreeze<Value>(value: Value): Value {
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) return value;
  if (value instanceof Map) {
    Object.assign(value, { set: refuse, delete: refuse, clear: refuse });
    Object.freeze(value);
    for (const member of value.values()) deepFreeze(member);
  } else if (value instanceof Set) {
    Object.assign(value, { add: refuse, delete: refuse, clear: refuse });
    Object.freeze(value);
  } else if (Array.isArray(value) || isPlain(value)) {
    Object.freeze(value);
    for (const member of Object.values(value)) deepFreeze(member);
  }
  return value;
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
