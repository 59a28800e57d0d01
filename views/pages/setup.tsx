/** The set-up: provider, models, key, first request; a page for each step, and what is done already. */
import type { Markup } from "../jsx/jsx-runtime.ts";
import { Layout, type Shell } from "../layout.tsx";
import { ClientSnippets } from "../parts/client-snippets.tsx";
import { Diagnosis } from "../parts/diagnosis.tsx";
import { Select } from "../parts/fields.tsx";
import { duration, money } from "../parts/format.ts";
import { Badge } from "../parts/result.tsx";
import { type PresetCard, Presets, ProviderForm, type ProviderFormProps } from "./provider-new.tsx";

export type SetupStep = "provider" | "models" | "key" | "request";

/** The request that the page waits for. */
export interface Waiting {
  request: {
    id: string;
    status: number | null;
    code: string | null;
    attempts: number;
    interrupted: boolean;
    totalMs: number | null;
    costNano: number | null;
    target: string | null;
    message: string | null;
  } | null;
}

export interface SetupProps {
  shell: Shell;
  csrf: string;
  step: SetupStep;
  done: Readonly<Record<SetupStep, boolean>>;
  /** What was wrong with what was posted. */
  problem: string | null;
  isEncrypted: boolean;
  provider: { cards: readonly PresetCard[]; form: ProviderFormProps | null } | null;
  models: readonly { provider: string; model: string }[] | null;
  /** Names of keys that work. */
  keys: readonly string[];
  fresh: { name: string; secret: string } | null;
  first: {
    models: readonly string[];
    baseUrl: string;
    protocols: readonly string[];
    keys: readonly string[];
    waiting: Waiting;
    /** What is chosen to be sent. */
    model: string;
    key: string;
  } | null;
}

const path = "/console/setup";
const steps: readonly { step: SetupStep; words: string }[] = [
  { step: "provider", words: "Provider" },
  { step: "models", words: "Models" },
  { step: "key", words: "Key" },
  { step: "request", words: "First request" },
];

export function setupPage(props: SetupProps): Markup {
  const { shell, csrf, step, done, problem, isEncrypted } = props;
  return (
    <Layout shell={shell} title="Set-up">
      <div class="bar">
        <h1>Set-up</h1>
        <form method="post" action={`${path}/skip`}>
          <input type="hidden" name="csrf" value={csrf} />
          <button type="submit" class="quiet">
            {done.request ? "Go to the overview" : "Skip the set-up"}
          </button>
        </form>
      </div>
      <p class="muted">
        You are signed in with the admin key.{" "}
        {isEncrypted
          ? "Secrets are encrypted at rest."
          : "Secrets are stored as they are: set ENCRYPTION_KEY at the next start to have them encrypted."}
      </p>
      <Steps step={step} done={done} />
      {problem === null ? null : (
        <p class="banner bad" role="alert" tabindex="-1" id="problems">
          {problem}
        </p>
      )}
      <Now {...props} />
    </Layout>
  );
}

function Steps({ step, done }: Pick<SetupProps, "step" | "done">): Markup {
  return (
    <nav aria-label="Steps">
      <ol class="steps">
        {steps.map(({ step: one, words }) => (
          <li>
            <a href={`${path}?step=${one}`} aria-current={one === step ? "step" : null}>
              {words}
              {done[one] ? (
                <span class="text-ok">
                  {" "}
                  <span aria-hidden="true">✓</span>
                  <span class="hidden">done</span>
                </span>
              ) : null}
            </a>
          </li>
        ))}
      </ol>
    </nav>
  );
}

function Now(props: SetupProps): Markup {
  if (props.provider !== null) return <Provider {...props.provider} />;
  if (props.models !== null) return <Models {...props} models={props.models} />;
  if (props.first !== null) return <First {...props} first={props.first} />;
  return <Key {...props} />;
}

function Provider({ cards, form }: NonNullable<SetupProps["provider"]>): Markup {
  if (form === null) {
    return (
      <>
        <h2>Who is to answer?</h2>
        <Presets cards={cards} path={path} />
      </>
    );
  }
  return (
    <>
      <h2>{form.preset.label}</h2>
      <p class="muted">
        The models that you tick become names that clients can call.{" "}
        <a href={`${path}?step=provider`}>Choose another provider</a>
      </p>
      <ProviderForm {...form} />
    </>
  );
}

