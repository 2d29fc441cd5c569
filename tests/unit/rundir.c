/* The run directory: how it is found and made, what is put there, and what a resumed run keeps. */
#include "run/rundir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "io/event.h"
#include "io/file.h"
#include "io/record.h"
#include "run/lock.h"
#include "run/select.h"
#include "unit.h"

static struct pth_rundir d;
static struct pth_err err;

/* What was synced since the last look: files by the bytes that they had then. */
static int syncs;
static long long synced;

int
fsync(int fd)
{
	struct stat st;

	syncs++;
	synced = fstat(fd, &st) == 0 ? (long long)st.st_size : -1;
	return (int)syscall(SYS_fsync, fd);
}

static bool
is_there(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0;
}

static void
put_text(const char *path, const char *text)
{
	CHECK(pth_file_write(AT_FDCWD, path, text, strlen(text), &err) == 0);
}

static const char *
content(const char *path)
{
	static struct pth_buf b;

	pth_buf_cut(&b, 0);
	return pth_file_read(path, 1 << 20, &b, &err) == 0 ? b.s : NULL;
}

/* The names in a directory, sorted, with blanks between. */
static const char *
names(const char *dir)
{
	static char text[1000];
	struct dirent **list;
	int n = scandir(dir, &list, NULL, alphasort);

	text[0] = '\0';
	for (int i = 0; i < n; i++) {
		if (strcmp(list[i]->d_name, ".") != 0 && strcmp(list[i]->d_name, "..") != 0)
			snprintf(text + strlen(text), sizeof text - strlen(text), "%s%s",
			    text[0] != '\0' ? " " : "", list[i]->d_name);
		free(list[i]);
	}
	if (n >= 0)
		free(list);
	return text;
}

static int
reopen(const char *dir, bool resume)
{
	int r;

	pth_rundir_close(&d);
	r = pth_rundir_open(&d, dir, "base", "run", resume, &err);
	return r;
}

static void
add(struct pth_journal *j, const char *text)
{
	struct pth_buf b = PTH_BUF_INIT;

	pth_buf_addf(&b, "%s\n", text);
	CHECK(pth_journal_add(j, &b, &err) == 0);
	pth_buf_release(&b);
}

static void
of_given(void)
{
	char path[300] = "/"; /* longer than a name may be */

	unit("a directory that is given is made, with those above it");
	CHECK_INT(reopen("new/out", false), 0);
	CHECK(d.fresh);
	CHECK(d.path[0] == '/' && strcmp(d.path + strlen(d.path) - 8, "/new/out") == 0);
	CHECK_STR(names("new/out"), "plan.jsonl results.jsonl");
	add(&d.plan, "p");
	add(&d.results, "r");
	CHECK_STR(content("new/out/plan.jsonl"), "p\n");

	unit("the streams of an old run begin anew; its events only when it is not resumed");
	put_text("new/out/events.jsonl", "old\n");
	CHECK_INT(reopen("new/out", true), 0);
	CHECK(!d.fresh);
	CHECK_STR(content("new/out/plan.jsonl"), "");
	CHECK_STR(content("new/out/results.jsonl"), "");
	CHECK_STR(content("new/out/events.jsonl"), "old\n");
	CHECK_INT(reopen("new/out", false), 0);
	CHECK(!is_there("new/out/events.jsonl"));

	unit("an empty one is as good as new; one that holds something else is refused");
	CHECK(mkdir("empty", 0777) == 0 && mkdir("other", 0777) == 0);
	CHECK_INT(reopen("empty", false), 0);
	CHECK(d.fresh);
	put_text("other/mine", "x");
	CHECK_INT(reopen("other", false), -1);
	CHECK_STR(err.text, "other: not empty and not a run directory (no plan.jsonl in it)");
	CHECK_INT(err.code, PTH_SYSTEM);
	CHECK(d.fd == -1 && d.path == NULL && d.plan.fd == -1);
	CHECK_STR(names("other"), "mine");
	CHECK_INT(reopen("other/mine", false), -1);

	unit("what killed writers have left goes");
	put_text("empty/.result.json.4711", "half");
	put_text("empty/.keep", "mine");
	CHECK_INT(reopen("empty", true), 0);
	CHECK_STR(names("empty"), ".keep plan.jsonl results.jsonl");

	unit("what cannot be a directory");
	memset(path + 1, 'x', sizeof path - 2);
	CHECK_INT(reopen(path, false), -1);

	unit("a path that is no text is not made");
	CHECK_INT(reopen("caf\xe9", false), -1);
	CHECK(strstr(err.text, "not UTF-8") != NULL);
	CHECK_INT(err.code, PTH_SYSTEM);
	CHECK(d.fd == -1 && d.path == NULL);
	CHECK_INT(reopen("new/caf\xe9/x", false), -1);
	CHECK(!is_there("caf\xe9") && !is_there("new/caf\xe9"));
}

