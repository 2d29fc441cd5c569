/* TCP: connections. Private to this folder. */
#ifndef PTH_DISSECT_TCP_H
#define PTH_DISSECT_TCP_H

#include "dissect/priv.h"

struct tcp *tcp_new(void);
void tcp_free(struct tcp *t);

#endif
