/** What a request sends as credentials, in the order in which they count. */

/** `?key=` counts only where Gemini's paths and model lists are. */
export function credentialsOf(request: Request, path: string): string[] {
  const { headers } = request;
  const found: string[] = [];
  for (const name of ["x-api-key", "x-goog-api-key"]) {
    const value = headers.get(name);
    if (value) found.push(value.trim());
  }
  const authorization = headers.get("authorization");
  if (authorization) found.push(authorization.replace(/^bearer\s+/i, "").trim());
  if (request.url.includes("?") && (path.startsWith("/v1beta/") || path.startsWith("/v1/models"))) {
    const key = new URL(request.url).searchParams.get("key");
    if (key) found.push(key);
  }
  return found;
}

export function bearer(request: Request): string | null {
  const authorization = request.headers.get("authorization");
  return authorization && /^bearer\s/i.test(authorization) ? authorization.replace(/^bearer\s+/i, "").trim() : null;
}

/** Bytes of all header names and values, about as they came. */
export function headerBytes(headers: Headers): number {
  let size = 0;
  headers.forEach((value, name) => {
    size += name.length + value.length + 4;
  });
  return size;
}
