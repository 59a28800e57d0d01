/** Takes secrets out of texts before they are logged, stored or shown. The one place that knows what they look like. */

const gone = "[redacted]";

interface Pattern {
  form: RegExp;
  /** `$1` is what stays in front. */
  replacement: string;
}

const patterns: readonly Pattern[] = [
  // Credential headers, in HTTP or JSON form. The scheme stays.
  {
    form: /\b((?:proxy-)?authorization["']?\s*[:=]\s*["']?(?:(?:bearer|basic|token)\s+)?)(?!(?:bearer|basic|token)\s)[^\s"',;}]+/gi,
    replacement: `$1${gone}`,
  },
  { form: /\b((?:set-)?cookie["']?\s*[:=]\s*["']?)[^\r\n"'}]+/gi, replacement: `$1${gone}` },
  {
    form: /\b((?:x-api-key|x-goog-api-key|api-key|x-auth-token)["']?\s*[:=]\s*["']?)[^\s"',;&}]+/gi,
    replacement: `$1${gone}`,
  },
  { form: /\b(bearer\s+)[\w.~+/=:-]{8,}/gi, replacement: `$1${gone}` },
  // Fields and query parameters by name.
  {
    form: /((?:^|[?&\s"'{,])(?:key|api_?key|access_token|refresh_token|id_token|token|client_secret|password)["']?\s*=\s*["']?)(?!\[redacted)[^\s&"'#,;)\]}]+/gi,
    replacement: `$1${gone}`,
  },
  {
    form: /("(?:api_?key|access_token|refresh_token|id_token|client_secret|password|secret)"\s*:\s*")(?:[^"\\]|\\.)+/gi,
    replacement: `$1${gone}`,
  },
  // A password in a URL.
  { form: /(\b[a-z][a-z0-9+.-]*:\/\/[^\s/:@]*:)[^\s/@]+(?=@)/gi, replacement: `$1${gone}` },
  // Keys that are known by their beginning.
  { form: /\b(sk|pk|rk|adm|gsk|xai|nvapi|hf|r8|fw|pplx|csk)([-_])[A-Za-z0-9_-]{12,}/g, replacement: `$1$2${gone}` },
  { form: /\bAIza[\w-]{20,}/g, replacement: gone },
  { form: /\bya29\.[\w.-]{10,}/g, replacement: gone },
  { form: /\bgh[opsur]_[A-Za-z0-9]{20,}/g, replacement: gone },
  { form: /\bey[A-Za-z0-9_-]{10,}\.ey[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]*/g, replacement: gone },
];

/** Exact secrets shorter than this would take innocent words out of every text. */
const shortest = 8;

/** Redacts the given secrets, wherever they stand, and whatever looks like a secret. */
export function makeRedactor(secrets: Iterable<string>): (text: string) => string {
  const forms = new Set<string>();
  for (const secret of secrets) {
    if (secret.length < shortest) continue;
    for (const form of [secret, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1)]) forms.add(form);
  }
  // The longest first: one secret may begin with another.
  const exact = [...forms].sort((a, b) => b.length - a.length);
  const known = exact.length > 0 ? new RegExp(exact.map((form) => RegExp.escape(form)).join("|"), "g") : undefined;
  return (text) => {
    let clean = known ? text.replace(known, gone) : text;
    for (const { form, replacement } of patterns) clean = clean.replace(form, replacement);
    return clean;
  };
}
