/*
 * Signals without handlers: blocked from the start of main, read from a
 * descriptor like any other input.
 */
#ifndef PTH_HOST_SIG_H
#define PTH_HOST_SIG_H

/* Block INT TERM HUP QUIT and CHLD and return a signalfd(2) for them,
 * non-blocking, close-on-exec. SIGPIPE is ignored: a supervisor has to clean
 * up first. SIGCHLD gets its default back (a parent may have ignored it).
 * -1 and errno. */
int pth_sig_open(void);
/* The next signal that came, or 0. */
int pth_sig_next(int fd);
/* End by this signal, as if it had never been caught. */
void pth_sig_reraise(int sig) __attribute__((noreturn));

#endif
