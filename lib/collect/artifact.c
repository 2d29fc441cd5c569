#include "collect/artifact.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/os.h"
#include "base/text.h"
#include "io/digest.h"
#include "io/record.h"

#define BLOCK 131072
#define LINES_BLOCK 65536

/* First match wins. A pattern without '/' is for the last part of the path. */
static const struct {
	const char *pattern, *kind;
} kinds[] = {
	{ "*/downloads/*", "download" },
	{ "*.pcapng", "capture" },
	{ "*.pcap", "capture" },
	{ "*keys.log", "keylog" },
	{ "*.keys", "keylog" },
	{ "*.keylog", "keylog" },
	{ "sslkeylog*", "keylog" },
	{ "*.qlog", "qlog" },
	{ "*.sqlog", "qlog" },
	{ "*/qlog/*", "qlog" },
	{ "core", "core" },
	{ "core.*", "core" },
	{ "certs/*", "certificate" },
	{ "*/certs/*", "certificate" },
	{ "*.pem", "certificate" },
	{ "*.crt", "certificate" },
	{ "*.prof", "profile" },
	{ "*.heap", "profile" },
	{ "callgrind.out*", "profile" },
	{ "cachegrind.out*", "profile" },
	{ "massif.out*", "profile" },
	{ "memcheck*", "profile" },
	{ "helgrind*", "profile" },
	{ "valgrind*", "profile" },
	{ "strace*", "profile" },
	{ "ltrace*", "profile" },
	{ "perf.data*", "profile" },
	{ "perf.stat*", "profile" },
	{ "gmon.out*", "profile" },
	{ "metrics.jsonl", "metrics" },
	{ "*/phases/*", "log" },
	{ "setup/*", "log" },
	{ "*.log", "log" },
	{ "stdout*", "log" },
	{ "stderr*", "log" },
};

static bool
matches(const char *pattern, const char *path)
{
	return pth_glob(pattern, path) ||
	    (strchr(pattern, '/') == NULL && pth_glob(pattern, pth_base_name(path)));
}

const char *
pth_artifact_kind_of(const char *path)
{
	for (size_t i = 0; i < countof(kinds); i++)
		if (matches(kinds[i].pattern, path))
			return kinds[i].kind;
	return "file";
}

int
pth_artifact_open(int dirfd, const char *path, int64_t *size)
{
	int fd = pth_open_beneath(dirfd, path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0);
	struct stat st;

	if (fd < 0)
		return -1;
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
		close(fd);
		errno = EINVAL;
		return -1;
	}
	if (size != NULL)
		*size = st.st_size;
	return fd;
}

