/*
 * pth-report is the last stage, pth-report(1): a summary on stdout, reports in files, and the
 * exit code that says whether every test was as it should be.
 */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/os.h"
#include "base/text.h"
#include "io/event.h"
#include "io/file.h"
#include "io/tool.h"
#include "report/report.h"
#include "run/lock.h"

struct options {
	const char *dir, *junit, *tap, *csv, *html;
	bool pass, md, json, text; /* the last three: formats that are wanted */
};

/* A list of formats, separated by commas; false when there is another word in it. */
static bool
set_formats(struct options *o, char *list)
{
	char *at = NULL;

	for (char *s = strtok_r(list, ",", &at); s != NULL; s = strtok_r(NULL, ",", &at)) {
		if (strcmp(s, "md") == 0)
			o->md = true;
		else if (strcmp(s, "json") == 0)
			o->json = true;
		else if (strcmp(s, "text") == 0)
			o->text = true;
		else
			return false;
	}
	return true;
}

static void
written(const char *format, const char *file)
{
	pth_event("report.written", "{s:s,s:s}", "format", format, "file", file);
}

static void
json(const struct pth_report *r, const char *dir, struct pth_buf *b)
{
	(void)dir;
	pth_report_json(r, b);
}

static void
junit(const struct pth_report *r, const char *dir, struct pth_buf *b)
{
	(void)dir;
	pth_report_junit(r, b);
}

static void
csv(const struct pth_report *r, const char *dir, struct pth_buf *b)
{
	(void)dir;
	pth_report_csv(r, b);
}

static void
text(const struct pth_report *r, const char *dir, struct pth_buf *b)
{
	(void)dir;
	pth_report_text(r, pth_tty_colours(STDOUT_FILENO), b);
}

/* One of the files of the run directory. */
static void
put_below(const struct options *o, struct pth_report *r, int dirfd, const char *dir,
    const char *format, pth_report_form *f, const char *name)
{
	struct pth_err e;
	int rc = pth_report_write(r, f, dir, dirfd, name, &e);

	/* A directory of this name that lies where somebody wants the report is theirs. */
	if (rc != 0 && e.error == EISDIR && o->dir == NULL) {
		pth_must(pth_rmtree(dirfd, name, &e), &e);
		rc = pth_report_write(r, f, dir, dirfd, name, &e);
	}
	pth_must(rc, &e);
	written(format, name);
}

/* path "-": stdout */
static void
put(struct pth_report *r, const char *dir, const char *format, pth_report_form *f, const char *path)
{
	struct pth_err e;

	fflush(stdout); /* records may have gone there; an error stays */
	if (strcmp(path, "-") == 0)
		pth_must(pth_report_pour(r, f, dir, STDOUT_FILENO, "stdout", &e), &e);
	else
		pth_must(pth_report_write(r, f, dir, AT_FDCWD, path, &e), &e);
	written(format, path);
}

/* All records of one stream into r, and to pass unless it is NULL. 0, or the exit
 * code and why in e. */
static int
take_stream(
    struct pth_report *r, struct pth_rec_in *in, struct pth_rec_out *pass, struct pth_err *e)
{
	struct pth_err write;
	json_t *rec;
	int got;

	while ((got = pth_rec_read(in, &rec, e)) > 0) {
		if (r->n == 0)
			pth_event_settings(pth_test_settings(rec));
		pth_report_add(r, rec);
		if (pass != NULL)
			pth_must(pth_rec_write(pass, rec, &write), &write);
		json_decref(rec);
	}
	if (got == 0 && pass != NULL)
		pth_rec_lacks(pass, in, false);
	return got == 0 && pth_rec_whole(in, e) == 0 ? 0 : e->code;
}

/* The operands, or stdin. *why: the first reason to be incomplete. */
static int
take_all(struct pth_report *r, const struct pth_tool *tool, struct pth_rec_out *pass,
    struct pth_err *why)
{
	struct pth_rec_in in;
	struct pth_err e;
	int i = 0, rc = 0, one;

	why->text[0] = '\0';
	do {
		pth_must(pth_tool_open(tool, i, &in, &e), &e);
		one = take_stream(r, &in, pass, &e);
		pth_rec_close(&in);
		if (rc == 0 && one != 0)
			*why = e;
		rc = rc != 0 ? rc : one;
	} while (++i < tool->operand_count);
	return rc;
}

/* EXPERIMENT_REPORT.md and experiment_summary.json; the directory's absolute
 * path, or NULL when there is none to write to. Caller frees. */
