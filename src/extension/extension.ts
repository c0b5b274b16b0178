/**
 * The extension's entry: wires sessions, consoles, views and commands to VS Code. Nothing here
 * runs a guest or knows what one is; what is large or rarely wanted is imported when it is.
 */
import * as vscode from 'vscode';
import type { CustomEvents } from '../adapter/protocol.ts';
import { AdapterFactory } from './adapterFactory.ts';
import { CallPrompt } from './callPrompt.ts';
import { ConfigurationProvider, ImageConfigurations } from './configurationProvider.ts';
import { GuestConsoles } from './guestConsoles.ts';
import { findImages } from './images.ts';
import { Log } from './log.ts';
import { debugType, Sessions } from './sessions.ts';
import { StatusBar } from './statusBar.ts';
import { CsrsView } from './views/csrsView.ts';
import { exitLine, ExitsView } from './views/exitsView.ts';
import { MappingsView } from './views/mappingsView.ts';

const assembly = 'riscv-asm';

export function activate(context: vscode.ExtensionContext): void {
  const log = new Log();
  const sessions = new Sessions();
  const consoles = new GuestConsoles(sessions);
  const statusBar = new StatusBar(sessions);
  const csrs = new CsrsView(context.extensionUri, sessions);
  const mappings = new MappingsView(context.extensionUri, sessions);
  const exits = new ExitsView(sessions);
  const adapter = vscode.Uri.joinPath(context.extensionUri, 'dist', 'adapter.cjs').fsPath;
  const { Dynamic } = vscode.DebugConfigurationProviderTriggerKind;

  context.subscriptions.push(
    log,
    sessions,
    consoles,
    statusBar,
    csrs,
    mappings,
    exits,
    new CallPrompt(sessions),
    sessions.onTiming((timing) => logTiming(log, timing)),
    vscode.debug.registerDebugConfigurationProvider(debugType, new ConfigurationProvider()),
    vscode.debug.registerDebugConfigurationProvider(debugType, new ImageConfigurations()),
    vscode.debug.registerDebugConfigurationProvider(debugType, new ImageConfigurations(), Dynamic),
    vscode.debug.registerDebugAdapterDescriptorFactory(debugType, new AdapterFactory(adapter, log)),
    vscode.debug.registerDebugAdapterTrackerFactory(debugType, sessions),
    vscode.window.registerWebviewViewProvider('trapline.csrs', csrs),
    vscode.window.registerWebviewViewProvider('trapline.mappings', mappings),
    ...commands({
      'trapline.runImage': async (uri?: vscode.Uri) =>
        (await import('./commands/runImage.ts')).runImage(uri),
      'trapline.openSample': async () =>
        (await import('./commands/openSample.ts')).openSample(context),
      'trapline.answerCall': async () =>
        (await import('./commands/answerCall.ts')).answerCall(sessions),
      'trapline.createHandlers': async () =>
        (await import('./commands/createHandlers.ts')).createHandlers(
          context.extensionUri,
          sessions,
        ),
      'trapline.callPolicy': async () =>
        (await import('./commands/callPolicy.ts')).callPolicy(sessions),
      'trapline.showConsole': () => consoles.show(),
      'trapline.showLog': () => log.show(),
      'trapline.refreshViews': () => [csrs, mappings, exits].forEach((view) => view.refresh()),
      'trapline.findCsr': () => find(csrs, 'trapline.csrs'),
      'trapline.toggleDirtyLog': () => mappings.dirtyLog('toggle'),
      'trapline.clearDirtyLog': () => mappings.dirtyLog('clear'),
      'trapline.findMapping': () => find(mappings, 'trapline.mappings'),
      'trapline.explainAddress': async () => {
        await vscode.commands.executeCommand('trapline.mappings.focus');
        mappings.focusExplain();
      },
      'trapline.collapseCsrs': () => csrs.post({ type: 'collapseAll' }),
      'trapline.filterExits': () => exits.askFilter(),
      'trapline.exportExits': () => exits.export(),
      'trapline.recordExits': () => exits.toggleRecording(),
      'trapline.stopRecordingExits': () => exits.toggleRecording(),
      'trapline.breakOnExit': (node: unknown) => exits.toggleBreak(node),
      'trapline.showExitSource': (node: unknown) => exits.showSource(node),
      'trapline.copyExit': (node: unknown) => vscode.env.clipboard.writeText(exitLine(node) ?? ''),
    }),
  );
  startLanguageClientOnDemand(context, log);
  void offerIfFolderHasImage(statusBar, log);
}

function commands(
  table: Readonly<Record<string, (argument: never) => unknown>>,
): vscode.Disposable[] {
  return Object.entries(table).map(([id, run]) => vscode.commands.registerCommand(id, run));
}

/** The focus command of a view opens it; its page is then given the filter box. */
async function find(view: CsrsView | MappingsView, id: string): Promise<void> {
  await vscode.commands.executeCommand(`${id}.focus`);
  view.focusFilter();
}

async function offerIfFolderHasImage(statusBar: StatusBar, log: Log): Promise<void> {
  try {
    if ((await findImages()).length > 0) statusBar.offer();
  } catch (error) {
    // F5 and Run Image search again and show what is wrong then.
    log.error(`The folder could not be searched for images: ${String(error)}`);
  }
}

/** The first console byte is in the adapter's own log. */
function logTiming(log: Log, { launchToRunning }: CustomEvents['trapline/timing']): void {
  if (launchToRunning !== undefined) {
    log.info(`the guest runs ${launchToRunning} ms after the launch request`);
  }
}

/** The client is most of the extension's code, so it is loaded with the first assembly document. */
function startLanguageClientOnDemand(context: vscode.ExtensionContext, log: Log): void {
  const start = async (): Promise<void> => {
    try {
      const { startLanguageClient } = await import('./languageClient.ts');
      await startLanguageClient(context);
    } catch (error) {
      log.error(`The language server of RISC-V assembly did not start: ${String(error)}`);
    }
  };
  if (vscode.workspace.textDocuments.some((open) => open.languageId === assembly)) {
    void start();
    return;
  }
  const waiting = vscode.workspace.onDidOpenTextDocument((opened) => {
    if (opened.languageId !== assembly) return;
    waiting.dispose();
    void start();
  });
  context.subscriptions.push(waiting);
}
