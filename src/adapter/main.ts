/**
 * The debug adapter's program: in a worker thread it talks to its owner, otherwise DAP on
 * standard input and output, or with `--port N` on that port of the loopback.
 */
import { isMainThread, parentPort } from 'node:worker_threads';
import { serveThread, startDapServer } from './server.ts';

if (!isMainThread && parentPort) {
  serveThread(parentPort);
} else {
  void startDapServer(portArgument(process.argv)).then((code) => process.exit(code), fail);
}

function portArgument(args: readonly string[]): number | undefined {
  const index = args.indexOf('--port');
  if (index < 0) return undefined;
  const port = Number(args[index + 1]);
  if (Number.isInteger(port) && port >= 0 && port < 65536) return port;
  return fail(new Error(`--port: '${args[index + 1] ?? ''}' is not a port number`));
}

function fail(error: Error): never {
  process.stderr.write(`${error.message}\n`);
  process.exit(2);
}
