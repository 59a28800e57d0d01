/** Why a request went where it went: every candidate, in the order in which it was considered. */
import type { Markup } from "../jsx/jsx-runtime.ts";
import { Or } from "./empty.tsx";
import { duration, money } from "./format.ts";

export interface Candidate {
  target: string;
  group: string | null;
  selector: string | null;
  verdict: "chosen" | "failed" | "not-tried" | "passed-over";
  reason: string | null;
  words: string | null;
  measure: string | null;
  score: number | null;
}

export interface Choice {
  /** Version of the configuration. */
  snapshot: number;
  candidates: readonly Candidate[];
  /** Targets of the client's protocol came first. */
  isMatching: boolean;
  /** All were cooled, and the one whose time was nearly over was tried. */
  isLastResort: boolean;
}

const verdicts = {
  chosen: { tone: "ok", sign: "✓", word: "chosen" },
  failed: { tone: "bad", sign: "✕", word: "tried, failed" },
  "not-tried": { tone: "off", sign: "–", word: "not needed" },
  "passed-over": { tone: "warn", sign: "⊘", word: "left out" },
} as const;

const reasons: Record<string, string> = {
  sticky: "This conversation was there before.",
  explored: "It was asked to learn how it does.",
};

export interface RoutingProps {
  choice: Choice | null;
  title?: string;
  /** The same question asked of the present, as a dry run; null where nobody can ask it. */
  again?: string | null;
}

export function Routing({ choice, title = "Why it went there", again = null }: RoutingProps): Markup | null {
  if (choice === null || choice.candidates.length === 0) return null;
  const { candidates, snapshot, isMatching, isLastResort } = choice;
  return (
    <section aria-labelledby="routing">
      <h2 id="routing">{title}</h2>
      <p class="muted">
        {candidates.length === 1 ? "One candidate" : `${candidates.length} candidates`} of configuration {snapshot}, in
        the order in which they were considered.
        {isMatching ? " Targets of the client's own protocol came first." : null}
        {isLastResort ? " All were cooling down: the one whose time was nearly over was tried." : null}{" "}
        {again === null ? null : <a href={again}>Where would it go now?</a>}
      </p>
      <section class="scroll" tabindex="0" aria-label="Candidates">
        <table>
          <caption class="hidden">Candidates</caption>
          <thead>
            <tr>
              <th scope="col">Target</th>
              <th scope="col">Verdict</th>
              <th scope="col">Why</th>
              <th scope="col">Group</th>
              <th scope="col">Selector</th>
              <th scope="col" class="number">
                Score
              </th>
            </tr>
          </thead>
          <tbody>
            {candidates.map((candidate, place) => (
              <Line candidate={candidate} place={place} />
            ))}
          </tbody>
        </table>
      </section>
    </section>
  );
}

function Line({ candidate, place }: { candidate: Candidate; place: number }): Markup {
  const { target, verdict, group, selector, measure, score } = candidate;
  const { tone, sign, word } = verdicts[verdict];
  return (
    <tr>
      <th scope="row">{target}</th>
      <td>
        <span class={`badge ${tone}`}>
          <span aria-hidden="true">{sign}</span> {word}
        </span>
      </td>
      <td class="why">{because(candidate, place)}</td>
      <td>
        <Or text={group} />
      </td>
      <td>
        <Or text={selector} />
      </td>
      <td class="number">
        <Or text={score === null ? null : scoreText(score, measure)} />
      </td>
    </tr>
  );
}

function because({ verdict, reason, words, score }: Candidate, place: number): string {
  if (words !== null) return `${reason ?? ""}: ${words}`;
  if (reason !== null) return reasons[reason] ?? reason;
  if (verdict === "not-tried") return "No try came to it.";
  if (verdict === "failed" && place > 0) return "Next in the order; see the tries.";
  if (place > 0) return "Next in the order, after what failed.";
  return score === null ? "First in the order of its group." : "The best score of its group.";
}

/** A score in the unit that its measure's name ends in. */
export function scoreText(score: number, measure: string | null): string {
  const name = (measure ?? "score").replace(/_(ms|nano)$/, "").replaceAll("_", " ");
  if (measure?.endsWith("_nano")) return `${name} ${money(score)}`;
  if (measure?.endsWith("_ms")) return `${name} ${duration(score)}`;
  return `${name} ${Number(score.toPrecision(4))}`;
}
