/** One destination of console output. */
export interface ConsoleSink {
  /** Takes all bytes; what cannot go on at once is held. */
  write(bytes: Uint8Array): void;
  /** Bytes that were taken and are not out yet. */
  readonly held: number;
  /** Why bytes are held, in words for a person. */
  readonly reason: string;
  /** Sends what it can of what is held, then ends. */
  close(): Promise<void>;
}

/** What a sink needs of its surroundings. */
export interface SinkHost {
  /** Bytes that somebody typed. */
  input(bytes: Uint8Array): void;
  /** Something that was held is out. */
  drained(): void;
  /** A line for the user. */
  say(line: string): void;
}
