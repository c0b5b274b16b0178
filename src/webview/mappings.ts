/**
 * The page of the mappings view: what one stage of address translation maps where, one row per
 * run of equal leaves. The tables are read and filtered where the machine is: the page has the
 * rows around those in sight and asks for others when they come to be seen.
 */
import { byId, element, icon, setAttribute, setText } from './dom.ts';
import { mappingKey, mappingText, type MappingRow, type MappingText } from './mappingRows.ts';
import type { MappingsBody } from '../adapter/protocol.ts';
import type { GuestStatus, MappingsContent, MappingsWindow, Stage, ToWebview } from './messages.ts';
import { RowBlocks } from './rowBlocks.ts';
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
  askForRows();
});
const rows = new RowBlocks<MappingRow>();
const shown = new VirtualRows<MappingRow>(list, byId('top'), {
  create: createRow,
  update: updateRow,
  drawn: (first, end) => {
    inSight = { first, end };
    askForRows();
  },
});

let content: MappingsContent | undefined;
let status: GuestStatus = 'none';
let inSight = { first: 0, end: 0 };
/** The filter of the rows that are here. */
let filtered = '';
/** Rows were asked for that are still to come. */
let asked = false;
/** Where the row that Tab reaches has gone, to be shown with the rows. */
let active: number | undefined;
/** Other rows are shown than before: from the first on. */
let begins = false;
/** What the extension was told last about the rows that are shown. */
let told = '';
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
  else if (startsSearch(event.key)) return;
  else if (!shown.move(event.key)) return;
  event.preventDefault();
});
draw();
page.send({ type: 'ready', stage: page.state.stage, window: wanted() });

function receive(message: ToWebview): void {
  switch (message.type) {
    case 'status':
      status = message.status;
      asked = false;
      if (status === 'none') {
        content = undefined;
        rows.reset(0);
      }
      walk.setStatus(status);
      // A note is about the guest as it stood.
      if (status !== 'stopped') say('');
      break;
    case 'content':
      if (message.content.view !== 'mappings') return;
      if (message.content.stage !== page.state.stage) return;
      content = message.content;
      status = 'stopped';
      clearError();
      walk.setStatus(status);
      take(message.content.filter, message.content.table, true);
      break;
    case 'rows':
      if (!content || message.stage !== content.stage) return;
      takeRows(content, message.filter, message.table);
      break;
    case 'failed':
      // They are not asked for again until something else is to be seen.
      say(message.text, 'error');
      draw();
      asked = false;
      return;
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
  content = undefined;
  rows.reset(0);
  draw();
  page.send({ type: 'stage', stage });
}

/** Rows of the reading that is shown; when that is gone, of another one, which then is. */
function takeRows(shownNow: MappingsContent, filter: string, table: MappingsBody): void {
  const isNew = table.list !== shownNow.table.list;
  const { dirtyLog = shownNow.table.dirtyLog, ...rest } = table;
  content = { ...shownNow, filter, table: { ...rest, ...(dirtyLog ? { dirtyLog } : {}) } };
  take(filter, table, isNew || filter !== filtered);
}

function take(filter: string, table: MappingsBody, isNew: boolean): void {
  asked = false;
  if (isNew) rows.reset(table.matching);
  if (isNew) active = table.found;
  rows.take(table.from, table.rows);
  begins ||= filter !== filtered;
  filtered = filter;
}

/** The rows around those in sight. */
function wanted(): MappingsWindow {
  const { filter } = page.state;
  const isOther = filter !== filtered;
  const range = rows.around(isOther ? 0 : inSight.first, isOther ? 1 : inSight.end);
  const reached = rows.at(shown.activeIndex);
  return { ...range, filter, ...(reached ? { find: reached.input } : {}) };
}

/** One request at a time: what is wanted by the time of the answer is asked for then. */
function askForRows(): void {
  if (asked || !content) return;
  const window = wanted();
  const isHere = window.filter === filtered && !rows.lacks(inSight.first, inSight.end);
  const text = JSON.stringify(window);
  if (isHere && text === told) return;
  told = text;
  asked = !isHere;
  page.send({ type: 'rows', window, ...(isHere ? {} : { list: content.table.list }) });
}

/** Letters and digits go to the filter, as they find in VS Code's own lists. */
function startsSearch(key: string): boolean {
  if (key.length !== 1 || key === ' ') return false;
  filter.focus();
  filter.select();
  return true;
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
  const { total = 0, truncated = false } = content?.table ?? {};
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
  const counted = countText(rows.length, total, truncated);
  setText(byId('count'), log?.logging ? `${counted}, ${writtenText(log.pages)}` : counted);
  showStatus(status, content !== undefined, 'mappings');
  byId('header').hidden = rows.length === 0;
  const nothing = content !== undefined && rows.length === 0;
  byId('empty').hidden = !nothing;
  setText(
    byId('empty'),
    total === 0 ? 'Nothing is mapped in this stage.' : 'No mapping matches the filter.',
  );
  // Last, since the rows in sight depend on what stands above them.
  shown.show(rows, active);
  active = undefined;
  // Without the filter, what is around the row that it found is to be seen.
  if (begins && filtered === '') shown.toActive();
  else if (begins) shown.toStart();
  begins = false;
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
  const number = (count: number): string => count.toLocaleString('en');
  const of = truncated ? `the first ${number(all)}` : number(all);
  return shown === all ? `${of} ${all === 1 ? 'row' : 'rows'}` : `${number(shown)} of ${of} rows`;
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

function updateRow(target: HTMLElement, mapping: MappingRow | undefined, index: number): void {
  target.classList.toggle('coming', !mapping);
  setAttribute(target, 'aria-busy', mapping ? undefined : 'true');
  setAttribute(target, 'data-key', mapping && mappingKey(mapping));
  target.querySelector('button')!.hidden = !mapping;
  if (!mapping) {
    setAttribute(target, 'aria-label', `Row ${index + 1} is being read`);
    for (const name of columns) setText(target.querySelector(`.${name}`)!, '');
    return;
  }
  const row = mappingText(mapping);
  setAttribute(target, 'aria-label', row.spoken);
  columns.forEach((name, at) => {
    const cell = target.children[at]!;
    setText(cell, row[name]);
    // In a narrow view it may be cut.
    setAttribute(cell, 'title', row[name] === '' ? undefined : row[name]);
  });
  const button = target.querySelector('button')!;
  setAttribute(button, 'aria-label', `Copy the row of ${row.range}`);
  setAttribute(button, 'title', 'Copy row');
}

function rowOf(event: Event): MappingText | undefined {
  const row = shown.at(event.target);
  return row && mappingText(row);
}
