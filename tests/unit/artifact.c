/* The files of a test: of what kind, listed, read in lines, compared, within a budget. */
#include "collect/artifact.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "io/file.h"
#include "unit.h"

static void
put(const char *path, const char *text, size_t n)
{
	struct pth_err e;

	CHECK_INT(pth_file_write(AT_FDCWD, path, text, n, &e), 0);
}

static void
kinds(void)
{
	static const char *const v[][2] = {
		{ "client/downloads/x.pcapng", "download" }, /* the first that fits */
		{ "a/x.pcap", "capture" },
		{ "a/sslkeylog.txt", "keylog" },
		{ "a/k.keys", "keylog" },
		{ "a/k.keylog", "keylog" },
		{ "a/x.qlog", "qlog" },
		{ "a/qlog/x", "qlog" },
		{ "a/core", "core" },
		{ "a/core.1", "core" },
		{ "a/score", "file" },
		{ "certs/x", "certificate" },
		{ "a/certs/x", "certificate" },
		{ "a/x.crt", "certificate" },
		{ "a/x.prof", "profile" },
		{ "a/x.heap", "profile" },
		{ "a/strace.1", "profile" },
		{ "a/memcheck.xml", "profile" },
		{ "a/perf.data.old", "profile" },
		{ "a/gmon.out", "profile" },
		{ "metrics.jsonl", "metrics" },
		{ "a/metrics.jsonl", "metrics" },
		{ "a/stdout", "log" },
		{ "a/stderr.1", "log" },
		{ "setup/1", "log" },
		{ "a/phases/x/y", "log" },
		{ "downloads", "file" },
		{ "a/x.txt", "file" },
	};

	unit("kinds by path");
	for (size_t i = 0; i < sizeof v / sizeof *v; i++)
		CHECK_STR(pth_artifact_kind_of(v[i][0]), v[i][1]);
}

/* "path kind service bytes; ..." of a list. */
static void
show(struct pth_buf *b, const json_t *list)
{
	json_t *a;
	size_t i;

	json_array_foreach(list, i, a) {
		const char *service = json_string_value(json_object_get(a, "service"));

		pth_buf_addf(b, "%s %s %s %lld%s; ", pth_json_str(a, "path", "?"),
		    pth_json_str(a, "kind", "?"), service != NULL ? service : "-",
		    (long long)pth_json_int(a, "bytes", -1),
		    json_object_get(a, "unread") != NULL ? " unread" : "");
		CHECK((json_object_get(a, "unread") == NULL) ==
		    (strlen(pth_json_str(a, "sha256", "")) == 64));
	}
}

static void
lists(void)
{
	static const char text[] =
	    "{\"services\":{\"srv\":{}},\"result\":{\"services\":{\"cli\":{}}},\"plan\":{"
	    "\"services\":[{\"name\":\"srv\",\"artifacts\":[\"*.txt\",{\"path\":\"d/*\","
	    "\"kind\":\"qlog\"},{\"path\":\"*.dat\",\"kind\":\"core\"}]}]}}";
	struct pth_artifact_budget budget = pth_artifact_budget(100, 0);
	struct pth_buf b = PTH_BUF_INIT;
	struct pth_err e;
	json_t *rec = pth_json_parse(text, sizeof text - 1, &e), *list;
	int64_t omitted = 7;
	int dir;

	unit("a list has every file, with its service and kind");
	CHECK(pth_mkdirs(AT_FDCWD, "t/srv/d", &e) == 0 && pth_mkdirs(AT_FDCWD, "t/cli", &e) == 0);
	CHECK(pth_mkdirs(AT_FDCWD, "t/other", &e) == 0);
	put("t/record.json", "x", 1);
	put("t/result.json", "x", 1);
	put("t/srv/record.json", "x", 1);
	put("t/srv/d/f", "ab", 2);
	put("t/srv/d/g.dat", "", 0);
	put("t/srv/a.txt", "abc", 3);
	put("t/cli/stdout.log", "", 0);
	put("t/other/x.dat", "", 0);
	CHECK_INT(symlink("stdout.log", "t/cli/link"), 0);
	dir = open("t", O_RDONLY | O_DIRECTORY);
	list = pth_artifact_list(dir, rec, &budget, &omitted, &e);
	show(&b, list);
	CHECK_STR(b.s,
	    "cli/stdout.log log cli 0; other/x.dat file - 0; srv/a.txt file srv 3; "
	    "srv/d/f qlog srv 2; srv/d/g.dat qlog srv 0; srv/record.json file srv 1; ");
	CHECK(e.code == 0 && omitted == 0);
	CHECK_INT(budget.bytes, 400 - 6);
	json_decref(list);

	unit("a file that is longer than what is left is not read");
	budget = pth_artifact_budget(2, 0);
	list = pth_artifact_list(dir, rec, &budget, &omitted, &e);
	pth_buf_cut(&b, 0);
	show(&b, list);
	CHECK(strstr(b.s, "srv/a.txt file srv 3 unread;") != NULL);
	CHECK(strstr(b.s, "srv/d/f qlog srv 2;") != NULL);
	CHECK_STR(json_string_value(pth_json_path(list, "2.unread")), "larger than 2 bytes");
	json_decref(list);
	json_decref(rec);
	pth_buf_release(&b);
	close(dir);
}

