/** Before something is done that cannot be undone: what it does, and the button. */
import type { Markup } from "../jsx/jsx-runtime.ts";
import { Layout, type Shell } from "../layout.tsx";

export interface ConfirmProps {
  shell: Shell;
  csrf: string;
  title: string;
  effects: readonly string[];
  action: string;
  /** Sent along. */
  hidden?: Readonly<Record<string, string>>;
  /** Words of the button. */
  go: string;
  isDangerous?: boolean;
  back: string;
}

export function confirmPage({
  shell,
  csrf,
  title,
  effects,
  action,
  hidden = {},
  go,
  isDangerous,
  back,
}: ConfirmProps): Markup {
  return (
    <Layout shell={shell} title={title}>
      <form class="card narrow" method="post" action={action}>
        <h1>{title}</h1>
        <ul class="effects">
          {effects.map((effect) => (
            <li>{effect}</li>
          ))}
        </ul>
        <input type="hidden" name="csrf" value={csrf} />
        {Object.entries(hidden).map(([name, value]) => (
          <input type="hidden" name={name} value={value} />
        ))}
        <button type="submit" class={isDangerous ? "danger" : null}>
          {go}
        </button>
        <p>
          <a class="alone" href={back}>
            Leave it as it is
          </a>
        </p>
      </form>
    </Layout>
  );
}
