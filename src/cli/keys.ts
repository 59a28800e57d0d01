/** `plexus keys create`: a client key in the database, in force in a running server within a second. */

import { openStore } from "../app.ts";
import { sha256Hex } from "../kit/hash.ts";
import { randomSecret } from "../kit/secret.ts";
import { GatewayError } from "../model/error.ts";
import { createKey } from "../store/config.ts";
import { type Command, parseArguments, UsageError } from "./command.ts";
import { author } from "./editing.ts";
import { readOptions } from "./options.ts";

export const keysCommand: Command = {
  name: "keys",
  summary: "create a client key; its secret alone is printed",
  usage: "create NAME",
  async run(args, io) {
    const { rest } = parseArguments(args, []);
    const [action, name, more] = rest;
    if (action !== "create" || name === undefined || more !== undefined)
      throw new UsageError("Say what to create: create NAME.");
    const store = await openStore(readOptions(io.environment));
    try {
      const secret = randomSecret("sk-");
      const hashed = { hash: sha256Hex(secret), last4: secret.slice(-4) };
      await createKey(store.database, store.sealer, { name, ...hashed, author: author() });
      io.out(`${secret}\n`);
      return 0;
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error;
      io.error(`${error.message}\n`);
      return 1;
    } finally {
      await store.database.close();
    }
  },
};
