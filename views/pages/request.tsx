/** One request: what became of it, why, when, and everything that is kept of it. */
import type { Child, Markup } from "../jsx/jsx-runtime.ts";
import { Layout, type Shell } from "../layout.tsx";
import { entityHref } from "../parts/address.ts";
import { Attempts } from "../parts/attempts.tsx";
import { Diagnosis } from "../parts/diagnosis.tsx";
import { None, Or } from "../parts/empty.tsx";
import { type Failure, Failures } from "../parts/failures.tsx";
import { allRequests, type Filters, isFiltered, listAddress } from "../parts/filters.tsx";
import { clockOf, duration, money, whole } from "../parts/format.ts";
import { type Phase, Phases } from "../parts/phases.tsx";
import { Badge, type Outcome } from "../parts/result.tsx";
import { type Choice, Routing } from "../parts/routing.tsx";
import { brief, progress, verdict } from "../parts/verdict.ts";

export interface RequestDetail extends Outcome {
  id: string;
  /** Epoch milliseconds. */
  at: number;
  address: string;
  key: string | null;
  label: string | null;
  protocol: string;
  model: string | null;
  alias: string | null;
  target: string | null;
  stream: boolean;
  tokens: {
    input: number;
    output: number;
    reasoning: number;
    cacheRead: number;
    cacheWrite: number;
    estimated: boolean;
  } | null;
  costNano: number | null;
  /** Absent when there was nothing to be charged; nano-dollars. */
  pricing?: { reportedNano: number | null; computedNano: number | null; version: string | null };
  ttftMs: number | null;
  totalMs: number | null;
  upstreamMs: number | null;
  /** Milliseconds since arrival at which each phase was over. */
  phases: Partial<Record<Phase, number>>;
  finish: string | null;
  degraded: readonly { action: string; field: string; detail?: string }[];
  errors: readonly Failure[];
  clientRequestId: string | null;
  /** The request for which this one was made. */
  parent: string | null;
}

/** A request that was made for this one. */
export interface Made extends Outcome {
  id: string;
  target: string | null;
  costNano: number | null;
  totalMs: number | null;
}

export interface RequestProps {
  shell: Shell;
  request: RequestDetail;
  zone: string;
  /** Ids of those beside it in the list that it was opened from, and how that is narrowed down. */
  neighbours?: { newer: string | null; older: string | null; filters: Filters };
  /** Null when it came to no choice. */
  choice?: Choice | null;
  /** Of the dry run that asks where such a request would go now. */
  again?: string | null;
  made?: readonly Made[];
  /** Would another target be tried after the failure? */
  isRetryable?: boolean;
  /** Of a key's holder, who is led to no page of the operator's and may be told neither targets nor costs. */
  own?: { showsTargets: boolean };
  /** Of a request that has not ended: how long it runs. */
  elapsedMs?: number;
}

export function requestPage(props: RequestProps): Markup {
  const { shell, request, own, elapsedMs, neighbours } = props;
  const list = own === undefined ? allRequests : "/console/me/requests";
  return (
    <Layout shell={shell} title={`Request ${request.id}`}>
      <nav aria-label="Where you are" class="crumbs">
        <a href={listAddress(neighbours?.filters ?? {}, undefined, list)}>Requests</a>
      </nav>
      <div class="bar">
        <h1>Request</h1>
        {neighbours === undefined ? null : <Beside {...neighbours} list={list} />}
      </div>
      {elapsedMs === undefined ? requestParts(props) : <div {...growing(request.id, list)}>{requestParts(props)}</div>}
    </Layout>
  );
}

/** While it runs, the script has what is known of it fetched again. */
function growing(id: string, list: string): Record<string, string> {
  const address = `${list}/${encodeURIComponent(id)}`;
  const live = { "hx-get": address, "hx-trigger": "news", "hx-swap": "innerMorph", "data-refresh": "" };
  return {
    ...live,
    id: "growing",
    "data-watch": `${list.replace(/requests$/, "live")}?watch=${encodeURIComponent(id)}`,
  };
}

