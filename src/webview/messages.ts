/** What the extension and its webviews say to each other. Types only; both sides import them. */
import type { CsrGroup, MappingsBody, WalkBody } from '../adapter/protocol.ts';

export type Stage = 'guest' | 'virtual';

/** What a view shows about the guest besides the content itself. */
export type GuestStatus = 'none' | 'running' | 'stopped';

export type Access = WalkBody['access'];

export interface CsrsContent {
  readonly view: 'csrs';
  readonly hart: number;
  readonly groups: readonly CsrGroup[];
}

export interface MappingsContent {
  readonly view: 'mappings';
  readonly hart: number;
  readonly stage: Stage;
  readonly mode: 'guest' | 'machine';
  /** What the rows were filtered by. */
  readonly filter: string;
  readonly table: MappingsBody;
}

/** The rows of mappings that a page wants, of those that its filter leaves. */
export interface MappingsWindow {
  readonly from: number;
  readonly count: number;
  readonly filter: string;
  /** The first address of the row with the focus: where that has gone is told. */
  readonly find?: string;
}

export type ToWebview =
  | { readonly type: 'status'; readonly status: GuestStatus }
  | { readonly type: 'content'; readonly content: CsrsContent | MappingsContent }
  /** Further rows of mappings. */
  | {
      readonly type: 'rows';
      readonly stage: Stage;
      readonly filter: string;
      readonly table: MappingsBody;
    }
  /** A request failed: the text names what and why. */
  | { readonly type: 'failed'; readonly text: string }
  /** A register was written; what it holds now may differ from what was asked for. */
  | {
      readonly type: 'written';
      readonly name: string;
      readonly asked: string;
      readonly value: string;
    }
  /** What an explanation that was asked for says. */
  | { readonly type: 'walk'; readonly walk: WalkBody }
  | { readonly type: 'walkFailed'; readonly text: string }
  | { readonly type: 'focusExplain' }
  | { readonly type: 'focusFilter' }
  | { readonly type: 'collapseAll' };

export type FromWebview =
  /** The page listens; nothing sent before this has arrived. */
  | { readonly type: 'ready'; readonly stage?: Stage; readonly window?: MappingsWindow }
  /** What to read at the next stop; with a reading's name also what is wanted of it at once. */
  | { readonly type: 'rows'; readonly window: MappingsWindow; readonly list?: number }
  | { readonly type: 'write'; readonly name: string; readonly value: string }
  | { readonly type: 'dirtyLog'; readonly action: 'start' | 'clear' | 'stop' }
  | { readonly type: 'stage'; readonly stage: Stage }
  /** How is the address that this expression is translated? */
  | { readonly type: 'explain'; readonly expression: string; readonly access: Access }
  | { readonly type: 'copy'; readonly text: string };
