/**
 * The page of the CSRs view: a tree of groups, registers and fields with a filter, changed ones
 * marked, values edited in place. It reads nothing of the guest itself; the extension sends it
 * content at each stop and does its writes.
 */
import {
  arrange,
  bitsText,
  groupKey,
  numberText,
  parseValue,
  visibleRows,
  withField,
  type TreeRow,
} from './csrRows.ts';
import { byId, element, icon, reconcile, setAttribute, setIcon, setText } from './dom.ts';
import type { CsrGroup } from '../adapter/protocol.ts';
import type { CsrsContent, GuestStatus, ToWebview } from './messages.ts';
import { clearError, onFilter, Page, RovingFocus, say, showStatus } from './page.ts';

interface State {
  filter: string;
  changedOnly: boolean;
  expanded: string[];
  collapsed: string[];
  pinned: string[];
  sideBySide: boolean;
}

const page = new Page<State>({
  ...{ filter: '', changedOnly: false, expanded: [], collapsed: [] },
  ...{ pinned: [], sideBySide: false },
});
const list = byId('rows');
const changedOnly = byId<HTMLButtonElement>('changedOnly');
const sideBySide = byId<HTMLButtonElement>('sideBySide');
const filter = onFilter(page.state.filter, (text) => {
  page.save({ filter: text });
  draw();
});
const focus = new RovingFocus(list);

let content: CsrsContent | undefined;
let status: GuestStatus = 'none';
let rows: TreeRow[] = [];
/** The key of the row whose value is being typed. */
let editing: string | undefined;

page.listen(receive);
changedOnly.addEventListener('click', () => {
  page.save({ changedOnly: !page.state.changedOnly });
  draw();
});
sideBySide.addEventListener('click', () => {
  page.save({ sideBySide: !page.state.sideBySide });
  draw();
});
list.addEventListener('click', (event) => {
  const row = rowOf(event);
  if (row && (event.target as HTMLElement).closest('.pin')) return pin(row);
  if (row && row.expanded !== undefined && editing === undefined) toggle(row);
});
list.addEventListener('dblclick', (event) => {
  const onValue = (event.target as HTMLElement).closest('.value') !== null;
  const row = rowOf(event);
  if (row && onValue) edit(row);
});
list.addEventListener('keydown', onKey);
draw();
page.send({ type: 'ready' });

function receive(message: ToWebview): void {
  switch (message.type) {
    case 'status':
      status = message.status;
      if (status === 'none') content = undefined;
      // A note is about the guest as it stood.
      if (status !== 'stopped') say('');
      if (status !== 'stopped') editing = undefined;
      break;
    case 'content':
      if (message.content.view !== 'csrs') return;
      content = message.content;
      status = 'stopped';
      clearError();
      break;
    case 'failed':
      say(message.text, 'error');
      break;
    case 'written':
      sayWritten(message.name, message.asked, message.value);
      break;
    case 'focusFilter':
      filter.focus();
      filter.select();
      return;
    case 'collapseAll':
      collapseAll();
      return;
    case 'rows':
    case 'walk':
    case 'walkFailed':
    case 'focusExplain':
      return;
  }
  draw();
}

/** Writes are WARL: a field may refuse what was asked for, which must not pass unseen. */
function sayWritten(name: string, asked: string, value: string): void {
  if (BigInt(asked) === BigInt(value)) say(`${name} is ${value} now.`);
  else say(`${name} is ${value} now; it does not hold all of ${asked}.`);
}

function draw(): void {
  const hadFocus = list.contains(document.activeElement);
  const { filter, changedOnly: onlyChanged, expanded, collapsed } = page.state;
  rows = visibleRows(arranged(), {
    filter,
    changedOnly: onlyChanged,
    expanded: new Set(expanded),
    collapsed: new Set(collapsed),
  });
  reconcile(list, rows, (row) => row.key, createRow, updateRow);
  setAttribute(changedOnly, 'aria-pressed', String(onlyChanged));
  setAttribute(sideBySide, 'aria-pressed', String(page.state.sideBySide));
  list.classList.toggle('sideBySide', page.state.sideBySide);
  showStatus(status, content !== undefined, 'control registers');
  const nothing = content !== undefined && rows.length === 0;
  byId('empty').hidden = !nothing;
  focus.settle(hadFocus);
}

function arranged(): CsrGroup[] {
  return arrange(content?.groups ?? [], page.state);
}

