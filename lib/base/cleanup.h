/*
 * Variables that release what they hold when they go out of scope, on every
 * way out of a function. Each must have a value where it is declared; jansson's
 * json_auto_t is the same for JSON.
 *
 *   pth_auto_buf b = PTH_BUF_INIT;          pth_buf_release()
 *   pth_auto_fd fd = open(...);             close(), unless it is negative
 *   pth_auto_pipe p = PTH_PIPE_INIT;        pth_pipe_close(): the ends that are left
 *   pth_auto_file f = fopen(...);           fclose(), likewise for the next
 *   pth_auto_dir d = opendir(...);          closedir()
 *   pth_auto_str s = pth_xstrdup(...);      free(), of a char *
 *   pth_auto_free struct x *x = ...;        free(), of any pointer
 *   pth_auto_strv argv = pth_places_argv(...); pth_strv_free(), of a char **
 *
 * What is handed on to somebody else is taken out first: pth_take(&s) gives the
 * value and leaves nothing; of buffers, pth_buf_take(). errno is kept.
 */
#ifndef PTH_BASE_CLEANUP_H
#define PTH_BASE_CLEANUP_H

#include <dirent.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/strv.h"

#define PTH_CLEANUP(release) __attribute__((cleanup(release)))

#define pth_auto_buf PTH_CLEANUP(pth_buf_release) struct pth_buf
#define pth_auto_fd PTH_CLEANUP(pth_close) int
#define pth_auto_pipe PTH_CLEANUP(pth_pipe_close) struct pth_pipe
#define pth_auto_file PTH_CLEANUP(pth_cleanup_file) FILE *
#define pth_auto_dir PTH_CLEANUP(pth_cleanup_dir) DIR *
#define pth_auto_free PTH_CLEANUP(pth_cleanup_free)
#define pth_auto_str pth_auto_free char *
#define pth_auto_strv PTH_CLEANUP(pth_cleanup_strv) char **

/* Close a descriptor unless it is negative; it is -1 afterwards, and errno as before. */
void pth_close(int *fd);

/* A pipe(2): what is written to one end is read from the other. -1: closed. */
struct pth_pipe {
	int from, to;
};

#define PTH_PIPE_INIT  \
	{              \
		-1, -1 \
	}

/* Both ends are close-on-exec. 0, or -1 and errno. */
int pth_pipe_open(struct pth_pipe *p);
void pth_pipe_close(struct pth_pipe *p);

void pth_cleanup_file(FILE **f);
void pth_cleanup_dir(DIR **d);
void pth_cleanup_free(void *variable);
void pth_cleanup_strv(char ***v);

/* The value of a pointer variable, which is NULL from then on. */
#define pth_take(p)                   \
	__extension__({               \
		__auto_type p_ = (p); \
		__auto_type v_ = *p_; \
		*p_ = NULL;           \
		v_;                   \
	})
/* The same of a descriptor, which is -1 from then on. */
int pth_take_fd(int *fd);

#endif
