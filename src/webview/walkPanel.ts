/**
 * *Explain address…* in the mappings view: a box for an address, and the walk of its translation
 * step by step. It stays at the next stop and is asked for anew, since tables may have changed.
 */
import type { WalkBody } from '../adapter/protocol.ts';
import { byId, element, setAttribute, setIcon, setText } from './dom.ts';
import type { Access, GuestStatus } from './messages.ts';
import { say, type Page } from './page.ts';
import { walkRows, type WalkRow } from './walkRows.ts';

export interface WalkState {
  /** What was typed last, and whether its explanation is to be seen. */
  address: string;
  access: Access;
  explained: boolean;
}

export class WalkPanel {
  private readonly page: Page<WalkState>;
  private readonly form = byId('explain');
  private readonly toggle = byId('explainToggle');
  private readonly input = byId<HTMLInputElement>('address');
  private readonly access = byId<HTMLSelectElement>('access');
  private readonly panel = byId('walk');
  private text = '';
  private status: GuestStatus = 'none';

  constructor(page: Page<WalkState>) {
    this.page = page;
    this.input.value = page.state.address;
    this.access.value = page.state.access;
    this.toggle.addEventListener('click', () => (this.form.hidden ? this.open() : this.close()));
    this.form.addEventListener('submit', (event) => {
      event.preventDefault();
      this.explain(this.input.value);
    });
    this.access.addEventListener('change', () => this.explain(this.input.value));
    for (const part of [this.form, this.panel]) {
      part.addEventListener('keydown', (event) => {
        if (event.key !== 'Escape') return;
        event.preventDefault();
        this.close();
      });
    }
    byId('walkCopy').addEventListener('click', () => {
      page.send({ type: 'copy', text: this.text });
      say('Copied the walk.');
    });
    byId('walkClose').addEventListener('click', () => this.close());
    if (page.state.explained) this.setOpen(true);
  }

  /** Shows the box and gives it the keyboard. */
  open(): void {
    this.setOpen(true);
    this.input.focus();
    this.input.select();
  }

  explain(expression: string): void {
    this.setOpen(true);
    this.input.value = expression;
    const access = this.access.value as Access;
    const address = expression.trim();
    this.page.save({ address, access, explained: address !== '' });
    if (address === '') return;
    if (this.status === 'stopped') this.page.send({ type: 'explain', expression: address, access });
    else say('An address is explained while the guest stands still.');
  }

  /** Of the guest; a stop explains anew what is to be seen. */
  setStatus(status: GuestStatus): void {
    this.status = status;
    if (status === 'none') this.panel.hidden = true;
    if (status !== 'stopped' || !this.page.state.explained) return;
    const { address, access } = this.page.state;
    this.page.send({ type: 'explain', expression: address, access });
  }

  show(walk: WalkBody): void {
    this.say('');
    if (!this.page.state.explained) return;
    const rows = walkRows(walk);
    const end = rows.pop()!;
    const kind = walk.space === 'virtual' ? 'virtual' : 'guest-physical';
    setText(byId('walkTitle'), `${walk.access} of ${kind} ${walk.address}`);
    byId('walkSteps').replaceChildren(...rows.map(stepElement));
    byId('walkEnd').className = end.kind;
    setIcon(byId('walkEnd'), end.kind === 'refused' ? 'error' : 'pass');
    setText(byId('walkResult'), end.text);
    this.text = `${walk.access} of ${kind} ${walk.address}\n${walk.text}`;
    this.panel.hidden = false;
  }

  /** The expression is wrong, which is said as long as it is. */
  fail(text: string): void {
    this.panel.hidden = true;
    this.say(text);
  }

  private say(problem: string): void {
    setAttribute(this.input, 'aria-invalid', problem === '' ? undefined : 'true');
    say(problem, 'error');
  }

  private setOpen(open: boolean): void {
    this.form.hidden = !open;
    setAttribute(this.toggle, 'aria-expanded', String(open));
  }

  private close(): void {
    this.page.save({ explained: false });
    this.setOpen(false);
    this.panel.hidden = true;
    this.say('');
    this.toggle.focus();
  }
}

function stepElement(row: WalkRow): HTMLElement {
  const bits = row.bits.map(({ letter, set, refuses }) =>
    element('span', { class: refuses ? 'refuses' : '' }, set || refuses ? letter : '-'),
  );
  const entry = row.entry === '' ? [] : [element('code', {}, row.entry)];
  const shown = element(
    'div',
    { 'aria-hidden': 'true' },
    element('span', { class: 'stage' }, row.stage),
    element('span', { class: 'what' }, row.text),
    element('span', { class: 'entry' }, ...entry, element('code', { class: 'bits' }, ...bits)),
  );
  const spoken = element('span', { class: 'spoken' }, row.spoken);
  return element('li', { class: row.inner ? 'inner' : '' }, shown, spoken);
}
