/*
 * What an event says, while it is read: the order of its members is free, so that the meaning of
 * most of them is known at its end only. Private to this folder.
 */
#ifndef PTH_QLOG_EVENT_H
#define PTH_QLOG_EVENT_H

#include "qlog/qlog.h"

struct qlog_draft {
	char name[64], category[32], frame_type[32];
	struct pth_qlog_close event, frame; /* of the data, and of the frame that is read */
	struct pth_qlog_close closing;      /* the first frame that closes */
};

/* A code of an error, a number or its name in RFC 9000, 20.1. */
void qlog_draft_code(struct pth_qlog_close *c, const char *text, bool app);
/* A frame has ended. */
void qlog_draft_frame(struct qlog_draft *d);
/* The event has ended: its kind, and what is of that kind alone. */
void qlog_draft_done(struct qlog_draft *d, struct pth_qlog_event *e);
/* A version of QUIC: decimal as a number, hexadecimal as a text; 0: it is none. */
uint32_t qlog_version(const char *text, bool number);

#endif