/* So many directories below each other; is the list said to be whole? */
static void
depths(void)
{
	struct pth_artifact_budget budget = pth_artifact_budget(100, 0);
	struct pth_buf path = PTH_BUF_INIT;
	json_t *rec = json_object(), *list;
	int64_t omitted;
	struct pth_err e;

	unit("directories are looked into 64 deep");
	pth_buf_adds(&path, "deep");
	for (int i = 0; i < PTH_ARTIFACT_DEPTH; i++)
		pth_buf_adds(&path, "/d");
	CHECK_INT(pth_mkdirs(AT_FDCWD, path.s, &e), 0);
	pth_buf_adds(&path, "/f");
	put(path.s, "x", 1);
	int dir = open("deep", O_RDONLY | O_DIRECTORY);
	list = pth_artifact_list(dir, rec, &budget, &omitted, &e);
	CHECK_INT(json_array_size(list), 1);
	CHECK_INT(e.code, 0);
	json_decref(list);
	pth_buf_cut(&path, path.len - 2);
	pth_buf_adds(&path, "/e");
	CHECK_INT(mkdir(path.s, 0755), 0);
	list = pth_artifact_list(dir, rec, &budget, &omitted, &e);
	CHECK_INT(json_array_size(list), 1);
	CHECK_STR(e.text, "directories more than 64 deep are not listed");
	json_decref(list);
	json_decref(rec);
	pth_buf_release(&path);
	close(dir);
}

/* "length", "+length" for what continues. */
static void
note(void *arg, const char *s, size_t n, bool rest)
{
	struct pth_buf *b = arg;

	pth_buf_addf(b, "%s%zu%c ", rest ? "+" : "", n, n > 0 ? s[n - 1] : '-');
}

static void
lines(void)
{
	static const struct {
		size_t n; /* letters of the first line, before "\nend" */
		const char *want;
	} v[] = {
		{ 0, "0- 3d " },
		{ 1, "1x 3d " },
		{ 65534, "65534x 3d " },
		{ 65535, "65535x 3d " },
		{ 65536, "65536x +0- 3d " },
		{ 65537, "65536x +1x 3d " },
		{ 131073, "65536x +65536x +1x 3d " },
	};
	char *text = malloc(200000);

	unit("lines, and pieces of long ones");
	for (size_t i = 0; i < sizeof v / sizeof *v; i++) {
		struct pth_buf b = PTH_BUF_INIT;
		int fd;

		memset(text, 'x', v[i].n);
		memcpy(text + v[i].n, "\nend", 4);
		put("lines", text, v[i].n + 4);
		fd = open("lines", O_RDONLY);
		pth_artifact_lines(fd, 1 << 20, pth_mono_us() + 60 * PTH_SECOND_US, note, &b);
		CHECK_STR(b.s, v[i].want);
		close(fd);
		pth_buf_release(&b);
	}
	free(text);
}

