/**
 * The page of the mappings view: what one stage of address translation maps where, one row per
 * run of equal leaves. The extension reads the tables; the filter also takes an address and finds
 * the row that covers it.
 */
import { byId, element, icon, setAttribute, setText } from './dom.ts';
import {
  filterMappings,
  mappingKey,
  mappingText,
  type MappingRow,
  type MappingText,
} from './mappingRows.ts';
import type { GuestStatus, MappingsContent, Stage, ToWebview } from './messages.ts';
import { VirtualRows } from './virtualRows.ts';
import { WalkPanel, type WalkState } from './walkPanel.ts';
import { clearError, onFilter, Page, say, showStatus } from './page.ts';

interface State extends WalkState {
  filter: string;
  stage: Stage;
}

const page = new Page<State>({
  filter: '',
  stage: 'guest',
  address: '',
  access: 'load',
  explained: false,
});
const list = byId('rows');
const stages: Readonly<Record<Stage, HTMLElement>> = {
  guest: byId('stageGuest'),
  virtual: byId('stageVirtual'),
};
const filter = onFilter(page.state.filter, (text) => {
  page.save({ filter: text });
  draw();
});
const shown = new VirtualRows<MappingRow>(list, byId('top'), {
  keyOf: mappingKey,
  create: createRow,
  update: (target, row) => updateRow(target, mappingText(row)),
});

let content: MappingsContent | undefined;
let status: GuestStatus = 'none';
const walk = new WalkPanel(page);

page.listen(receive);
for (const stage of ['guest', 'virtual'] as const) {
  stages[stage].addEventListener('click', () => chooseStage(stage));
  stages[stage].addEventListener('keydown', (event) => {
    if (!['ArrowLeft', 'ArrowRight', 'ArrowUp', 'ArrowDown'].includes(event.key)) return;
    const other = stage === 'guest' ? 'virtual' : 'guest';
    chooseStage(other);
    stages[other].focus();
    event.preventDefault();
  });
}
const logDirty = byId('logDirty');
const clearDirty = byId('clearDirty');
logDirty.addEventListener('click', () => {
  const logging = content?.table.dirtyLog?.logging ?? false;
  page.send({ type: 'dirtyLog', action: logging ? 'stop' : 'start' });
});
clearDirty.addEventListener('click', () => page.send({ type: 'dirtyLog', action: 'clear' }));
list.addEventListener('click', (event) => {
  const button = (event.target as HTMLElement).closest('button');
  const row = rowOf(event);
  if (button && row) copy(row);
});
list.addEventListener('keydown', (event) => {
  const row = rowOf(event);
  if (!row) return;
  const copies =
    (event.ctrlKey || event.metaKey) && event.key === 'c' && !getSelection()?.toString();
  if (copies) copy(row);
  else if (event.ctrlKey || event.metaKey || event.altKey) return;
  else if (event.key === 'Enter' && !(event.target instanceof HTMLButtonElement)) explain(row);
  else if (!shown.move(event.key)) return;
  event.preventDefault();
});
draw();
page.send({ type: 'ready', stage: page.state.stage });

function receive(message: ToWebview): void {
  switch (message.type) {
    case 'status':
      status = message.status;
      if (status === 'none') content = undefined;
      walk.setStatus(status);
      // A note is about the guest as it stood.
      if (status !== 'stopped') say('');
      break;
    case 'content':
      if (message.content.view !== 'mappings') return;
      content = message.content;
      status = 'stopped';
      clearError();
      walk.setStatus(status);
      break;
    case 'failed':
      say(message.text, 'error');
      break;
    case 'focusFilter':
      filter.focus();
      filter.select();
      return;
    case 'walk':
      walk.show(message.walk);
      return;
    case 'walkFailed':
      walk.fail(message.text);
      return;
    case 'focusExplain':
      walk.open();
      return;
    case 'written':
    case 'collapseAll':
      return;
  }
  draw();
}

function chooseStage(stage: Stage): void {
  if (stage === page.state.stage) return;
  page.save({ stage });
  draw();
  page.send({ type: 'stage', stage });
}

function copy(row: MappingText): void {
  page.send({ type: 'copy', text: row.line });
  say(`Copied the row of ${row.range}.`);
}

/** The first address of a row, as the row's stage has it. */
function explain(row: MappingText): void {
  const address = row.range.split('–')[0]!;
  walk.explain(page.state.stage === 'guest' ? `gpa:${address}` : address);
}

function draw(): void {
  const all = content?.table.rows ?? [];
  const rows = filterMappings(all, page.state.filter);
  for (const [stage, button] of Object.entries(stages)) {
    const chosen = stage === page.state.stage;
    setAttribute(button, 'aria-checked', String(chosen));
    button.tabIndex = chosen ? 0 : -1;
  }
  setText(byId('title'), content?.table.title ?? '');
  nameStages();
  const log = page.state.stage === 'guest' ? content?.table.dirtyLog : undefined;
  logDirty.hidden = !log;
  setAttribute(logDirty, 'aria-pressed', String(log?.logging ?? false));
  clearDirty.hidden = !log?.logging;
  const counted = countText(rows.length, all.length, content?.table.truncated ?? false);
  setText(byId('count'), log?.logging ? `${counted}, ${writtenText(log.pages)}` : counted);
  showStatus(status, content !== undefined, 'mappings');
  byId('header').hidden = rows.length === 0;
  const nothing = content !== undefined && rows.length === 0;
  byId('empty').hidden = !nothing;
  setText(
    byId('empty'),
    all.length === 0 ? 'Nothing is mapped in this stage.' : 'No mapping matches the filter.',
  );
  // Last, since the rows in sight depend on what stands above them.
  shown.show(rows);
}

/** On a bare machine the program may translate by itself, or be a hypervisor with a guest. */
function nameStages(): void {
  const bare = content?.mode === 'machine';
  const ofGuest = page.state.stage === 'guest';
  setText(stages.virtual, bare ? 'S/VS-stage' : 'VS-stage');
  setText(byId('inputHeader'), ofGuest ? 'Guest physical' : 'Virtual');
  setText(byId('outputHeader'), ofGuest ? 'Host physical' : bare ? 'Physical' : 'Guest physical');
}

function countText(shown: number, all: number, truncated: boolean): string {
  if (all === 0) return '';
  const of = truncated ? `the first ${all}` : `${all}`;
  return shown === all ? `${of} ${all === 1 ? 'row' : 'rows'}` : `${shown} of ${of} rows`;
}

function writtenText(pages: number): string {
  return pages === 1 ? '1 page written' : `${pages} pages written`;
}

const columns = ['range', 'output', 'size', 'pageSize', 'permissions', 'used', 'backing'] as const;

function createRow(): HTMLElement {
  const cells = columns.map((name) => element('span', { role: 'gridcell', class: name }));
  const button = element('button', { class: 'copy', type: 'button', tabindex: '-1' }, icon('copy'));
  const copyCell = element('span', { role: 'gridcell', class: 'action' }, button);
  return element('div', { role: 'row', class: 'row mapping' }, ...cells, copyCell);
}

function updateRow(target: HTMLElement, row: MappingText): void {
  setAttribute(target, 'aria-label', row.spoken);
  columns.forEach((name, at) => setText(target.children[at]!, row[name]));
  const button = target.querySelector('button')!;
  setAttribute(button, 'aria-label', `Copy the row of ${row.range}`);
  setAttribute(button, 'title', 'Copy row');
}

function rowOf(event: Event): MappingText | undefined {
  const row = shown.at(event.target);
  return row && mappingText(row);
}
