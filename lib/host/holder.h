/*
 * Who holds a port: a socket on it is in some process's hands, proc_pid_fd(5). A port counts for
 * a program when a process of that program holds it: the one that we have started, what that has
 * made, what is in its session or group, and what has its mark (host/mark.h). A socket that only
 * the kernel or an io_uring(7) has is nobody's.
 */
#ifndef PTH_HOST_HOLDER_H
#define PTH_HOST_HOLDER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum pth_hold {
	PTH_HOLD_NONE,   /* no server's socket is on the port */
	PTH_HOLD_OURS,   /* the program has it */
	PTH_HOLD_OTHER,  /* somebody else has */
	PTH_HOLD_UNKNOWN /* somebody has, and /proc does not tell who */
};

struct pth_program {
	pid_t leader;     /* its first process, the leader of its session; 0: it has not begun */
	const char *mark; /* value of its mark, or NULL */
};

/* One port of one program, looked at now and then. Zeroed at first, and when the program
 * begins anew. */
struct pth_holder {
	enum pth_hold how;
	uint64_t inode; /* OURS: of the socket, which is known from then on */
	pid_t pid;      /* OTHER: a process that has it, 0: none that can be seen */
	char name[40];  /* the same: its program, proc_pid_comm(5) */
	/* Of the last look that was dear: which sockets there were, until when it counts. */
	uint64_t sockets;
	int64_t until_us;
};

/* Look. A look that finds no process of the program is dear, and its answer counts for a while
 * (2 s at most) when the same sockets are there. */
enum pth_hold pth_holder_look(
    struct pth_holder *h, bool udp, unsigned port, const struct pth_program *of);
/* "port 4443 is held by process 17 (nc), not by this service", for OTHER. */
void pth_holder_text(const struct pth_holder *h, unsigned port, const char *not_by, char to[160]);

#endif
