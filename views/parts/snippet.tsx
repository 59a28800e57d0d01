/** Requests that work as pasted into a shell. */
import type { Markup } from "../jsx/jsx-runtime.ts";

interface Example {
  title: string;
  path: (model: string) => string;
  headers: readonly string[];
  body: (model: string) => object;
}

const bearer = "Authorization: Bearer $PLEXUS_KEY";
const messages = [{ role: "user", content: "Hello!" }];
const examples: Record<string, Example> = {
  chat: {
    title: "OpenAI Chat Completions",
    path: () => "/v1/chat/completions",
    headers: [bearer],
    body: (model) => ({ model, messages }),
  },
  responses: {
    title: "OpenAI Responses",
    path: () => "/v1/responses",
    headers: [bearer],
    body: (model) => ({ model, input: "Hello!" }),
  },
  messages: {
    title: "Anthropic Messages",
    path: () => "/v1/messages",
    headers: ["x-api-key: $PLEXUS_KEY", "anthropic-version: 2023-06-01"],
    body: (model) => ({ model, max_tokens: 256, messages }),
  },
  gemini: {
    title: "Google Gemini",
    path: (model) => `/v1beta/models/${encodeURIComponent(model)}:generateContent`,
    headers: ["x-goog-api-key: $PLEXUS_KEY"],
    body: () => ({ contents: [{ parts: [{ text: "Hello!" }] }] }),
  },
};

export function curl({ protocol, baseUrl, model }: { protocol: string; baseUrl: string; model: string }): string {
  const example = examples[protocol];
  if (!example) return "";
  return shellCommand({
    url: `${baseUrl}${example.path(model)}`,
    headers: [...example.headers, "Content-Type: application/json"],
    body: spread(example.body(model)),
  });
}

export interface Command {
  url: string;
  /** `name: value`, in which the shell puts its variables. */
  headers: readonly string[];
  body: string;
}

export function shellCommand({ url, headers, body }: Command): string {
  const lines = headers.map((header) => `  -H "${header}" \\\n`);
  // Within single quotes the shell reads everything but the quote itself as it is.
  const quoted = body.replaceAll("'", "'\\''");
  return `curl '${url.replaceAll("'", "%27")}' \\\n${lines.join("")}  -d '${quoted}'`;
}

export function protocolTitle(protocol: string): string {
  return examples[protocol]?.title ?? protocol;
}

/** JSON with one member in each line, for narrow places. */
function spread(body: object): string {
  const lines = Object.entries(body).map(([name, value]) => `    ${JSON.stringify(name)}: ${JSON.stringify(value)}`);
  return `{\n${lines.join(",\n")}\n  }`;
}

export interface SnippetProps {
  protocol: string;
  baseUrl: string;
  model: string;
  /** Rank of the heading on its page. */
  rank?: 2 | 3;
}

/** What the snippets need before they work. */
export function KeyFirst(): Markup {
  return (
    <p>
      First tell your shell a client key, as the first start or <code>plexus keys create NAME</code> printed it:{" "}
      <code>export PLEXUS_KEY=sk-…</code>
    </p>
  );
}

export function Snippet(props: SnippetProps): Markup {
  const id = `snippet-${props.protocol}`;
  const title = protocolTitle(props.protocol);
  return (
    <section class="snippet">
      <div class="bar">
        {props.rank === 2 ? <h2>{title}</h2> : <h3>{title}</h3>}
        <button type="button" class="quiet" data-copy={id} aria-label={`Copy the request for ${title}`}>
          Copy
        </button>
      </div>
      <pre id={id}>{curl(props)}</pre>
    </section>
  );
}
