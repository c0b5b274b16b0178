/**
 * The frame that a step is in, as far as it can be told from registers alone: that of the same
 * stack pointer in the same world, which is a mode and an address space. Tasks, processes and
 * virtual machines run the same code on other stacks, and processes have their stacks at the same
 * addresses.
 */
import type { Cpu } from '../isa/cpu.ts';
import type { Isa } from '../isa/isa.ts';
import { stackPointerOf, type PlanContext } from './planContext.ts';

export class StepWorld {
  readonly mode: string;
  private readonly context: PlanContext;
  private readonly space: string | undefined;
  private readonly stackPointer: bigint;
  private readonly stackPage: number | undefined;

  constructor(context: PlanContext, cpu: Cpu) {
    this.context = context;
    this.mode = cpu.modeName;
    this.space = cpu.addressSpace?.key;
    this.stackPointer = stackPointerOf(context, cpu);
    this.stackPage = addressOf(cpu, this.stackPointer);
  }

  /** Whether addresses mean the same to the hart as they did here. */
  isThatOf(cpu: Cpu): boolean {
    if (cpu.modeName !== this.mode) return false;
    if (cpu.addressSpace?.key === this.space) return true;
    // A kernel's threads run in whichever address space the last process had.
    if (!takesTraps(this.context.machine.isa, this.mode) || this.stackPage === undefined) {
      return false;
    }
    return addressOf(cpu, this.stackPointer) === this.stackPage;
  }

  /** The frame of the stack pointer in this world. */
  frame(stackPointer: bigint): StepFrame {
    return new StepFrame(this.context, this, stackPointer);
  }
}

export class StepFrame {
  readonly world: StepWorld;
  private readonly context: PlanContext;
  private readonly stackPointer: bigint;

  constructor(context: PlanContext, world: StepWorld, stackPointer: bigint) {
    this.context = context;
    this.world = world;
    this.stackPointer = stackPointer;
  }

  /** Whether the hart is in this very frame. */
  isThatOf(cpu: Cpu): boolean {
    return stackPointerOf(this.context, cpu) === this.stackPointer && this.world.isThatOf(cpu);
  }

  /** Whether the hart is further up on the stack, as far as can be told: in a frame outside of this. */
  isInside(cpu: Cpu): boolean {
    return stackPointerOf(this.context, cpu) > this.stackPointer && this.world.isThatOf(cpu);
  }
}

function addressOf(cpu: Cpu, address: bigint): number | undefined {
  return cpu.debugTranslate(address, 'virtual', 'load');
}

/** User programs do not. */
function takesTraps({ traps = [] }: Isa, mode: string): boolean {
  return traps.some((registers) => registers.mode === mode);
}
