/* This file judges the rules on logs: lines that must be there, or must not. */
#include "collect/verdict_rule_priv.h"

#include <errno.h>
#include <math.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/os.h"
#include "base/regex.h"
#include "base/text.h"
#include "collect/artifact.h"
#include "io/record.h"

#define PIECE_MAX ((size_t)64 << 10)      /* a longer line comes in pieces of that length */
#define LINE_MAX_BYTES ((size_t)64 << 20) /* so much of a line is looked at as one */

struct matches {
	struct pth_regex *re;
	struct pth_buf held;    /* of the line at hand, when it comes in pieces */
	int64_t n;              /* lines that match */
	int64_t unsure;         /* that may match: no piece of them does */
	struct pth_buf *quotes; /* what was found in the first of them, or NULL */
	int quoted;
	bool matched, doubt; /* the line at hand, so far */
};

#define QUOTES 3

/* What a line says: all that matches, or the first group of the expression. */
static void
quote(struct matches *x, const char *s, size_t n)
{
	struct pth_regex_span at[2];
	pth_auto_str said = NULL;

	if (x->quotes == NULL || x->quoted == QUOTES || !pth_regex_find(x->re, s, n, at))
		return;
	at[0] = pth_regex_groups(x->re) > 0 && at[1].from != SIZE_MAX ? at[1] : at[0];
	said = pth_xstrndup(s + at[0].from, at[0].to - at[0].from);
	pth_buf_adds(x->quotes, x->quoted++ > 0 ? "; " : ": ");
	pth_show(x->quotes, said, 200);
}

static void
line_over(struct matches *x)
{
	if (x->held.len > 0)
		x->matched = x->matched ||
		    pth_regex_match_part(x->re, x->held.s, x->held.len, true, !x->doubt);
	pth_buf_release(&x->held);
	x->n += x->matched;
	x->unsure += x->doubt && !x->matched;
	x->matched = x->doubt = false;
}

/* NUL and invalid UTF-8 do no harm. Pieces of a line are put together; those of an enormous one
 * have no begin or no end. */
static void
match_line(void *arg, const char *s, size_t n, bool rest)
{
	struct matches *x = arg;
	bool open = n >= PIECE_MAX;

	if (!rest)
		line_over(x);
	if (!rest && !open) {
		x->matched = pth_regex_match(x->re, s, n);
		if (x->matched)
			quote(x, s, n);
	} else if (!x->doubt && x->held.len + n <= LINE_MAX_BYTES) {
		pth_buf_add(&x->held, s, n);
	} else {
		x->doubt = true;
		x->matched = x->matched || pth_regex_match_part(x->re, s, n, false, !open);
	}
}

/* Count in one log, a part of the service's outputs or a file that it wrote; what is not known of
 * it is appended to why. */
static void
count_file(const struct rule *r, const char *service, const char *file, struct matches *x,
    struct pth_buf *why)
{
	const json_t *end = pth_rec_ended_service(r->j->rec, service);
	pth_auto_str path = collect_rule_path(r, service, file);
	struct stat st;
	pth_auto_fd fd = pth_open_regular(r->j->ev->dirfd, path, &st);
	const char *sep = why->len > 0 ? "; " : "";

	if (fd < 0) {
		pth_buf_addf(why, "%s%s: %s", sep, file,
		    errno == ENOENT     ? "there is no such log" :
		        errno == EINVAL ? "is no regular file" :
		                          strerror(errno));
		return;
	}
	pth_artifact_lines_within(fd, r->j->ev->budget, match_line, x);
	line_over(x);
	if (lseek(fd, 0, SEEK_CUR) < st.st_size)
		pth_buf_addf(why, "%s%s: not all of it can be read", sep, file);
	else if (json_object_get(pth_rsvc_logs_cut(end), file) != NULL)
		pth_buf_addf(why, "%s%s: it was cut at its limit", sep, file);
}

/* Matches in one log, or in both outputs when no file is named. */
static struct pth_span
count_log(const struct rule *r, const char *service, const char *file, struct pth_regex *re,
    struct pth_buf *why, struct pth_buf *quotes)
{
	const char *const both[] = { "stdout.log", "stderr.log" };
	struct matches x = { .re = re, .quotes = quotes };
	struct pth_span n;

	for (size_t i = 0; i < (file != NULL ? 1 : countof(both)); i++)
		count_file(r, service, file != NULL ? file : both[i], &x, why);
	n = (struct pth_span){ (double)x.n, why->len > 0 ? INFINITY : (double)(x.n + x.unsure) };
	if (x.unsure > 0)
		pth_buf_addf(why, "%s%lld line%s longer than 64 MiB", why->len > 0 ? "; " : "",
		    (long long)x.unsure, x.unsure == 1 ? "" : "s");
	return n;
}

static void
log_counted(const struct rule *r, const json_t *v, const struct pth_span *n, bool never,
    const struct pth_buf *why, const struct pth_buf *quotes)
{
	pth_auto_buf b = PTH_BUF_INIT;
	struct rule_range want, none = { .has_max = true };

	if (!collect_rule_range(r, v, MIN_MAX(rulelog), &want))
		return;
	if (collect_rule_open(&want))
		want = never ? none : collect_at_least_one;
	pth_buf_addf(&b, "%.0f line%s%s", n->least, n->least == 1 ? "" : "s",
	    quotes->len > 0 ? quotes->s : "");
	collect_rule_number(r, &want, n, &b, why);
}

/* Is the rule not to be looked at, because the outputs of its service say so? What cannot be read
 * says nothing. */
static bool
is_void(const struct rule *r, const char *service, const char *unless)
{
	pth_auto_buf why = PTH_BUF_INIT;
	pth_auto_regex re = unless != NULL ? pth_regex_new(unless, PTH_REGEX_LINES, NULL) : NULL;

	return re != NULL && count_log(r, service, NULL, re, &why, NULL).least > 0;
}

/* {service, file, matches | not_matches, unless, min, max} */
void
collect_rule_log(struct rule r, json_t *v)
{
	const char *own = pth_rulelog_service(v), *service = own != NULL ? own : r.service;
	const char *never = pth_rulelog_not_matches(v), *always = pth_rulelog_matches(v);
	const char *regex = always != NULL ? always : never;
	const char *unless = pth_rulelog_unless(v);
	pth_auto_buf name = PTH_BUF_INIT, why_not = PTH_BUF_INIT, quotes = PTH_BUF_INIT;
	pth_auto_regex re = NULL;
	struct pth_span n;
	struct pth_err e;

	pth_buf_addf(
	    &name, "log %s %s", service != NULL ? service : "?", never != NULL ? "without " : "");
	pth_show(&name, regex != NULL ? regex : "?", 200);
	r.name = name.s;
	if (!collect_rule_keys(&r, v, KEYS(rulelog)))
		return;
	if (service == NULL || regex == NULL || (always != NULL && never != NULL)) {
		collect_rule_wrong(
		    r, "the rule needs a service and matches or not_matches, not both", "");
		return;
	}
	re = pth_regex_new(regex, PTH_REGEX_LINES, &e);
	if (re == NULL) {
		collect_rule_wrong(r, e.text, "");
		return;
	}
	if (is_void(&r, service, unless))
		return;
	n = count_log(
	    &r, service, pth_rulelog_file(v), re, &why_not, never != NULL ? &quotes : NULL);
	log_counted(&r, v, &n, never != NULL, &why_not, &quotes);
}
