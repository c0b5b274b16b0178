/** A C type as expressions carry it about: its size is theirs to use, the rest is not. */
import { assert } from '../../base/assert.ts';
import type { Pointee } from '../expressions/operands.ts';
import type { CType } from './cTypes.ts';

export class TypeHandle implements Pointee {
  readonly type: CType;

  constructor(type: CType) {
    this.type = type;
  }

  get size(): number {
    return this.type.size;
  }
}

export function typeOfHandle(handle: Pointee): CType {
  assert(handle instanceof TypeHandle, 'a type that symbols have made');
  return handle.type;
}
