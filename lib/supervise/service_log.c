/* The logs of a service: files that its programs append to. */
#include "supervise/service_priv.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "io/event.h"
#include "io/json.h"

int
supervise_service_log_open(struct service *s, const char *stream)
{
	char path[64];

	if (s->phase == PTH_RUN)
		snprintf(path, sizeof path, "%s.log", stream);
	else
		snprintf(path, sizeof path, "phases/%s.%s.log", pth_phase_names[s->phase], stream);
	return supervise_loglimit_open(&s->logs, s->dirfd, path);
}

void
supervise_service_last_line(int dirfd, const char *first, const char *second, char *to, size_t max)
{
	const char *const logs[] = { first, second };
	struct pth_buf b = PTH_BUF_INIT;
	char tail[2048];
	ssize_t n = 0;

	to[0] = '\0';
	for (size_t i = 0; i < countof(logs) && n <= 0; i++) {
		int fd = logs[i] != NULL ? openat(dirfd, logs[i], O_RDONLY | O_CLOEXEC) : -1;
		off_t size;

		if (fd < 0)
			continue;
		size = lseek(fd, 0, SEEK_END);
		n = pread(fd, tail, sizeof tail - 1,
		    size > (off_t)sizeof tail - 1 ? size - (off_t)sizeof tail + 1 : 0);
		close(fd);
	}
	while (n > 0 && (tail[n - 1] == '\n' || tail[n - 1] == '\0'))
		n--;
	if (n <= 0)
		return;
	tail[n] = '\0';
	char *nl = memrchr(tail, '\n', (size_t)n);

	/* Said by clients of an engine after the line that says something. */
	if (nl != NULL && strncmp(nl + 1, "exit status ", 12) == 0) {
		*nl = '\0';
		nl = memrchr(tail, '\n', (size_t)(nl - tail));
	}
	char *line = nl != NULL ? nl + 1 : tail;

	pth_show(&b, line, 400);
	snprintf(to, max, "; last log line: %s", b.s != NULL ? b.s : "");
	pth_buf_release(&b);
}

struct look {
	struct service *s;
	void (*also)(void *arg, struct service *s, const char *path, int64_t keep);
	void *arg;
};

/* Who reads the log reads what is cut off before it is gone, and goes on at
 * the new end. */
static void
about_to_cut(void *arg, const char *path, int64_t keep, bool first)
{
	struct look *l = arg;
	struct service *s = l->s;
	const json_t *ready = json_array_get(json_object_get(s->plan, "ready"), s->ready_index);

	if (s->ready_log != NULL && strcmp(pth_json_str(ready, "file", "stdout.log"), path) == 0)
		supervise_ready_log_cut(s->ready_log, keep);
	if (pth_json_int(s->old_logs, path, 0) > keep)
		pth_json_set(s->old_logs, path, json_integer(keep));
	if (l->also != NULL)
		l->also(l->arg, s, path, keep);
	if (first && !s->quiet)
		pth_event("service.log_cut", "{s:s,s:s,s:I}", "service", s->name, "file", path,
		    "limit", (json_int_t)s->logs.limit);
}

bool
supervise_service_logs(struct service *s,
    void (*also)(void *arg, struct service *s, const char *path, int64_t keep), void *arg)
{
	struct look l = { s, also, arg };

	return supervise_loglimit_look(&s->logs, about_to_cut, &l);
}
