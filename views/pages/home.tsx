/** Overview: is it running, and how do I send a request? */
import type { Child, Markup } from "../jsx/jsx-runtime.ts";
import { Layout, type Shell } from "../layout.tsx";
import { None } from "../parts/empty.tsx";
import { age, percent, whole } from "../parts/format.ts";
import { KeyFirst, Snippet } from "../parts/snippet.tsx";

export interface RecentHour {
  all: number;
  failed: number;
}

export interface HomeProps {
  shell: Shell;
  version: string;
  uptimeMs: number;
  /** `sqlite` or `postgres`. */
  database: string;
  /** Are secrets encrypted at rest? */
  isEncrypted: boolean;
  providers: number;
  /** Null when it could not be counted. */
  hour: RecentHour | null;
  /** Where clients find this gateway. */
  baseUrl: string;
  /** A name that clients can call. */
  model: string;
  protocols: readonly string[];
}

const databases: Record<string, string> = { sqlite: "SQLite", postgres: "PostgreSQL" };

export function homePage(props: HomeProps): Markup {
  const { shell, baseUrl, model, protocols } = props;
  return (
    <Layout shell={shell} title="Overview">
      <h1>Overview</h1>
      <Hour hour={props.hour} />
      <State {...props} />
      <section aria-labelledby="first">
        <h2 id="first">Send a request</h2>
        <KeyFirst />
        <p>
          Then paste one of these. All reach the model <code>{model}</code>.
        </p>
        <div class="grid wide">
          {protocols.map((protocol) => (
            <Snippet protocol={protocol} baseUrl={baseUrl} model={model} />
          ))}
        </div>
      </section>
    </Layout>
  );
}

function Hour({ hour }: { hour: RecentHour | null }): Markup {
  if (hour === null) {
    return (
      <p class="banner bad" role="alert">
        The requests of the last hour could not be counted: the database does not answer.{" "}
        <a href="/console">Try again</a>
      </p>
    );
  }
  return (
    <section aria-labelledby="hour">
      <h2 id="hour">Last hour</h2>
      <dl class="grid figures">
        <Figure name="Requests">
          <a href="/console/requests" aria-label={`${whole(hour.all)} requests in the last hour: see the list`}>
            {whole(hour.all)}
          </a>
        </Figure>
        <Figure name="Failed">
          <span class={hour.failed > 0 ? "text-bad" : null}>{whole(hour.failed)}</span>
        </Figure>
        <Figure name="Share that failed">{hour.all === 0 ? <None /> : percent(hour.failed, hour.all)}</Figure>
      </dl>
      {hour.all > 0 ? null : (
        <p>
          No request came in within the last hour. <a href="#first">Send one</a>.
        </p>
      )}
    </section>
  );
}

function Figure({ name, children }: { name: string; children?: Child }): Markup {
  return (
    <div class="card">
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function State({ version, uptimeMs, database, isEncrypted, providers }: HomeProps): Markup {
  return (
    <section aria-labelledby="state">
      <h2 id="state">This gateway</h2>
      <dl class="card facts">
        <dt>Version</dt>
        <dd>{version}</dd>
        <dt>Running for</dt>
        <dd>{age(uptimeMs)}</dd>
        <dt>Database</dt>
        <dd>{databases[database] ?? database}</dd>
        <dt>Encryption at rest</dt>
        <dd>
          {isEncrypted ? (
            <span class="badge ok">
              <span aria-hidden="true">✓</span> on
            </span>
          ) : (
            <>
              <span class="badge warn">
                <span aria-hidden="true">!</span> off
              </span>{" "}
              <span class="muted">
                set <code>ENCRYPTION_KEY</code> to turn it on
              </span>
            </>
          )}
        </dd>
        <dt>Providers</dt>
        <dd>
          {whole(providers)}
          {providers === 0 ? <span class="muted"> configured; the built-in demo answers</span> : null}
        </dd>
      </dl>
    </section>
  );
}
