/*
 * Signals without handlers: blocked from the start of main, read from a
 * descriptor like any other input.
 */
#ifndef PTH_HOST_SIG_H
#define PTH_HOST_SIG_H

#include <stddef.h>

/* Block these n signals and return a signalfd(2) for them, non-blocking,
 * close-on-exec. -1 and errno. */
int pth_sig_fd(const int *signals, size_t n);
/* The same for tools that run tests: INT TERM HUP QUIT and CHLD. SIGPIPE is ignored, because
 * everything is cleaned up first; SIGCHLD gets its default disposition back, which a parent may
 * have changed. */
int pth_sig_open(void);
/* The same and one more. */
int pth_sig_open_with(int more);
/* The next signal that came, or 0. */
int pth_sig_next(int fd);
/* End by this signal, as if it had never been caught. */
void pth_sig_reraise(int sig) __attribute__((noreturn));

#endif