static void
of_made(void)
{
	char first[300], second[300], link[300] = "", tmp[60];
	struct stat st;

	unit("without one, a new one is made, to which latest points");
	CHECK_INT(reopen(NULL, false), 0);
	snprintf(first, sizeof first, "%s", d.path);
	CHECK(strstr(first, "/base/run-20") != NULL);
	CHECK(readlink("base/latest", link, sizeof link - 1) > 0);
	CHECK_STR(link, strrchr(first, '/') + 1);
	CHECK_INT(reopen(NULL, false), 0);
	snprintf(second, sizeof second, "%s", d.path);
	CHECK(strcmp(first, second) != 0);
	umask(022);
	CHECK_INT(reopen(NULL, false), 0);
	snprintf(second, sizeof second, "%s", d.path);
	CHECK(stat(second, &st) == 0 && (st.st_mode & 0777) == 0755);
	memset(link, 0, sizeof link);
	CHECK(readlink("base/latest", link, sizeof link - 1) > 0);
	CHECK_STR(link, strrchr(second, '/') + 1);
	CHECK(d.fresh);

	unit("where latest is a directory of somebody it stays, and nothing else is left");
	CHECK(unlink("base/latest") == 0 && mkdir("base/latest", 0777) == 0);
	CHECK_INT(reopen(NULL, false), 0);
	snprintf(tmp, sizeof tmp, "base/.latest.%ld", (long)getpid());
	CHECK(lstat(tmp, &st) != 0 && lstat("base/latest", &st) == 0 && rmdir("base/latest") == 0);
	pth_rundir_close(&d);
	CHECK(d.fd == -1 && d.path == NULL && d.plan.copy == -1 && d.results.copy == -1);

	unit("a directory that stays is not another's latest");
	CHECK_INT(reopen("new/out", false), 0);
	CHECK(!is_there("new/latest"));
}

static void
of_newest(void)
{
	static const char *const dirs[] = { "runs/a-20240101-000000", "runs/a-20240102-000000",
		"runs/a-20240102-000000-2", "runs/a-20240102-000000-10", "runs/ab-20250101-000000",
		"runs/a-2025", "runs/a-20250101-00000x", "runs/a-20250101-0000001",
		"runs/b-20250101-000000" };
	char *s;

	unit("the newest run of a name, and of no other");
	CHECK(mkdir("runs", 0777) == 0);
	CHECK(pth_rundir_newest("runs", "a") == NULL);
	CHECK(pth_rundir_newest("none", "a") == NULL);
	for (size_t i = 0; i < countof(dirs); i++)
		CHECK(mkdir(dirs[i], 0777) == 0);
	CHECK_STR(s = pth_rundir_newest("runs", "a"), "runs/a-20240102-000000-10");
	free(s);
	CHECK_STR(s = pth_rundir_newest("runs", "b"), "runs/b-20250101-000000");
	free(s);
	CHECK(pth_rundir_newest("runs", "c") == NULL);
}

