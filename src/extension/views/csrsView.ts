/** The CSRs view: control registers of the selected hart, read at each stop, written on request. */
import { GuestView } from './guestView.ts';
import { csrsPage, type PageResources } from './pages.ts';
import type { Guest } from '../sessions.ts';
import type { CsrsContent, FromWebview } from '../../webview/messages.ts';

export class CsrsView extends GuestView {
  protected readonly script = 'csrs.js';

  protected page(resources: PageResources): string {
    return csrsPage(resources);
  }

  protected async read(guest: Guest, hart: number): Promise<CsrsContent> {
    const { groups } = await this.sessions.request(guest, 'trapline/csrs', { hart });
    return { view: 'csrs', hart, groups };
  }

  protected async receive(message: FromWebview): Promise<void> {
    if (message.type === 'write') await this.write(message.name, message.value);
  }

  private async write(name: string, asked: string): Promise<void> {
    const guest = this.sessions.current;
    if (!guest) return;
    const hart = this.sessions.currentHart;
    try {
      const args = { hart, name, value: asked };
      const { value } = await this.sessions.request(guest, 'trapline/writeCsr', args);
      this.post({ type: 'written', name, asked, value });
    } catch (error) {
      this.fail(error);
    }
  }
}
