/** The HTML of the webviews. Scripts and styles come from the extension only, by nonce. */
import { codicon, codiconSymbols, type Codicon } from '../../webview/codicons.ts';

export interface PageResources {
  readonly script: string;
  readonly style: string;
  readonly cspSource: string;
  readonly nonce: string;
}

export function csrsPage(resources: PageResources): string {
  return document(
    'Control registers',
    resources,
    [
      'chevron-right',
      'circle-filled',
      'diff-modified',
      'error',
      'pin',
      'pinned',
      'split-horizontal',
    ],
    `<div id="top">
<div class="toolbar" role="toolbar" aria-label="CSRs">
  ${filterBox('Filter CSRs: name, number, field, value', 'rows')}
  <button id="changedOnly" type="button" aria-pressed="false" title="Show only registers that changed since the last stop">${labelled('diff-modified', 'Changed')}</button>
  <button id="sideBySide" type="button" aria-pressed="false" title="Show the copies of a register at all levels together">${labelled('split-horizontal', 'Side by side')}</button>
</div>
${statusLines}
</div>
<div id="content" hidden>
  <div id="rows" role="tree" aria-label="Control and status registers"></div>
  <p id="empty" class="hint" hidden>No register matches the filter.</p>
</div>`,
  );
}

export function mappingsPage(resources: PageResources): string {
  return document(
    'Address mappings',
    resources,
    ['clear-all', 'close', 'copy', 'error', 'pass', 'question', 'record'],
    `<div id="top">
<div class="toolbar many" role="toolbar" aria-label="Mappings">
  ${filterBox('Filter mappings: address, size, rwx, slot', 'rows')}
  <div class="segments" role="radiogroup" aria-label="Stage of translation">
    <button id="stageGuest" type="button" role="radio" aria-checked="true" title="Guest-physical to host-physical addresses">G-stage</button>
    <button id="stageVirtual" type="button" role="radio" aria-checked="false" tabindex="-1" title="Virtual to guest-physical addresses, as the hart translates now">VS-stage</button>
  </div>
  <button id="explainToggle" type="button" aria-expanded="false" aria-controls="explain" title="Walk the page tables for one address, entry by entry">${labelled('question', 'Explain address…')}</button>
  <button id="logDirty" type="button" aria-pressed="false" hidden title="Log which pages the guest writes: pages are write-protected, and large ones split where it stores">${labelled('record', 'Log writes')}</button>
  <button id="clearDirty" type="button" hidden aria-label="Clear the log of writes" title="Forget the pages written so far and protect them again">${labelled('clear-all', 'Clear')}</button>
</div>
<form id="explain" class="toolbar" aria-label="Explain address" hidden>
  <input id="address" type="text" placeholder="0x…, gpa:0x…, &amp;symbol, $sp" aria-label="Address to explain: a number or an expression; gpa: before it means guest-physical" title="A number or an expression; gpa: before it means guest-physical" spellcheck="false" autocomplete="off">
  <select id="access" aria-label="Kind of access">
    <option value="load">load</option>
    <option value="store">store</option>
    <option value="fetch">fetch</option>
  </select>
  <button id="explainGo" type="submit">Explain</button>
</form>
${statusLines}
</div>
<section id="walk" aria-label="Walk of the address" hidden>
  <p class="caption"><span id="walkTitle"></span><span class="actions"><button id="walkCopy" type="button" aria-label="Copy the walk" title="Copy the walk">${codicon('copy')}</button><button id="walkClose" type="button" aria-label="Close the walk" title="Close (Escape)">${codicon('close')}</button></span></p>
  <ol id="walkSteps" aria-label="Steps of the walk"></ol>
  <p id="walkEnd" role="status" aria-live="polite">${codicon('pass')}<span id="walkResult"></span></p>
</section>
<div id="content" hidden>
  <p class="caption"><span id="title"></span><span id="count"></span></p>
  <div role="grid" aria-label="Address mappings" aria-readonly="true">
    <div id="header" class="row mapping header" role="row">
      <span role="columnheader" class="range" id="inputHeader"></span>
      <span role="columnheader" class="output" id="outputHeader"></span>
      <span role="columnheader" class="size">Size</span>
      <span role="columnheader" class="pageSize">Page</span>
      <span role="columnheader" class="permissions">Access</span>
      <span role="columnheader" class="used" title="Accessed, dirty">A/D</span>
      <span role="columnheader" class="backing">Backed by</span>
      <span role="columnheader" class="action" aria-label="Actions"></span>
    </div>
    <div id="rows" role="rowgroup"></div>
  </div>
  <p id="empty" class="hint" hidden></p>
</div>`,
  );
}

const statusLines = `<p id="status" class="hint" role="status"></p>
<p id="note" role="status" aria-live="polite"></p>`;

/** A button's content. Where there is little room only the icon is to be seen. */
function labelled(icon: Codicon, label: string): string {
  return `${codicon(icon)}<span class="label">${label}</span>`;
}

function filterBox(label: string, controls: string): string {
  return (
    `<input id="filter" type="search" placeholder="Filter" aria-label="${label}" ` +
    `title="${label}" aria-controls="${controls}" spellcheck="false" autocomplete="off">`
  );
}

function document(
  title: string,
  resources: PageResources,
  icons: readonly Codicon[],
  body: string,
): string {
  const { script, style, cspSource, nonce } = resources;
  const policy =
    `default-src 'none'; style-src ${cspSource}; script-src 'nonce-${nonce}'; ` +
    `base-uri 'none'; form-action 'none'`;
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="stylesheet" href="${style}">
<title>${title}</title>
</head>
<body>
${codiconSymbols(icons)}
${body}
<script nonce="${nonce}" src="${script}"></script>
</body>
</html>`;
}
