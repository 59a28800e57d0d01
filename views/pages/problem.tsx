/** What went wrong, and one thing to do. */
import type { Markup } from "../jsx/jsx-runtime.ts";
import { Layout, type Shell } from "../layout.tsx";

export interface ProblemProps {
  shell: Shell;
  title: string;
  problem: string;
  requestId: string;
  /** Where one goes from here. */
  back: { path: string; words: string };
}

export function problemPage({ shell, title, problem, requestId, back }: ProblemProps): Markup {
  return (
    <Layout shell={shell} title={title}>
      <section class="card narrow">
        <h1>{title}</h1>
        <p role="alert">{problem}</p>
        <p class="muted">
          In the log as <code>{requestId}</code>
        </p>
        <p>
          <a class="button" href={back.path}>
            {back.words}
          </a>
        </p>
      </section>
    </Layout>
  );
}
