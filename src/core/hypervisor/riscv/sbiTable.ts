/** What the policy table of RISC-V's calls is made of before there is a machine. */
export { sbiCallNames } from './sbiNames.ts';
export { defaultCalls } from './vcpuSbi.ts';
export { sbiConsoleAnswers } from './vmmSbi.ts';
