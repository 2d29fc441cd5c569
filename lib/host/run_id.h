/* A run id names the things of a run outside of our process tree (containers, networks), so that
 * what a killed run has left can be told from what a living one uses. */
#ifndef PTH_HOST_RUN_ID_H
#define PTH_HOST_RUN_ID_H

#include <stdbool.h>

#define PTH_UNIQUE_SIZE 9

/* "BOOT.PID.START" of the calling process: the kernel's boot id without its
 * dashes, and the start time of proc_pid_stat(5). Allocated. */
char *pth_run_id_text(void);
/* Does the process of such a text run now, in our pid namespace? */
bool pth_run_id_lives(const char *owner);
/* Eight characters [a-z0-9] of owner and path (FNV-1a). */
void pth_run_id_unique(const char *owner, const char *path, char to[PTH_UNIQUE_SIZE]);

/* The number of our pid namespace, pid_namespaces(7); 0 where /proc does not tell. */
unsigned long pth_pid_namespace(void);

#endif
