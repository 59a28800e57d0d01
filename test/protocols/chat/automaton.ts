/** The strict grammar of a chunk stream: what it breaks, in words; empty when it obeys. */
import type { Frame } from "../../../src/kit/sse.ts";

interface Choice {
  role: boolean;
  calls: number;
  finished: boolean;
}

interface Delta {
  role?: string;
  tool_calls?: { index: number; id?: string; type?: string; function?: { name?: string } }[];
}

export function automaton(frames: Frame[], usageAsked: boolean): string[] {
  const broken: string[] = [];
  const choices = new Map<number, Choice>();
  const heads = new Set<string>();
  let usageSeen = false;
  frames.forEach((frame, at) => {
    if (frame.event !== undefined) broken.push(`frame ${at} has an event name`);
    const last = at === frames.length - 1;
    if ((frame.data === "[DONE]") !== last) broken.push(`[DONE] is not exactly the last frame (${at})`);
    if (frame.data === "[DONE]") return;
    const json = JSON.parse(frame.data);
    heads.add(`${json.id} ${json.object} ${json.created} ${json.model}`);
    if (usageSeen) broken.push(`frame ${at} follows the usage`);
    if (json.choices.length === 0) {
      usageSeen = true;
      if (!usageAsked || !json.usage) broken.push(`frame ${at} is empty`);
      return;
    }
    if (usageAsked ? json.usage !== null : "usage" in json) broken.push(`frame ${at} has a wrong usage member`);
    for (const one of json.choices) {
      const choice = choices.get(one.index) ?? { role: false, calls: 0, finished: false };
      choices.set(one.index, choice);
      broken.push(...step(choice, one.delta, one.finish_reason).map((text) => `frame ${at}: ${text}`));
    }
  });
  if (heads.size !== 1) broken.push("the head changes");
  for (const [index, choice] of choices) if (!choice.finished) broken.push(`choice ${index} has no finish`);
  return broken;
}

function step(choice: Choice, delta: Delta, finish: string | null): string[] {
  const broken: string[] = [];
  if (choice.finished) broken.push("something follows the finish");
  if (choice.role === (delta.role !== undefined)) broken.push("the role is not exactly in the first delta");
  choice.role = true;
  for (const call of delta.tool_calls ?? []) {
    const fresh = call.index === choice.calls;
    if (call.index > choice.calls) broken.push("tool indexes are not dense");
    if (fresh) {
      choice.calls++;
      if (!call.id || !call.type || (call.type === "function" && !call.function?.name))
        broken.push("a call begins bare");
    } else if ("id" in call || "type" in call || (call.function && "name" in call.function)) {
      broken.push("a continuation repeats id, type or name");
    }
  }
  if (finish !== null) {
    choice.finished = true;
    if (!["stop", "length", "tool_calls", "content_filter"].includes(finish))
      broken.push(`finish ${finish} is unknown`);
    if (Object.keys(delta).length > 0) broken.push("the finish carries content");
  }
  return broken;
}