static void
of_tests(void)
{
	struct stat here, there;
	int fd;

	unit("the directory of a test is fresh");
	CHECK_INT(reopen("run", false), 0);
	CHECK(mkdir("run/t", 0777) == 0 && mkdir("run/t/tmp", 0777) == 0);
	put_text("run/t/old", "x");
	fd = pth_rundir_test(&d, "t", &err);
	CHECK(fd >= 0 && fstat(fd, &here) == 0 && stat("run/t", &there) == 0);
	CHECK(here.st_ino == there.st_ino);
	CHECK_STR(names("run/t"), "");
	close(fd);

	unit("its temporary files go, and nothing else");
	CHECK(mkdir("run/t/tmp", 0777) == 0 && mkdir("run/t/tmp/x", 0) == 0);
	put_text("run/t/kept", "x");
	pth_rundir_tidy(&d, "t");
	CHECK_STR(names("run/t"), "kept");

	unit("tries are kept beside each other");
	CHECK_INT(pth_rundir_keep_try(&d, "t", 1, &err), 0);
	CHECK(!is_there("run/t"));
	CHECK_STR(names("run/tries/t-1"), "kept");
	close(pth_rundir_test(&d, "t", &err));
	CHECK_INT(pth_rundir_keep_try(&d, "t", 2, &err), 0);
	CHECK_STR(names("run/tries"), "t-1 t-2");
	close(pth_rundir_test(&d, "t", &err));
	CHECK_INT(pth_rundir_keep_try(&d, "t", 1, &err), 0); /* of an old run */
	CHECK_STR(names("run/tries/t-1"), "");
}

/* What stands where a file or directory is to be: made by this. */
static void
obstruct(int how)
{
	char ours[64];

	pth_rmtree(AT_FDCWD, "run/t", NULL);
	CHECK(mkdir("run/t", 0777) == 0);
	switch (how) {
	case 0: break;
	case 1: put_text("run/t/f", "older"); break;
	case 2: CHECK(mkdir("run/t/f", 0777) == 0 && mkdir("run/t/f/x", 0) == 0); break;
	case 3: CHECK(mkfifo("run/t/f", 0600) == 0); break;
	case 4: CHECK(symlink("../../precious", "run/t/f") == 0); break;
	case 5: CHECK(rmdir("run/t") == 0); break;
	case 6: CHECK(rmdir("run/t") == 0 && symlink("../other", "run/t") == 0); break;
	case 7: CHECK(rmdir("run/t") == 0 && mkfifo("run/t", 0600) == 0); break;
	case 8: CHECK(chmod("run/t", 0) == 0); break;
	case 9:
		snprintf(ours, sizeof ours, "run/.f.%ld", (long)getpid());
		CHECK(mkdir(ours, 0777) == 0);
		snprintf(ours, sizeof ours, "run/.f.%ld/x", (long)getpid());
		CHECK(mkdir(ours, 0777) == 0);
		break;
	default: break;
	}
}

static void
of_files(void)
{
	struct pth_buf b = PTH_BUF_INIT;
	struct stat st;

	pth_buf_adds(&b, "{\"a\":\"\xc3\xa9\"}\n");
	put_text("precious", "mine");
	unit("whatever stands in its place, a file is put there, whole");
	for (int how = 0; how < 10; how++) {
		obstruct(how);
		CHECK_INT(pth_rundir_put(&d, "t", "f", &b, how % 2 == 0, &err), 0);
		CHECK_STR(content("run/t/f"), b.s);
		CHECK_STR(names("run/t"), "f");
		CHECK(lstat("run/t/f", &st) == 0 && S_ISREG(st.st_mode) && st.st_nlink == 1);
		CHECK(lstat("run/t", &st) == 0 && (st.st_mode & 0700) == 0700);
	}
	CHECK_STR(content("precious"), "mine");
	CHECK_STR(names("other"), "mine");
	CHECK_STR(names("run"), "plan.jsonl results.jsonl t tries");

	unit("what must outlast a loss of power is on the disk before it has its name");
	syncs = 0;
	CHECK_INT(pth_rundir_put(&d, "t", "g", &b, true, &err), 0);
	CHECK_INT(syncs, 1);
	CHECK_INT(synced, b.len);
	CHECK_INT(pth_rundir_put(&d, "t", "g", &b, false, &err), 0);
	CHECK_INT(syncs, 1);
	syncs = 0;
	put_text("run/t/h", "four");
	CHECK(syncs == 1 && synced == 4);

	unit("what cannot be written is told");
	CHECK(mkdir("gone", 0777) == 0);
	{
		struct pth_rundir gone = { .path = d.path,
			.fd = open("gone", O_RDONLY | O_DIRECTORY) };

		CHECK(rmdir("gone") == 0);
		CHECK_INT(pth_rundir_put(&gone, "t", "f", &b, true, &err), -1);
		CHECK(strstr(err.text, "/run/t/f: No such file or directory") != NULL);
		CHECK_INT(pth_rundir_test(&gone, "t", &err), -1);
		CHECK_INT(pth_rundir_keep_try(&gone, "t", 1, &err), -1);
		close(gone.fd);
	}

	unit("it is read again, and what is none is told");
	{
		json_t *v;

		err.text[0] = '\0';
		v = pth_rundir_get(d.fd, "t", "f", &err);
		CHECK_STR(err.text, "");
		CHECK_STR(pth_json_str(v, "a", ""), "\xc3\xa9");
		json_decref(v);
	}
	CHECK(pth_rundir_get(d.fd, "t", "none", &err) == NULL);
	CHECK_INT(err.error, ENOENT);
	put_text("run/t/h", "{");
	CHECK(pth_rundir_get(d.fd, "t", "h", &err) == NULL);
	CHECK(strncmp(err.text, "t/h: ", 5) == 0);
	CHECK(pth_rundir_get(d.fd, "t", "h", NULL) == NULL);
	pth_buf_release(&b);
}

