/** A client key's secret: shown once, made anew, the former one ended. */
import type { Markup } from "../jsx/jsx-runtime.ts";
import { Layout, type Shell } from "../layout.tsx";
import { Select } from "../parts/fields.tsx";
import { clockOf } from "../parts/format.ts";

export interface SecretProps {
  shell: Shell;
  zone: string;
  name: string;
  secret: string;
  /** When the former secret ends (epoch milliseconds); null when it has. */
  until: number | null;
  isNew: boolean;
  back: string;
}

export function secretPage({ shell, zone, name, secret, until, isNew, back }: SecretProps): Markup {
  return (
    <Layout shell={shell} title="The secret">
      <section class="card narrow">
        <h1>{isNew ? `The key ${name} is made` : `The new secret of ${name}`}</h1>
        <p class="banner warn">Copy the secret now. It is not shown again.</p>
        <div class="bar">
          <code id="secret">{secret}</code>
          <button type="button" class="quiet small" data-copy="secret" aria-label="Copy the secret">
            Copy
          </button>
        </div>
        <p>
          {isNew ? "Clients send it as Authorization: Bearer, x-api-key or x-goog-api-key." : null}
          {!isNew && until === null ? "The former secret is refused from now on." : null}
          {until === null ? null : (
            <>
              The former secret is valid until{" "}
              <time datetime={new Date(until).toISOString()}>{clockOf(zone).short(until)}</time> ({zone}).
            </>
          )}
        </p>
        <p>
          <a class="alone" href={back}>
            I have it: go on
          </a>
        </p>
      </section>
    </Layout>
  );
}

const overlaps = [
  { value: "0", words: "not at all" },
  { value: "1", words: "one hour" },
  { value: "24", words: "24 hours" },
  { value: "168", words: "7 days" },
];

export interface AskProps {
  shell: Shell;
  csrf: string;
  /** Version of the key. */
  seen: number;
  name: string;
  /** Its page. */
  own: string;
}

export function rotatePage({ shell, csrf, seen, name, last4, own }: AskProps & { last4: string }): Markup {
  return (
    <Layout shell={shell} title={`A new secret for ${name}`}>
      <form class="card narrow" method="post" action={`${own}/rotate`}>
        <h1>A new secret for {name}</h1>
        <p>
          You see the new secret once, on the next page. The one that ends in <code>{last4}</code> can go on for a
          while, so that clients have time to change. A former one that still works ends at once.
        </p>
        <input type="hidden" name="csrf" value={csrf} />
        <input type="hidden" name="seen" value={String(seen)} />
        <Select name="hours" label="The present secret goes on for" options={overlaps} value="24" />
        <button type="submit">Make a new secret</button>
        <Leave own={own} />
      </form>
    </Layout>
  );
}

export function revokePage({ shell, csrf, seen, name, own }: AskProps): Markup {
  return (
    <Layout shell={shell} title={`End the former secret of ${name}`}>
      <form class="card narrow" method="post" action={`${own}/revoke`}>
        <h1>End the former secret of {name} now?</h1>
        <p>Clients that still use it are refused from the next request on. The present secret stays as it is.</p>
        <input type="hidden" name="csrf" value={csrf} />
        <input type="hidden" name="seen" value={String(seen)} />
        <button type="submit" class="danger">
          End it now
        </button>
        <Leave own={own} />
      </form>
    </Layout>
  );
}

function Leave({ own }: { own: string }): Markup {
  return (
    <p>
      <a class="alone" href={own}>
        Leave it as it is
      </a>
    </p>
  );
}