/** All that is known of it. */
export function requestParts(props: Omit<RequestProps, "shell">): Markup {
  const { request, zone, choice = null, again = null, made = [], isRetryable = false, own, elapsedMs } = props;
  const isOwn = own !== undefined;
  const showsTargets = own?.showsTargets ?? true;
  const isRunning = elapsedMs !== undefined;
  const { code, errors, attempts, target, status, interrupted } = request;
  const isServed = code === null && !interrupted && !isRunning;
  const untried = choice?.candidates.filter((one) => one.verdict === "not-tried").length ?? 0;
  return (
    <>
      <p class="verdict">
        <Badge {...request} isRunning={isRunning} />{" "}
        {isRunning ? `For ${duration(elapsedMs)}. ${progress(request, elapsedMs)}` : verdict(request)}
      </p>
      {isServed || code === null ? null : (
        <Diagnosis code={code} attempts={attempts} isRetryable={isRetryable} untried={untried} isOwn={isOwn} />
      )}
      <div class="columns">
        <Facts request={request} zone={zone} isOwn={isOwn} showsTargets={showsTargets} isRunning={isRunning} />
        <Tokens request={request} showsCost={showsTargets} isRunning={isRunning} />
      </div>
      <Phases {...request} elapsedMs={elapsedMs} />
      <Routing choice={choice} again={again} />
      <Attempts errors={errors} served={isServed ? target : null} status={status} totalMs={request.totalMs} />
      <Failures errors={errors} isServed={isServed || isRunning} />
      <MadeFor made={made} />
      <Degraded notes={request.degraded} />
    </>
  );
}

type Neighbours = NonNullable<RequestProps["neighbours"]>;

/** The same order as in the list: the newer one stands before it. */
function Beside({ newer, older, filters, list }: Neighbours & { list: string }): Markup | null {
  if (newer === null && older === null) return null;
  const href = (id: string) => listAddress(filters, undefined, `${list}/${encodeURIComponent(id)}`);
  return (
    <nav class="pages" aria-label={isFiltered(filters) ? "Beside it among those filtered" : "Beside it in the list"}>
      {newer === null ? null : (
        <a href={href(newer)} rel="prev">
          Newer
        </a>
      )}
      {older === null ? null : (
        <a href={href(older)} rel="next">
          Older
        </a>
      )}
      {isFiltered(filters) ? <span class="muted">as filtered</span> : null}
    </nav>
  );
}

