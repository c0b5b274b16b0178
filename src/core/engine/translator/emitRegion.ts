/**
 * A region as one WebAssembly function. The guest's loops are loops, its registers locals; the
 * budget is taken where blocks begin and given back where they are left early.
 */
import { assert, defined } from '../../base/assert.ts';
import {
  eqz32,
  i32,
  i64,
  load,
  local,
  ltS32,
  sub,
  add,
  add32,
  type Expr,
} from '../../wasm/expression.ts';
import { FunctionBuilder, type Label } from '../../wasm/functionBuilder.ts';
import { regionType } from '../interpreterTier.ts';
import { floatUnit, hart, pageBytes, recordShift } from '../layout.ts';
import { accessGroups, type AccessGroup } from './accessGroups.ts';
import { assumptionsOf, checkAssumptions, type Assumptions } from './assumptions.ts';
import {
  inlineOf,
  lastPlace,
  lengthOf,
  newPages,
  pageOf,
  type Block,
  type Instruction,
} from './block.ts';
import { Budgets } from './budgets.ts';
import { callRegion, type CallPlace } from './callRegion.ts';
import { CodeLookup } from './codeLookup.ts';
import { directUse, type DirectUse } from './directSites.ts';
import { Exits, type ExitPlace } from './exits.ts';
import type { Tail } from './loopTails.ts';
import { FlowGraph, type FlowNode } from './flowGraph.ts';
import { branchToPlaces } from './indirectJump.ts';
import { inWidth } from '../recordPc.ts';
import { written, type Written } from './narrow.ts';
import { emitControl, type OutsidePlace } from './outside.ts';
import { RegisterLocals } from './registerLocals.ts';
import { isNone, writeMask, type Masks } from './registerMasks.ts';
import { RegisterStates, type RegisterTracker } from './registerStates.ts';
import { RegionContext } from './regionContext.ts';
import type { RegionPlace } from './regionPlace.ts';
import type { RegionRequest } from './regionRequest.ts';
import { readBy, TailExits, type WaysOut } from './tailExits.ts';

const parameters = { base: 0, pc: 1, budget: 2, depth: 3 } as const;

/** `words` are the registers that were taken for words. */
export function emitRegion(request: RegionRequest): {
  f: FunctionBuilder;
  graph: FlowGraph;
  words: number;
  mode: number | undefined;
  direct: DirectUse | undefined;
} {
  const graph = new FlowGraph(request.discovered.blocks, request.entry);
  const emitter = new RegionEmitter(request, graph);
  const f = emitter.emit();
  const { words, direct, mode } = emitter.assumptions;
  return {
    f,
    graph,
    words,
    mode,
    direct: direct && directUse(direct, graph.nodes, emitter.groups),
  };
}

class RegionEmitter {
  private readonly f = new FunctionBuilder(regionType.parameters, regionType.results);
  private readonly base: Expr;
  private readonly budget = this.f.parameter(parameters.budget);
  private readonly depth = this.f.parameter(parameters.depth);
  private readonly pc = this.f.parameter(parameters.pc);
  private readonly page: number;
  private readonly set: number;
  private readonly lookup: CodeLookup;
  private readonly request: RegionRequest;
  private readonly graph: FlowGraph;
  private readonly states: RegisterStates;
  private readonly budgets: Budgets;
  private readonly exits: Exits;
  private readonly context: RegionContext;
  private readonly tailExits: TailExits;
  private readonly calling: CallPlace;
  private readonly place: RegionPlace & ExitPlace & OutsidePlace;
  private readonly registers: RegisterLocals;
  readonly assumptions: Assumptions;
  private readonly loopLabels = new Map<number, Label>();
  private readonly labels = new Map<number, Label>();
  /** Of each block. */
  readonly groups: readonly ReadonlyMap<Instruction, AccessGroup>[];
  /** Of the instruction being translated: registers that its exit writes back, and its place. */
  private dirty: Written = written([0, 0], 0);
  private at = 0;
  /** Instructions from this one on that were taken from the budget. */
  private left = 0;

