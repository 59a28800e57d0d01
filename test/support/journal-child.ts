/** A process that answers requests as fast as it can and says which ones it has answered; it is killed by the test. */
import { migrations } from "../../migrations/index.ts";
import { migrate } from "../../src/store/migrate.ts";
import { openDatabase } from "../../src/store/open.ts";
import { startWriter } from "../../src/store/writer.ts";
import { closedRecord, openedRecord } from "./records.ts";

const [url = "", dir = ""] = process.argv.slice(2);
const database = openDatabase(url);
await migrate(database, migrations);
const left = openedRecord();
const writer = await startWriter({ database, dir, whoRuns: () => [left] });
writer.opened();
await Bun.write(Bun.stdout, `open ${left.id}\n`);
for (;;) {
  let told = "";
  for (let count = 0; count < 50; count++) {
    const record = closedRecord();
    writer.opened();
    writer.closed(record);
    told += `closed ${record.id}\n`;
  }
  await Bun.write(Bun.stdout, told);
  await Bun.sleep(1);
}
