/** The tries of a request in their order. */
import type { Markup } from "../jsx/jsx-runtime.ts";
import { None } from "./empty.tsx";
import type { Failure } from "./failures.tsx";
import { duration, whole } from "./format.ts";
import { brief } from "./verdict.ts";

export interface AttemptsProps {
  errors: readonly Failure[];
  /** The target that answered; null when none did. */
  served: string | null;
  status: number | null;
  /** How long the request ran. */
  totalMs: number | null;
}

export function Attempts({ errors, served, status, totalMs }: AttemptsProps): Markup | null {
  const failed = errors.filter(({ target }) => target !== undefined);
  const last = failed.at(-1);
  if (!last) return null;
  const { fromMs, tookMs } = last;
  const hasTimes = fromMs !== undefined && tookMs !== undefined && totalMs !== null;
  const servedMs = hasTimes ? Math.max(0, totalMs - fromMs - tookMs) : null;
  return (
    <section aria-labelledby="attempts">
      <h2 id="attempts">Tries</h2>
      <section class="scroll" tabindex="0" aria-label="Tries in their order">
        <table>
          <caption class="hidden">Tries in their order</caption>
          <thead>
            <tr>
              <th scope="col" class="number">
                Try
              </th>
              <th scope="col">Target</th>
              <th scope="col">What became of it</th>
              <th scope="col" class="number">
                Provider's status
              </th>
              <th scope="col" class="number">
                Took
              </th>
              <th scope="col">Why</th>
            </tr>
          </thead>
          <tbody>
            {failed.map((failure, at) => (
              <FailedTry failure={failure} at={at} />
            ))}
            {served === null ? null : (
              <tr>
                <th scope="row" class="number">
                  {whole(failed.length + 1)}
                </th>
                <td>{served}</td>
                <td>
                  <span class="badge ok">
                    <span aria-hidden="true">✓</span> answered
                  </span>
                </td>
                <td class="number">{status ?? <None />}</td>
                <td class="number">{servedMs === null ? <None /> : duration(servedMs)}</td>
                <td>
                  <None />
                </td>
              </tr>
            )}
          </tbody>
        </table>
      </section>
    </section>
  );
}

function FailedTry({ failure, at }: { failure: Failure; at: number }): Markup {
  const { target, code, upstreamStatus, tookMs, message } = failure;
  return (
    <tr>
      <th scope="row" class="number">
        {whole(at + 1)}
      </th>
      <td>{target}</td>
      <td>
        <span class="badge bad">
          <span aria-hidden="true">✕</span> {code}
        </span>
      </td>
      <td class="number">{upstreamStatus ?? <None />}</td>
      <td class="number">{tookMs === undefined ? <None /> : duration(tookMs)}</td>
      <td class="words">{brief(message)}</td>
    </tr>
  );
}
