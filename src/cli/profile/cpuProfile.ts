/**
 * A profile in the form of Chrome's DevTools protocol (`Profiler.Profile`), which VS Code and
 * browsers open: a tree of calls, and which of its nodes was met when.
 */
export interface ProfileFrame {
  readonly functionName: string;
  /** Of the source, or empty. */
  readonly url: string;
  /** Where the function is, counted from 1; 0 where nobody knows. */
  readonly line: number;
}

interface Node {
  readonly id: number;
  readonly frame: ProfileFrame;
  hitCount: number;
  readonly children: Map<string, Node>;
  /** Samples by line, counted from 1. */
  readonly ticks: Map<number, number>;
}

export class CpuProfile {
  private readonly nodes: Node[] = [];
  private readonly root = this.newNode({ functionName: '(root)', url: '', line: 0 });
  private readonly samples: number[] = [];
  private readonly deltas: number[] = [];

  /** A sample: calls from the outermost in, the line that the innermost is at, and its weight. */
  add(stack: readonly ProfileFrame[], line: number, microseconds: number): void {
    let node = this.root;
    for (const frame of stack) {
      const key = `${frame.functionName}\n${frame.url}`;
      let child = node.children.get(key);
      if (!child) node.children.set(key, (child = this.newNode(frame)));
      node = child;
    }
    node.hitCount++;
    if (line > 0) node.ticks.set(line, (node.ticks.get(line) ?? 0) + 1);
    this.samples.push(node.id);
    this.deltas.push(microseconds);
  }

  json(): string {
    const nodes = this.nodes.map(({ id, frame, hitCount, children, ticks }) => ({
      id,
      callFrame: {
        functionName: frame.functionName,
        scriptId: '0',
        url: frame.url,
        lineNumber: frame.line - 1,
        columnNumber: frame.line === 0 ? -1 : 0,
      },
      hitCount,
      children: [...children.values()].map((child) => child.id),
      positionTicks: [...ticks].map(([line, count]) => ({ line, ticks: count })),
    }));
    // A delta is the time since the sample before, and what VS Code gives to a sample is the time
    // until the next: so each weight stands behind its own sample.
    const timeDeltas = [0, ...this.deltas.slice(0, -1)];
    const endTime = this.deltas.reduce((sum, delta) => sum + delta, 0);
    return JSON.stringify({ nodes, startTime: 0, endTime, samples: this.samples, timeDeltas });
  }

  private newNode(frame: ProfileFrame): Node {
    const id = this.nodes.length + 1;
    const node = { id, frame, hitCount: 0, children: new Map(), ticks: new Map() };
    this.nodes.push(node);
    return node;
  }
}
