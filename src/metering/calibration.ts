/**
 * How much our estimates of a model's input differ from what its provider reports. The newest reports count most, so that
 * a model whose tokenizer changes is followed.
 */

interface Known {
  /** What an estimate is multiplied by. */
  factor: number;
  samples: number;
  /** Requests that are let pass until the next sample. */
  pause: number;
}

/** The first requests of a model all count, later ones now and then: an estimate costs a walk through the request. */
const firstSamples = 8;
const pauseBetween = 31;
/** The newest sample's weight, once there are several. */
const weight = 0.1;
/** A report beyond these says that something else was counted. */
const least = 0.2;
const most = 5;
/** Below so many tokens frames and rounding outweigh the text. */
const smallest = 50;

export class Calibration {
  private readonly models = new Map<string, Known>();

  /** Is this request of the model to be estimated, for its report to be held against? */
  wants(model: string): boolean {
    const known = this.models.get(model);
    if (!known || known.pause-- <= 0) return true;
    return false;
  }

  /** Tokens of one request's input: our estimate, and the provider's count. */
  observe(model: string, { estimated, reported }: { estimated: number; reported: number }): void {
    const ratio = reported / estimated;
    if (reported < smallest || estimated <= 0 || ratio < least || ratio > most) return;
    const { factor, samples } = this.models.get(model) ?? { factor: 1, samples: 0 };
    const share = Math.max(weight, 1 / (samples + 1));
    const pause = samples + 1 < firstSamples ? 0 : pauseBetween;
    this.models.set(model, { factor: factor + share * (ratio - factor), samples: samples + 1, pause });
  }

  /** Our estimate as the model would count it. */
  corrected(model: string, estimated: number): number {
    return Math.max(1, Math.ceil(estimated * (this.models.get(model)?.factor ?? 1)));
  }
}
