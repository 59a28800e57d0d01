/** Sign in with the admin key, or with a client key to what is of that key. */
import type { Markup } from "../jsx/jsx-runtime.ts";
import { Layout, type Shell } from "../layout.tsx";

export interface LoginProps {
  shell: Shell;
  /** Where to go afterwards. */
  next: string;
  /** Why the last attempt failed. */
  problem: string | null;
  /** Why one has to sign in again. */
  notice: string | null;
}

export function loginPage({ shell, next, problem, notice }: LoginProps): Markup {
  return (
    <Layout shell={shell} title="Sign in">
      <form class="card narrow" method="post" action="/console/login">
        <h1>Sign in to Plexus</h1>
        {notice === null || problem !== null ? null : (
          <p class="banner info" id="problem">
            {notice}
          </p>
        )}
        {problem === null ? null : (
          <p class="banner bad" role="alert" id="problem">
            {problem}
          </p>
        )}
        <input type="hidden" name="next" value={next} />
        <input type="text" name="username" value="admin" autocomplete="username" hidden />
        <label for="key">Key</label>
        <input
          id="key"
          name="key"
          type="password"
          autocomplete="current-password"
          required
          autofocus
          aria-describedby={problem === null && notice === null ? "help" : "problem help"}
          aria-invalid={problem === null ? null : "true"}
        />
        <p class="muted" id="help">
          The admin key opens everything: the first start printed it as <code>ADMIN_KEY=adm-…</code>. If it is lost, set
          the variable <code>ADMIN_KEY</code> and start Plexus again. A client key (<code>sk-…</code>) shows what that
          key used and may use.
        </p>
        <button type="submit">Sign in</button>
      </form>
    </Layout>
  );
}
