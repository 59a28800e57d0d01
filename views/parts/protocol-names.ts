/** Protocols as people call them. */

const words: Readonly<Record<string, string>> = {
  chat: "OpenAI Chat Completions",
  responses: "OpenAI Responses",
  messages: "Anthropic Messages",
  gemini: "Google Gemini",
  embeddings: "OpenAI Embeddings",
};

export function protocolWords(protocol: string): string {
  return words[protocol] ?? protocol;
}
