/** The mappings view: the leaves of one stage of address translation of the selected hart. */
import { GuestView } from './guestView.ts';
import { mappingsPage, type PageResources } from './pages.ts';
import type { Guest } from '../sessions.ts';
import type { Access, FromWebview, MappingsContent, Stage } from '../../webview/messages.ts';

/** The page says when there were more; it would show a million, but they travel at each stop. */
const maxRows = 10_000;

export class MappingsView extends GuestView {
  protected readonly script = 'mappings.js';
  private stage: Stage = 'guest';

  protected page(resources: PageResources): string {
    return mappingsPage(resources);
  }

  protected async read(guest: Guest, hart: number): Promise<MappingsContent> {
    const { stage } = this;
    const args = { hart, stage, maxRows };
    const table = await this.sessions.request(guest, 'trapline/mappings', args);
    return { view: 'mappings', hart, stage, mode: guest.info?.mode ?? 'guest', table };
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
    if (message.type === 'ready') this.stage = message.stage ?? this.stage;
    if (message.type !== 'stage') return;
    this.stage = message.stage;
    this.refresh();
  }
}
