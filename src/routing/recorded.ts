/** What is recorded of an order. Made when a request closes, for nobody reads it before. */
import {
  loneText,
  type RecordedCandidate,
  type RecordedPass,
  type RoutingRecord,
  routingText,
} from "../model/routing-record.ts";
import type { Ordered, PassedOver, RankedGroup } from "./order.ts";
import type { Candidate } from "./resolve.ts";

/** The short JSON of the record. Most models have one target, and then it is little more than its name. */
export function recordText(ordered: Ordered, snapshot: number): string {
  const { candidates, passedOver, groups, isLastResort } = ordered;
  const [candidate, ...others] = candidates;
  const [group, ...more] = groups;
  const isPlain = passedOver.length + others.length + more.length === 0 && !isLastResort;
  if (candidate && group && isPlain) return loneText(candidate.name, group, snapshot);
  return routingText(recordOf(ordered, snapshot));
}

export function recordOf(ordered: Ordered, snapshot: number): RoutingRecord {
  const { candidates, passedOver, groups, isMatching, isLastResort } = ordered;
  const placed = new Map<Candidate, RecordedCandidate>();
  groups.forEach(({ candidates: members, scores }, group) => {
    members.forEach((candidate, at) => {
      const score = scores?.[at];
      placed.set(candidate, { target: candidate.name, group, ...(score === undefined ? {} : { score }) });
    });
  });
  return {
    snapshot,
    groups: groups.map(groupOf),
    kept: candidates.map((candidate) => placed.get(candidate) ?? { target: candidate.name, group: 0 }),
    passedOver: passedOver.map((one) => passOf(one, groups)),
    ...(isMatching ? { isMatching } : {}),
    ...(isLastResort ? { isLastResort } : {}),
  };
}

function groupOf({ name, selector, measure, explores, isStuck }: RankedGroup) {
  return {
    ...{ name, selector, ...(measure === undefined ? {} : { measure }) },
    ...(explores ? { explores } : {}),
    ...(isStuck ? { isStuck } : {}),
  };
}

function passOf({ candidate, group, reason }: PassedOver, groups: readonly RankedGroup[]): RecordedPass {
  const found = groups.findIndex(({ name }) => name === group);
  const pass = { target: candidate.name, group: Math.max(0, found), reason: reason.code };
  if (reason.code === "unable") return { ...pass, lacks: reason.lacks };
  if (reason.code === "cooled") return { ...pass, until: reason.cooling.openAt, cause: reason.cooling.reason };
  return pass;
}
