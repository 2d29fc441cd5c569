#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "io/file.h"
#include "io/rec.h"
#include "io/rec_index.h"
#include "unit.h"

/* A stream with this text, to be read. */
static FILE *
stream(const char *text, size_t n)
{
	FILE *fp = tmpfile();

	if (fp == NULL || fwrite(text, 1, n, fp) != n || fflush(fp) != 0)
		abort();
	rewind(fp);
	lseek(fileno(fp), 0, SEEK_SET);
	return fp;
}

/* Read everything; the number of records or -1 with e; e after that also says
 * whether the stream was whole. */
static int
drain(const char *text, size_t n, struct pth_err *e, bool *whole)
{
	FILE *fp = stream(text, n);
	struct pth_rec_in in;
	json_t *rec;
	int r, count = 0;

	memset(e, 0, sizeof *e);
	pth_rec_open(&in, fp, "in");
	while ((r = pth_rec_read(&in, &rec, e)) > 0) {
		count++;
		json_decref(rec);
	}
	*whole = r == 0 && pth_rec_whole(&in, e) == 0;
	pth_rec_close(&in);
	fclose(fp);
	return r < 0 ? -1 : count;
}

#define TEST1 "{\"pth\":1,\"type\":\"test\",\"id\":\"001-a\"}\n"
#define TEST2 "{\"pth\":1,\"type\":\"test\",\"id\":\"002-b\"}\n"
#define END(n) "{\"pth\":1,\"type\":\"end\",\"tests\":" #n "}\n"

static void
reading(void)
{
	struct pth_err e;
	bool whole;
	char *big;

#define DRAIN(s) drain(s, sizeof s - 1, &e, &whole)
	unit("a whole stream");
	CHECK_INT(DRAIN(TEST1 TEST2 END(2)), 2);
	CHECK(whole);
	CHECK_INT(DRAIN(END(0)), 0);
	CHECK(whole);
	CHECK_INT(DRAIN("\n" TEST1 "\n\n" END(1)), 1);
	CHECK(whole);

	unit("two streams after one another are one");
	CHECK_INT(DRAIN(TEST1 END(1) TEST2 END(1)), 2);
	CHECK(whole);
	CHECK_INT(DRAIN(TEST1 TEST2 END(1) END(1)), 2);
	CHECK(whole);
	CHECK_INT(DRAIN(TEST1 TEST2 END(1)), 2);
	CHECK(!whole && strstr(e.text, "one of several streams has no end") != NULL);
	CHECK_INT(DRAIN(TEST1 TEST2 END(1) "{\"type\":\"end\"}\n"), 2);
	CHECK(whole);
	CHECK_INT(DRAIN(TEST1 END(9223372036854775807) END(9223372036854775807)), 1);
	CHECK(whole);

	unit("other records pass and do not count");
	CHECK_INT(DRAIN("{\"type\":\"note\"}\n" TEST1 END(1)), 2);
	CHECK(whole);

	unit("an incomplete stream");
	CHECK_INT(DRAIN(TEST1), 1);
	CHECK(!whole && e.code == PTH_SYSTEM);
	CHECK_INT(DRAIN(""), 0);
	CHECK(!whole && e.code == PTH_SYSTEM);
	CHECK_INT(DRAIN(TEST1 END(2)), 1);
	CHECK(whole);
	CHECK_INT(DRAIN("{\"type\":\"end\",\"incomplete\":\"why\"}\n" TEST1 END(1)), 1);
	CHECK(!whole && e.code == PTH_SYSTEM);
	CHECK_STR(e.text, "why");
	CHECK_INT(DRAIN("{\"type\":\"end\",\"incomplete\":\"the first\"}\n"
	                "{\"type\":\"end\",\"incomplete\":\"the second\"}\n" TEST1 END(1)),
	    1);
	CHECK(!whole);
	CHECK_STR(e.text, "the first");

	unit("a last line without newline");
	CHECK_INT(DRAIN(TEST1 "{\"pth\":1,\"type\":\"end\",\"tests\":1}"), 1);
	CHECK(whole);

	unit("a last line that breaks off");
	CHECK_INT(DRAIN(TEST1 "{\"pth\":1,\"type\":\"te"), 1);
	CHECK(!whole && e.code == PTH_SYSTEM);
	CHECK(strncmp(e.text, "in:2: the stream is incomplete: it breaks off", 45) == 0);
	CHECK_INT(DRAIN(TEST1 END(1) "{"), 1);
	CHECK(!whole);
	CHECK_INT(DRAIN("no record"), -1);
	CHECK(e.code == PTH_INPUT);

	unit("what is no record has a position");
	CHECK_INT(DRAIN(TEST1 "{\"a\":\n"), -1);
	CHECK(e.code == PTH_INPUT);
	CHECK(strncmp(e.text, "in:2:5: ", 8) == 0);
	CHECK_INT(DRAIN(TEST1 "{\"\xc3\xa4\":\n"), -1);
	CHECK(strncmp(e.text, "in:2:5: ", 8) == 0);
	CHECK_INT(DRAIN(TEST1 "\n{\"a\": 1x}\n"), -1);
	CHECK(strncmp(e.text, "in:3:", 5) == 0);
	CHECK_INT(DRAIN("[1]\n"), -1);
	CHECK(strncmp(e.text, "in:1:1: ", 8) == 0);
	CHECK_INT(DRAIN("{\"type\":\"test\"}\n"), -1);
	CHECK(strstr(e.text, "id"));
	CHECK_INT(DRAIN("\0\n"), -1);
	CHECK_INT(DRAIN("{\"a\":1,\"a\":2}\n"), -1);

	unit("a long record");
	big = pth_xmalloc(1000100);
	memset(big, ' ', 1000100);
	memcpy(big, "{\"type\":\"x\"", 11);
	memcpy(big + 1000000, "}\n", 2);
	CHECK_INT(drain(big, 1000002, &e, &whole), 1);
	free(big);
}

