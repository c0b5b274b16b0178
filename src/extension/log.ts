/** The output channel `Trapline`, made when the first line is written to it. */
import * as vscode from 'vscode';

export class Log implements vscode.Disposable {
  private channel: vscode.LogOutputChannel | undefined;

  info(text: string): void {
    this.open().info(text);
  }

  error(text: string): void {
    this.open().error(text);
  }

  show(): void {
    this.open().show(true);
  }

  dispose(): void {
    this.channel?.dispose();
  }

  private open(): vscode.LogOutputChannel {
    return (this.channel ??= vscode.window.createOutputChannel('Trapline', { log: true }));
  }
}
