export type Listener<T> = (event: T) => void;

/** Takes the listener off again. */
export type Unsubscribe = () => void;

/** A list of listeners, called in the order they were added. */
export class Emitter<T> {
  private readonly listeners = new Set<Listener<T>>();

  readonly on = (listener: Listener<T>): Unsubscribe => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  fire(event: T): void {
    for (const listener of [...this.listeners]) listener(event);
  }
}
