/* This file runs a part of a run, on whatever machine it is. */
#include "spread/work.h"

#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/hash.h"
#include "base/text.h"
#include "host/proc.h"
#include "host/sig.h"
#include "io/event.h"
#include "io/file.h"

#define STAMP_MAX 4096
#define FILE_MAX ((size_t)16 << 20)

static int
by_name(const FTSENT **a, const FTSENT **b)
{
	return strcmp((*a)->fts_name, (*b)->fts_name);
}

/* Of the names and bytes of all descriptors. */
static int
hash_plugins(const char *share, uint64_t *h, struct pth_err *e)
{
	pth_auto_buf top = PTH_BUF_INIT;
	FTSENT *f;
	FTS *fts;

	pth_buf_addf(&top, "%s/plugins", share);
	char *roots[] = { top.s, NULL };

	fts = fts_open(roots, FTS_LOGICAL | FTS_NOCHDIR, by_name);
	if (fts == NULL)
		return pth_err_set(e, PTH_SYSTEM, "%s:", top.s);
	*h = PTH_HASH_EMPTY;
	while ((f = fts_read(fts)) != NULL) {
		pth_auto_buf text = PTH_BUF_INIT;

		if (f->fts_info != FTS_F || pth_file_read(f->fts_path, FILE_MAX, &text, e) != 0)
			continue;
		*h = pth_hash_text(*h, f->fts_path + top.len);
		*h = pth_hash(*h, text.s != NULL ? text.s : "", text.len);
	}
	fts_close(fts);
	return 0;
}

int
pth_work_stamp(struct pth_buf *b, const struct pth_home *home, struct pth_err *e)
{
	uint64_t h = 0;

	if (hash_plugins(home->share, &h, e) != 0)
		return -1;
	pth_buf_addf(b, "version %s, plugins %016llx", PTH_VERSION, (unsigned long long)h);
	return 0;
}

/* What DIR/stamp says: who has cut the run into parts, how many tests run at a time, which run. */
struct stamp {
	struct pth_buf text; /* has the lines */
	const char *maker, *jobs, *run;
};

static int
read_stamp(int dirfd, const char *dir, struct stamp *st, struct pth_err *e)
{
	const char **lines[] = { &st->maker, &st->jobs, &st->run };
	char *at;

	if (pth_file_read_below(dirfd, "stamp", STAMP_MAX, &st->text, e) != 0)
		return pth_err_wrap(e, "%s is not a directory of parts here; is it shared?", dir);
	at = st->text.s;
	for (size_t i = 0; i < countof(lines); i++) {
		char *end = at != NULL ? strchr(at, '\n') : NULL;

		if (end == NULL)
			return pth_err_set(e, PTH_INPUT, "%s/stamp has no line %zu", dir, i + 1);
		*end = '\0';
		*lines[i] = at;
		at = end + 1;
	}
	return 0;
}

/* Is the far side, which is here, like the one that has made the parts? */
static int
check_maker(const char *maker, const struct pth_home *home, struct pth_err *e)
{
	pth_auto_buf here = PTH_BUF_INIT;
	char host[256] = "?";

	if (pth_work_stamp(&here, home, e) != 0)
		return -1;
	if (strcmp(maker, here.s) == 0)
		return 0;
	gethostname(host, sizeof host - 1);
	return pth_err_set(
	    e, PTH_SYSTEM, "%s has %s, and who has cut the run has %s", host, here.s, maker);
}

/* A machine that has lost its connection keeps the files of its part, and a later run may come to
 * the same place: what another run has left there goes, its code above all. */
static int
forget_another_run(int part, const char *run, struct pth_err *e)
{
	static const char *const left[] = { "code", "out.jsonl", "new.jsonl", "log", "run" };
	pth_auto_buf old = PTH_BUF_INIT;

	if (pth_file_read_below(part, "of", STAMP_MAX, &old, NULL) == 0 && old.s != NULL &&
	    strcmp(old.s, run) == 0)
		return 0;
	for (size_t i = 0; i < countof(left); i++)
		if (pth_rmtree(part, left[i], e) != 0)
			return -1;
	return pth_file_write(part, "of", run, strlen(run), e);
}

/* Runs pth-exec; signals go to it. */
static int
run(int part, const char *where, const char *jobs, const struct pth_home *home,
    struct pth_exit *end, struct pth_err *e)
{
	pth_auto_buf program = PTH_BUF_INIT;
	pth_auto_fd in = openat(part, "plan.jsonl", O_RDONLY | O_CLOEXEC),
	            out = openat(part, "new.jsonl", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666),
	            sig = pth_sig_open();
	struct rusage usage;
	int status = 0, s;
	pid_t pid;

