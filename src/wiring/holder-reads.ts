/** What holders of client keys may read and do, each for the own key alone. */
import type { Key } from "../config/snapshot.ts";
import type { HolderReads } from "../console/holder.ts";
import type { NewsSource } from "../console/live.ts";
import { isStillIn } from "../console/principal.ts";
import type { Holder } from "../console/session.ts";
import type { Gateway } from "../gateway/gateway.ts";
import { listModels } from "../gateway/models.ts";
import { GatewayError } from "../model/error.ts";
import type { ConfigEditor } from "../store/config-editor.ts";
import type { Reader } from "../store/database.ts";
import { groupedUsage } from "../store/grouped-usage.ts";
import { requestNeighbours } from "../store/request-neighbours.ts";
import { findRequest, recentRequests } from "../store/requests.ts";
import type { Rollups } from "../store/rollups.ts";

export interface HolderParts {
  gateway: Gateway;
  editor: ConfigEditor;
  reader: Reader;
  rollups: Pick<Rollups, "query">;
  news: NewsSource;
}

export function holderReads({ gateway, editor, reader, rollups, news }: HolderParts): HolderReads {
  const keyOf = (holder: Holder): Key => {
    const key = gateway.config.current().keys.get(holder.key);
    if (key) return key;
    throw new GatewayError("not-found", "There is no such key any more.");
  };
  const newestOf = async ({ key }: Holder) => (await recentRequests(reader.sql, { limit: 1, key })).data[0];
  return {
    key(holder) {
      const { name, last4, expiresAt, maxConcurrency, revealTarget, origin } = keyOf(holder);
      return { name, last4, expiresAt, maxConcurrency, showsTargets: revealTarget, isFixed: origin === "file" };
    },
    models(holder) {
      const snapshot = gateway.config.current();
      const listed = listModels({ snapshot, key: keyOf(holder), factsOf: gateway.targetFacts });
      return listed.map(({ id, context, maxOutput }) => ({
        ...{ name: id, alias: snapshot.aliases.get(id)?.name ?? id },
        ...{ context: context ?? null, maxOutput: maxOutput ?? null },
      }));
    },
    isIn: (holder, address) => isStillIn(holder, gateway.config.current(), address),
    news: (holder) => ({
      ...news,
      // Of others they do not even hear that there was something.
      ...(news.newestId ? { newestId: async () => (await newestOf(holder))?.id ?? null } : {}),
      listen: (tell) => news.listen((record) => (record.key === holder.key ? tell(record) : undefined)),
    }),
    async quotas(holder) {
      const snapshot = gateway.config.current();
      const key = keyOf(holder);
      await gateway.quotas.refreshOf(snapshot, key);
      return gateway.quotas.standings(snapshot, key).flatMap((standing) => {
        const quota = snapshot.quotas.get(standing.quota);
        // `limit` of the standing is in nano-dollars already.
        return quota ? [{ ...quota, limit: standing.limit, keys: [key.name], counters: [standing] }] : [];
      });
    },
    requests: (holder, filter) => recentRequests(reader.sql, { ...filter, key: holder.key }),
    neighbours: (holder, filter, id) => requestNeighbours(reader.sql, { ...filter, key: holder.key }, id),
    async request(holder, id) {
      const found = await findRequest(reader.sql, id);
      return found?.key === holder.key ? found : undefined;
    },
    running: (holder, most) => gateway.running.longestOf(holder.key, most),
    runningOne(holder, id) {
      const found = gateway.running.find(id);
      return found?.key === holder.key ? found : undefined;
    },
    usage: async (holder, query) => (await groupedUsage(rollups, { ...query, key: holder.key })) ?? [],
    async rotate(holder, until, address) {
      const made = await editor.rotate({ name: keyOf(holder).name }, until, { actor: "console", origin: address });
      return made.secret ?? "";
    },
  };
}
