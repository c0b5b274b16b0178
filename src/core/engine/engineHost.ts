/** What the host may give an engine, which does without as well. */
export interface EngineHost {
  /** All zeros and nobody else's: the engine's memory where it is large enough. */
  readonly spareMemory?: WebAssembly.Memory | undefined;
  /** Compiles the interpreter; a host that did so before may have kept what came of it. */
  readonly compile?: ((bytes: Uint8Array) => WebAssembly.Module) | undefined;
}
