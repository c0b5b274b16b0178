/**
 * The firmware side of the sensors' extension, 0x09000001. `"handlers"` in launch.json names this
 * file. Save a change while the guest runs or stands at a call: it counts from the next call on.
 */
import type { Answer, Call, Guest } from '../trapline.d.ts';
import { sensors } from './sensors.ts';

/** The number of sensors. */
export function x09000001_0(): Answer {
  return sensors.length;
}

/** Writes the name of sensor a0 to a buffer: address a1, size a2. The value is the name's length. */
export function x09000001_1(call: Call, guest: Guest): Answer {
  const [index = 0n, address = 0n, size = 0n] = call.args;
  const sensor = sensors[Number(index)];
  if (!sensor) return { error: 'INVALID_PARAM' };
  const bytes = new TextEncoder().encode(`${sensor.name}\0`);
  if (BigInt(bytes.length) > size) return { error: 'BAD_RANGE' };
  if (!guest.physical.has(address, bytes.length)) return { error: 'INVALID_ADDRESS' };
  guest.physical.write(address, bytes);
  return bytes.length - 1;
}

/** Reads sensor a0. The guest stands still until the answer is there. */
export async function x09000001_2(call: Call): Promise<Answer> {
  const sensor = sensors[Number(call.args[0])];
  return sensor ? sensor.read() : { error: 'INVALID_PARAM' };
}
