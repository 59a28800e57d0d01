/** A dry run: where a request to an alias would go, and why nowhere else. */
import type { Markup } from "../jsx/jsx-runtime.ts";
import { Layout, type Shell } from "../layout.tsx";
import { Select } from "../parts/fields.tsx";
import { type Choice, Routing } from "../parts/routing.tsx";

export interface AliasExplainProps {
  shell: Shell;
  alias: string;
  /** Its page. */
  own: string;
  isBuiltIn: boolean;
  run: { protocol: string; key?: string; tokens: number; hasTools: boolean; hasImages: boolean; isStream: boolean };
  protocols: readonly string[];
  keys: readonly string[];
  target: string | null;
  refusal: { status: number; message: string } | null;
  choice: Choice | null;
}

export function aliasExplainPage(props: AliasExplainProps): Markup {
  const { shell, alias, own, isBuiltIn, run, protocols, keys, target, refusal, choice } = props;
  return (
    <Layout shell={shell} title={`Dry run of ${alias}`}>
      <p class="crumbs">
        <a href="/console/aliases">Aliases</a>
        {isBuiltIn ? null : (
          <>
            {" / "}
            <a href={own}>{alias}</a>
          </>
        )}
      </p>
      <h1>
        Where would a request to <bdi>{alias}</bdi> go?
      </h1>
      <p class="muted">Nothing is sent, and nothing is remembered of it.</p>
      <form class="fields" method="get" action={`${own}/explain`}>
        <Select
          name="key"
          label="Key"
          options={[{ value: "", words: "any: no list holds" }, ...keys.map((value) => ({ value, words: value }))]}
          value={run.key ?? ""}
        />
        <Select
          name="protocol"
          label="Client's protocol"
          options={protocols.map((value) => ({ value, words: value }))}
          value={run.protocol}
        />
        <p>
          <label for="f-tokens">Tokens of the prompt</label>
          <input id="f-tokens" name="tokens" type="number" min="0" max="4000000" value={String(run.tokens)} />
        </p>
        <Tick name="tools" words="has tools" isOn={run.hasTools} />
        <Tick name="images" words="has images" isOn={run.hasImages} />
        <Tick name="stream" words="is streamed" isOn={run.isStream} />
        <p class="act">
          <button type="submit">Look</button>
        </p>
      </form>
      <p class="verdict" role="status">
        {target === null ? (
          <span class="text-bad">
            Nowhere: the client would get {refusal?.status ?? 502}. {refusal?.message ?? ""}
          </span>
        ) : (
          <>
            To <strong>{target}</strong>
            {refusal === null ? "." : `, although: ${refusal.message}`}
          </>
        )}
      </p>
      <Routing choice={choice} title="Every target, in the order in which it is considered" />
    </Layout>
  );
}

function Tick({ name, words, isOn }: { name: string; words: string; isOn: boolean }): Markup {
  return (
    <p>
      <label class="switch">
        <input type="checkbox" name={name} value="on" checked={isOn} /> {words}
      </label>
    </p>
  );
}
