/** `plexus service print`: a hardened systemd unit for this binary. */
import { resolve } from "node:path";
import { type Command, parseArguments, UsageError } from "./command.ts";

export interface UnitOptions {
  binary: string;
  config?: string;
}

/** Paths with blanks or quotes are quoted as systemd.syntax(7) wants it; a `%` would begin a specifier. */
function quoted(path: string): string {
  const safe = path.replaceAll("%", "%%");
  return /^[\w@%+=:,./-]+$/.test(safe) ? safe : `"${safe.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
}

export function systemdUnit({ binary, config }: UnitOptions): string {
  const flags = config === undefined ? "" : ` --config ${quoted(config)}`;
  return `[Unit]
Description=Plexus, a gateway for LLM APIs
Wants=network-online.target
After=network-online.target

[Service]
Type=exec
ExecStart=${quoted(binary)} serve${flags}
ExecReload=kill -HUP $MAINPID
Restart=on-failure
RestartSec=2
TimeoutStopSec=60
DynamicUser=yes
StateDirectory=plexus
WorkingDirectory=%S/plexus
Environment=DATA_DIR=%S/plexus
EnvironmentFile=-/etc/plexus/environment
UMask=0077
LimitNOFILE=65536
NoNewPrivileges=yes
ProtectSystem=strict
ProtectHome=read-only
PrivateTmp=yes
PrivateDevices=yes
ProtectHostname=yes
ProtectClock=yes
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectKernelLogs=yes
ProtectControlGroups=yes
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
RemoveIPC=yes
CapabilityBoundingSet=
AmbientCapabilities=
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallErrorNumber=EPERM

[Install]
WantedBy=multi-user.target
`;
}

export const serviceCommand: Command = {
  name: "service",
  summary: "print a hardened systemd unit for this binary",
  usage: "print [--config FILE]",
  async run(args, io) {
    const { values, rest } = parseArguments(args, ["config"]);
    if (rest.length !== 1 || rest[0] !== "print") throw new UsageError("Say what to do: print.");
    const config = values.config === undefined ? {} : { config: resolve(values.config) };
    io.out(systemdUnit({ binary: process.execPath, ...config }));
    return 0;
  },
};
