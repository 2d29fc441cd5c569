/* This file lists the files of a test, tells of what kind they are, and reads them with care. */
#include "collect/artifact.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/os.h"
#include "base/text.h"
#include "io/digest.h"
#include "io/record.h"

#define BLOCK 131072
#define LINES_BLOCK 65536

/* First match wins. A pattern without '/' is for the last part of the path. */
static const struct {
	const char *kind, *patterns[16];
} kinds[] = {
	{ "download", { "*/downloads/*" } },
	{ "capture", { "*.pcapng", "*.pcap" } },
	{ "keylog", { "*keys.log", "*.keys", "*.keylog", "sslkeylog*" } },
	{ PTH_ARTIFACT_QLOG, { "*.qlog", "*.sqlog", "*/qlog/*" } },
	{ "core", { "core", "core.*" } },
	{ "certificate", { "certs/*", "*/certs/*", "*.pem", "*.crt" } },
	{ "profile",
	    { "*.prof", "*.heap", "callgrind.out*", "cachegrind.out*", "massif.out*", "memcheck*",
	        "helgrind*", "valgrind*", "strace*", "ltrace*", "perf.data*", "perf.stat*",
	        "gmon.out*" } },
	{ "metrics", { "metrics.jsonl" } },
	{ PTH_ARTIFACT_LOG, { "*/phases/*", "setup/*", "*.log", "stdout*", "stderr*" } },
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
		for (const char *const *p = kinds[i].patterns; *p != NULL; p++)
			if (matches(*p, path))
				return kinds[i].kind;
	return "file";
}

int
pth_artifact_open(int dirfd, const char *path, int64_t *size)
{
	struct stat st;
	int fd = pth_open_regular(dirfd, path, &st);

	if (fd >= 0 && size != NULL)
		*size = st.st_size;
	return fd;
}

