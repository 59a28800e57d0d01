/** Numbers the events of one stream, without gaps from 0. */
import type { Frame } from "../../kit/sse.ts";
import type { JsonObject } from "../../model/json.ts";

export class Frames {
  private next = 0;

  /** Goes on behind a stream whose last frames are these. */
  resume(text: string): void {
    const last = [...text.matchAll(/"sequence_number"\s*:\s*(\d+)/g)].at(-1)?.[1];
    if (last !== undefined) this.next = Number(last) + 1;
  }

  event(type: string, fields: JsonObject): Frame {
    return this.raw(type, JSON.stringify(fields).slice(1));
  }

  /** `tail`: what follows the number, from its first key to the closing brace. */
  raw(type: string, tail: string): Frame {
    const name = `response.${type}`;
    return { event: name, data: `{"type":"${name}","sequence_number":${this.next++},${tail}` };
  }
}
