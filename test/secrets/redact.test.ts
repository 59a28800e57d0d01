import { describe, expect, test } from "bun:test";
import { makeRedactor } from "../../src/secrets/redact.ts";

const redact = makeRedactor([
  "my-configured-secret",
  "my-configured-secret-2",
  "p@ss word/€uro",
  'with"quote-inside',
  "short",
]);

describe("what is redacted", () => {
  const cases: [string, string][] = [
    ["key sk-abcdefghijklmnop1234 failed", "sk-"],
    ["sk-ant-api03-abcdefghijklmnop_qrs-tuv", "sk-"],
    ["ADMIN_KEY=adm-0123456789abcdefghijklmnopqrstuvwxyzABCDEFG", "adm-"],
    ["AIzaSyA-0123456789abcdefghijklmnopqrstu", ""],
    ["Authorization: Bearer abcdefgh12345678", "Authorization: Bearer "],
    ["authorization: abcdefgh12345678", "authorization: "],
    ['{"authorization":"Bearer abcdefgh12345678"}', '{"authorization":"Bearer '],
    ["x-api-key: abcdefgh12345678", "x-api-key: "],
    ['{"x-goog-api-key": "abcdefgh12345678"}', '{"x-goog-api-key": "'],
    ["GET /v1beta/models?key=abcdefgh12345678&alt=sse", "GET /v1beta/models?key="],
    ["https://h/x?a=1&api_key=abcdefgh12345678", "&api_key="],
    ["https://h/x?access_token=abcdefgh12345678#f", "?access_token="],
    ["https://h/x?token=abcdefgh12345678", "?token="],
    ['{"refresh_token":"abcdefgh12345678"}', '"refresh_token":"'],
    ["postgres://user:abcdefgh12345678@host/db", "postgres://user:"],
    ["Cookie: session=abcdefgh12345678; b=2", "Cookie: "],
    ["eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.abcdefgh12345678", ""],
    ["a my-configured-secret-2 b", "a "],
    ["?q=p%40ss%20word%2F%E2%82%ACuro", "?q="],
    ['{"a":"with\\"quote-inside"}', '{"a":"'],
  ];
  test.each(cases)("%s", (text, stays) => {
    const clean = redact(text);
    expect(clean).toContain(`${stays}[redacted]`);
    for (const part of ["abcdefgh12345678", "configured", "0123456789abc", "ghijklmnop", "quote-inside", "word"]) {
      expect(clean).not.toContain(part);
    }
    expect(redact(clean)).toBe(clean);
  });
});

test("ordinary text stays as it is", () => {
  for (const text of [
    "The short task-force asked for tokens: 5, key performance, a bearer of news.",
    '{"max_tokens":100,"tokens":{"input":5},"key":"laptop","token_count":3}',
    "https://api.example.com/v1/chat/completions?alt=sse",
    "GET /api/requests?limit=5&after=01890000-0000-7000-8000-000000000000 200",
    "model claude-sonnet-4-5 at risk-assessment-department-of-things",
  ]) {
    expect(redact(text)).toBe(text);
  }
  expect(makeRedactor([])("plain")).toBe("plain");
});