int
pth_artifact_dir(const char *run, const char *dir)
{
	pth_auto_fd top = open(run, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return top < 0 ? -1 : pth_open_dir(top, dir);
}

bool
pth_artifact_read(int fd, int64_t size, int64_t max, struct pth_buf *b)
{
	size_t want = (size_t)(size < max ? size : max);
	ssize_t n = pth_read_all(fd, pth_buf_room(b, want + 1), want);

	b->len += n > 0 ? (size_t)n : 0;
	return n > 0;
}

void
pth_artifact_lines(int fd, int64_t max, int64_t until,
    void (*line)(void *arg, const char *s, size_t n, bool rest), void *arg)
{
	pth_auto_str block = pth_xmalloc(LINES_BLOCK + 1); /* sanitizers want a NUL somewhere */
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
}

struct pth_artifact_budget
pth_artifact_budget(int64_t file, int64_t us)
{
	file = file > 0 && file < INT64_MAX / 4 ? file : PTH_ARTIFACT_FILE;
	us = us > 0 ? us : PTH_ARTIFACT_TIME;
	return (struct pth_artifact_budget){ file, 4 * file, pth_mono_us() + us };
}

/* How many bytes of a file may be read. */
static int64_t
most(const struct pth_artifact_budget *b)
{
	return b->bytes < b->file ? b->bytes : b->file;
}

/* Why a file was not read, by errno. */
static void
unread(const struct pth_artifact_budget *b, struct pth_buf *why)
{
	int error = errno;

	if (error == EFBIG && b->bytes < b->file) {
		pth_buf_adds(why, "too many bytes of other files before it");
	} else if (error == EFBIG) {
		pth_buf_adds(why, "larger than ");
		pth_size_show(why, b->file);
	} else {
		pth_buf_adds(why, error == ETIME ? "no time left for it" : strerror(error));
	}
}

/* SHA-256 of a file, or why there is none. */
static int
hash(int fd, struct pth_artifact_budget *b, char hex[65], struct pth_buf *why)
{
	int64_t bytes = 0;
	int rc = fd < 0 ? -1 : pth_sha256_within(fd, most(b), b->until, hex, &bytes);

	if (rc != 0)
		unread(b, why);
	b->bytes -= bytes;
	return rc;
}

/* What may be listed of one service, or of what belongs to none. */
struct share {
	size_t files, bytes, looks;
};

struct walk {
	const json_t *rec;
	json_t *list;
	struct pth_artifact_budget *budget;
	struct share common, *share, each;
	int64_t omitted;
	struct pth_err *e;
};

/* The service a path belongs to: its first part, when the plan or the result
 * knows a service of that name. */
static json_t *
service_of(const json_t *rec, const char *path)
{
	const char *slash = strchr(path, '/');
	pth_auto_str name = slash != NULL ? pth_xstrndup(path, (size_t)(slash - path)) : NULL;

	return name != NULL &&
	        (json_object_get(pth_test_services(rec), name) != NULL ||
	            pth_rec_ended_service(rec, name) != NULL) ?
	    pth_json_string(name) :
	    json_null();
}

/* What the plan's globs say: "glob" leaves the kind alone, {"path","kind"}
 * gives one. Globs are relative to the service's directory. */
static const char *
planned_kind(const json_t *rec, const char *service, const char *path)
{
	json_t *g;
	size_t i;

	json_array_foreach(pth_svc_artifacts(pth_rec_service(rec, service)), i, g) {
		const char *glob = pth_want_path(g), *want = pth_want_kind(g);

		if (glob != NULL && want != NULL && matches(glob, path + strlen(service) + 1))
			return want;
	}
	return pth_artifact_kind_of(path);
}

const char *
pth_artifact_kind_in(const json_t *rec, const char *path)
{
	json_auto_t *service = service_of(rec, path);

	return planned_kind(rec, json_string_value(service), path);
}

static void
fault(struct walk *w, const char *path)
{
	if (w->e->code == 0)
		pth_err_set(w->e, PTH_SYSTEM, "%s:", path);
}

/* Take over an entry, unless there is no room for it. */
static void
push(struct walk *w, json_t *entry)
{
	/* It and the comma behind it, in the record. */
	size_t bytes = json_dumpb(entry, NULL, 0, JSON_COMPACT) + 1;

	if (w->share->files == 0 || bytes > w->share->bytes) {
		w->omitted++;
		json_decref(entry);
		return;
	}
	w->share->files--;
	w->share->bytes -= bytes;
	pth_json_push(w->list, entry);
}

static void
list_file(struct walk *w, int dir, const char *name, const char *path, int64_t bytes)
{
	pth_auto_fd fd = pth_open_regular(dir, name, NULL);
	pth_auto_buf why = PTH_BUF_INIT;
	json_t *a, *service;
	char hex[65];

	if (fd < 0 && errno == ENOENT) {
		fault(w, path);
		return;
	}
	if (w->share->files == 0) { /* not even hashed */
		w->omitted++;
		return;
	}
	a = json_object();
	service = service_of(w->rec, path);
	pth_artifact_set_path(a, path);
	pth_json_set(a, PTH_KEY(artifact, service), service);
	pth_artifact_set_kind(a, planned_kind(w->rec, json_string_value(service), path));
	pth_artifact_set_bytes(a, bytes);
	if (hash(fd, w->budget, hex, &why) == 0)
		pth_artifact_set_sha256(a, hex);
	else
		pth_artifact_set_unread(a, why.s);
	push(w, a);
}

bool
pth_artifact_is_record(const char *path)
{
	return strcmp(path, "record.json") == 0 || strcmp(path, "result.json") == 0 ||
	    strcmp(path, PTH_SERIES_FILE) == 0;
}

static void walk(
    struct walk *w, int parent, const char *name, struct pth_buf *path, unsigned depth);

/* Walk a directory; that of a service has its own share. */
static void
walk_into(struct walk *w, int parent, const char *name, struct pth_buf *path, unsigned depth)
{
	struct share own = w->each;

	if (depth > PTH_ARTIFACT_DEPTH) {
		if (w->e->code == 0)
			pth_err_set(w->e, PTH_SYSTEM,
			    "directories more than %d deep are not listed", PTH_ARTIFACT_DEPTH);
		return;
	}
	if (depth == 1) {
		pth_auto_buf inside = PTH_BUF_INIT;

		pth_buf_addf(&inside, "%s/", name);
		json_auto_t *service = service_of(w->rec, inside.s);

		w->share = json_is_string(service) ? &own : &w->common;
	}
	walk(w, parent, name, path, depth);
	if (depth == 1)
		w->share = &w->common;
}

/* Walk the directory of that name in parent, whose path is in `path`. */
static void
walk(struct walk *w, int parent, const char *name, struct pth_buf *path, unsigned depth)
{
	pth_auto_dir d = pth_opendir(parent, name);
	struct dirent *de;
	struct stat st;
	size_t len = path->len;

	if (d == NULL)
		fault(w, len != 0 ? path->s : ".");
	while (d != NULL && w->share->looks > 0 && (de = readdir(d)) != NULL) {
		if (strcmp(de->d_name, ".") == 0 || strcmp(de->d_name, "..") == 0)
			continue;
		w->share->looks--;
		pth_buf_addf(path, "%s%s", len != 0 ? "/" : "", de->d_name);
		if (fstatat(dirfd(d), de->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0)
			fault(w, path->s);
		else if (S_ISREG(st.st_mode) && !pth_artifact_is_record(path->s))
			list_file(w, dirfd(d), de->d_name, path->s, st.st_size);
		else if (S_ISDIR(st.st_mode))
			walk_into(w, dirfd(d), de->d_name, path, depth + 1);
		pth_buf_cut(path, len);
	}
	if (w->share->looks == 0 && w->e->code == 0)
		pth_err_set(w->e, PTH_SYSTEM, "%s: too many files: the rest is not listed",
		    len != 0 ? path->s : ".");
}

static int
by_path(const void *a, const void *b)
{
	return strcmp(
	    pth_artifact_path(*(json_t *const *)a), pth_artifact_path(*(json_t *const *)b));
}

static json_t *
sorted(const json_t *list)
{
	size_t n = json_array_size(list), i;
	pth_auto_free json_t **v = pth_xarray(NULL, n + 1, sizeof *v);
	json_t *out = json_array();

	for (i = 0; i < n; i++)
		v[i] = json_array_get(list, i);
	qsort(v, n, sizeof *v, by_path);
	for (i = 0; i < n; i++)
		pth_json_push(out, json_incref(v[i]));
	return out;
}

json_t *
pth_artifact_list(int dirfd, const json_t *rec, struct pth_artifact_budget *budget,
    int64_t *omitted, struct pth_err *e)
{
	size_t services = json_object_size(pth_test_services(rec));
	size_t ended = json_object_size(pth_rec_ended(rec));
	size_t shares = 1 + (services > ended ? services : ended);
	struct share each = { PTH_ARTIFACT_MAX / shares, PTH_ARTIFACT_BYTES / shares,
		PTH_ARTIFACT_LOOKS / shares };
	pth_auto_buf path = PTH_BUF_INIT;
	json_auto_t *list = json_array();
	struct walk w = { rec, list, budget, each, &w.common, each, 0, e };

	e->code = 0;
	walk(&w, dirfd, ".", &path, 0);
	*omitted = w.omitted;
	if (w.omitted > 0 && e->code == 0)
		pth_err_set(e, PTH_SYSTEM, "%lld file%s not listed: there are too many",
		    (long long)w.omitted, w.omitted == 1 ? " is" : "s are");
	return sorted(list);
}

int
pth_artifact_digest(int dirfd, const char *path, struct pth_artifact_budget *budget, char hex[65],
    struct pth_buf *why)
{
	pth_auto_fd fd = pth_artifact_open(dirfd, path, NULL);
	struct pth_artifact_budget usual = pth_artifact_budget(0, 0);

	return hash(fd, budget != NULL ? budget : &usual, hex, why);
}

void
pth_artifact_lines_within(int fd, struct pth_artifact_budget *budget,
    void (*line)(void *arg, const char *s, size_t n, bool rest), void *arg)
{
	struct pth_artifact_budget usual = pth_artifact_budget(0, 0);
	off_t at;

	budget = budget != NULL ? budget : &usual;
	pth_artifact_lines(fd, most(budget), budget->until, line, arg);
	at = lseek(fd, 0, SEEK_CUR);
	budget->bytes -= at > 0 ? at : 0;
}

/* Compare two files: 1 the same, 0 not, -1 and errno. */
static int
same_fds(int fa, int fb, const struct pth_artifact_budget *budget, int64_t *bytes)
{
	pth_auto_str x = pth_xmalloc(BLOCK);
	pth_auto_str y = pth_xmalloc(BLOCK);
	ssize_t n, m, i;

	do {
		if (*bytes > most(budget) || pth_mono_us() >= budget->until) {
			errno = *bytes > most(budget) ? EFBIG : ETIME;
			return -1;
		}
		n = pth_read_all(fa, x, BLOCK);
		m = n < 0 ? n : pth_read_all(fb, y, BLOCK);
		if (m < 0)
			return -1;
		for (i = 0; i < n && i < m && x[i] == y[i]; i++)
			;
		*bytes += i;
		if (i < n || i < m)
			return 0;
	} while (n > 0);
	return 1;
}

int
pth_artifact_same(int dirfd, const char *a, const char *b, struct pth_artifact_budget *budget,
    int64_t *bytes, struct pth_buf *why)
{
	int64_t la = 0, lb = 0;
	pth_auto_fd fa = pth_artifact_open(dirfd, a, &la);
	pth_auto_fd fb = -1;
	struct pth_artifact_budget usual = pth_artifact_budget(0, 0);
	int same;

	*bytes = 0;
	budget = budget != NULL ? budget : &usual;
	if (fa < 0 || (fb = pth_artifact_open(dirfd, b, &lb)) < 0) {
		pth_buf_addf(why, "%s: %s", fa < 0 ? a : b, strerror(errno));
		return -1;
	}
	errno = EFBIG;
	same = la == lb && la > most(budget) ? -1 : same_fds(fa, fb, budget, bytes);
	if (same < 0 && la != lb && (errno == EFBIG || errno == ETIME)) {
		pth_buf_addf(why, "%s (%lld bytes) has another length than %s (%lld bytes)", a,
		    (long long)la, b, (long long)lb);
		same = 0;
	} else if (same < 0) {
		pth_buf_addf(why, "%s, %s: ", a, b);
		unread(budget, why);
	} else if (same == 0) {
		pth_buf_addf(why, "%s (%lld bytes) differs from %s (%lld bytes) at byte %lld", a,
		    (long long)la, b, (long long)lb, (long long)*bytes);
	}
	budget->bytes -= *bytes;
	return same;
}
