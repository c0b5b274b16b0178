/**
 * Registers of the 16550 UART, by the names of its data sheet: National Semiconductor PC16550D,
 * section 8 (Table II and 8.1 to 8.8). Offsets are in bytes, one register each.
 */

/** Receiver buffer (read) and transmitter holding (write); divisor latch low with DLAB. */
export const RBR = 0;
export const THR = 0;
export const DLL = 0;
/** Interrupt enable; divisor latch high with DLAB. */
export const IER = 1;
export const DLM = 1;
/** Interrupt identification (read) and FIFO control (write). */
export const IIR = 2;
export const FCR = 2;
export const LCR = 3;
export const MCR = 4;
export const LSR = 5;
export const MSR = 6;
export const SCR = 7;

/** Interrupt enable register. */
export const IER_ERBFI = 0x01;
export const IER_ETBEI = 0x02;
export const IER_ELSI = 0x04;
export const IER_EDSSI = 0x08;

/** Interrupt identification register: bit 0 clear means pending, bits 3:1 say which. */
export const IIR_NONE = 0x01;
export const IIR_MODEM_STATUS = 0x00;
export const IIR_THR_EMPTY = 0x02;
export const IIR_RECEIVED_DATA = 0x04;
export const IIR_LINE_STATUS = 0x06;
export const IIR_CHARACTER_TIMEOUT = 0x0c;
export const IIR_FIFOS_ENABLED = 0xc0;

/** FIFO control register. */
export const FCR_ENABLE = 0x01;
export const FCR_RESET_RECEIVER = 0x02;
export const FCR_RESET_TRANSMITTER = 0x04;
/** Bits that stay readable in effect: enable, DMA mode, trigger level. */
export const FCR_STORED = 0xc9;

/** Line control register. */
export const LCR_WORD_LENGTH = 0x03;
export const LCR_STOP_BITS = 0x04;
export const LCR_PARITY = 0x08;
export const LCR_DLAB = 0x80;

/** Modem control register. */
export const MCR_DTR = 0x01;
export const MCR_RTS = 0x02;
export const MCR_OUT1 = 0x04;
export const MCR_OUT2 = 0x08;
export const MCR_LOOP = 0x10;
export const MCR_IMPLEMENTED = 0x1f;

/** Line status register. */
export const LSR_DR = 0x01;
export const LSR_OE = 0x02;
export const LSR_BI = 0x10;
export const LSR_THRE = 0x20;
export const LSR_TEMT = 0x40;
/** Overrun, parity, framing, break: what the line status interrupt reports. */
export const LSR_ERRORS = 0x1e;

/** Modem status register: levels in the upper half, changes since the last read in the lower. */
export const MSR_CTS = 0x10;
export const MSR_DSR = 0x20;
export const MSR_RI = 0x40;
export const MSR_DCD = 0x80;
export const MSR_DELTAS = 0x0f;

export const FIFO_DEPTH = 16;
/** FCR bits 7:6. */
export const TRIGGER_LEVELS = [1, 4, 8, 14] as const;
