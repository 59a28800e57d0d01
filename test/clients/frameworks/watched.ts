/** A look at the headers of answers for clients that take no fetch of ours: the global one tells whoever asked. */
import { AsyncLocalStorage } from "node:async_hooks";

export interface Watched {
  last: { headers: Headers };
  within<T>(work: () => Promise<T>): Promise<T>;
}

/** Replaces the global fetch. Each watcher is told of the requests that are made within its own work. */
export function watchGlobalFetch(): () => Watched {
  const asking = new AsyncLocalStorage<Watched["last"]>();
  const before = globalThis.fetch;
  const watched = async (input: string | URL | Request, init?: RequestInit) => {
    const response = await before(input, init);
    const last = asking.getStore();
    if (last) last.headers = response.headers;
    return response;
  };
  globalThis.fetch = Object.assign(watched, { preconnect: before.preconnect });
  return () => {
    const last = { headers: new Headers() };
    return { last, within: (work) => asking.run(last, work) };
  };
}