/* Streams that are cut on purpose, files and what is none. */
static void
files(void)
{
	static const struct {
		const char *text;
		bool whole, partial; /* is it whole, and when it may be cut? */
	} rows[] = { { TEST1 TEST2 END(2), true, true }, { TEST1, false, true },
		{ TEST1 END(2), true, true }, { "", false, true }, { TEST1 "{\"a\":", false, true },
		{ TEST1 END(1) TEST2, false, true }, { END(1) TEST1, false, true } };
	struct pth_rec_in in;
	struct pth_err e = { 0 };
	json_t *rec;
	int dir, fd;

	unit("a stream that may be cut");
	for (size_t i = 0; i < countof(rows); i++)
		for (int partial = 0; partial < 2; partial++) {
			CHECK_INT(
			    pth_file_write(AT_FDCWD, "s", rows[i].text, strlen(rows[i].text), &e),
			    0);
			CHECK_INT(pth_rec_open_file(&in, "s", &e), 0);
			in.partial = partial != 0;
			while (pth_rec_read(&in, &rec, &e) > 0)
				json_decref(rec);
			CHECK_INT(pth_rec_whole(&in, &e) == 0,
			    partial != 0 ? rows[i].partial : rows[i].whole);
			pth_rec_close(&in);
		}

	unit("streams that are files");
	CHECK_INT(pth_rec_open_file(&in, "s", &e), 0);
	fd = in.fd;
	pth_rec_close(&in);
	CHECK(fcntl(fd, F_GETFD) == -1);
	pth_rec_close(&in);
	/* Standard input is not ours to close. */
	CHECK_INT(pth_file_write(AT_FDCWD, "s", TEST1 END(1), strlen(TEST1 END(1)), &e), 0);
	fd = open("s", O_RDONLY);
	dup2(fd, 0);
	close(fd);
	CHECK_INT(pth_rec_open_file(&in, "-", &e), 0);
	CHECK_INT(pth_rec_read(&in, &rec, &e), 1);
	CHECK_STR(pth_rec_id(rec), "001-a");
	json_decref(rec);
	pth_rec_close(&in);
	CHECK(fcntl(0, F_GETFD) != -1);
	CHECK_INT(pth_rec_open_file(&in, ".", &e), 0);
	CHECK_INT(pth_rec_read(&in, &rec, &e), -1);
	CHECK(e.code == PTH_SYSTEM && e.error == EISDIR);
	pth_rec_close(&in);
	CHECK_INT(pth_rec_open_file(&in, "absent", &e), -1);
	CHECK(e.code == PTH_SYSTEM && e.error == ENOENT);
	pth_rec_close(&in);
	CHECK(mkdir("d", 0777) == 0 && mkfifo("d/fifo", 0666) == 0 && symlink("../s", "d/l") == 0);
	CHECK_INT(pth_file_write(AT_FDCWD, "d/s", TEST1, strlen(TEST1), &e), 0);
	dir = open("d", O_RDONLY | O_DIRECTORY);
	CHECK_INT(pth_rec_open_below(&in, dir, "s", &e), 0);
	CHECK_INT(pth_rec_read(&in, &rec, &e), 1);
	CHECK_STR(pth_rec_id(rec), "001-a");
	json_decref(rec);
	pth_rec_close(&in);
	CHECK_INT(pth_rec_open_below(&in, dir, "fifo", &e), -1);
	CHECK_STR(e.text, "fifo: not a regular file");
	CHECK_INT(pth_rec_open_below(&in, dir, "l", &e), -1);
	CHECK_INT(pth_rec_open_below(&in, dir, "absent", &e), -1);
	CHECK_INT(e.error, ENOENT);
	close(dir);
}