static void
of_durations(void)
{
	static const struct {
		const char *result;
		long long us;
	} of[] = { { "{\"duration_us\":1}", 1 }, { "{\"duration_us\":0}", -1 },
		{ "{\"duration_us\":-5}", -1 }, { "{}", -1 }, { "[", -1 },
		{ "{\"duration_us\":9223372036854775807}", INT64_MAX } };

	unit("how long a test took, where that is known");
	for (size_t i = 0; i < countof(of); i++) {
		put_text("run/t/result.json", of[i].result);
		CHECK_INT(pth_rundir_duration("run", "t"), of[i].us);
	}
	CHECK_INT(pth_rundir_duration("run", "none"), -1);
	CHECK_INT(pth_rundir_duration("none", "t"), -1);

	unit("the experiment is copied, when it can be read");
	put_text("x.yaml", "tests: []\n");
	pth_rundir_source(&d, "x.yaml");
	CHECK_STR(content("run/experiment.yaml"), "tests: []\n");
	pth_rundir_source(&d, "none.yaml");
	CHECK_STR(content("run/experiment.yaml"), "tests: []\n");
}

/* What somebody does to a stream, and what is said of it; NULL: nothing. */
static void
meddle(int how)
{
	switch (how) {
	case 1: put_text("run/plan.jsonl", "one\ntwo\n"); break; /* the same, in another file */
	case 2: CHECK(truncate("run/plan.jsonl", 4) == 0); break;
	case 3: {
		int fd = open("run/plan.jsonl", O_WRONLY);

		CHECK(pwrite(fd, "O", 1, 0) == 1);
		close(fd);
		break;
	}
	case 4: {
		int fd = open("run/plan.jsonl", O_WRONLY | O_APPEND);

		CHECK(write(fd, "x", 1) == 1);
		close(fd);
		break;
	}
	case 5: CHECK(unlink("run/plan.jsonl") == 0); break;
	case 6: CHECK(unlink("run/plan.jsonl") == 0 && mkdir("run/plan.jsonl", 0) == 0); break;
	case 7: CHECK(unlink("run/plan.jsonl") == 0 && symlink("x", "run/plan.jsonl") == 0); break;
	default: break;
	}
}

