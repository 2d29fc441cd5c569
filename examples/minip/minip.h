/*
 * minip: "ping <seq>" is answered by "pong <seq>", one UDP datagram each.
 * README.md beside this file is the whole protocol. Plain POSIX, no library.
 */
#ifndef MINIP_H
#define MINIP_H

#include <stdbool.h>
#include <stddef.h>

#define MINIP_MAX 512          /* bytes of the longest legal datagram */
#define MINIP_WAIT_MS 3000     /* an answer that comes later is no answer */
#define MINIP_LAST 1000000000L /* the highest sequence number */

enum minip_kind { MINIP_NONE, MINIP_PING, MINIP_PONG };

/* Read a datagram of n bytes. MINIP_NONE when it is not a legal message. */
enum minip_kind minip_parse(const char *p, size_t n, long *seq);
/* Write a message into buf (MINIP_MAX bytes); its length. */
size_t minip_format(char *buf, enum minip_kind kind, long seq);

/* A UDP socket bound (server) or connected (client) to address and port;
 * prints the reason and returns -1 when there is none. */
int minip_socket(const char *address, const char *port, bool server);

/* A whole decimal number within [min, max]. */
bool minip_number(const char *s, long min, long max, long *v);
/* The same number for the same seed and index, on every machine. */
unsigned minip_dice(unsigned long seed, unsigned long index);
/* Monotonic clock, milliseconds. */
long minip_now_ms(void);

#endif
