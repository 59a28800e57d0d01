/** Access tokens of providers that are reached by an account's login instead of a key. */

import { GatewayError } from "../model/error.ts";

/** Which login, as a provider's configuration names it. */
export interface Login {
  readonly kind: string;
  readonly account: string;
}

export interface Logins {
  /** Is there no token until somebody logs in (again)? Its targets are left out until then, however long that takes. */
  lacks(login: Login): boolean;
  /** The token at hand; undefined where nobody has logged in. */
  token(login: Login): string | undefined;
  /**
   * A token in the place of `refused`, or undefined when there is none to be had without a new login, which is lacking from
   * then on. Never rejects.
   * Those who come with the same refused token at once share one renewal.
   */
  renewed(login: Login, refused: string): Promise<string | undefined>;
}

/** Nobody has logged in. */
export const noLogins: Logins = { lacks: () => true, token: () => undefined, renewed: async () => undefined };

/** The account's targets are left out for what the login lacks, and not by a cooldown. */
export function loginLacking(): GatewayError {
  const message = "The account of this provider is logged out, and has to log in again.";
  return new GatewayError("upstream-auth", message, { isAside: true, isSilent: true });
}