static void
of_streams(void)
{
	static const char *const found[] = { NULL, "replaced", "changed", "changed", "changed",
		"removed", "replaced", "replaced" };
	char want[100];

	unit("a stream that somebody else has changed is noticed, and put right");
	for (int how = 0; how < (int)countof(found); how++) {
		pth_rmtree(AT_FDCWD, "run", NULL);
		CHECK_INT(reopen("run", false), 0);
		add(&d.plan, "one");
		add(&d.plan, "two");
		meddle(how);
		err.text[0] = '\0';
		CHECK_INT(pth_journal_check(&d.plan, d.fd, &err), found[how] == NULL ? 0 : -1);
		if (found[how] != NULL) {
			snprintf(want, sizeof want,
			    "plan.jsonl was %s by somebody else during the run; it is as written "
			    "again",
			    found[how]);
			CHECK_STR(err.text, want);
			CHECK_INT(err.code, PTH_SYSTEM);
		}
		CHECK_STR(content("run/plan.jsonl"), "one\ntwo\n");
		CHECK_INT(pth_journal_check(&d.results, d.fd, &err), 0);
	}
	unit("with the whole directory it cannot be put right");
	pth_rmtree(AT_FDCWD, "run", NULL);
	CHECK_INT(pth_journal_check(&d.plan, d.fd, &err), -1);
	CHECK(strstr(err.text, "plan.jsonl was removed by somebody else during the run: ") ==
	    err.text);
	CHECK(strstr(err.text, "as written again") == NULL);
	CHECK_INT(err.code, PTH_SYSTEM);
	unit("of both streams");
	for (int how = 0; how < 3; how++) {
		pth_rmtree(AT_FDCWD, "run", NULL);
		CHECK_INT(reopen("run", false), 0);
		if (how > 0)
			put_text(how == 1 ? "run/plan.jsonl" : "run/results.jsonl", "x\n");
		CHECK(pth_rundir_untouched(&d) == (how == 0));
		CHECK_STR(content("run/results.jsonl"), "");
		CHECK_STR(content("run/plan.jsonl"), "");
	}
}

