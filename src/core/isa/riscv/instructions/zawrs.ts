/** Zawrs: waiting for a reservation to be lost (unprivileged manual, chapter Zawrs). */
import { extensionRows, host } from './row.ts';

export const reservationWaitRows = extensionRows('Zawrs', 'Unprivileged: Zawrs', [
  [
    'wrs.nto',
    '000000001101 00000 000 00000 1110011',
    '',
    'Wait until the reservation is lost or an interrupt is pending.',
    host,
  ],
  [
    'wrs.sto',
    '000000011101 00000 000 00000 1110011',
    '',
    'Wait a short time until the reservation is lost or an interrupt is pending.',
    host,
  ],
]);