int
pth_artifact_dir(const char *run, const char *dir)
{
	int top = open(run, O_RDONLY | O_DIRECTORY | O_CLOEXEC), fd;

	if (top < 0)
		return -1;
	fd = pth_open_beneath(top, dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
	close(top);
	return fd;
}

void
pth_artifact_lines(int fd, int64_t max, int64_t until,
    void (*line)(void *arg, const char *s, size_t n, bool rest), void *arg)
{
	char *block = pth_xmalloc(LINES_BLOCK + 1); /* sanitizers want a NUL somewhere */
	size_t have = 0, from;
	bool rest = false;
	ssize_t got;

	do {
		got = pth_read_all(fd, block + have, LINES_BLOCK - have);
		if (got > 0)
			have += (size_t)got;
		block[have] = '\0';
		for (from = 0; from < have;) {
			char *nl = memchr(block + from, '\n', have - from);
			size_t end = nl != NULL ? (size_t)(nl - block) : have;

			if (nl == NULL && got > 0 && from > 0)
				break; /* the rest of this line is still to come */
			line(arg, block + from, end - from, rest);
			rest = nl == NULL;
			from = end + (nl != NULL);
		}
		memmove(block, block + from, have - from);
		have -= from;
		max -= got > 0 ? got : 0;
	} while (got > 0 && max > 0 && pth_mono_us() < until);
	free(block);
}

struct walk {
	const json_t *rec;
	json_t *list;
	struct pth_err *e;
	size_t n;
};

/* The service a path belongs to: its first part, when the plan or the result
 * knows a service of that name. */
static json_t *
service_of(const json_t *rec, const char *path)
{
	const char *slash = strchr(path, '/');
	char *name;
	json_t *v = json_null();

	if (slash == NULL)
		return v;
	name = pth_xstrndup(path, (size_t)(slash - path));
	if (json_object_get(pth_test_services(rec), name) != NULL ||
	    pth_rec_ended_service(rec, name) != NULL)
		v = pth_json_string(name);
	free(name);
	return v;
}

/* What the plan's globs say: "glob" leaves the kind alone, {"path","kind"}
 * gives one. Globs are relative to the service's directory. */
static const char *
planned_kind(const json_t *rec, const char *service, const char *path, const char *kind)
{
	json_t *g;
	size_t i;

	json_array_foreach(pth_svc_artifacts(pth_rec_service(rec, service)), i, g) {
		const char *glob = pth_want_path(g);
		const char *want = pth_want_kind(g);

		if (glob != NULL && want != NULL && matches(glob, path + strlen(service) + 1))
			return want;
	}
	return kind;
}

static void
fault(struct walk *w, const char *path)
{
	if (w->e->code == 0)
		pth_err_set(w->e, PTH_SYSTEM, "%s:", path);
}

static void
list_file(struct walk *w, int dir, const char *name, const char *path)
{
	json_t *a, *service;
	char hex[65];
	int64_t bytes;
	int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

	if (fd < 0 || pth_sha256_fd(fd, hex, &bytes) != 0) {
		fault(w, path);
		if (fd >= 0)
			close(fd);
		return;
	}
	close(fd);
	a = json_object();
	service = service_of(w->rec, path);
	pth_artifact_set_path(a, path);
	pth_json_set(a, PTH_KEY(artifact, service), service);
	pth_artifact_set_kind(
	    a, planned_kind(w->rec, json_string_value(service), path, pth_artifact_kind_of(path)));
	pth_artifact_set_bytes(a, bytes);
	pth_artifact_set_sha256(a, hex);
	pth_json_push(w->list, a);
	w->n++;
}

static bool
ours(const char *path)
{
	return strcmp(path, "record.json") == 0 || strcmp(path, "result.json") == 0;
}

/* Walk the directory fd (taken over) whose path is in `path`. */
static void
walk(struct walk *w, int fd, struct pth_buf *path, unsigned depth)
{
	DIR *d = fdopendir(fd);
	struct dirent *de;
	size_t len = path->len;

	if (d == NULL) {
		fault(w, path->len != 0 ? path->s : ".");
		close(fd);
		return;
	}
	while (w->n < PTH_ARTIFACT_MAX && (de = readdir(d)) != NULL) {
		struct stat st;
		int sub;

		if (strcmp(de->d_name, ".") == 0 || strcmp(de->d_name, "..") == 0)
			continue;
		pth_buf_addf(path, "%s%s", len != 0 ? "/" : "", de->d_name);
		if (fstatat(fd, de->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0)
			fault(w, path->s);
		else if (S_ISREG(st.st_mode) && !ours(path->s))
			list_file(w, fd, de->d_name, path->s);
		else if (S_ISDIR(st.st_mode) && depth < PTH_ARTIFACT_DEPTH) {
			sub = openat(
			    fd, de->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
			if (sub < 0)
				fault(w, path->s);
			else
				walk(w, sub, path, depth + 1);
		}
		pth_buf_cut(path, len);
	}
	closedir(d);
}

static int
by_path(const void *a, const void *b)
{
	return strcmp(
	    pth_artifact_path(*(json_t *const *)a), pth_artifact_path(*(json_t *const *)b));
}

static json_t *
sorted(json_t *list)
{
	size_t n = json_array_size(list), i;
	json_t **v = pth_xarray(NULL, n + 1, sizeof *v), *out = json_array();

	for (i = 0; i < n; i++)
		v[i] = json_array_get(list, i);
	qsort(v, n, sizeof *v, by_path);
	for (i = 0; i < n; i++)
		pth_json_push(out, json_incref(v[i]));
	free(v);
	json_decref(list);
	return out;
}

json_t *
pth_artifact_list(int dirfd, const json_t *rec, struct pth_err *e)
{
	struct pth_buf path = PTH_BUF_INIT;
	struct walk w = { rec, json_array(), e, 0 };
	int fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	e->code = 0;
	if (fd < 0)
		fault(&w, ".");
	else
		walk(&w, fd, &path, 0);
	if (w.n >= PTH_ARTIFACT_MAX && e->code == 0)
		pth_err_set(
		    e, PTH_SYSTEM, "more than %d files: the rest is not listed", PTH_ARTIFACT_MAX);
	pth_buf_release(&path);
	return sorted(w.list);
}

/* Compare what is left of two files of the same size. */
static int
same_fds(int fa, int fb, int64_t *bytes)
{
	char *x = pth_xmalloc(BLOCK), *y = pth_xmalloc(BLOCK);
	ssize_t n, m = 0, i;
	int same = 1;

	while (same == 1 && (n = pth_read_all(fa, x, BLOCK)) != 0) {
		m = pth_read_all(fb, y, BLOCK);
		if (n < 0 || m < 0) {
			same = -1;
			break;
		}
		if (n == m && memcmp(x, y, (size_t)n) == 0) {
			*bytes += n;
			continue;
		}
		for (i = 0; i < n && i < m && x[i] == y[i]; i++)
			;
		*bytes += i;
		same = 0;
	}
	free(x);
	free(y);
	return same;
}

int
pth_artifact_same(int dirfd, const char *a, const char *b, int64_t *bytes, struct pth_buf *why)
{
	int64_t la = 0, lb = 0;
	int fa = pth_artifact_open(dirfd, a, &la), fb, same;

	*bytes = 0;
	if (fa < 0) {
		pth_buf_addf(why, "%s: %s", a, strerror(errno));
		return -1;
	}
	fb = pth_artifact_open(dirfd, b, &lb);
	if (fb < 0) {
		pth_buf_addf(why, "%s: %s", b, strerror(errno));
		close(fa);
		return -1;
	}
	same = same_fds(fa, fb, bytes);
	if (same < 0)
		pth_buf_addf(why, "%s, %s: %s", a, b, strerror(errno));
	else if (same == 0)
		pth_buf_addf(why, "%s (%lld bytes) differs from %s (%lld bytes) at byte %lld", a,
		    (long long)la, b, (long long)lb, (long long)*bytes);
	close(fa);
	close(fb);
	return same;
}