  constructor(request: RegionRequest, graph: FlowGraph) {
    const { f } = this;
    this.request = request;
    const { onlyHart } = request;
    this.base = onlyHart === undefined ? f.parameter(parameters.base) : i32(onlyHart);
    this.registers = new RegisterLocals(f, this.base);
    this.graph = graph;
    const { isDirect } = request;
    this.groups = graph.nodes.map(({ block }) => accessGroups(inlineOf(block), isDirect));
    this.states = new RegisterStates(graph, request.xlen, request.words, (node, instruction) =>
      this.mayLeaveBefore(node, instruction),
    );
    this.budgets = new Budgets(graph);
    this.page = f.newLocal('i64');
    this.set = f.newLocal('i32');
    this.lookup = new CodeLookup({
      f,
      set: local('i32', this.set),
      addressAt: (at) => this.address(at),
      pages: request.discovered.pages,
    });
    this.assumptions = assumptionsOf(graph, request, this.states.guessed);
    this.place = {
      f,
      xlen: request.xlen,
      fuses: request.features.fusedMultiplyAdd,
      base: this.base,
      floatUnit: this.assumptions.steady ? floatUnit.steady : undefined,
      address: (at: number) => this.address(at),
      addressAt: (distance: Expr) => this.addressAt(distance),
      set: local('i32', this.set),
      budget: parameters.budget,
      pc: parameters.pc,
      region: request.number,
      register: (index: number) => this.registers.whole(index),
      word: (index: number) => this.registers.word(index),
      leave: () => this.exits.leave('interpret', this.dirty, this.at, this.left),
      leaveSurprised: () => this.exits.leaveSurprised(this.dirty, this.at, this.left),
      direct: this.assumptions.direct,
      isDirect,
      functions: request.functions,
      storeRegisters: (registers: Written) => this.registers.store(registers),
      widen: (words: number) => this.registers.widen(words),
    };
    this.exits = new Exits(this.place);
    this.context = new RegionContext(this.place, parameters.pc);
    const { base, pc, budget, depth, lookup } = this;
    const { number, typeIndex } = request;
    this.calling = { f, base, pc, budget, depth, lookup, number, typeIndex, parameters };
    this.tailExits = new TailExits(this.place, parameters.pc);
  }

  emit(): FunctionBuilder {
    const { f, exits, states, request } = this;
    this.expectExits();
    f.set(this.set, load('i32.load', this.base, hart.tlbSet));
    const { base, assumptions } = this;
    const leave = (): void => this.returnToCaller();
    checkAssumptions(f, base, local('i32', this.set), assumptions, request.number, leave);
    f.set(this.page, sub(this.pc, i64(request.entry)));
    this.registers.load(states.live(this.graph.nodes[0]!), this.assumptions.words);
    exits.open();
    this.emitTree(this.graph.nodes[0]!);
    f.unreachable();
    exits.close();
    f.unreachable();
    return f;
  }

  private address(at: number): Expr {
    return this.addressAt(i64(at));
  }

  private addressAt(distance: Expr): Expr {
    return inWidth(this.request.xlen, add(local('i64', this.page), distance));
  }

  private expectExits(): void {
    for (const node of this.graph.nodes) {
      const dirtyIn = this.states.dirtyIn(node);
      const dirtyOut = this.states.dirtyOut(node);
      this.exits.expect('interpret', dirtyIn);
      this.exits.expect('goOn', dirtyOut);
      if (node.block.end.kind === 'interpret') this.exits.expect('interpret', dirtyOut);
      if (node.block.end.kind === 'indirect') this.exits.expect('indirect', dirtyOut);
      if (node.block.end.kind === 'return') this.exits.expect('return', dirtyOut);
      const tracker = this.states.track(node);
      for (const instruction of node.block.instructions) {
        if (this.mayLeaveBefore(node, instruction)) {
          this.exits.expect('interpret', tracker.dirty);
        }
        tracker.pass(instruction);
      }
      const tail = this.states.tail(node);
      if (!tail) continue;
      const { dirty, finish } = this.waysOutOf(node, tail);
      this.exits.expect('interpret', dirty, finish);
      this.exits.expect('goOn', dirty, finish);
    }
  }

