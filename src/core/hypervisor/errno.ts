/** The error names that KVM's ioctls return, as values: a caller has to look at them. */
export type Errno =
  | 'EINVAL'
  | 'EEXIST'
  | 'EFAULT'
  | 'EBUSY'
  | 'ENOMEM'
  | 'ENODEV'
  | 'ENOENT'
  | 'ENXIO'
  | 'EOPNOTSUPP'
  | 'EPERM';

export type Result<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly errno: Errno };

export function success<T>(value: T): Result<T> {
  return { ok: true, value };
}

export function failure(errno: Errno): { readonly ok: false; readonly errno: Errno } {
  return { ok: false, errno };
}