function Models({ csrf, models }: SetupProps & { models: NonNullable<SetupProps["models"]> }): Markup {
  return (
    <form method="post" action={`${path}/models`} class="edit">
      <h2>Which models can clients call?</h2>
      <input type="hidden" name="csrf" value={csrf} />
      <section class="card">
        <p class="muted">Each becomes an alias of the same name. More can be made of them later.</p>
        {models.length === 0 ? (
          <p>No model of a provider is without an alias. Type in the names of others, if you want them.</p>
        ) : null}
        <div class="checks">
          {models.map(({ provider, model }) => (
            <label class="switch">
              <input type="checkbox" name="models" value={`${provider}/${model}`} /> {model}{" "}
              <span class="muted">of {provider}</span>
            </label>
          ))}
        </div>
        <p class="field">
          <label for="by-hand">Others of the first provider, one a line</label>
          <textarea id="by-hand" name="by_hand" rows="3" spellcheck="false"></textarea>
        </p>
      </section>
      <p class="buttons">
        <button type="submit">Make aliases</button>
        <a class="button quiet" href={`${path}?step=key`}>
          Go on without
        </a>
      </p>
    </form>
  );
}

function Key({ csrf, keys }: SetupProps): Markup {
  return (
    <form method="post" action={`${path}/key`} class="edit">
      <h2>A key for your first client</h2>
      <input type="hidden" name="csrf" value={csrf} />
      <section class="card">
        {keys.length === 0 ? null : (
          <p>
            There {keys.length === 1 ? "is a key" : "are keys"} already: {keys.slice(0, 5).join(", ")}
            {keys.length > 5 ? ` and ${keys.length - 5} more` : null}.{" "}
            {keys.includes("default") ? (
              <>
                The first start printed the secret of <code>default</code>.{" "}
              </>
            ) : null}
            Each client better has one of its own.
          </p>
        )}
        <p class="field">
          <label for="name">Name</label>
          <input id="name" name="name" required maxlength="128" autocomplete="off" placeholder="laptop" />
          <span class="muted">Its secret is made for you, and shown once.</span>
        </p>
      </section>
      <p class="buttons">
        <button type="submit">Make the key</button>
        {keys.length === 0 ? null : (
          <a class="button quiet" href={`${path}?step=request`}>
            Use one that is there
          </a>
        )}
      </p>
    </form>
  );
}

function First({ csrf, fresh, first }: SetupProps & { first: NonNullable<SetupProps["first"]> }): Markup {
  const { models, baseUrl, protocols, keys, waiting, model, key } = first;
  const [protocol = ""] = protocols;
  return (
    <>
      {fresh === null ? null : (
        <section class="card" aria-labelledby="fresh">
          <h2 id="fresh">
            The key <bdi>{fresh.name}</bdi> is made
          </h2>
          <p class="banner warn">Copy the secret now. It is not shown again, also not by a reload.</p>
          <div class="bar">
            <code id="secret">{fresh.secret}</code>
            <button type="button" class="quiet small" data-copy="secret" aria-label="Copy the secret">
              Copy
            </button>
          </div>
        </section>
      )}
      <h2>The first request</h2>
      <form method="post" action={`${path}/send`} class="card fields">
        <input type="hidden" name="csrf" value={csrf} />
        <Select name="model" label="Model" options={models.map(same)} value={model} />
        <Select name="key" label="Key" options={keys.map(same)} value={key} />
        <p class="act">
          <button type="submit">Send test request</button>
        </p>
      </form>
      <div id="first" aria-live="polite" hx-get={`${path}/first`} hx-trigger="every 1500ms" hx-swap="innerMorph">
        {waitingPart(waiting)}
      </div>
      <h2>Or from your own client</h2>
      <p>
        Clients want this address: <code>{baseUrl}</code>, with <code>/v1</code> behind it where they ask for an
        OpenAI-compatible one.
        {fresh === null ? (
          <>
            {" "}
            Below, <code>$PLEXUS_KEY</code> stands for the secret of a key.
          </>
        ) : null}
      </p>
      <ClientSnippets baseUrl={baseUrl} model={model} secret={fresh?.secret ?? "$PLEXUS_KEY"} protocol={protocol} />
    </>
  );
}

function same(value: string) {
  return { value, words: value };
}

/** What came, or that nothing came yet. */
export function waitingPart({ request }: Waiting): Markup {
  if (request === null) {
    return <p class="card">Waiting for your client: what it sends appears here. Nothing came yet.</p>;
  }
  const { id, code, target, totalMs, costNano, message, attempts } = request;
  const link = <a href={`/console/requests/${id}`}>See the request</a>;
  if (code === null) {
    return (
      <div class="card">
        <p class="verdict">
          <Badge {...request} /> in {duration(totalMs ?? 0)} via {target ?? "nobody"}, {money(costNano)}
        </p>
        <p>
          {link} or <a href="/console">go to the overview</a>. The set-up is done.
        </p>
      </div>
    );
  }
  return (
    <div class="card">
      <p class="verdict">
        <Badge {...request} /> {target === null ? null : `via ${target}: `}
        {message}
      </p>
      <Diagnosis code={code} attempts={attempts} isRetryable={true} untried={0} isOwn={false} />
      <p>{link}</p>
    </div>
  );
}
