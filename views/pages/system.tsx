/** How this process is: what it runs on, what waits, what its configuration warns of. */
import type { Child, Markup } from "../jsx/jsx-runtime.ts";
import { Layout, type Shell } from "../layout.tsx";
import { age, clockOf, duration, whole } from "../parts/format.ts";

interface Warned {
  path: string;
  message: string;
  mending: { href: string; words: string };
}

export interface SystemProps {
  shell: Shell;
  zone: string;
  now: number;
  facts: { version: string; startedAt: number; database: string; isEncrypted: boolean };
  /** Version of the configuration in force. */
  configuration: number;
  /** Each with the page that mends it. */
  warnings: readonly Warned[];
  /** What is wrong with a newer configuration, which is therefore not in force. */
  refused: readonly { path: string; message: string }[];
  /** Bytes. */
  memory: { resident: number; heap: number };
  loopMs: number;
  running: number;
  waiting: number;
  listeners: number;
  database: { bytes: number | null; writeMs: number; readMs: number };
  migrations: readonly { version: number; name: string; at: number }[];
}

export function systemPage(props: SystemProps): Markup {
  const { shell, zone, now, facts, configuration, memory, loopMs, running, waiting, listeners, database } = props;
  const clock = clockOf(zone);
  return (
    <Layout shell={shell} title="System">
      <div class="bar">
        <h1>System</h1>
        <a class="button quiet" href="/console/system">
          Look again
        </a>
      </div>
      <p class="muted">
        Of the process that made this page. As of {clock.short(now)} ({zone}).
      </p>
      <div class="grid wide">
        <Card title="Process">
          <Fact name="Version">{facts.version}</Fact>
          <Fact name="Runs for">{age(now - facts.startedAt)}</Fact>
          <Fact name="Started">
            <time datetime={new Date(facts.startedAt).toISOString()}>{clock.short(facts.startedAt)}</time>
          </Fact>
          <Fact name="Memory">{mebibytes(memory.resident)}</Fact>
          <Fact name="of it, objects">{mebibytes(memory.heap)}</Fact>
          <Fact name="Event loop, longest turn">{duration(loopMs)}</Fact>
        </Card>
        <Card title="Work">
          <Fact name="Requests that run">{whole(running)}</Fact>
          <Fact name="Records that wait to be stored">{whole(waiting)}</Fact>
          <Fact name="Listeners of events">{whole(listeners)}</Fact>
          <Fact name="Configuration in force">
            <a class="alone" href="/console/audit">
              version {whole(configuration)}
            </a>
          </Fact>
        </Card>
        <Card title="Database">
          <Fact name="Kind">{facts.database === "sqlite" ? "SQLite" : "PostgreSQL"}</Fact>
          <Fact name="Size">{database.bytes === null ? "not known" : mebibytes(database.bytes)}</Fact>
          <Fact name="Answers requests in">{duration(database.writeMs)}</Fact>
          <Fact name="Answers pages in">{duration(database.readMs)}</Fact>
          <Fact name="Encryption at rest">{facts.isEncrypted ? "on" : "off"}</Fact>
        </Card>
      </div>
      <Refused {...props} />
      <Warnings {...props} />
      <Migrations {...props} />
    </Layout>
  );
}

function mebibytes(bytes: number): string {
  return `${(bytes / 1_048_576).toFixed(1)} MiB`;
}

function Card({ title, children }: { title: string; children?: Child }): Markup {
  return (
    <section class="card">
      <h2 class="first">{title}</h2>
      <dl class="facts numbers">{children}</dl>
    </section>
  );
}

function Fact({ name, children }: { name: string; children?: Child }): Markup {
  return (
    <>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </>
  );
}

function Refused({ refused }: SystemProps): Markup | null {
  if (refused.length === 0) return null;
  return (
    <section aria-labelledby="refused">
      <h2 id="refused">The newest configuration is not in force</h2>
      <p>It is not valid, so the one before it holds. It is taken as soon as this is mended:</p>
      <ul class="effects">
        {refused.map(({ path, message }) => (
          <li>
            {path === "" ? "it" : <code>{path}</code>} {message}
          </li>
        ))}
      </ul>
    </section>
  );
}

function Warnings({ warnings }: SystemProps): Markup {
  return (
    <section aria-labelledby="warnings">
      <h2 id="warnings">Warnings of the configuration</h2>
      {warnings.length === 0 ? (
        <p class="muted">None.</p>
      ) : (
        <ul class="effects">
          {warnings.map(({ path, message, mending }) => (
            <li>
              <code>{path}</code> {message}{" "}
              <a class="alone" href={mending.href} aria-label={`${mending.words}: ${path}`}>
                {mending.words}
              </a>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

function Migrations({ migrations, zone }: SystemProps): Markup {
  const clock = clockOf(zone);
  return (
    <details>
      <summary>{migrations.length} steps of the database's schema</summary>
      <ol class="effects">
        {migrations.map(({ name, at }) => (
          <li>
            {name}, <time datetime={new Date(at).toISOString()}>{clock.long(at).slice(0, -4)}</time>
          </li>
        ))}
      </ol>
    </details>
  );
}
