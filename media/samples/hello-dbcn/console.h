#ifndef CONSOLE_H
#define CONSOLE_H

void print(const char *text);
void print_char(char c);
void print_hex(unsigned long value);
void print_decimal(unsigned long value);
/* Reads one line with echo. Returns its length, or -1 when nobody types within `seconds`. */
int read_line(char *line, int size, unsigned seconds);

#endif
