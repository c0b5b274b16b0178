/**
 * Makes a launch configuration complete: F5 with no launch.json, or with no `program`, runs an
 * image found in the folder. It checks no attribute; the adapter has the messages for those.
 */
import * as vscode from 'vscode';
import { findImages, pickImage } from './images.ts';
import {
  configurationFor,
  namesProgram,
  withAbsolutePaths,
  withDefaults,
} from './launchCompletion.ts';

type Folder = vscode.WorkspaceFolder | undefined;

export class ConfigurationProvider implements vscode.DebugConfigurationProvider {
  async resolveDebugConfiguration(
    folder: Folder,
    configuration: vscode.DebugConfiguration,
  ): Promise<vscode.DebugConfiguration | undefined> {
    if (namesProgram(configuration)) return complete(configuration);
    const images = await findImages(folder);
    if (images.length === 0) {
      // Not awaited: VS Code is starting a session for as long as this function has not answered.
      void reportNoImage(folder);
      return undefined;
    }
    const image = await pickImage(images);
    // An undefined configuration makes VS Code give up without a message of its own.
    if (!image) return undefined;
    return complete({
      ...configuration,
      ...configurationFor(image.uri.fsPath),
      ...definedValues(configuration),
    });
  }

  resolveDebugConfigurationWithSubstitutedVariables(
    folder: Folder,
    configuration: vscode.DebugConfiguration,
  ): vscode.DebugConfiguration {
    const base = folder ?? vscode.workspace.workspaceFolders?.[0];
    return withAbsolutePaths(configuration, base?.uri.fsPath) as vscode.DebugConfiguration;
  }
}

/** Offers one configuration for each image, in a new launch.json and in *Select and Start Debugging*. */
export class ImageConfigurations implements vscode.DebugConfigurationProvider {
  async provideDebugConfigurations(folder: Folder): Promise<vscode.DebugConfiguration[]> {
    const images = await findImages(folder);
    return images.map((image) => {
      const relative = vscode.workspace.asRelativePath(image.uri, false);
      return configurationFor(`\${workspaceFolder}/${relative}`) as vscode.DebugConfiguration;
    });
  }
}

function complete(configuration: vscode.DebugConfiguration): vscode.DebugConfiguration {
  return withDefaults(configuration) as vscode.DebugConfiguration;
}

/** Without launch.json VS Code passes empty strings and absent values. */
function definedValues(configuration: vscode.DebugConfiguration): object {
  const given = Object.entries(configuration).filter(
    ([, value]) => value !== undefined && value !== '',
  );
  return Object.fromEntries(given);
}

async function reportNoImage(folder: Folder): Promise<void> {
  const where = folder ? `folder “${folder.name}”` : 'this window';
  const choose = 'Choose Image…';
  const sample = 'Open Sample';
  const choice = await vscode.window.showErrorMessage(
    `Trapline: ${where} holds no RISC-V ELF executable. Build one, or choose an image.`,
    choose,
    sample,
  );
  if (choice === choose) void vscode.commands.executeCommand('trapline.runImage');
  if (choice === sample) void vscode.commands.executeCommand('trapline.openSample');
}
