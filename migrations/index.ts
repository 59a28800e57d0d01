/** The migrations in their order, carried inside the binary. One that was released is never edited. */
import init from "./0001_init.sql" with { type: "text" };
import storedResponses from "./0002_stored_responses.sql" with { type: "text" };
import keptTurns from "./0003_kept_turns.sql" with { type: "text" };
import storedItems from "./0004_stored_items.sql" with { type: "text" };
import cooldowns from "./0005_cooldowns.sql" with { type: "text" };
import prices from "./0006_prices.sql" with { type: "text" };
import vision from "./0007_vision.sql" with { type: "text" };
import targetStats from "./0008_target_stats.sql" with { type: "text" };
import quotas from "./0009_quotas.sql" with { type: "text" };
import rollups from "./0010_rollups.sql" with { type: "text" };
import configHistory from "./0011_config_history.sql" with { type: "text" };
import acts from "./0012_acts.sql" with { type: "text" };

export interface Migration {
  version: number;
  name: string;
  /** Statements, each ending in a `;` at the end of a line. */
  text: string;
}

export const migrations: readonly Migration[] = [
  { version: 1, name: "init", text: init },
  { version: 2, name: "stored responses", text: storedResponses },
  { version: 3, name: "kept turns", text: keptTurns },
  { version: 4, name: "stored items", text: storedItems },
  { version: 5, name: "cooldowns", text: cooldowns },
  { version: 6, name: "prices", text: prices },
  { version: 7, name: "vision", text: vision },
  { version: 8, name: "target stats", text: targetStats },
  { version: 9, name: "quotas", text: quotas },
  { version: 10, name: "rollups", text: rollups },
  { version: 11, name: "config history", text: configHistory },
  { version: 12, name: "acts", text: acts },
];
