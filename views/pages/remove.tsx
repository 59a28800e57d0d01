/** Before something is deleted: what it is, what that breaks, and the button. */
import type { Markup } from "../jsx/jsx-runtime.ts";
import { Layout, type Shell } from "../layout.tsx";

export interface RemoveProps {
  shell: Shell;
  csrf: string;
  title: string;
  effects: readonly string[];
  action: string;
  /** Version of what is deleted. */
  seen: number;
  back: string;
  /** False where something must be done first. */
  isPossible: boolean;
  /** What must be typed in to go on, where much depends on it. */
  typed?: { name: string; problem?: string };
}

export function removePage({
  shell,
  csrf,
  title,
  effects,
  action,
  seen,
  back,
  isPossible,
  typed,
}: RemoveProps): Markup {
  return (
    <Layout shell={shell} title={title}>
      <form class="card narrow" method="post" action={action}>
        <h1>{title}</h1>
        <ul>
          {effects.map((effect) => (
            <li>{effect}</li>
          ))}
        </ul>
        <input type="hidden" name="csrf" value={csrf} />
        <input type="hidden" name="seen" value={String(seen)} />
        {typed === undefined || !isPossible ? null : (
          <p class="field">
            <label for="typed">
              Type <strong>{typed.name}</strong> to go on
            </label>
            <input id="typed" name="typed" autocomplete="off" required />
            {typed.problem === undefined ? null : <span class="error">{typed.problem}</span>}
          </p>
        )}
        {isPossible ? (
          <button type="submit" class="danger">
            Delete it
          </button>
        ) : null}
        <p>
          <a class="alone" href={back}>
            Leave it as it is
          </a>
        </p>
      </form>
    </Layout>
  );
}