  /** Whether a block may be left there, once it has begun. */
  private mayLeaveBefore({ id }: FlowNode, instruction: Instruction): boolean {
    const { mayLeave, asksFloatUnit } = instruction.facts;
    return mayLeave && (asksFloatUnit || !this.groups[id]!.get(instruction)?.early);
  }

  private waysOutOf(node: FlowNode, tail: Tail): WaysOut {
    const finish = { id: node.id, emit: () => this.tailExits.emit(tail) };
    return { dirty: this.states.dirtyAtTail(node, tail), finish };
  }

  /** A block with the blocks nested in it, as far as labels are needed. */
  private emitTree(node: FlowNode): void {
    const { f } = this;
    const { nodes } = this.graph;
    if (!node.loopHeader) {
      this.emitWithin(node, node.inside);
      return;
    }
    for (const id of [...node.behindLoop].reverse()) this.labels.set(id, f.block());
    if (this.states.tail(node)) this.beginBlock(node, { dirty: this.states.dirtyIn(node) });
    this.loopLabels.set(node.id, f.loop());
    this.emitWithin(node, node.inside);
    f.end();
    for (const id of node.behindLoop) {
      f.end();
      this.emitTree(nodes[id]!);
    }
  }

  private emitWithin(node: FlowNode, inside: readonly number[]): void {
    const last = inside.at(-1);
    if (last === undefined) {
      this.emitBlock(node);
      return;
    }
    this.labels.set(last, this.f.block());
    this.emitWithin(node, inside.slice(0, -1));
    this.f.end();
    this.emitTree(this.graph.nodes[last]!);
  }

  private emitBlock(node: FlowNode): void {
    const { context } = this;
    const { block } = node;
    const count = lengthOf(block);
    const tracker = this.states.track(node);
    const groups = this.groups[node.id]!;
    const tail = this.states.tail(node);
    if (count > 0 && !tail) this.beginBlock(node, { dirty: this.states.dirtyIn(node) });
    this.left = count + this.budgets.behind(node);
    for (const instruction of block.instructions) {
      this.dirty = tracker.dirty;
      this.at = instruction.at;
      if (block.end.kind === 'outside' && instruction === block.instructions.at(-1)) {
        this.emitOutside(instruction, tracker);
        break;
      }
      const { words } = tracker;
      const writeBack = tracker.pass(instruction);
      if (instruction.skipped) {
        this.left -= instruction.skipped.length;
        context.translateSkipping(instruction, instruction.skipped, words, tracker.words);
      } else {
        const writesWord = (tracker.words & writeMask(instruction, 0)) !== 0;
        context.translate(instruction, groups.get(instruction), words, writesWord);
      }
      if (writeBack) this.registers.store(writeBack);
      this.left--;
    }
    this.registers.widen(this.states.widened(node));
    if (tail) this.emitTail(node, tail);
    else this.emitEnd(node, block);
  }

  /** A loop of one block tests at its end whether it may go round once more. */
  private emitTail(node: FlowNode, tail: Tail): void {
    const { f, context } = this;
    const { at, end } = node.block;
    assert(end.kind === 'branch', 'a loop of one block ends with a branch');
    const condition = local('i32', context.condition);
    const goesRound = end.taken === at;
    f.if(goesRound ? eqz32(condition) : condition);
    this.leaveLoop(node, goesRound ? end.next : end.taken, tail);
    f.end();
    this.beginBlock(node, this.waysOutOf(node, tail));
    f.branch(defined(this.loopLabels.get(node.id), 'a loop'));
  }

