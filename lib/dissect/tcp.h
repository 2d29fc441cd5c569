/* TCP: connections. Private to this folder. */
#ifndef PTH_DISSECT_TCP_H
#define PTH_DISSECT_TCP_H

#include "dissect/priv.h"

struct tcp *tcp_new(void);
void tcp_free(struct tcp *t);
/* All connections come to their end. */
struct pth_tcp_stat *tcp_over(struct tcp *t);

#endif
