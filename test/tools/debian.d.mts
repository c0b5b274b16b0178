export interface Tool {
  readonly package: string;
  readonly command?: string;
  readonly file?: string;
}
export const tools: readonly Tool[];
export const firmwarePackages: readonly string[];
export const firmwareReleases: readonly string[];
export function debianPackage(release: string, name: string, architecture?: string): string;
export function packageVersion(folder: string): string;
export function missingTools(): readonly Tool[];
export function installTools(log?: (line: string) => void): void;
export function fetchFirmware(log?: (line: string) => void): void;
export function debianRoot(release: string, name: string, architecture?: string): string;
export function programOfRoot(
  root: string,
  program: string,
  environment?: Readonly<Record<string, string>>,
): [string, ...string[]];
export function newerQemu(program?: string): [string, ...string[]];
export function fetchQemu(log?: (line: string) => void): void;
