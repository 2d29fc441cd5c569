/*
 * pth-report: the last stage. Summary on stdout, reports in files, and the
 * exit code that says whether every test was as it should be.
 */
#include <fcntl.h>
#include <getopt.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/os.h"
#include "io/event.h"
#include "io/file.h"
#include "io/rec.h"
#include "report/report.h"

static struct {
	const char *dir, *junit, *tap, *csv, *html;
	const char *format;
	bool partial, pass;
} opt = { .format = "md,json,text" };

static void
usage(FILE *to)
{
	fputs("usage: pth-report [-p] [--partial] [-o dir] [--format list] [--junit file]\n"
	      "                  [--tap file] [--csv file] [--html file] [file ...]\n",
	    to);
}

/* Is name one of the comma-separated formats? */
static bool
wanted(const char *name)
{
	size_t n = strlen(name);

	for (const char *s = opt.format; *s != '\0'; s += strcspn(s, ",")) {
		s += *s == ',';
		if (strcspn(s, ",") == n && strncmp(s, name, n) == 0)
			return true;
	}
	return false;
}

static bool
formats_known(const char *s)
{
	for (; *s != '\0'; s += strcspn(s, ",")) {
		size_t n;

		s += *s == ',';
		n = strcspn(s, ",");
		if (!(n == 2 && strncmp(s, "md", n) == 0) &&
		    !(n == 4 && strncmp(s, "json", n) == 0) &&
		    !(n == 4 && strncmp(s, "text", n) == 0))
			return false;
	}
	return true;
}

static void
put_stdout(const struct pth_buf *b)
{
	if (fwrite(b->s, 1, b->len, stdout) != b->len || fflush(stdout) != 0)
		pth_die(PTH_SYSTEM, "write stdout:");
}

/* path "-": stdout */
static void
put(int dirfd, const char *path, struct pth_buf *b)
{
	struct pth_err e;

	if (strcmp(path, "-") == 0)
		put_stdout(b);
	else if (pth_file_write(dirfd, path, b->s, b->len, &e) != 0)
		pth_die(e.code, "%s", e.text);
	pth_buf_release(b);
}

/* All records of one stream into r. 0, or the exit code and why in e. */
static int
take_stream(
    struct pth_report *r, FILE *fp, const char *name, struct pth_rec_out *pass, struct pth_err *e)
{
	struct pth_rec_in in;
	struct pth_err write;
	json_t *rec;
	int got, rc = 0;

	pth_rec_open(&in, fp, name);
	while ((got = pth_rec_read(&in, &rec, e)) > 0) {
		pth_report_add(r, rec);
		if (opt.pass && pth_rec_write(pass, rec, &write) != 0)
			pth_die(write.code, "%s", write.text);
		json_decref(rec);
	}
	if (got < 0)
		rc = e->code;
	else if (pth_rec_whole(&in, e) != 0)
		rc = opt.partial ? 0 : e->code;
	else
		e->text[0] = '\0';
	pth_rec_close(&in);
	return rc;
}

/* The named files, or stdin. *why: the first reason to be incomplete. */
static int
take_all(struct pth_report *r, char **files, int n, struct pth_rec_out *pass, struct pth_err *why)
{
	struct pth_err e = { 0 };
	int rc = 0, one;

	why->text[0] = '\0';
	if (n == 0)
		return take_stream(r, stdin, "stdin", pass, why);
	for (int i = 0; i < n; i++) {
		FILE *fp = fopen(files[i], "re");

		if (fp == NULL)
			pth_die(PTH_INPUT, "%s:", files[i]);
		one = take_stream(r, fp, files[i], pass, &e);
		if (why->text[0] == '\0')
			*why = e;
		rc = rc != 0 ? rc : one;
		fclose(fp);
	}
	return rc;
}

/* EXPERIMENT_REPORT.md and experiment_summary.json; the directory's absolute
 * path, or NULL when there is none to write to. Caller frees. */
