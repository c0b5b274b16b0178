/** All that DAP names is announced, and tested where the table says; or README says why not. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { withTranscript } from './machine.ts';

/** Where each is tested: a transcript of its requests, or what they show. */
const testedIn: Readonly<Record<string, string>> = {
  supportsConfigurationDoneRequest: 'helloDbcnRun',
  supportsFunctionBreakpoints: 'breakpointPatterns',
  supportsConditionalBreakpoints: 'breakpointConditions',
  supportsHitConditionalBreakpoints: 'breakpointHits',
  supportsEvaluateForHovers: 'helloDbcnState',
  exceptionBreakpointFilters: 'exitSbi',
  supportsSetVariable: 'helloDbcnState',
  supportsRestartFrame: 'codePlaces',
  supportsGotoTargetsRequest: 'codePlaces',
  supportsStepInTargetsRequest: 'codePlaces',
  supportsCompletionsRequest: 'expressionsCompleted',
  completionTriggerCharacters: 'expressionsCompleted',
  supportsModulesRequest: 'codeModules',
  additionalModuleColumns: 'codeModules',
  supportsRestartRequest: 'helloDbcnRestart',
  supportsValueFormattingOptions: 'codeFormats',
  supportsExceptionInfoRequest: 'trapsGuestPage',
  supportsDelayedStackTraceLoading: 'codePlaces',
  supportsLoadedSourcesRequest: 'codeModules',
  supportsLogPoints: 'breakpointLogs',
  supportsSetExpression: 'expressionsOfSpaces',
  supportsTerminateRequest: 'codeModules',
  supportsDataBreakpoints: 'dataBreakpointRules',
  supportsReadMemoryRequest: 'expressionsOfSpaces',
  supportsWriteMemoryRequest: 'helloDbcnState',
  supportsDisassembleRequest: 'helloDbcnDisassembly',
  supportsCancelRequest: 'codeCancel',
  supportsBreakpointLocationsRequest: 'breakpointColumns',
  supportsClipboardContext: 'codeFormats',
  supportsStepBack: 'reverseLines',
  supportsSteppingGranularity: 'helloDbcnRun',
  supportsInstructionBreakpoints: 'breakpointHits',
  supportsExceptionFilterOptions: 'exitSbi',
  supportsSingleThreadExecutionRequests: 'codeOneHart',
  supportsDataBreakpointBytes: 'dataBreakpointInfo',
  breakpointModes: 'dataSpaces',
  supportsANSIStyling: 'commandsStyled',
};

describe('capabilities', () => {
  it('at least 36 of the 42 are announced, each with a transcript; README lists the others', () =>
    withTranscript(async (t) => {
      const types = readFileSync(
        'node_modules/@vscode/debugprotocol/lib/debugProtocol.d.ts',
        'utf8',
      );
      const body = /interface Capabilities \{([^]*?)\r?\n\s\}/.exec(types)?.[1] ?? '';
      const all = [...body.matchAll(/^\s{2,}(\w+)\?:/gm)].map(([, name]) => name!);
      assert.equal(all.length, 42);
      const answer = await t.request('initialize', { adapterID: 'trapline' });
      const announced = all.filter((name) => answer[name] !== undefined && answer[name] !== false);
      assert.ok(announced.length >= 36, `${announced.length}`);
      assert.deepEqual([...announced].sort(), Object.keys(testedIn).sort());
      for (const name of Object.values(testedIn)) {
        assert.ok(existsSync(`test/dap/${name}.golden`), name);
      }
      const readme = readFileSync('README.md', 'utf8');
      for (const name of all.filter((each) => !announced.includes(each))) {
        assert.ok(readme.includes(`\`${name}\``), `README does not say why ${name} is missing`);
      }
      t.check('capabilities');
    }));
});
