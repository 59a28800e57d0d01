import { version } from "../../package.json";
import type { Command } from "./command.ts";

export const versionCommand: Command = {
  name: "version",
  summary: "print the version",
  usage: "",
  async run(_args, io) {
    io.out(`plexus ${version} (bun ${Bun.version}, ${process.platform}-${process.arch})\n`);
    return 0;
  },
};
