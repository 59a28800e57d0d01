/** What the parts of the compiler share while they work on one configuration. */
import type { Fault, Origin, Warning } from "../snapshot.ts";

/** The words that rooms above define: passed in by the composition root. */
export interface Names {
  /** Protocols that the gateway serves and calls. */
  readonly protocols: readonly string[];
  readonly quirks: readonly string[];
  /** Protocols that the built-in provider speaks, in order. */
  readonly demoProtocols: readonly string[];
}

export interface Context {
  readonly names: Names;
  readonly faults: Fault[];
  readonly warnings: Warning[];
  /** Secrets met, in clear. */
  readonly secrets: Set<string>;
}

/** An entity that passed its schema, with its place. */
export interface Entity<Body> {
  readonly name: string;
  readonly origin: Origin;
  readonly path: string;
  readonly body: Body;
}

export function warnUnless(context: Context, fine: boolean, warning: Warning): void {
  if (!fine) context.warnings.push(warning);
}
