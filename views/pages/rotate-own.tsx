/** A key's holder makes a new secret for it. */
import type { Markup } from "../jsx/jsx-runtime.ts";
import { Layout, type Shell } from "../layout.tsx";
import { Select } from "../parts/fields.tsx";
import { clockOf } from "../parts/format.ts";

export interface RotateOwnProps {
  shell: Shell;
  csrf: string;
  name: string;
  last4: string;
  /** Of the configuration file. */
  isFixed: boolean;
}

const overlaps = [
  { value: "1", words: "one hour" },
  { value: "24", words: "a day" },
  { value: "168", words: "a week" },
  { value: "0", words: "not at all" },
];

export function rotateOwnPage({ shell, csrf, name, last4, isFixed }: RotateOwnProps): Markup {
  return (
    <Layout shell={shell} title="A new secret">
      <form class="card narrow" method="post" action="/console/me/rotate">
        <h1>A new secret for {name}</h1>
        {isFixed ? (
          <p class="banner info">
            The configuration file defines this key, so its secret is changed there. Ask whoever runs this gateway.
          </p>
        ) : (
          <>
            <p>
              You see the new secret once, on the next page. The one that ends in <code>{last4}</code> can go on for a
              while, so that your clients have time to change; it no longer signs in here.
            </p>
            <input type="hidden" name="csrf" value={csrf} />
            <Select name="hours" label="The former secret goes on for" options={overlaps} value="24" />
            <button type="submit">Make a new secret</button>
          </>
        )}
        <p>
          <a class="alone" href="/console/me">
            {isFixed ? "Go back to your key" : "Leave it as it is"}
          </a>
        </p>
      </form>
    </Layout>
  );
}

export interface OwnSecretProps {
  shell: Shell;
  secret: string;
  /** When the former secret ends (epoch milliseconds); null: it has ended. */
  until: number | null;
  zone: string;
}

export function ownSecretPage({ shell, secret, until, zone }: OwnSecretProps): Markup {
  return (
    <Layout shell={shell} title="The new secret">
      <section class="card narrow">
        <h1>The new secret</h1>
        <p class="banner warn">Copy it now. It is not shown again.</p>
        <div class="bar">
          <code id="secret">{secret}</code>
          <button type="button" class="quiet small" data-copy="secret" aria-label="Copy the new secret">
            Copy
          </button>
        </div>
        <p>
          {until === null ? (
            "The former secret is over."
          ) : (
            <>
              The former secret is good until{" "}
              <time datetime={new Date(until).toISOString()}>{clockOf(zone).short(until)}</time> ({zone}).
            </>
          )}
        </p>
        <p>
          <a class="alone" href="/console/me">
            I have it: go on
          </a>
        </p>
      </section>
    </Layout>
  );
}
