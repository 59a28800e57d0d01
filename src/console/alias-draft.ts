/** The groups and targets of an alias while somebody works on them: read from a form, moved about, made into a change. */
import type { DraftGroup, DraftTarget } from "../../views/parts/target-groups.tsx";
import { type Fields, fieldsOf, isSame } from "../config/fields.ts";
import type { Fault } from "../config/snapshot.ts";

export type Draft = readonly DraftGroup[];

export const emptyTarget: DraftTarget = { target: "", weight: "1", isEnabled: true };
const emptyGroup: DraftGroup = { name: "", selector: "random", targets: [emptyTarget] };
export const emptyDraft: Draft = [emptyGroup];

/** Of the alias as it is stored, or as the file has it. */
export function draftOf(value: Fields): Draft {
  const common = typeof value.selector === "string" ? value.selector : "random";
  if (Array.isArray(value.groups)) return value.groups.map((group) => groupOf(fieldsOf(group), common));
  const group = groupOf({ targets: value.targets }, common);
  return group.targets.length === 0 ? [{ ...group, targets: [emptyTarget] }] : [group];
}

function groupOf({ name, selector, targets }: Fields, common: string): DraftGroup {
  return {
    name: typeof name === "string" ? name : "",
    selector: typeof selector === "string" ? selector : common,
    targets: (Array.isArray(targets) ? targets : []).map(targetOf),
  };
}

function targetOf(target: unknown): DraftTarget {
  if (typeof target === "string") return { ...emptyTarget, target };
  const { provider, model, weight = 1, enabled = true } = fieldsOf(target);
  return { target: `${String(provider)}/${String(model)}`, weight: String(weight), isEnabled: enabled === true };
}

const most = 200;

/** Fields are `g0.name`, `g0.t1.target` and so on, without gaps. */
export function readDraft(form: URLSearchParams): Draft {
  const groups: DraftGroup[] = [];
  for (let group = 0; group < most && form.has(`g${group}.selector`); group++) {
    const targets: DraftTarget[] = [];
    for (let target = 0; target < most && form.has(`g${group}.t${target}.target`); target++) {
      const field = (name: string) => (form.get(`g${group}.t${target}.${name}`) ?? "").trim();
      targets.push({ target: field("target"), weight: field("weight"), isEnabled: field("enabled") === "on" });
    }
    const name = (form.get(`g${group}.name`) ?? "").trim();
    groups.push({ name, selector: form.get(`g${group}.selector`) ?? "random", targets });
  }
  return groups.length === 0 ? emptyDraft : groups;
}

/** `up g0.t1`, `down g0`, `remove g0.t1`, `add g0` (a target), `add` (a group). What fits nothing changes nothing. */
export function actOn(draft: Draft, action: string): Draft {
  const [, verb, group, target] = /^(up|down|remove|add)(?: g(\d{1,3})(?:\.t(\d{1,3}))?)?$/.exec(action) ?? [];
  if (verb === undefined) return draft;
  if (group === undefined) return verb === "add" ? [...draft, emptyGroup] : draft;
  const at = Number(group);
  if (verb === "add") return changed(draft, at, (targets) => [...targets, emptyTarget]);
  if (target === undefined) return moved(draft, at, verb);
  return changed(draft, at, (targets) => moved(targets, Number(target), verb));
}

/** Where somebody goes on after an action: the button that moves the same entry on, or the field of a new one. */
export function focusAfter(draft: Draft, action: string): string | null {
  const [, verb, group, target] = /^(up|down|remove|add)(?: g(\d{1,3})(?:\.t(\d{1,3}))?)?$/.exec(action) ?? [];
  if (verb === undefined) return null;
  if (group === undefined) return `g${draft.length - 1}.t0.target`;
  const targets = draft[Number(group)]?.targets.length ?? 0;
  if (verb === "add") return `g${group}.t${targets - 1}.target`;
  if (verb === "remove") return target === undefined ? "add" : `add g${group}`;
  const count = target === undefined ? draft.length : targets;
  const to = Number(target ?? group) + (verb === "up" ? -1 : 1);
  const row = target === undefined ? `g${to}` : `g${group}.t${to}`;
  if (to <= 0) return `down ${row}`;
  return to >= count - 1 ? `up ${row}` : `${verb} ${row}`;
}

