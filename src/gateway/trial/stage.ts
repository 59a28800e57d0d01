/** What the steps of a trial share. */
import type { Provider, Snapshot } from "../../config/snapshot.ts";
import type { TrialStage } from "../../model/trial.ts";
import type { Gateway } from "../gateway.ts";
import type { Heard } from "./hear.ts";

export interface Trying {
  gateway: Gateway;
  snapshot: Snapshot;
  provider: Provider;
}

const mostBody = 2048;

type Told = Pick<TrialStage, "name" | "target" | "result" | "words"> & Partial<TrialStage>;

export function stageOf(told: Told): TrialStage {
  const nothing = { protocol: null, ms: null, fix: null, field: null, status: null, body: null, costNano: null };
  return { ...nothing, ...told, ...(told.ms == null ? {} : { ms: Math.round(told.ms * 10) / 10 }) };
}

/** What the provider answered, for people: short, and without what we sent to prove who we are. */
export function answered(trying: Trying, { status, text }: Heard): Pick<TrialStage, "status" | "body"> {
  return { status, body: text === "" ? null : withoutSecrets(trying, text.slice(0, 65_536)).slice(0, mostBody) };
}

/** Providers like to repeat the key in their errors. */
export function withoutSecrets({ snapshot, provider }: Trying, text: string): string {
  const own = [provider.apiKey ?? "", ...Object.values(provider.headers), ...Object.values(provider.query)];
  const secrets = new Set([...snapshot.secrets, ...own.filter((value) => value.length >= 12)]);
  let clean = text;
  for (const secret of secrets) if (secret.length >= 8) clean = clean.replaceAll(secret, "[redacted]");
  return clean;
}

/** A base URL for people: it may hold a user and a password. */
export function shownUrl(url: string): string {
  return url.replace(/\/\/[^/@]*@/, "//…@");
}

/** Path of the field that holds a base URL. */
export function fieldOf(protocol: string): string {
  return `protocols.${protocol}`;
}
