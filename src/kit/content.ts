/** The body of a request: bytes when it is large, else text. The text of a large one is made when it is first needed. */
export class Content {
  /** Of a large body only: valid UTF-8. */
  readonly bytes: Buffer | undefined;
  private decoded: string | undefined;

  private constructor(bytes: Buffer | undefined, text: string | undefined) {
    this.bytes = bytes;
    this.decoded = text;
  }

  static ofText(text: string): Content {
    return new Content(undefined, text);
  }

  static ofBytes(bytes: Buffer): Content {
    return new Content(bytes, undefined);
  }

  get text(): string {
    this.decoded ??= new TextDecoder().decode(this.bytes);
    return this.decoded;
  }

  /** About so many characters: the bytes of a large one. */
  get length(): number {
    return this.bytes?.length ?? this.text.length;
  }

  /** Searches bytes where it has them: they are never wider than the text. */
  includes(needle: string): boolean {
    return this.bytes ? this.bytes.includes(needle) : this.text.includes(needle);
  }

  /** Gives the bytes back at once, for they are large; nothing may be asked any more. */
  release(): void {
    if (this.bytes) (this.bytes.buffer as ArrayBuffer).transfer(0);
  }

  /** So much of both ends, a character for each byte of a large body. */
  ends(length: number): string {
    const { bytes } = this;
    if (!bytes) return `${this.text.slice(0, length)}\n${this.text.slice(-length)}`;
    return `${bytes.toString("latin1", 0, length)}\n${bytes.toString("latin1", Math.max(0, bytes.length - length))}`;
  }
}
