/** Structured logs: JSON lines or text on standard error. Everything written passes the redactor first. */

export type Level = "debug" | "info" | "warn" | "error";
export type Fields = Record<string, unknown>;

export interface Log {
  /** Would a line of this level be written? */
  isOn(level: Level): boolean;
  debug(message: string, fields?: Fields): void;
  info(message: string, fields?: Fields): void;
  warn(message: string, fields?: Fields): void;
  error(message: string, fields?: Fields): void;
}

export interface LogOptions {
  level: Level;
  format: "json" | "text";
  redact: (text: string) => string;
  write: (line: string) => void;
}

const order: Record<Level, number> = { debug: 0, info: 1, warn: 2, error: 3 };

export function createLog(options: LogOptions): Log {
  const at =
    (level: Level) =>
    (message: string, fields: Fields = {}) => {
      if (order[level] < order[options.level]) return;
      const time = new Date().toISOString();
      const line =
        options.format === "json"
          ? JSON.stringify({ time, level, message, ...plain(fields) })
          : `${time} ${level.padEnd(5)} ${message}${textFields(fields)}`;
      options.write(`${options.redact(line)}\n`);
    };
  const isOn = (level: Level) => order[level] >= order[options.level];
  return { isOn, debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}

export const silentLog: Log = { isOn: () => false, debug() {}, info() {}, warn() {}, error() {} };

function plain(fields: Fields): Fields {
  const out: Fields = {};
  for (const [key, value] of Object.entries(fields)) out[key] = value instanceof Error ? errorChain(value) : value;
  return out;
}

function textFields(fields: Fields): string {
  let out = "";
  for (const [key, value] of Object.entries(fields)) {
    if (value === undefined) continue;
    if (value instanceof Error) out += `\n  ${errorChain(value).join("\n  caused by ")}`;
    else out += ` ${key}=${typeof value === "string" && !/[\s"]/.test(value) ? value : JSON.stringify(value)}`;
  }
  return out;
}

/** The error and its causes, each with its stack where it has one; at most eight deep. */
export function errorChain(error: unknown): string[] {
  const chain: string[] = [];
  for (let current = error; current !== undefined && chain.length < 8; ) {
    chain.push(current instanceof Error ? (current.stack ?? `${current.name}: ${current.message}`) : String(current));
    current = current instanceof Error ? current.cause : undefined;
  }
  return chain;
}