  private leaveLoop(node: FlowNode, to: number, tail: Tail): void {
    const { dirty, finish } = this.waysOutOf(node, tail);
    const target = this.graph.successorAt(node, to);
    const leave = (): void => this.exits.leave('goOn', dirty, to, 0, finish);
    if (!target) {
      leave();
      return;
    }
    this.lookup.unlessMapped(newPages(node.block, target.block), leave);
    const wanted = dirty.masks[0] & (tail.late | readBy(tail));
    this.registers.store(written([wanted, 0], dirty.words));
    finish?.emit();
    const { stores, loads } = this.states.onTheWay(node, target);
    this.registers.store(written(stores, dirty.words));
    this.registers.load(loads, this.states.wordsIn(target));
    this.enter(node, target);
  }

  /** With all registers in memory before and after. */
  private emitOutside(instruction: Instruction, tracker: RegisterTracker): void {
    const { context, registers } = this;
    registers.store(tracker.dirty);
    if (instruction.facts.flow === 'control') {
      emitControl(this.place, instruction, this.address(instruction.at));
      return;
    }
    const { words } = tracker;
    tracker.pass(instruction);
    const masks: Masks = [writeMask(instruction, 0), writeMask(instruction, 1)];
    const result = written(masks, tracker.words);
    context.translate(instruction, undefined, words, (tracker.words & masks[0]) !== 0, true);
    registers.store(result);
  }

  /** Takes from the budget, unless something says that the block must be interpreted. */
  private beginBlock(node: FlowNode, { dirty, finish }: WaysOut): void {
    const { f, context, exits, budgets } = this;
    // What is known so far is of the block that was emitted last, which need not lead here.
    context.beginBlock();
    const { at } = node.block;
    const taken = budgets.taken(node);
    const back = budgets.before(node);
    const groups = new Set(this.groups[node.id]!.values());
    const early = [...groups].filter((group) => group.early);
    if (taken === 0 && early.length === 0) return;
    const goOn = f.block();
    const surprised = early.some((group) => context.surprises(group)) ? f.block() : undefined;
    const interpret = f.block();
    if (taken > 0) f.branchIf(interpret, ltS32(this.budget, i32(taken)));
    for (const group of early) {
      context.testEarly(group, this.states.wordsIn(node), interpret, surprised);
    }
    f.branch(goOn);
    f.end();
    exits.leave('interpret', dirty, at, back, finish);
    if (surprised !== undefined) {
      f.end();
      exits.leaveSurprised(dirty, at, back, finish);
    }
    f.end();
    this.giveBack(-taken);
  }

  private giveBack(instructions: number): void {
    if (instructions === 0) return;
    this.f.set(parameters.budget, add32(this.budget, i32(instructions)));
  }

  private emitEnd(node: FlowNode, { end }: Block): void {
    const { f, context, exits } = this;
    const dirty = this.states.dirtyOut(node);
    switch (end.kind) {
      case 'goTo':
        this.goTo(node, end.to);
        return;
      case 'branch':
        this.emitBranch(node, local('i32', context.condition), end.taken, end.next);
        return;
      case 'call':
        f.set(parameters.pc, this.address(end.to));
        this.emitCall(node, end.next, end.to);
        return;
      case 'indirectCall':
        this.emitCall(node, end.next, undefined);
        return;
      case 'outside':
        f.set(parameters.pc, this.address(end.next));
        this.goOnBehind(node, end.next);
        return;
      case 'return':
        exits.leaveToPc('return', dirty);
        return;
      case 'indirect':
        this.emitIndirect(node, end.targets);
        return;
      case 'interpret':
        exits.leave('interpret', dirty, end.at, 0);
        return;
    }
  }