function createRow(row: TreeRow): HTMLElement {
  const parts = ['twistie', 'name', 'bits', 'meaning', 'value'].map((part) =>
    element('span', { class: part }),
  );
  const result = element('div', { role: 'treeitem', class: `row ${row.kind}` }, ...parts);
  if (row.kind === 'group' || row.kind === 'register') parts[0]!.append(icon('chevron-right'));
  if (row.kind === 'register' || row.kind === 'field') {
    parts[1]!.after(element('span', { class: 'mark' }, icon('circle-filled')));
  }
  if (row.kind === 'register') {
    result.append(element('button', { class: 'pin', type: 'button', tabindex: '-1' }, icon('pin')));
  }
  result.id = `row ${row.key}`.replaceAll(' ', '-');
  return result;
}

function updateRow(target: HTMLElement, row: TreeRow): void {
  const text = textOf(row);
  setAttribute(target, 'aria-level', `${row.level}`);
  setAttribute(target, 'aria-posinset', `${row.position}`);
  setAttribute(target, 'aria-setsize', `${row.size}`);
  setAttribute(target, 'aria-expanded', row.expanded?.toString());
  setAttribute(target, 'aria-label', text.spoken);
  setAttribute(target, 'title', text.title);
  target.classList.toggle('changed', text.changed);
  target.classList.toggle('writable', isWritable(row));
  for (const part of ['name', 'bits', 'meaning'] as const) {
    setText(partOf(target, part), text[part]);
  }
  if (row.kind === 'register') updatePin(target, row.register.name);
  const value = partOf(target, 'value');
  if (editing !== row.key) setText(value, text.value);
}

function updatePin(target: HTMLElement, name: string): void {
  const button = target.querySelector('button')!;
  const pinned = isPinned(name);
  setAttribute(button, 'aria-pressed', String(pinned));
  setAttribute(button, 'aria-label', `Pin ${name}`);
  setIcon(button, pinned ? 'pinned' : 'pin');
  setAttribute(button, 'title', `${pinned ? 'Unpin' : 'Pin to the top'} (P)`);
}

function isPinned(name: string): boolean {
  return page.state.pinned.includes(name);
}

function partOf(row: HTMLElement, part: string): HTMLElement {
  return row.querySelector<HTMLElement>(`.${part}`)!;
}

interface RowText {
  readonly name: string;
  readonly bits: string;
  readonly value: string;
  readonly meaning: string;
  readonly title: string | undefined;
  readonly spoken: string;
  readonly changed: boolean;
}

function textOf(row: TreeRow): RowText {
  const none = { bits: '', value: '', meaning: '', title: undefined, changed: false };
  switch (row.kind) {
    case 'group': {
      const { name } = row.group;
      const meaning = row.changed > 0 ? `${row.changed} changed` : `${row.shown}`;
      return { ...none, name, meaning, spoken: `${name}, ${meaning}` };
    }
    case 'register': {
      const { name, number, value, description, changed } = row.register;
      const marks = `${changed ? ', changed' : ''}${isPinned(name) ? ', pinned' : ''}`;
      const spoken = `${name}, ${value}${marks}, ${description}`;
      const title = `${name} (${numberText(number)}): ${description}`;
      return { ...none, name, value, title, spoken, changed };
    }
    case 'about': {
      const { number, description, section, writable } = row.register;
      const access = writable ? '' : ' · read-only';
      const where = section === '' ? '' : ` · ${section}`;
      const text = `${description} · ${numberText(number)}${where}${access}`;
      return { ...none, name: text, spoken: text };
    }
    case 'field': {
      const { name, value, meaning = '', description, changed } = row.field;
      const bits = bitsText(row.field);
      const said = meaning === '' ? value : `${meaning}, ${value}`;
      const spoken = `${name}, bits ${bits}, ${said}${changed ? ', changed' : ''}, ${description}`;
      const title = `${name} = ${said}: ${description}`;
      return { name, bits, value, meaning, title, spoken, changed };
    }
  }
}

function rowOf(event: Event): TreeRow | undefined {
  const target = (event.target as HTMLElement).closest<HTMLElement>('#rows > [data-key]');
  return rows.find((row) => row.key === target?.dataset['key']);
}