static void
comparisons(void)
{
	static const struct {
		const char *a, *b;
		int64_t file, bytes; /* the budget; bytes 0: all */
		int same;
		const char *why;
	} v[] = {
		{ "abc", "abc", 3, 0, 1, NULL },
		{ "abc", "abd", 3, 0, 0, "a (3 bytes) differs from b (3 bytes) at byte 2" },
		{ "abc", "ab", 3, 0, 0, "a (3 bytes) differs from b (2 bytes) at byte 2" },
		{ "ab", "abc", 3, 0, 0, "a (2 bytes) differs from b (3 bytes) at byte 2" },
		{ "", "", 3, 0, 1, NULL },
		{ "abc", "abc", 2, 0, -1, "a, b: larger than 2 bytes" },
		{ "abc", "abc", 3, 2, -1, "a, b: too many bytes of other files before it" },
		{ "abc", "abc", 3, 3, 1, NULL },
	};

	unit("two files are the same, or not, or it cannot be told");
	for (size_t i = 0; i < sizeof v / sizeof *v; i++) {
		struct pth_artifact_budget budget = pth_artifact_budget(v[i].file, 0);
		struct pth_buf why = PTH_BUF_INIT;
		int64_t n = -1;

		budget.bytes = v[i].bytes > 0 ? v[i].bytes : budget.bytes;
		put("a", v[i].a, strlen(v[i].a));
		put("b", v[i].b, strlen(v[i].b));
		CHECK_INT(pth_artifact_same(AT_FDCWD, "a", "b", &budget, &n, &why), v[i].same);
		CHECK_STR(why.s, v[i].why);
		if (v[i].same == 1)
			CHECK_INT(n, strlen(v[i].a));
		pth_buf_release(&why);
	}
	struct pth_artifact_budget budget = pth_artifact_budget(10, 0);
	struct pth_buf why = PTH_BUF_INIT;
	int64_t n;
	char hex[65];

	unit("one that is not there, or for which there is no time");
	CHECK_INT(pth_artifact_same(AT_FDCWD, "a", "none", &budget, &n, &why), -1);
	CHECK_STR(why.s, "none: No such file or directory");
	pth_buf_cut(&why, 0);
	CHECK_INT(pth_artifact_same(AT_FDCWD, "none", "a", &budget, &n, &why), -1);
	CHECK_STR(why.s, "none: No such file or directory");
	pth_buf_cut(&why, 0);
	budget.until = 0;
	CHECK_INT(pth_artifact_same(AT_FDCWD, "a", "b", &budget, &n, &why), -1);
	CHECK_STR(why.s, "a, b: no time left for it");
	pth_buf_cut(&why, 0);
	CHECK_INT(pth_artifact_digest(AT_FDCWD, "a", &budget, hex, &why), -1);
	CHECK_STR(why.s, "no time left for it");
	CHECK_INT(pth_artifact_digest(AT_FDCWD, "a", NULL, hex, &why), 0);
	pth_buf_release(&why);

	unit("what is read is gone from the budget");
	budget = pth_artifact_budget(10, 0);
	CHECK(budget.file == 10 && budget.bytes == 40);
	CHECK_INT(pth_artifact_digest(AT_FDCWD, "a", &budget, hex, &why), 0);
	CHECK_INT(budget.bytes, 37);
	CHECK_INT(pth_artifact_same(AT_FDCWD, "a", "b", &budget, &n, &why), 1);
	CHECK_INT(budget.bytes, 34);
	budget = pth_artifact_budget(0, 0);
	CHECK(budget.file == PTH_ARTIFACT_FILE && budget.bytes == 4 * PTH_ARTIFACT_FILE);
	CHECK(budget.until > pth_mono_us() + PTH_ARTIFACT_TIME - 60 * PTH_SECOND_US);
	CHECK(budget.until <= pth_mono_us() + PTH_ARTIFACT_TIME);
	pth_buf_release(&why);
}

int
main(void)
{
	kinds();
	lists();
	depths();
	lines();
	comparisons();
	return unit_done();
}
