/** The providers: how each is, what it speaks, what it did in the last 24 hours. */
import type { Markup } from "../jsx/jsx-runtime.ts";
import { Layout, type Shell } from "../layout.tsx";
import { entityHref } from "../parts/address.ts";
import { None } from "../parts/empty.tsx";
import { Select } from "../parts/fields.tsx";
import type { Option } from "../parts/form.tsx";
import { clockOf, duration, money, percent, whole } from "../parts/format.ts";
import { protocolWords } from "../parts/protocol-names.ts";
import { type ProviderState, type ProviderUse, StateBadge } from "../parts/provider-state.tsx";

export interface ProviderLine {
  id: string;
  name: string;
  isOfFile: boolean;
  isEnabled: boolean;
  state: ProviderState;
  protocols: readonly string[];
  models: number;
  use: ProviderUse;
}

export interface ProvidersProps {
  shell: Shell;
  zone: string;
  now: number;
  csrf: string;
  form: { state: string; protocol: string; text: string };
  options: { state: readonly Option[]; protocol: readonly Option[] };
  /** However the list is filtered. */
  all: number;
  lines: readonly ProviderLine[];
}

const path = "/console/providers";

export function providersPage(props: ProvidersProps): Markup {
  const { shell, zone, now, all, lines } = props;
  return (
    <Layout shell={shell} title="Providers">
      <div class="bar">
        <h1>Providers</h1>
        <a class="button" href={`${path}/new`}>
          Add a provider
        </a>
      </div>
      {all === 0 ? (
        <p class="card">
          There is no provider yet: the built-in demo answers. <a href="/console/setup">Set one up in two minutes</a>,
          or add one with all its fields.
        </p>
      ) : (
        <>
          <p class="muted">
            Requests, failures, times and cost of the last 24 hours. As of {clockOf(zone).short(now)} ({zone}).
          </p>
          <Filters {...props} />
        </>
      )}
      {all > 0 && lines.length === 0 ? (
        <p class="card">
          None of the {whole(all)} providers is like that. <a href={path}>Show all</a>
        </p>
      ) : null}
      {lines.length === 0 ? null : <Lines {...props} />}
    </Layout>
  );
}

function Filters({ form, options }: ProvidersProps): Markup {
  return (
    <form class="fields" method="get" action={path}>
      <Select name="state" label="State" options={[{ value: "", words: "any" }, ...options.state]} value={form.state} />
      <Select
        name="protocol"
        label="Protocol"
        options={[{ value: "", words: "any" }, ...options.protocol]}
        value={form.protocol}
      />
      <p>
        <label for="text">Name</label>
        <input id="text" name="text" value={form.text} />
      </p>
      <p class="act">
        <button type="submit">Show</button>
      </p>
    </form>
  );
}

function Lines({ lines, csrf }: ProvidersProps): Markup {
  return (
    <section class="scroll" tabindex="0" aria-label="Providers">
      <table class="sums">
        <caption class="hidden">Providers</caption>
        <thead>
          <tr>
            <th scope="col">Provider</th>
            <th scope="col">State</th>
            <th scope="col">Protocols</th>
            <th scope="col" class="number">
              Models
            </th>
            <th scope="col" class="number">
              Requests
            </th>
            <th scope="col" class="number">
              Failed
            </th>
            <th scope="col" class="number">
              First token, median
            </th>
            <th scope="col" class="number">
              Cost
            </th>
            <th scope="col">Switch</th>
          </tr>
        </thead>
        <tbody>
          {lines.map((line) => (
            <Line line={line} csrf={csrf} />
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Line({ line, csrf }: { line: ProviderLine; csrf: string }): Markup {
  const { id, name, isOfFile, isEnabled, state, protocols, models, use } = line;
  const own = entityHref(path, id);
  return (
    <tr>
      <th scope="row">
        <a class="alone" href={own}>
          {id}
        </a>
        {isOfFile ? <span class="muted"> (file)</span> : null}
        {name === id ? null : <span class="muted below">{name}</span>}
      </th>
      <td>
        <StateBadge state={state} />
        {state.why === "" || state.kind === "off" ? null : <span class="muted below">{state.why}</span>}
      </td>
      <td>{protocols.map(protocolWords).join(", ")}</td>
      <td class="number">{whole(models)}</td>
      <td class="number">
        {use.requests === 0 ? (
          "0"
        ) : (
          <a class="alone" href={`/console/requests?provider=${encodeURIComponent(id)}`}>
            {whole(use.requests)}
          </a>
        )}
      </td>
      <td class="number">
        {use.requests === 0 ? (
          <None />
        ) : (
          <span class={use.failed > 0 ? "text-bad" : null}>{percent(use.failed, use.requests)}</span>
        )}
      </td>
      <td class="number">{use.ttftP50 === null ? <None /> : duration(use.ttftP50)}</td>
      <td class="number">
        {use.unpriced > 0 && use.costNano === 0 ? <span class="muted">no price</span> : money(use.costNano)}
      </td>
      <td>
        {isOfFile ? (
          <span class="muted">in the file</span>
        ) : (
          <form method="post" action={`${own}/enabled`}>
            <input type="hidden" name="csrf" value={csrf} />
            <input type="hidden" name="back" value="list" />
            <button
              type="submit"
              class="quiet small"
              name="to"
              value={isEnabled ? "off" : "on"}
              aria-label={`${isEnabled ? "Disable" : "Enable"} ${id}`}
            >
              {isEnabled ? "Disable" : "Enable"}
            </button>
          </form>
        )}
      </td>
    </tr>
  );
}
