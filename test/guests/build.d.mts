export interface GuestGroup {
  readonly folder: string;
  readonly makeIn: string;
}
export const groups: readonly GuestGroup[];
export function compilerVersion(): string;
export function recorded(group: GuestGroup): {
  readonly compiler: string;
  readonly sources: string;
};
export function sourcesHash(group: GuestGroup): string;
export function elfFiles(group: GuestGroup): readonly string[];
export function buildGroup(group: GuestGroup): Map<string, Buffer>;
export function problems(group: GuestGroup): readonly string[];
