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
  readonly table: MappingsBody;
}

export type ToWebview =
  | { readonly type: 'status'; readonly status: GuestStatus }
  | { readonly type: 'content'; readonly content: CsrsContent | MappingsContent }
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
  | { readonly type: 'ready'; readonly stage?: Stage }
  | { readonly type: 'write'; readonly name: string; readonly value: string }
  | { readonly type: 'dirtyLog'; readonly action: 'start' | 'clear' | 'stop' }
  | { readonly type: 'stage'; readonly stage: Stage }
  /** How is the address that this expression is translated? */
  | { readonly type: 'explain'; readonly expression: string; readonly access: Access }
  | { readonly type: 'copy'; readonly text: string };
