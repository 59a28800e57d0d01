/** Access tokens of providers that are reached by an account's login instead of a key. */

/** Which login, as a provider's configuration names it. */
export interface Login {
  readonly kind: string;
  readonly account: string;
}

export interface Logins {
  /** The token at hand; undefined where nobody has logged in. */
  token(login: Login): string | undefined;
  /**
   * A token in the place of `refused`, or undefined when there is none to be had without a new login. Never rejects.
   * Those who come with the same refused token at once share one renewal.
   */
  renewed(login: Login, refused: string): Promise<string | undefined>;
}

/** Nobody has logged in. */
export const noLogins: Logins = { token: () => undefined, renewed: async () => undefined };
