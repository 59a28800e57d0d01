/** A look at the headers of answers for clients that take no fetch of ours: the global one is wrapped for a while. */
export interface Watched {
  last: { headers: Headers };
  /** One at a time. */
  within<T>(work: () => Promise<T>): Promise<T>;
}

export function watchedGlobalFetch(): Watched {
  const last = { headers: new Headers() };
  return {
    last,
    async within(work) {
      const before = globalThis.fetch;
      const watched = async (input: string | URL | Request, init?: RequestInit) => {
        const response = await before(input, init);
        const { pathname } = new URL(input instanceof Request ? input.url : input);
        if (!pathname.startsWith("/api/")) last.headers = response.headers;
        return response;
      };
      globalThis.fetch = Object.assign(watched, { preconnect: before.preconnect });
      try {
        return await work();
      } finally {
        globalThis.fetch = before;
      }
    },
  };
}
