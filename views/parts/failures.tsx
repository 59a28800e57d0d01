/** What failed, one card for each failure, with its chain of causes and their stacks. */
import type { Markup } from "../jsx/jsx-runtime.ts";

export interface Failure {
  code: string;
  message: string;
  target?: string;
  upstreamStatus?: number;
  /** Of a try: milliseconds since the request arrived, and its length. */
  fromMs?: number;
  tookMs?: number;
  chain: readonly string[];
}

export function Failures({ errors, isServed }: { errors: readonly Failure[]; isServed: boolean }): Markup | null {
  if (errors.length === 0) return null;
  return (
    <section aria-labelledby="errors">
      <h2 id="errors">{isServed ? "What failed before" : "What failed"}</h2>
      <ol class="failures">
        {errors.map((failure) => (
          <li class="card">
            <p>
              <strong>{failure.code}</strong>
              {failure.target === undefined ? ": the request as a whole" : ` from ${failure.target}`}
              {failure.target === undefined || failure.upstreamStatus === undefined
                ? null
                : `, which answered ${failure.upstreamStatus}`}
            </p>
            <p class="words">{failure.message}</p>
            {failure.chain.length === 0 ? null : (
              <details>
                <summary>Causes, outermost first ({failure.chain.length})</summary>
                {failure.chain.map((cause) => (
                  <pre>{cause}</pre>
                ))}
              </details>
            )}
          </li>
        ))}
      </ol>
    </section>
  );
}