/* In another process, as another pth-exec is; how it ended. */
static int
elsewhere(int what)
{
	struct pth_rundir other = { .fd = -1 };
	int status, fd;
	pid_t pid = fork();

	if (pid == 0) {
		fd = open("run", O_RDONLY | O_DIRECTORY);
		switch (what) {
		case 0:
			_exit(pth_rundir_open(&other, "run", "base", "run", true, &err) == 0 ? 0 :
			        strstr(err.text, "run: another pth-exec works in it, process ") !=
			            NULL ?
			                                                                       1 :
			                                                                       2);
		case 1:
			_exit(pth_run_lock_held("run", &err) ?
			        strstr(err.text, "run: pth-exec works in it, process ") != NULL ?
			        1 :
			        2 :
			        0);
		default:
			_exit(pth_run_lock_shared(fd, "run", &err) == 0 ? 0 :
			        strstr(err.text, "run: pth-exec works in it, process ") != NULL ?
			                                                  1 :
			                                                  2);
		}
	}
	return waitpid(pid, &status, 0) == pid && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void
of_locks(void)
{
	unit("one run, one writer; and who reads is told");
	pth_rmtree(AT_FDCWD, "run", NULL);
	CHECK_INT(reopen("run", false), 0);
	add(&d.plan, "one");
	CHECK_INT(elsewhere(0), 1);
	CHECK_INT(elsewhere(1), 1);
	CHECK_INT(elsewhere(2), 1);
	CHECK_STR(content("run/plan.jsonl"), "one\n");
	pth_rundir_close(&d);
	CHECK_INT(elsewhere(1), 0);
	CHECK_INT(elsewhere(2), 0);
	CHECK_INT(elsewhere(0), 0);
	CHECK(!pth_run_lock_held("none", &err));
}

/* --- what a run does with a record --- */

static struct pth_select in;

static json_t *
without_a_run(json_t *rec)
{
	json_t *result = pth_select_result(&in, rec);

	return result != NULL ? result : pth_select_kept(&in, &d, rec);
}

/* The whole result of a test that is not run. */
static const char *
result_of(const char *text)
{
	static char s[600];
	json_t *rec = pth_json_parse(text, strlen(text), NULL);
	json_t *result = without_a_run(rec);
	struct pth_buf b = PTH_BUF_INIT;

	pth_json_dump(&b, result);
	snprintf(s, sizeof s, "%s", b.s);
	pth_buf_release(&b);
	json_decref(result);
	json_decref(rec);
	return s;
}

static const char *
status_of(const char *text)
{
	static char s[300];
	json_t *rec = pth_json_parse(text, strlen(text), NULL);
	json_t *result = without_a_run(rec);

	snprintf(s, sizeof s, "%s%s%s", result != NULL ? pth_result_status(result) : "run",
	    *pth_result_reason(result) != '\0' ? ": " : "", pth_result_reason(result));
	json_decref(result);
	json_decref(rec);
	return s;
}

#define LOCAL "\"plan\":{\"environment\":{\"type\":\"localhost\"}}"
#define DOCKER(more) "\"plan\":{\"environment\":{\"type\":\"docker_compose\"" more "}}"
#define REC(id, rest) \
	"{\"pth\":1,\"type\":\"test\",\"id\":\"" id "\",\"name\":\"n-" id "\"," rest "}"

static const char *
chosen(const char *only, const char *skip, const char *text)
{
	static char s[300];
	char *o[] = { pth_xstrdup(only), NULL }, *k[] = { pth_xstrdup(skip), NULL };

	in = (struct pth_select){ .only = { o, *only != '\0' }, .skip = { k, *skip != '\0' } };
	snprintf(s, sizeof s, "%s", status_of(text));
	pth_idset_release(&in.ids);
	pth_idset_release(&in.hits);
	free(o[0]);
	free(k[0]);
	return s;
}

static void
of_choices(void)
{
	unit("--only and --skip, by id or name");
	CHECK_STR(chosen("", "", REC("a", LOCAL)), "run");
	CHECK_STR(chosen("a", "", REC("a", LOCAL)), "run");
	CHECK_STR(chosen("n-*", "", REC("a", LOCAL)), "run");
	CHECK_STR(chosen("b", "", REC("a", LOCAL)), "skipped: not selected by --only");
	CHECK_STR(chosen("", "a", REC("a", LOCAL)), "skipped: left out by --skip");
	CHECK_STR(chosen("", "n-?", REC("a", LOCAL)), "skipped: left out by --skip");
	CHECK_STR(chosen("", "b", REC("a", LOCAL)), "run");
	CHECK_STR(chosen("a", "a", REC("a", LOCAL)), "skipped: left out by --skip");

	unit("what cannot be run");
	in = (struct pth_select){ 0 };
	CHECK_STR(
	    status_of(REC("a", "\"x\":1")), "error: the record has no plan; pth-plan makes it");
	CHECK_STR(status_of(REC("u", "\"error\":{\"message\":\"no\",\"status\":\"unsupported\"}")),
	    "unsupported: no");
	CHECK_STR(status_of(REC("../x", LOCAL)), "error: the id is not a safe directory name");
	CHECK_STR(status_of(REC("t", LOCAL)), "run");
	CHECK_STR(status_of(REC("t", LOCAL)), "error: another test with this id came before it");
	CHECK_STR(status_of(REC("e", LOCAL ",\"error\":{\"message\":\"no\"}")), "error: no");
	CHECK_STR(result_of(REC("t", LOCAL)),
	    "{\"status\":\"error\",\"reason\":\"another test with this id came before it\","
	    "\"category\":\"configuration\",\"duration_us\":0,\"services\":{}}");
	CHECK_STR(status_of(REC("c", DOCKER(""))),
	    "unsupported: network environment docker_compose: cannot be run by this version");
	CHECK_STR(status_of(REC("d", DOCKER(",\"supported_by\":[\"pth-compose\"]"))),
	    "unsupported: network environment docker_compose: put pth-compose before pth-exec");
	CHECK_STR(status_of(REC("f", DOCKER("") ",\"compose\":{}")), "run");
	in.dry = true;
	CHECK_STR(status_of(REC("g", LOCAL)), "skipped: dry run");
	CHECK_STR(status_of(REC("h", LOCAL ",\"error\":{\"message\":\"no\"}")), "error: no");
	pth_select_release(&in);
}

/* What an earlier run has left of a test: what its directory says, and the stream. */
static void
left(const char *file, const char *said)
{
	char text[400];

	pth_rmtree(AT_FDCWD, "run", NULL);
	CHECK_INT(reopen("run", false), 0);
	CHECK(mkdir("run/t", 0777) == 0);
	put_text("run/t/record.json", REC("t", LOCAL));
	if (*file != '\0') {
		snprintf(text, sizeof text, "{\"status\":\"%s\"}", file);
		put_text("run/t/result.json", text);
	}
	if (*said != '\0') {
		snprintf(
		    text, sizeof text, REC("t", LOCAL ",\"result\":{\"status\":\"%s\"}"), said);
		add(&d.results, text);
	}
	CHECK_INT(reopen("run", true), 0);
}

/* kept: with --resume, and with --rerun failed: '+' or '-'. */
static const struct {
	const char *file, *said, *kept;
} before[] = {
	{ "completed", "completed", "++" },
	{ "completed", "", "++" },
	{ "failed", "failed", "+-" },
	{ "failed", "", "+-" },
	{ "timeout", "timeout", "+-" },
	{ "crashed", "crashed", "+-" },
	{ "error", "error", "+-" },
	{ "unsupported", "unsupported", "++" },
	{ "interrupted", "interrupted", "--" },
	{ "interrupted", "", "--" },
	{ "completed", "interrupted", "--" },
	/* It was not run: nothing is known of it. */
	{ "skipped", "skipped", "--" },
	{ "completed", "skipped", "--" },
	{ "nonsense", "", "--" },
	/* Not complete, whatever the stream says. */
	{ "", "completed", "--" },
	{ "", "", "--" },
	/* The stream is what counts. */
	{ "completed", "failed", "+-" },
	{ "failed", "completed", "++" },
	{ "interrupted", "completed", "++" },
};

static void
of_resumes(void)
{
	char want[400];

	unit("a resumed run keeps what is complete and of the same plan, and nothing else");
	for (size_t i = 0; i < countof(before); i++)
		for (int rerun = 0; rerun < 2; rerun++) {
			const char *said = before[i].said, *status;

			left(before[i].file, said);
			in = (struct pth_select){ .resume = true, .rerun_failed = rerun == 1 };
			status = *said != '\0' ? said : before[i].file;
			if (!CHECK(strcmp(status_of(REC("t", LOCAL)),
			               before[i].kept[rerun] == '+' ? status : "run") == 0))
				printf("    %s, %s\n", before[i].file, said);
			pth_select_release(&in);
		}
	CHECK(countof(before) >= 18);

	unit("what is kept says which run it is of");
	left("completed", "completed");
	in = (struct pth_select){ .resume = true };
	snprintf(want, sizeof want, "{\"status\":\"completed\",\"run_dir\":\"%s\"}", d.path);
	CHECK_STR(result_of(REC("t", LOCAL)), want);
	pth_select_release(&in);

	unit("of another plan, or with another id, nothing is kept; nor without --resume");
	left("completed", "completed");
	in = (struct pth_select){ .resume = true };
	CHECK_STR(status_of(REC("t",
	              "\"plan\":{\"environment\":{\"type\":\"localhost\"},"
	              "\"timeout_us\":1}")),
	    "run");
	CHECK_STR(status_of(REC("u", LOCAL)), "run");
	pth_select_release(&in);
	left("completed", "completed");
	in = (struct pth_select){ .resume = false };
	CHECK_STR(status_of(REC("t", LOCAL)), "run");
	pth_select_release(&in);
}

int
main(void)
{
	char tmp[] = "rundir.XXXXXX";

	CHECK(mkdtemp(tmp) != NULL && chdir(tmp) == 0);
	umask(022);
	setenv("PTH_EVENTS", "none", 1);
	pth_event_init("rundir");
	d = (struct pth_rundir){ .fd = -1,
		.plan = PTH_JOURNAL_INIT,
		.results = PTH_JOURNAL_INIT,
		.before = PTH_REC_INDEX_INIT };
	of_given();
	of_made();
	of_newest();
	of_tests();
	of_files();
	of_durations();
	of_streams();
	of_locks();
	of_choices();
	of_resumes();
	pth_rundir_close(&d);
	return unit_done();
}
