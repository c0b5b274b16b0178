/* What trap.S includes. */
#define CALL_MACRO(register, value) li register, value
