/** The mappings view: the leaves of one stage of address translation of the selected hart. */
import { GuestView } from './guestView.ts';
import { mappingsPage, type PageResources } from './pages.ts';
import type { MappingsBody } from '../../adapter/protocol.ts';
import type { Guest } from '../sessions.ts';
import type {
  Access,
  FromWebview,
  MappingsContent,
  MappingsWindow,
  Stage,
} from '../../webview/messages.ts';

export class MappingsView extends GuestView {
  protected readonly script = 'mappings.js';
  private stage: Stage = 'guest';
  /** The rows that the page shows: of a million, only these travel. */
  private window: MappingsWindow = { from: 0, count: 128, filter: '' };

  protected page(resources: PageResources): string {
    return mappingsPage(resources);
  }

  protected async read(guest: Guest, hart: number): Promise<MappingsContent> {
    const { stage } = this;
    const { filter } = this.window;
    const table = await this.table(guest, hart);
    return { view: 'mappings', hart, stage, mode: guest.info?.mode ?? 'guest', filter, table };
  }

  /** Goes on with a reading of the tables, or reads them anew. */
  private table(guest: Guest, hart: number, list?: number): Promise<MappingsBody> {
    const { count, ...window } = this.window;
    const args = { hart, stage: this.stage, ...window, maxRows: count };
    const reading = list === undefined ? {} : { list };
    return this.sessions.request(guest, 'trapline/mappings', { ...args, ...reading });
  }

  private async sendRows(list: number): Promise<void> {
    const guest = this.sessions.current;
    if (!guest) return;
    const { stage } = this;
    const { filter } = this.window;
    try {
      const table = await this.table(guest, this.sessions.currentHart, list);
      this.post({ type: 'rows', stage, filter, table });
    } catch (error) {
      this.fail(error);
    }
  }

  /** Starts, clears or ends the log of the guest's stores; `toggle` starts or ends it. */
  async dirtyLog(action: 'start' | 'clear' | 'stop' | 'toggle'): Promise<void> {
    const guest = this.sessions.current;
    if (!guest) return;
    try {
      const log = (wanted: 'show' | 'start' | 'clear' | 'stop') =>
        this.sessions.request(guest, 'trapline/dirtyLog', { action: wanted });
      const wanted =
        action === 'toggle' ? ((await log('show')).logging ? 'stop' : 'start') : action;
      await log(wanted);
      this.refresh();
    } catch (error) {
      this.fail(error);
    }
  }

  /** Gives the keyboard to the box for an address. */
  focusExplain(): void {
    this.postWhenListening({ type: 'focusExplain' });
  }

  private async explain(expression: string, access: Access): Promise<void> {
    const guest = this.sessions.current;
    if (!guest) return;
    try {
      const args = { hart: this.sessions.currentHart, expression, access };
      const walk = await this.sessions.request(guest, 'trapline/walk', args);
      this.post({ type: 'walk', walk });
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      this.post({ type: 'walkFailed', text });
    }
  }

  protected async receive(message: FromWebview): Promise<void> {
    if (message.type === 'explain') return this.explain(message.expression, message.access);
    if (message.type === 'dirtyLog') return this.dirtyLog(message.action);
    if (message.type === 'ready') {
      this.stage = message.stage ?? this.stage;
      this.window = message.window ?? this.window;
    }
    if (message.type === 'rows') {
      this.window = message.window;
      if (message.list !== undefined) await this.sendRows(message.list);
    }
    if (message.type !== 'stage') return;
    this.stage = message.stage;
    this.window = { from: 0, count: this.window.count, filter: this.window.filter };
    this.refresh();
  }
}
