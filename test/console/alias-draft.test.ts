import { describe, expect, test } from "bun:test";
import type { Fault } from "../../src/config/snapshot.ts";
import {
  actOn,
  type Draft,
  draftOf,
  focusAfter,
  patchOf,
  readDraft,
  rowOf,
  withoutEmpty,
} from "../../src/console/alias-draft.ts";

const target = (name: string) => ({ target: name, weight: "1", isEnabled: true });
const group = (name: string, ...targets: string[]) => ({ name, selector: "random", targets: targets.map(target) });
const names = (draft: Draft) => draft.map(({ targets }) => targets.map((one) => one.target));

describe("the groups of an alias in a form", () => {
  test("are those that are stored, in whichever way they are written", () => {
    expect(draftOf({ targets: ["a/b"], selector: "cost" })).toEqual([{ ...group("", "a/b"), selector: "cost" }]);
    const stored = {
      selector: "usage",
      groups: [{ targets: [{ provider: "a", model: "b/c", weight: 2, enabled: false }] }],
    };
    expect(draftOf(stored)).toEqual([
      { name: "", selector: "usage", targets: [{ target: "a/b/c", weight: "2", isEnabled: false }] },
    ]);
    expect(names(draftOf({}))).toEqual([[""]]);
  });

  test("are read back as they were shown", () => {
    const form = new URLSearchParams(
      "g0.selector=cost&g0.name=+first+&g0.t0.target=a/b&g0.t0.weight=3&g0.t0.enabled=on&g0.t1.target=&g1.selector=random&g1.t0.target=c/d",
    );
    expect(readDraft(form)).toEqual([
      {
        ...{ name: "first", selector: "cost" },
        targets: [
          { target: "a/b", weight: "3", isEnabled: true },
          { target: "", weight: "", isEnabled: false },
        ],
      },
      { name: "", selector: "random", targets: [{ target: "c/d", weight: "", isEnabled: false }] },
    ]);
  });

  test("move, come and go; what fits nothing changes nothing", () => {
    const draft = [group("x", "a/1", "a/2", "a/3"), group("y", "b/1")];
    expect(names(actOn(draft, "up g0.t2"))[0]).toEqual(["a/1", "a/3", "a/2"]);
    expect(names(actOn(draft, "down g0.t0"))[0]).toEqual(["a/2", "a/1", "a/3"]);
    expect(names(actOn(draft, "remove g0.t1"))[0]).toEqual(["a/1", "a/3"]);
    expect(names(actOn(draft, "add g1"))[1]).toEqual(["b/1", ""]);
    expect(actOn(draft, "down g0").map(({ name }) => name)).toEqual(["y", "x"]);
    expect(names(actOn(draft, "add"))).toHaveLength(3);
    for (const nothing of ["up g0.t0", "down g1", "remove g1.t0", "up g9.t9", "burn g0", "", "up", "remove"]) {
      expect([nothing, actOn(draft, nothing)]).toEqual([nothing, draft]);
    }
  });

  test("leave the person at what was moved", () => {
    const draft = [group("x", "a/1", "a/2", "a/3"), group("y", "b/1", "")];
    expect(focusAfter(draft, "up g0.t2")).toBe("up g0.t1");
    expect(focusAfter(draft, "up g0.t1")).toBe("down g0.t0");
    expect(focusAfter(draft, "down g0.t1")).toBe("up g0.t2");
    expect(focusAfter(draft, "add g1")).toBe("g1.t1.target");
    expect(focusAfter(draft, "remove g0.t1")).toBe("add g0");
    expect(focusAfter(draft, "nonsense")).toBeNull();
  });

  test("change only what somebody changed", () => {
    const stored = { targets: [{ provider: "a", model: "b", weight: 1, enabled: true }, "c/d"], selector: "random" };
    expect(patchOf(draftOf(stored), stored, [])).toEqual({});
    const moved = actOn(draftOf(stored), "up g0.t1");
    expect(patchOf(moved, stored, [])).toEqual({ selector: "random", targets: ["c/d", "a/b"], groups: null });
    const more = [...draftOf(stored), group("last", "e/f")];
    expect(patchOf(more, stored, [])).toMatchObject({ targets: null, selector: null, groups: [{}, { name: "last" }] });
  });

  test("say which row is wrong", () => {
    const faults: Fault[] = [];
    patchOf([group("", "a/b", "nothing"), group("y", "c/")], {}, faults);
    expect(faults.map(({ path }) => rowOf(path))).toEqual(["g0.t1", "g1.t0"]);
    expect([rowOf("targets.3.weight"), rowOf("groups.2.name"), rowOf("also.0")]).toEqual(["g0.t3", "g2", undefined]);
    expect(names(withoutEmpty([group("", "", "a/b"), group("", "")]))).toEqual([["a/b"]]);
  });
});