static char *
write_files(const struct options *o, struct pth_report *r)
{
	const char *dir = o->dir != NULL ? o->dir : r->run_dir;
	pth_auto_fd fd = -1;
	struct pth_err e;
	char *real;

	if (!o->md && !o->json)
		return NULL;
	if (o->dir == NULL && dir != NULL)
		pth_event_join(dir);
	if (dir == NULL) {
		pth_warn("no run directory in the records: reports are not written (use -o)");
		return NULL;
	}
	pth_must(pth_mkdirs(AT_FDCWD, dir, &e), &e);
	real = realpath(dir, NULL);
	fd = real != NULL ? open(real, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	if (fd < 0)
		pth_die(PTH_SYSTEM, "%s:", dir);
	if (o->json)
		put_below(o, r, fd, real, "json", json, "experiment_summary.json");
	if (o->md)
		put_below(o, r, fd, real, "md", pth_report_md, "EXPERIMENT_REPORT.md");
	return real;
}

/* Its links are relative to where it will be. */
static void
write_html(const char *path, struct pth_report *r)
{
	pth_auto_str copy = pth_xstrdup(path);
	pth_auto_str dir = realpath(dirname(copy), NULL);

	if (dir == NULL)
		pth_die(PTH_SYSTEM, "%s:", path);
	put(r, dir, "html", pth_report_html, path);
}

/* A harness of Perl says in TAP_VERSION which version it reads, and takes a later one for an
 * error. */
static void
tap(const struct pth_report *r, const char *dir, struct pth_buf *b)
{
	const char *most = getenv("TAP_VERSION");
	long long version = 14;

	(void)dir;
	if (most == NULL || !pth_int(most, 13, 14, &version))
		version = 14;
	pth_report_tap(r, (unsigned)version, b);
}

static void
write_all(const struct options *o, struct pth_report *r, bool quiet)
{
	static pth_report_form *const writers[] = { junit, tap, csv };
	static const char *const formats[] = { "junit", "tap", "csv" };
	const char *const paths[] = { o->junit, o->tap, o->csv, o->html };
	struct pth_buf b = PTH_BUF_INIT;
	struct pth_err e;
	pth_auto_str dir = write_files(o, r);
	bool taken = o->pass;

	for (size_t i = 0; i < countof(paths); i++) {
		if (paths[i] == NULL)
			continue;
		taken = taken || strcmp(paths[i], "-") == 0;
		if (i == countof(writers)) {
			write_html(paths[i], r);
			continue;
		}
		put(r, NULL, formats[i], writers[i], paths[i]);
	}
	if (!o->text || taken || quiet)
		return;
	pth_must(pth_report_pour(r, text, NULL, STDOUT_FILENO, "stdout", &e), &e);
	if (dir != NULL && o->md)
		pth_buf_addf(&b, "report: %s/EXPERIMENT_REPORT.md\n", dir);
	pth_must(pth_tool_print(&b, &e), &e);
}

int
main(int argc, char **argv)
{
	const char *formats = "md,json,text";
	struct options o = { .pass = false };
	const struct pth_option table[] = {
		{ 'p', "pass", NULL, "write the records on instead of the table", .flag = &o.pass },
		{ 'o', "output", "DIR", "write the reports to DIR", .text = &o.dir },
		{ 0, "format", "LIST", "some of md,json,text (default: all)", .text = &formats },
		{ 0, "junit", "FILE", "write JUnit XML", .text = &o.junit },
		{ 0, "tap", "FILE", "write TAP version 14", .text = &o.tap },
		{ 0, "csv", "FILE", "write a table as CSV", .text = &o.csv },
		{ 0, "html", "FILE", "write one page of HTML", .text = &o.html },
	};
	struct pth_tool tool = { "pth-report", "Write the report of a run", "[FILE]...",
		PTH_OPTIONS(table), .reads = true };
	struct pth_rec_out pass = { .fp = stdout };
	pth_auto_buf causes = PTH_BUF_INIT;
	pth_auto_str list = NULL;
	struct pth_home home;
	struct pth_report *r;
	struct pth_err why, e;
	int code, rc;

	if ((code = pth_tool_parse(&tool, argc, argv)) >= 0)
		return code;
	list = pth_xstrdup(formats);
	if (!set_formats(&o, list))
		return pth_tool_mistake(
		    &tool, "--format %s: expected some of md, json and text", formats);
	pth_outlive_interrupt();
	pth_must(pth_home_find(&home, &e), &e);
	pth_buf_addf(&causes, "%s/causes.yaml", home.share);
	r = pth_report_new(causes.s);
	r->all_numbers = o.csv != NULL;
	rc = take_all(r, &tool, o.pass ? &pass : NULL, &why);
	if (rc != 0 && r->run_dir != NULL && pth_run_lock_held(r->run_dir, &e))
		pth_err_wrap(&why, "%s", e.text);
	pth_report_finish(r, why.text);
	pth_event_run(*r->run != '\0' ? r->run : NULL);
	if (o.pass && (rc == 0 || pass.lacks != NULL))
		pth_must(pth_rec_end(&pass, &e), &e);
	write_all(&o, r, tool.quiet);
	if (rc != 0)
		pth_complain("%s", why.text);
	else if (r->bad > 0)
		rc = PTH_NO;
	pth_report_free(r);
	pth_home_release(&home);
	return rc;
}
