/**
 * What the views have in common: the messages to and from the extension, the state that survives
 * hiding a view, the status line, the filter box, and moving the focus among rows by keyboard.
 */
import { byId, setText } from './dom.ts';
import type { FromWebview, GuestStatus, ToWebview } from './messages.ts';

interface VsCodeApi<State> {
  postMessage(message: FromWebview): void;
  getState(): State | undefined;
  setState(state: State): void;
}

declare function acquireVsCodeApi<State>(): VsCodeApi<State>;

export class Page<State extends object> {
  state: State;
  private readonly api = acquireVsCodeApi<State>();

  constructor(initial: State) {
    this.state = { ...initial, ...this.api.getState() };
  }

  save(change: Partial<State>): void {
    this.state = { ...this.state, ...change };
    this.api.setState(this.state);
  }

  send(message: FromWebview): void {
    this.api.postMessage(message);
  }

  listen(receive: (message: ToWebview) => void): void {
    window.addEventListener('message', (event: MessageEvent<ToWebview>) => receive(event.data));
  }
}

/** Shows what the guest is doing; while it runs, what was read before stays and is greyed. */
export function showStatus(status: GuestStatus, hasContent: boolean, what: string): void {
  const stale = status === 'running' && hasContent;
  document.body.classList.toggle('stale', stale);
  byId('content').hidden = !hasContent;
  const text =
    status === 'none'
      ? 'No guest is running.'
      : status === 'running'
        ? hasContent
          ? 'Running. Shown as of the last stop.'
          : `The guest is running. Pause it to see its ${what}.`
        : '';
  setText(byId('status'), text);
}

/** Says something to the user, on screen and to a screen reader, until the next thing is said. */
export function say(text: string, kind: 'info' | 'error' = 'info'): void {
  const target = byId('note');
  target.className = kind;
  setText(target, text);
}

/** Takes back an error once what failed has succeeded; other notes stay. */
export function clearError(): void {
  if (byId('note').className === 'error') say('');
}

export function onFilter(initial: string, changed: (text: string) => void): HTMLInputElement {
  const input = byId<HTMLInputElement>('filter');
  input.value = initial;
  input.addEventListener('input', () => changed(input.value));
  input.addEventListener('keydown', (event) => {
    if (event.key === 'Escape' && input.value !== '') {
      input.value = '';
      changed('');
      event.preventDefault();
    }
    if (event.key === 'ArrowDown') {
      document.querySelector<HTMLElement>('#rows > [tabindex="0"]')?.focus();
      event.preventDefault();
    }
  });
  return input;
}

/** Exactly one row can be reached with Tab; arrow keys move that among the rows. */
export class RovingFocus {
  private readonly rows: HTMLElement;
  private key: string | undefined;

  constructor(rows: HTMLElement) {
    this.rows = rows;
    rows.addEventListener('focusin', (event) => {
      const row = (event.target as HTMLElement).closest<HTMLElement>('#rows > [data-key]');
      if (row) this.choose(row);
    });
  }

  /** To be called after the rows changed. `refocus` when the focus was in a row that may be gone. */
  settle(refocus: boolean): void {
    const rows = this.all();
    const current = rows.find((row) => row.dataset['key'] === this.key) ?? rows[0];
    if (!current) return;
    this.choose(current);
    if (refocus && document.activeElement === document.body) current.focus();
  }

  /** Whether the key was one that moves among rows. */
  move(key: string): boolean {
    const rows = this.all();
    const at = rows.findIndex((row) => row.dataset['key'] === this.key);
    const page = Math.max(1, Math.floor(window.innerHeight / 22) - 2);
    const targets: Readonly<Record<string, number>> = {
      ArrowDown: at + 1,
      ArrowUp: at - 1,
      PageDown: at + page,
      PageUp: at - page,
      Home: 0,
      End: rows.length - 1,
    };
    const target = targets[key];
    if (target === undefined) return false;
    rows[Math.min(Math.max(target, 0), rows.length - 1)]?.focus();
    return true;
  }

  focus(key: string): void {
    this.all()
      .find((row) => row.dataset['key'] === key)
      ?.focus();
  }

  private all(): HTMLElement[] {
    return [...this.rows.children] as HTMLElement[];
  }

  private choose(row: HTMLElement): void {
    this.key = row.dataset['key'];
    for (const other of this.all()) other.tabIndex = other === row ? 0 : -1;
  }
}