function changed(draft: Draft, at: number, change: (targets: readonly DraftTarget[]) => readonly DraftTarget[]): Draft {
  return draft.map((group, place) => (place === at ? { ...group, targets: change(group.targets) } : group));
}

/** The last one is not removed: it is emptied by hand. */
function moved<T>(list: readonly T[], at: number, verb: string): readonly T[] {
  if (verb === "remove") return list.length > 1 ? list.filter((_, place) => place !== at) : list;
  const to = verb === "up" ? at - 1 : at + 1;
  const [one, other] = [list[at], list[to]];
  if (one === undefined || other === undefined) return list;
  return list.map((entry, place) => (place === at ? other : place === to ? one : entry));
}

/** Rows that were left empty are none. */
export function withoutEmpty(draft: Draft): Draft {
  const filled = draft.map((group) => ({ ...group, targets: group.targets.filter(({ target }) => target !== "") }));
  const groups = filled.filter(({ targets, name }) => targets.length > 0 || name !== "");
  return groups.length === 0 ? filled.slice(0, 1) : groups;
}

/**
 * The target behind all others: at the end of the last group where the order counts there, else in a group of its own.
 * The same draft where it is last already, or alone.
 */
export function putLast(draft: Draft, target: string): Draft {
  const own = draft.flatMap(({ targets }) => targets.filter((one) => one.target === target));
  const others = draft
    .map((group) => ({ ...group, targets: group.targets.filter((one) => one.target !== target) }))
    .filter(({ targets }) => targets.length > 0);
  const last = others.at(-1);
  const isAlone = draft.at(-1)?.targets.length === own.length && draft.length > others.length;
  if (own.length === 0 || last === undefined || isAlone) return draft;
  const moved =
    last.selector === "in_order"
      ? [...others.slice(0, -1), { ...last, targets: [...last.targets, ...own] }]
      : [...others, { name: "", selector: "in_order", targets: own }];
  return isSame(moved, draft) ? draft : moved;
}

/** The members of the alias that differ from what is stored. One group without a name is written as its targets. */
export function patchOf(draft: Draft, stored: Fields, faults: Fault[]): Fields {
  const same = isSame(configOf(draftOf(stored), []), configOf(draft, faults));
  return same && Object.keys(stored).length > 0 ? {} : configOf(draft, []);
}

function configOf(draft: Draft, faults: Fault[]): Fields {
  const [first, ...others] = draft;
  if (first && others.length === 0 && first.name === "") {
    const { selector, targets } = first;
    return { selector, targets: targets.map((one, at) => targetConfig(one, `targets.${at}`, faults)), groups: null };
  }
  const groups = draft.map(({ name, selector, targets }, place) => ({
    ...(name === "" ? {} : { name }),
    selector,
    targets: targets.map((one, at) => targetConfig(one, `groups.${place}.targets.${at}`, faults)),
  }));
  return { selector: null, targets: null, groups };
}

function targetConfig({ target, weight, isEnabled }: DraftTarget, path: string, faults: Fault[]): unknown {
  const slash = target.indexOf("/");
  if (slash < 1 || slash === target.length - 1) {
    faults.push({ path, message: `${JSON.stringify(target)} must be provider/model` });
    return target;
  }
  const number = Number(weight);
  if (weight === "" || !Number.isFinite(number)) faults.push({ path, message: "the weight must be a number" });
  if (number === 1 && isEnabled) return target;
  return { provider: target.slice(0, slash), model: target.slice(slash + 1), weight: number, enabled: isEnabled };
}

/** Faults by the row that they are in: `g0.t1`, `g0`. */
export function rowOf(path: string): string | undefined {
  const [, alone, group, within] =
    /^(?:targets(?:\.(\d+))?|groups\.(\d+)(?:\.targets\.(\d+))?)(?:\.|$)/.exec(path) ?? [];
  if (group !== undefined) return within === undefined ? `g${group}` : `g${group}.t${within}`;
  if (alone !== undefined) return `g0.t${alone}`;
  return path.startsWith("targets") || path === "groups" ? "g0" : undefined;
}