  private emitBranch(node: FlowNode, condition: Expr, taken: number, next: number): void {
    const { f } = this;
    const direct = this.directLabel(node, taken);
    if (direct !== undefined) {
      f.branchIf(direct, condition);
      this.goTo(node, next);
      return;
    }
    const past = this.directLabel(node, next);
    if (past !== undefined) {
      f.branchIf(past, eqz32(condition));
      this.goTo(node, taken);
      return;
    }
    f.if(condition);
    this.goTo(node, taken);
    f.end();
    this.goTo(node, next);
  }

  /** The label of a successor that needs nothing but a branch. */
  private directLabel(node: FlowNode, to: number): Label | undefined {
    const target = this.graph.successorAt(node, to);
    if (!target || newPages(node.block, target.block).length > 0) return undefined;
    const { stores, loads } = this.states.onTheWay(node, target);
    if (!isNone(stores) || !isNone(loads)) return undefined;
    if (this.budgets.onTheWay(node, target) !== 0) return undefined;
    return this.labelOf(node, target);
  }

  private labelOf(node: FlowNode, target: FlowNode): Label | undefined {
    if (target.id <= node.id) return this.loopLabels.get(target.id);
    return target.merge ? this.labels.get(target.id) : undefined;
  }

  /** Goes to a place, in the region or outside; control does not come back. */
  private goTo(node: FlowNode, to: number): void {
    const target = this.graph.successorAt(node, to);
    const dirty = this.states.dirtyOut(node);
    const leave = (): void => this.exits.leave('goOn', dirty, to, this.budgets.behind(node));
    if (!target) {
      leave();
      return;
    }
    this.lookup.unlessMapped(newPages(node.block, target.block), leave);
    this.giveBack(this.budgets.onTheWay(node, target));
    const { stores, loads } = this.states.onTheWay(node, target);
    this.registers.store(written(stores, dirty.words));
    this.registers.load(loads, this.states.wordsIn(target));
    this.enter(node, target);
  }

  private enter(node: FlowNode, target: FlowNode): void {
    const label = this.labelOf(node, target);
    if (label === undefined) this.emitTree(target);
    else this.f.branch(label);
  }

  /** Calls the region at `pc` if there is one; goes on behind the call if it comes back there. */
  private emitCall(node: FlowNode, next: number, direct: number | undefined): void {
    this.registers.store(this.states.dirtyOut(node));
    const samePage = direct !== undefined && pageOf(direct) === pageOf(lastPlace(node.block));
    const hotAt = samePage ? this.recordAt(direct) : undefined;
    callRegion(this.calling, hotAt, this.address(next), () => this.returnToCaller());
    this.goOnBehind(node, next);
  }

  /** Goes on with all registers in memory, at a place where `pc` is already. */
  private goOnBehind(node: FlowNode, next: number): void {
    const target = this.graph.successorAt(node, next);
    if (!target) {
      this.returnToCaller();
      return;
    }
    this.lookup.unlessMapped(newPages(node.block, target.block), () => this.returnToCaller());
    this.registers.load(this.states.live(target));
    this.enter(node, target);
  }

  private returnToCaller(): void {
    this.pc.emit(this.f);
    this.f.return(this.budget);
  }

  private recordAt(place: number): number {
    const page = pageOf(place);
    return this.request.discovered.pages.get(page)! + ((place - page * pageBytes) << recordShift);
  }

  /** To places that the jump was seen to go to inside the region, else out of it. */
  private emitIndirect(node: FlowNode, targets: readonly number[]): void {
    const { f } = this;
    const labels = new Map<number, Label>();
    for (const to of targets) {
      const label = this.directLabel(node, to);
      if (label !== undefined) labels.set(to, label);
    }
    branchToPlaces(f, this.pc, (to) => this.address(to), labels);
    const jump = node.block.instructions.at(-1)!;
    f.store('i32.store', this.base, i32(jump.record), hart.exitSite);
    this.exits.leaveToPc('indirect', this.states.dirtyOut(node));
  }
}
