/** The outline of a source file: what is defined, inside the section it stands in. */
import { definitionsOf } from './symbols.ts';
import type { Definition } from './symbols.ts';
import type { Source } from './source.ts';

export interface OutlineItem {
  readonly definition: Definition;
  readonly children: readonly OutlineItem[];
}

/** Numeric labels are left out: they repeat, and nobody looks for one by name. */
export function outlineOf(source: Source): OutlineItem[] {
  const top: OutlineItem[] = [];
  let open: { definition: Definition; children: OutlineItem[] } | undefined;
  for (const definition of definitionsOf(source)) {
    if (/^\d+$/.test(definition.name)) continue;
    if (definition.kind === 'section') {
      open = { definition, children: [] };
      top.push(open);
    } else if (open && definition.at.line <= open.definition.lastLine) {
      open.children.push({ definition, children: [] });
    } else {
      top.push({ definition, children: [] });
    }
  }
  return top;
}