function MadeFor({ made }: { made: readonly Made[] }): Markup | null {
  if (made.length === 0) return null;
  return (
    <section aria-labelledby="made">
      <h2 id="made">Requests that were made for this one</h2>
      <section class="scroll" tabindex="0" aria-label="Their results">
        <table>
          <caption class="hidden">Their results</caption>
          <thead>
            <tr>
              <th scope="col">Request</th>
              <th scope="col">Result</th>
              <th scope="col">Served by</th>
              <th scope="col" class="number">
                Total
              </th>
              <th scope="col" class="number">
                Cost
              </th>
            </tr>
          </thead>
          <tbody>
            {made.map((one) => (
              <tr>
                <th scope="row" class="time">
                  <a href={`/console/requests/${encodeURIComponent(one.id)}`}>{one.id}</a>
                </th>
                <td>
                  <Badge {...one} />
                </td>
                <td>
                  <Or text={one.target} />
                </td>
                <td class="number">{one.totalMs === null ? <None /> : duration(one.totalMs)}</td>
                <td class="number">{money(one.costNano)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </section>
  );
}

/** `isPart`: it is contained in the one above. */
function Fact({ name, isPart, children }: { name: string; isPart?: boolean; children?: Child }): Markup {
  return (
    <>
      <dt class={isPart ? "part" : null}>
        {isPart ? "of it " : null}
        {name}
      </dt>
      <dd>{children}</dd>
    </>
  );
}

/** With a link to its page, for those who may open that. */
function Entity({ list, name, isOwn }: { list: string; name: string | null; isOwn: boolean }): Markup {
  if (name === null || name === "" || isOwn) return <Or text={name} />;
  return (
    <a class="alone" href={entityHref(list, name)}>
      {name}
    </a>
  );
}

interface FactsProps {
  request: RequestDetail;
  zone: string;
  isOwn: boolean;
  showsTargets: boolean;
  isRunning: boolean;
}

function Facts({ request, zone, isOwn, showsTargets, isRunning }: FactsProps): Markup {
  return (
    <section aria-labelledby="facts">
      <h2 id="facts">What was asked</h2>
      <dl class="card facts">
        <Fact name={`Time (${zone})`}>
          <time datetime={new Date(request.at).toISOString()}>{clockOf(zone).long(request.at)}</time>
        </Fact>
        <Fact name="Key">
          <Entity list="/console/keys" name={request.key} isOwn={isOwn} />
        </Fact>
        <Fact name="Label">
          <Or text={request.label} />
        </Fact>
        <Fact name="Client address">
          <Or text={request.address} />
        </Fact>
        <Fact name="Protocol">
          {request.protocol}
          {request.model === null ? null : request.stream ? ", streamed" : ", whole"}
        </Fact>
        <Fact name="Model">
          <Or text={request.model === null ? null : brief(request.model)} />
        </Fact>
        <Fact name="Alias">
          <Entity list="/console/aliases" name={request.alias} isOwn={isOwn} />
        </Fact>
        {showsTargets ? (
          <Fact
            name={
              isRunning ? "Asked now" : request.code === null || request.target === null ? "Served by" : "Tried last"
            }
          >
            <Or text={request.target} />
          </Fact>
        ) : null}
        <Fact name="Tries">{whole(request.attempts)}</Fact>
        <Fact name="Finish reason">
          <Or text={request.finish} />
        </Fact>
        {request.parent === null || isOwn ? null : (
          <Fact name="Made for">
            <a href={`/console/requests/${encodeURIComponent(request.parent)}`}>the request that asked for it</a>
          </Fact>
        )}
        <dt>Request id</dt>
        <dd class="copied">
          <code id="id">{request.id}</code>
          <button type="button" class="quiet small" data-copy="id" aria-label="Copy the request id">
            Copy
          </button>
        </dd>
        <Fact name="Client's request id">
          <Or text={request.clientRequestId} />
        </Fact>
      </dl>
    </section>
  );
}

interface TokensProps {
  request: RequestDetail;
  showsCost: boolean;
  isRunning: boolean;
}

function Tokens({ request, showsCost, isRunning }: TokensProps): Markup {
  const { tokens } = request;
  return (
    <section aria-labelledby="tokens">
      <h2 id="tokens">What it took</h2>
      {tokens === null ? (
        <p class="card muted">{uncounted(request, isRunning)}</p>
      ) : (
        <dl class="card facts numbers">
          <Fact name="Input">{whole(tokens.input)} tokens</Fact>
          <Fact name="read from cache" isPart>
            {whole(tokens.cacheRead)} tokens
          </Fact>
          <Fact name="written to cache" isPart>
            {whole(tokens.cacheWrite)} tokens
          </Fact>
          <Fact name="Output">{whole(tokens.output)} tokens</Fact>
          <Fact name="reasoning" isPart>
            {whole(tokens.reasoning)} tokens
          </Fact>
          <Fact name="Counted by">{tokens.estimated ? "estimate" : "provider"}</Fact>
          {showsCost ? (
            <>
              <Fact name="Cost">{money(request.costNano)}</Fact>
              <Fact name="Priced by">
                <Or text={pricedBy(request)} />
              </Fact>
            </>
          ) : null}
          <Fact name="First token">
            <Or text={request.ttftMs === null ? null : duration(request.ttftMs)} />
          </Fact>
          <Fact name="Speed">
            <Or text={speed(request)} />
          </Fact>
        </dl>
      )}
    </section>
  );
}

function uncounted({ interrupted }: RequestDetail, isRunning: boolean): string {
  if (isRunning) return "Tokens are counted as the answer comes.";
  return `${interrupted ? "Plexus ended, so" : "No provider gave an answer, so"} no tokens were counted.`;
}

/** Whose number the cost is; beside a provider's own, what our price gives. */
function pricedBy({ pricing }: RequestDetail): string | null {
  if (!pricing) return null;
  const { reportedNano, computedNano, version } = pricing;
  if (reportedNano === null) return version;
  return computedNano === null ? "the provider" : `the provider (${money(computedNano)} by ${version})`;
}

/** Output after the first token; of a whole answer there is no such time. */
function speed({ tokens, ttftMs, totalMs, stream }: RequestDetail): string | null {
  if (!stream || !tokens || ttftMs === null || totalMs === null || totalMs <= ttftMs) return null;
  return `${((tokens.output * 1000) / (totalMs - ttftMs)).toFixed(1)} tok/s`;
}

function Degraded({ notes }: { notes: RequestDetail["degraded"] }): Markup | null {
  if (notes.length === 0) return null;
  return (
    <section aria-labelledby="degraded">
      <h2 id="degraded">What the provider could not take as it was</h2>
      <section class="scroll" tabindex="0" aria-label="Fields and what became of them">
        <table>
          <caption class="hidden">Fields and what became of them</caption>
          <thead>
            <tr>
              <th scope="col">Field</th>
              <th scope="col">What Plexus did</th>
              <th scope="col">Detail</th>
            </tr>
          </thead>
          <tbody>
            {notes.map(({ action, field, detail }) => (
              <tr>
                <th scope="row">
                  <code>{field}</code>
                </th>
                <td>{action}</td>
                <td>
                  <Or text={detail} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </section>
  );
}
