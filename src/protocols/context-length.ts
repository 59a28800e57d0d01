/**
 * Recognises refusals that say "this request is longer than my context". The wording differs by provider and there is
 * often no code.
 */
const fragments = new RegExp(
  [
    "context_length_exceeded",
    "prompt (?:is )?too long",
    "exceeded max context length",
    "exceeds? the context window",
    "maximum context length",
    "maximum prompt length is",
    "input token count[^]{0,80}exceed",
    "reduce the length of the messages",
    "longer than the model'?s context",
    "exceeds? the available context size",
    "greater than the context length",
    "context window exceeds limit",
    "exceeded model token limit",
    "too large for model with",
    "input is too long",
    "request_too_large",
    "range of input length",
    "exceeds the limit of \\d",
    "passed \\d+ input tokens",
  ].join("|"),
  "i",
);
const throttling = /rate.?limit|too many requests|throttl/i;

/** True when an error's text (message, code and type joined) is about the context size and not about a throttle. */
export function isContextLength(text: string): boolean {
  const head = text.slice(0, 8192);
  return fragments.test(head) && !throttling.test(head);
}
