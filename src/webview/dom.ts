/** The little of a user interface library that the views need: elements, icons, lists kept by key. */
import { codiconId, type Codicon } from './codicons.ts';

type Child = Node | string;

/** An element with attributes; `class` and ARIA attributes by their HTML names. */
export function element<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Readonly<Record<string, string>> = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[Tag] {
  const result = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) result.setAttribute(name, value);
  result.append(...children);
  return result;
}

const svg = 'http://www.w3.org/2000/svg';

/** One of the icons whose symbols are in the page. */
export function icon(name: Codicon): SVGElement {
  const result = document.createElementNS(svg, 'svg');
  result.setAttribute('class', 'codicon');
  result.setAttribute('aria-hidden', 'true');
  const use = document.createElementNS(svg, 'use');
  use.setAttribute('href', `#${codiconId(name)}`);
  result.append(use);
  return result;
}

/** Changes which icon it is that stands in an element. */
export function setIcon(parent: Element, name: Codicon): void {
  setAttribute(parent.querySelector('use')!, 'href', `#${codiconId(name)}`);
}

/** Sets an attribute only when it differs; undefined removes it. */
export function setAttribute(target: Element, name: string, value: string | undefined): void {
  if (value === undefined) target.removeAttribute(name);
  else if (target.getAttribute(name) !== value) target.setAttribute(name, value);
}

/** Sets text only when it differs, so that a selection in it survives an update. */
export function setText(target: Element, text: string): void {
  if (target.textContent !== text) target.textContent = text;
}

/** An element of the page by its id, which the page's HTML is known to have. */
export function byId<Kind extends HTMLElement = HTMLElement>(id: string): Kind {
  const found = document.getElementById(id);
  if (!found) throw new Error(`the page has no element #${id}`);
  return found as Kind;
}

/**
 * Makes the children of `parent` one element per item, in order. An element whose key is still
 * there is kept and updated, so that focus, selection and scroll position stay. The key is in the
 * data attribute of that name.
 */
export function reconcile<Item>(
  parent: HTMLElement,
  items: readonly Item[],
  keyOf: (item: Item) => string,
  create: (item: Item) => HTMLElement,
  update: (target: HTMLElement, item: Item) => void,
  attribute = 'key',
): void {
  const existing = new Map<string, HTMLElement>();
  for (const child of parent.children as Iterable<Element>) {
    existing.set((child as HTMLElement).dataset[attribute] ?? '', child as HTMLElement);
  }
  // What goes, goes first: an element that need not be moved keeps the focus.
  const wanted = new Set(items.map(keyOf));
  for (const [key, child] of existing) if (!wanted.has(key)) child.remove();
  let next: Element | null = parent.firstElementChild;
  for (const item of items) {
    const key = keyOf(item);
    let target = existing.get(key);
    if (!target) {
      target = create(item);
      target.dataset[attribute] = key;
    }
    update(target, item);
    if (target === next) next = next.nextElementSibling;
    else parent.insertBefore(target, next);
  }
}