function onKey(event: KeyboardEvent): void {
  if (event.target instanceof HTMLInputElement) return;
  const row = rowOf(event);
  if (!row || event.ctrlKey || event.metaKey || event.altKey) return;
  const done = focus.move(event.key) || onTreeKey(event.key, row);
  if (done) event.preventDefault();
}

/** Keys as the ARIA tree pattern has them; Enter and F2 edit where there is a value. */
function onTreeKey(key: string, row: TreeRow): boolean {
  switch (key) {
    case 'ArrowRight':
      if (row.expanded === false) toggle(row);
      else if (row.expanded) focus.move('ArrowDown');
      return true;
    case 'ArrowLeft':
      if (row.expanded && row.level > 0) toggle(row);
      else focusParent(row);
      return true;
    case ' ':
      if (row.expanded !== undefined) toggle(row);
      return true;
    case 'Enter':
      if (isWritable(row)) edit(row);
      else if (row.expanded !== undefined) toggle(row);
      return true;
    case 'p':
      pin(row);
      return true;
    case 'F2':
      edit(row);
      return true;
    default:
      return false;
  }
}

function focusParent(row: TreeRow): void {
  const before = rows.slice(0, rows.indexOf(row));
  const parent = before.findLast((other) => other.level < row.level);
  if (parent) focus.focus(parent.key);
}

function toggle(row: TreeRow): void {
  if (row.kind === 'group') page.save({ collapsed: without(page.state.collapsed, row.key) });
  else page.save({ expanded: without(page.state.expanded, row.key) });
  draw();
}

/** Moves a register to the top, or back to its own group; the focus goes along. */
function pin(row: TreeRow): void {
  if (row.kind === 'group') return;
  const { name } = row.register;
  page.save({ pinned: without(page.state.pinned, name) });
  draw();
  focus.focus(name);
  say(isPinned(name) ? `${name} is pinned.` : `${name} is no longer pinned.`);
}

/** The list without the key, or with it when it was not in it. */
function without(keys: readonly string[], key: string): string[] {
  return keys.includes(key) ? keys.filter((other) => other !== key) : [...keys, key];
}

function collapseAll(): void {
  const groups = arranged().map((group) => groupKey(group.name));
  page.save({ expanded: [], collapsed: groups });
  draw();
}

function isWritable(row: TreeRow): boolean {
  if (row.kind !== 'register' && row.kind !== 'field') return false;
  return status === 'stopped' && row.register.writable;
}

function edit(row: TreeRow): void {
  if (row.kind !== 'register' && row.kind !== 'field') return;
  if (!isWritable(row)) {
    say(`${row.register.name} cannot be written ${reasonNot()}.`);
    return;
  }
  const value = partOf(document.getElementById(`row ${row.key}`.replaceAll(' ', '-'))!, 'value');
  const before = row.kind === 'field' ? row.field.value : row.register.value;
  const label = row.kind === 'field' ? `${row.register.name}.${row.field.name}` : row.register.name;
  const input = element('input', { type: 'text', class: 'edit', spellcheck: 'false' });
  setAttribute(input, 'aria-label', `New value of ${label}`);
  input.value = before;
  editing = row.key;
  value.replaceChildren(input);
  input.focus();
  input.select();
  input.addEventListener('blur', () => finish());
  input.addEventListener('keydown', (event) => {
    if (event.key === 'Escape') finish();
    if (event.key === 'Enter' && submit(row, label, input.value)) finish();
    event.stopPropagation();
  });

  function finish(): void {
    if (editing !== row.key) return;
    editing = undefined;
    clearError();
    draw();
    focus.focus(row.key);
  }
}

function reasonNot(): string {
  return status === 'running' ? 'while the guest runs' : 'because it is read-only';
}

/** Whether the text was a value that fits; otherwise the user has been told and goes on typing. */
function submit(row: TreeRow, label: string, text: string): boolean {
  if (row.kind !== 'register' && row.kind !== 'field') return true;
  const value = parseValue(text);
  if (value === undefined) {
    say(`“${text}” is not a number for ${label}: write 0x…, 0b… or decimal.`, 'error');
    return false;
  }
  const whole = row.kind === 'field' ? withField(row.register, row.field, value) : value;
  if (whole === undefined || whole >> 64n !== 0n) {
    say(`${text} does not fit in ${label}.`, 'error');
    return false;
  }
  page.send({ type: 'write', name: row.register.name, value: `0x${whole.toString(16)}` });
  return true;
}