static char *
write_files(const struct pth_report *r)
{
	const char *dir = opt.dir != NULL ? opt.dir : r->run_dir;
	struct pth_buf b = PTH_BUF_INIT;
	struct pth_err e;
	char *real;
	int fd;

	if (!wanted("md") && !wanted("json"))
		return NULL;
	if (dir == NULL) {
		pth_warn("no run directory in the records: reports are not written (use -o)");
		return NULL;
	}
	if (pth_mkdirs(AT_FDCWD, dir, &e) != 0)
		pth_die(e.code, "%s", e.text);
	real = realpath(dir, NULL);
	fd = real != NULL ? open(real, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	if (fd < 0)
		pth_die(PTH_SYSTEM, "%s:", dir);
	if (wanted("json")) {
		pth_report_json(r, &b);
		put(fd, "experiment_summary.json", &b);
	}
	if (wanted("md")) {
		pth_report_md(r, real, &b);
		put(fd, "EXPERIMENT_REPORT.md", &b);
	}
	close(fd);
	return real;
}

static bool
to_stdout(const char *path)
{
	return path != NULL && strcmp(path, "-") == 0;
}

/* Its links are relative to where it will be. */
static void
write_html(const struct pth_report *r)
{
	struct pth_buf b = PTH_BUF_INIT;
	char *copy = pth_xstrdup(opt.html), *dir = realpath(dirname(copy), NULL);

	if (dir == NULL)
		pth_die(PTH_SYSTEM, "%s:", opt.html);
	pth_report_html(r, dir, &b);
	put(AT_FDCWD, opt.html, &b);
	free(dir);
	free(copy);
}

static void
write_all(const struct pth_report *r)
{
	struct pth_buf b = PTH_BUF_INIT;
	char *dir = write_files(r);
	bool taken = opt.pass || to_stdout(opt.junit) || to_stdout(opt.tap) || to_stdout(opt.csv) ||
	    to_stdout(opt.html);

	if (opt.junit != NULL) {
		pth_report_junit(r, &b);
		put(AT_FDCWD, opt.junit, &b);
	}
	if (opt.tap != NULL) {
		pth_report_tap(r, &b);
		put(AT_FDCWD, opt.tap, &b);
	}
	if (opt.csv != NULL) {
		pth_report_csv(r, &b);
		put(AT_FDCWD, opt.csv, &b);
	}
	if (opt.html != NULL)
		write_html(r);
	if (wanted("text") && !taken) {
		pth_report_text(r, pth_tty_colours(STDOUT_FILENO), &b);
		if (dir != NULL && wanted("md"))
			pth_buf_addf(&b, "report: %s/EXPERIMENT_REPORT.md\n", dir);
		put_stdout(&b);
		pth_buf_release(&b);
	}
	free(dir);
}

static void
options(int argc, char **argv)
{
	enum { PARTIAL = 256, FORMAT, JUNIT, TAP, CSV, HTML };
	static const struct option longs[] = {
		{ "pass", no_argument, NULL, 'p' },
		{ "help", no_argument, NULL, 'h' },
		{ "output", required_argument, NULL, 'o' },
		{ "partial", no_argument, NULL, PARTIAL },
		{ "format", required_argument, NULL, FORMAT },
		{ "junit", required_argument, NULL, JUNIT },
		{ "tap", required_argument, NULL, TAP },
		{ "csv", required_argument, NULL, CSV },
		{ "html", required_argument, NULL, HTML },
		{ NULL, 0, NULL, 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "ho:p", longs, NULL)) != -1) {
		switch (c) {
		case 'p': opt.pass = true; break;
		case 'o': opt.dir = optarg; break;
		case PARTIAL: opt.partial = true; break;
		case FORMAT: opt.format = optarg; break;
		case JUNIT: opt.junit = optarg; break;
		case TAP: opt.tap = optarg; break;
		case CSV: opt.csv = optarg; break;
		case HTML: opt.html = optarg; break;
		case 'h': usage(stdout); exit(PTH_OK);
		default: usage(stderr); exit(PTH_USAGE);
		}
	}
	if (!formats_known(opt.format)) {
		pth_complain("--format %s: md, json and text are known", opt.format);
		usage(stderr);
		exit(PTH_USAGE);
	}
}

int
main(int argc, char **argv)
{
	struct pth_rec_out pass = { .fp = stdout };
	struct pth_buf causes = PTH_BUF_INIT;
	struct pth_home home;
	struct pth_report *r;
	struct pth_err why, e;
	int rc;

	pth_event_init("pth-report");
	options(argc, argv);
	pth_outlive_interrupt();
	if (pth_home_find(&home, &e) != 0)
		pth_die(e.code, "%s", e.text);
	pth_buf_addf(&causes, "%s/causes.yaml", home.share);
	r = pth_report_new(causes.s);
	rc = take_all(r, argv + optind, argc - optind, &pass, &why);
	pth_report_finish(r, why.text);
	if (opt.pass && why.text[0] == '\0' && pth_rec_end(&pass, &e) != 0)
		pth_die(e.code, "%s", e.text);
	write_all(r);
	if (rc != 0)
		pth_complain("%s", why.text);
	else if (r->bad > 0)
		rc = PTH_NO;
	pth_report_free(r);
	pth_home_release(&home);
	pth_buf_release(&causes);
	return rc;
}