	if (in < 0 || out < 0 || sig < 0)
		return pth_err_set(e, PTH_SYSTEM, "%s:", where);
	pth_buf_addf(&program, "%s/pth-exec", home->bin);
	const char *const argv[] = { program.s, "-q", "--resume", "-j", jobs, "-o", "run", NULL };
	const struct pth_proc_req q = { .argv = argv,
		.cwd = where,
		.in = in,
		.out = out,
		.err = STDERR_FILENO,
		.session = true,
		.die_with_parent = true };

	pid = pth_proc_spawn(&q, NULL, e);
	if (pid < 0)
		return -1;
	while (wait4(pid, &status, WNOHANG, &usage) == 0) {
		poll(&(struct pollfd){ sig, POLLIN, 0 }, 1, -1);
		while ((s = pth_sig_next(sig)) != 0)
			if (s != SIGCHLD)
				kill(pid, SIGTERM);
	}
	*end = pth_exit_of(status, &usage);
	return 0;
}

/* Whoever sees the code sees the rest. */
static int
put_code(int part, const char *text)
{
	pth_auto_buf b = PTH_BUF_INIT;
	struct pth_err e;

	pth_buf_addf(&b, "%s\n", text);
	if (faccessat(part, "new.jsonl", F_OK, 0) == 0 &&
	    renameat(part, "new.jsonl", part, "out.jsonl") != 0) {
		pth_complain("out.jsonl:");
		return PTH_SYSTEM;
	}
	if (pth_file_write(part, "code", b.s, b.len, &e) == 0)
		return PTH_OK;
	pth_complain("%s", e.text);
	return PTH_SYSTEM;
}

/* A part that was lost and submitted again may be at work all the same: who comes second waits for
 * the end of the first. */
static int
take_turn(int part)
{
	int fd = openat(part, "lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0666);

	while (fd >= 0 && flock(fd, LOCK_EX) != 0)
		if (errno != EINTR)
			break; /* a file system without locks */
	return fd;
}

/* From now on, what is said is in the log of the part. */
static void
keep_log(int part)
{
	pth_auto_fd log = openat(
	    part, "log", O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0666);

	if (log >= 0) {
		dup2(log, STDOUT_FILENO);
		dup2(log, STDERR_FILENO);
	}
}

/* The part cannot be run here, and whoever looks for its results sees why. */
static int
refuse(int part, struct pth_err *e)
{
	pth_err_wrap(e, "refused");
	pth_complain("%s", e->text);
	return put_code(part, e->text) == PTH_OK ? e->code : PTH_SYSTEM;
}

bool
pth_work_cancelled(const char *code)
{
	return strcmp(code, "signal TERM") == 0 || strcmp(code, "signal INT") == 0;
}

/* Has somebody done the part already? GNU parallel cancels a part when its connection breaks, and
 * then sends it again, maybe to the same place: that part is to go on. */
static bool
is_done(int part)
{
	pth_auto_buf code = PTH_BUF_INIT;

	if (pth_file_read_below(part, "code", STAMP_MAX, &code, NULL) != 0 || code.len == 0)
		return false;
	code.s[strcspn(code.s, "\n")] = '\0';
	if (!pth_work_cancelled(code.s))
		return true;
	unlinkat(part, "code", 0);
	return false;
}

/* The part is ours now, and lock is held: its tests run. */
static int
work(int part, const char *where, const struct stamp *st, const struct pth_home *home,
    struct pth_err *e)
{
	struct pth_exit end = { .code = 0 };
	char how[32];

	if (is_done(part))
		return PTH_OK;
	if (check_maker(st->maker, home, e) != 0)
		return refuse(part, e);
	if (run(part, where, st->jobs, home, &end, e) != 0) {
		pth_complain("%s", e->text);
		return PTH_SYSTEM;
	}
	return put_code(part, pth_exit_text(&end, how));
}

int
pth_work(const char *dir, const char *number, const struct pth_home *home)
{
	pth_auto_fd top = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC), part = -1, lock = -1;
	pth_auto_buf where = PTH_BUF_INIT;
	struct stamp st = { .text = PTH_BUF_INIT };
	struct pth_err e;
	bool good;
	int code;

	pth_buf_addf(&where, "%s/%s", dir, number);
	part = top < 0 || !pth_name_ok(number) ? -1 : pth_open_dir(top, number);
	if (part < 0) {
		pth_complain("%s:", where.s);
		return PTH_SYSTEM;
	}
	lock = take_turn(part);
	good = read_stamp(top, dir, &st, &e) == 0 && forget_another_run(part, st.run, &e) == 0;
	keep_log(part);
	code = good ? work(part, where.s, &st, home, &e) : refuse(part, &e);
	pth_buf_release(&st.text);
	return code;
}
