import { expect, test } from "bun:test";
import { remainder } from "../../src/protocols/read.ts";

test("a member by the name of the prototype stays a member, and reaches no prototype", () => {
  const rest = remainder(JSON.parse('{"__proto__":{"polluted":true},"a":null,"b":1,"known":2}'), new Set(["known"]));
  expect(JSON.stringify(rest)).toBe('{"__proto__":{"polluted":true},"b":1}');
  expect(Object.getPrototypeOf(rest)).toBe(Object.prototype);
});
