/* TCP: connections. Private to this folder. */
#ifndef PTH_DISSECT_TCP_H
#define PTH_DISSECT_TCP_H

#include "dissect/priv.h"

struct tcp *dissect_tcp_new(void);
void dissect_tcp_free(struct tcp *t);
/* All connections come to their end. */
struct pth_tcp_stat *dissect_tcp_over(struct tcp *t);
/* Connections are given up, dissect/quiet.h, to make room; none may be in use. */
void dissect_tcp_make_room(struct tcp *t);

#endif
