/** How common clients are told of this gateway, ready to paste. */
import type { Markup } from "../jsx/jsx-runtime.ts";
import { curl } from "./snippet.tsx";

export interface ClientProps {
  baseUrl: string;
  model: string;
  /** The secret itself where it is shown at this moment, else what stands for it. */
  secret: string;
  /** Of the requests for curl. */
  protocol: string;
}

interface Client {
  title: string;
  text(props: ClientProps): string;
}

const clients: readonly Client[] = [
  {
    title: "curl",
    text: ({ protocol, baseUrl, model, secret }) =>
      curl({ protocol, baseUrl, model }).replaceAll("$PLEXUS_KEY", secret),
  },
  {
    title: "OpenAI SDK (Python)",
    text: ({ baseUrl, model, secret }) =>
      [
        "from openai import OpenAI",
        `client = OpenAI(base_url=${quoted(`${baseUrl}/v1`)}, api_key=${quoted(secret)})`,
        "answer = client.chat.completions.create(",
        `    model=${quoted(model)},`,
        '    messages=[{"role": "user", "content": "Hello!"}],',
        ")",
        "print(answer.choices[0].message.content)",
      ].join("\n"),
  },
  {
    title: "Anthropic SDK (Python)",
    text: ({ baseUrl, model, secret }) =>
      [
        "from anthropic import Anthropic",
        `client = Anthropic(base_url=${quoted(baseUrl)}, api_key=${quoted(secret)})`,
        "answer = client.messages.create(",
        `    model=${quoted(model)}, max_tokens=256,`,
        '    messages=[{"role": "user", "content": "Hello!"}],',
        ")",
        "print(answer.content[0].text)",
      ].join("\n"),
  },
  {
    title: "Claude Code",
    text: ({ baseUrl, model, secret }) =>
      [
        `export ANTHROPIC_BASE_URL=${shell(baseUrl)}`,
        `export ANTHROPIC_AUTH_TOKEN=${shell(secret)}`,
        `export ANTHROPIC_MODEL=${shell(model)}`,
        "claude",
      ].join("\n"),
  },
  {
    title: "Codex CLI (~/.codex/config.toml)",
    text: ({ baseUrl, model, secret }) =>
      [
        `model = ${quoted(model)}`,
        'model_provider = "plexus"',
        "",
        "[model_providers.plexus]",
        'name = "Plexus"',
        `base_url = ${quoted(`${baseUrl}/v1`)}`,
        'env_key = "PLEXUS_KEY"',
        'wire_api = "responses"',
        "",
        `# then: export PLEXUS_KEY=${shell(secret)}`,
      ].join("\n"),
  },
];

/** JSON's strings are those of Python and TOML, too. */
function quoted(text: string): string {
  return JSON.stringify(text);
}

function shell(text: string): string {
  return /^[\w@%+=:,./$-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

export function ClientSnippets(props: ClientProps): Markup {
  return (
    <div class="clients">
      {clients.map(({ title, text }, at) => (
        <details class="card" open={at === 0}>
          <summary>{title}</summary>
          <div class="snippet">
            <p class="end">
              <button type="button" class="quiet" data-copy={`client-${at}`} aria-label={`Copy for ${title}`}>
                Copy
              </button>
            </p>
            <pre id={`client-${at}`}>{text(props)}</pre>
          </div>
        </details>
      ))}
    </div>
  );
}
