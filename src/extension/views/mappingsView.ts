/** The mappings view: the leaves of one stage of address translation of the selected hart. */
import { GuestView } from './guestView.ts';
import { mappingsPage, type PageResources } from './pages.ts';
import type { Guest } from '../sessions.ts';
import type { FromWebview, MappingsContent, Stage } from '../../webview/messages.ts';

/** More rows than a person reads; the page says when there were more. */
const maxRows = 2000;

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

  protected receive(message: FromWebview): void {
    if (message.type === 'ready') this.stage = message.stage ?? this.stage;
    if (message.type !== 'stage') return;
    this.stage = message.stage;
    this.refresh();
  }
}
