/**
 * What `initialize` announces: for each capability the request that serves it, so that one without
 * the other cannot be. Capabilities without a request of their own are listed by themselves.
 */
import type { DebugProtocol } from '@vscode/debugprotocol';
import { triggerCharacters } from './completions.ts';
import { physicalMode } from './dataBreakpoints.ts';
import { exceptionFilters } from './exitFilters.ts';

const byRequest: Readonly<Partial<Record<string, keyof DebugProtocol.Capabilities>>> = {
  configurationDone: 'supportsConfigurationDoneRequest',
  setFunctionBreakpoints: 'supportsFunctionBreakpoints',
  setInstructionBreakpoints: 'supportsInstructionBreakpoints',
  setDataBreakpoints: 'supportsDataBreakpoints',
  breakpointLocations: 'supportsBreakpointLocationsRequest',
  setVariable: 'supportsSetVariable',
  setExpression: 'supportsSetExpression',
  completions: 'supportsCompletionsRequest',
  restart: 'supportsRestartRequest',
  terminate: 'supportsTerminateRequest',
  disassemble: 'supportsDisassembleRequest',
  readMemory: 'supportsReadMemoryRequest',
  writeMemory: 'supportsWriteMemoryRequest',
  exceptionInfo: 'supportsExceptionInfoRequest',
  loadedSources: 'supportsLoadedSourcesRequest',
  restartFrame: 'supportsRestartFrame',
  goto: 'supportsGotoTargetsRequest',
  stepBack: 'supportsStepBack',
  stepInTargets: 'supportsStepInTargetsRequest',
  modules: 'supportsModulesRequest',
  cancel: 'supportsCancelRequest',
};

/** Served by requests that exist anyway: granularities of a step, conditions of breakpoints. */
const always: DebugProtocol.Capabilities = {
  supportsSteppingGranularity: true,
  supportsConditionalBreakpoints: true,
  supportsHitConditionalBreakpoints: true,
  supportsLogPoints: true,
  supportsDataBreakpointBytes: true,
  supportsExceptionFilterOptions: true,
  breakpointModes: [
    {
      mode: 'virtual',
      label: 'Virtual address',
      description: 'As the hart sees it at each access.',
      appliesTo: ['data'],
    },
    {
      mode: physicalMode,
      label: 'Physical address',
      description: 'Whoever maps it where, in whichever world.',
      appliesTo: ['data'],
    },
  ],
  exceptionBreakpointFilters: exceptionFilters,
  supportsEvaluateForHovers: true,
  supportsDelayedStackTraceLoading: true,
  supportsValueFormattingOptions: true,
  supportsANSIStyling: true,
  completionTriggerCharacters: triggerCharacters,
  supportsClipboardContext: true,
  supportsSingleThreadExecutionRequests: true,
  additionalModuleColumns: [
    { attributeName: 'loadOffset', label: 'Offset', type: 'string', width: 12 },
  ],
};

export function capabilities(requests: readonly string[]): DebugProtocol.Capabilities {
  const served = requests.flatMap((request) => byRequest[request] ?? []);
  return { ...always, ...Object.fromEntries(served.map((capability) => [capability, true])) };
}
