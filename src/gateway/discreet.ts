/** Providers repeat credentials in their errors: the configuration's secrets are taken out before anybody is told. */
import { GatewayError } from "../model/error.ts";

export function withoutSecrets(text: string, secrets: readonly string[]): string {
  let clean = text;
  for (const secret of secrets) if (clean.includes(secret)) clean = clean.replaceAll(secret, "***");
  return clean;
}

/** The error itself when there is nothing to take out. */
export function discreet(error: GatewayError, secrets: readonly string[]): GatewayError {
  const message = withoutSecrets(error.message, secrets);
  return message === error.message ? error : new GatewayError(error.code, message, error.detail);
}