/* The next record of this id as text, and its key n. */
static long
taken(struct pth_rec_index *x, const char *id)
{
	json_auto_t *rec = pth_rec_index_take(x, id);

	if (rec != NULL)
		CHECK_STR(pth_rec_id(rec), id);
	return rec != NULL ? (long)pth_json_int(rec, "n", -2) : -1;
}

static void
indexes(void)
{
#define REC(id, n) "{\"type\":\"test\",\"id\":\"" id "\",\"n\":" #n "}\n"
	static const char text[] = REC("a", 1) "\n{\"type\":\"note\"}\n" REC("b", 2)
	    END(2) "no record\n" REC("a", 3) "{\"type\":\"test\"}\n" REC("c", 4) "{\"type\":\"te";
	struct pth_rec_index x;
	struct pth_err e;
	int dir = open(".", O_RDONLY | O_DIRECTORY);

	unit("records by their id, in any order");
	CHECK_INT(pth_file_write(AT_FDCWD, "x", text, strlen(text), &e), 0);
	pth_rec_index_open(&x, dir, "x");
	CHECK_INT(unlink("x"), 0);
	CHECK_INT(taken(&x, "c"), 4);
	CHECK_INT(taken(&x, "a"), 1);
	CHECK_INT(taken(&x, "a"), 3);
	CHECK_INT(taken(&x, "a"), -1);
	CHECK_INT(taken(&x, "b"), 2);
	CHECK_INT(taken(&x, "nobody"), -1);
	pth_rec_index_close(&x);
	CHECK(x.fd == -1 && x.ids == NULL);
	pth_rec_index_open(&x, dir, "absent");
	CHECK_INT(taken(&x, "a"), -1);
	pth_rec_index_close(&x);
	close(dir);
}

static void
writing(void)
{
	struct pth_rec_out out = { 0 };
	struct pth_err e = { 0 };
	json_t *rec = json_pack("{s:s,s:s}", "type", "test", "id", "001-x");
	pth_auto_str big = pth_xmalloc(PTH_REC_MAX + 1);
	char line[300];

	memset(big, 'x', PTH_REC_MAX);
	big[PTH_REC_MAX] = '\0';

	unit("an error marks a record once");
	pth_rec_error(rec, "plan", PTH_CAT_PLUGIN_LOAD, "f.yaml", 3, 4, "no plugin %s", "x");
	pth_rec_error(rec, "exec", PTH_CAT_CONFIGURATION, NULL, 0, 0, "later");
	CHECK_STR(pth_json_str(pth_json_path(rec, "error"), "stage", ""), "plan");
	CHECK_STR(pth_json_str(pth_json_path(rec, "error"), "message", ""), "no plugin x");
	CHECK_INT(pth_json_int(pth_json_path(rec, "error"), "line", 0), 3);
	CHECK_STR(pth_rec_id(rec), "001-x");

	unit("records are lines, closed by an end record");
	out.fp = tmpfile();
	CHECK_INT(pth_rec_write(&out, rec, &e), 0);
	CHECK_INT(pth_rec_end(&out, &e), 0);
	rewind(out.fp);
	CHECK(fgets(line, sizeof line, out.fp) && strstr(line, "\"001-x\"") && strchr(line, '\n'));
	CHECK_STR(fgets(line, sizeof line, out.fp), "{\"pth\":1,\"type\":\"end\",\"tests\":1}\n");
	fclose(out.fp);

	unit("no record is longer than the next stage takes");
	out = (struct pth_rec_out){ .fp = fopen("/dev/null", "w"), .max = 40 };
	CHECK(out.fp != NULL && pth_rec_write(&out, rec, &e) == -1);
	CHECK_INT(e.code, PTH_INPUT);
	CHECK(strstr(e.text, "001-x: a record of ") != NULL);
	CHECK_INT(out.tests, 0);
	out.max = 0;
	CHECK_INT(pth_rec_write(&out, rec, &e), 0);
	pth_json_set(rec, "long", pth_json_string(big));
	CHECK_INT(pth_rec_write(&out, rec, &e), -1);
	json_object_del(rec, "long");
	fclose(out.fp);

	unit("a full disk is an error of the system");
	out.fp = fopen("/dev/full", "w");
	CHECK(out.fp && pth_rec_write(&out, rec, &e) == -1);
	CHECK_INT(e.code, PTH_SYSTEM);
	CHECK(strstr(e.text, "No space"));
	if (out.fp != NULL)
		fclose(out.fp);
	json_decref(rec);
}

int
main(void)
{
	reading();
	files();
	indexes();
	writing();
	return unit_done();
}
