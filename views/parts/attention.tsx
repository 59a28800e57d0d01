/** What needs somebody, each with one thing to do. */
import type { Markup } from "../jsx/jsx-runtime.ts";

export interface AttentionLine {
  tone: "warn" | "bad";
  text: string;
  number: string;
  action: { href: string; words: string };
}

export interface AttentionProps {
  lines: readonly AttentionLine[];
  /** What could not be looked at. */
  failed: readonly string[];
  /** When it was looked at, in words. */
  at: string;
}

export function Attention({ lines, failed, at }: AttentionProps): Markup {
  return (
    <section aria-labelledby="attention">
      <h2 id="attention">Needs attention</h2>
      {failed.length === 0 ? null : (
        <p class="banner bad">
          Could not be looked at: {failed.join(", ")}. <a href="/console">Try again</a>
        </p>
      )}
      {lines.length > 0 ? (
        <ul class="card attention">
          {lines.map(({ tone, text, number, action }) => (
            <li>
              <span class={`badge ${tone}`}>
                <span aria-hidden="true">{tone === "bad" ? "✕" : "!"}</span>
                <span class="hidden">{tone === "bad" ? "bad" : "warning"}</span>
              </span>
              <span class="what">{text}</span>
              <span class="much">{number}</span>
              <a href={action.href}>{action.words}</a>
            </li>
          ))}
        </ul>
      ) : failed.length > 0 ? null : (
        <p class="card">
          <span class="badge ok">
            <span aria-hidden="true">✓</span> fine
          </span>{" "}
          Nothing needs attention. <span class="muted">Looked at {at}.</span>
        </p>
      )}
    </section>
  );
}
