/*
 * This file looks at a Dockerfile of somebody's own before an engine does: its instructions are
 * known, each has something behind it, and the first is FROM (Docker's Dockerfile reference:
 * escape directive, continuation lines, here-documents).
 */
#include "container/dockerfile.h"

#include <string.h>

#include "base/text.h"
#include "base/words.h"

#define HERE_MAX 8 /* here-documents of one instruction */

struct reader {
	struct pth_word rest; /* lines that were not read */
	unsigned line;        /* number of the last that was */
	char escape;
	bool from; /* an image to begin with is named */
};

static bool
next_line(struct reader *r, struct pth_word *line)
{
	if (!pth_word_next(&r->rest, "\n", line))
		return false;
	r->line++;
	pth_word_trim(line);
	while (line->n > 0 &&
	    (line->s[line->n - 1] == ' ' || line->s[line->n - 1] == '\t' ||
	        line->s[line->n - 1] == '\r'))
		line->n--;
	return true;
}

/* "# escape=`" before all else. */
static void
directive(struct reader *r, struct pth_word line)
{
	static const char name[] = "escape=";

	line.s++;
	line.n--;
	pth_word_trim(&line);
	if (line.n == sizeof name && strncasecmp(line.s, name, sizeof name - 1) == 0)
		r->escape = line.s[line.n - 1];
}

static bool
is(struct pth_word w, const char *name)
{
	return strlen(name) == w.n && strncasecmp(w.s, name, w.n) == 0;
}

/* The names of here-documents that begin in a line: <<EOF, <<-"EOF". How many. */
static size_t
documents(struct pth_word line, struct pth_word v[HERE_MAX])
{
	size_t n = 0;

	for (size_t i = 0; i + 2 < line.n && n < HERE_MAX; i++) {
		if (line.s[i] != '<' || line.s[i + 1] != '<')
			continue;
		i += 2 + (line.s[i + 2] == '-');
		if (i < line.n && (line.s[i] == '"' || line.s[i] == '\''))
			i++;
		v[n] = (struct pth_word){ line.s + i, 0 };
		while (i < line.n && (pth_is_alnum(line.s[i]) || line.s[i] == '_')) {
			v[n].n++;
			i++;
		}
		n += v[n].n > 0;
	}
	return n;
}

/* The rest of an instruction: lines that go on, in which comments may stand. */
static void
skip_rest(struct reader *r, struct pth_word line, bool has_documents)
{
	struct pth_word here[HERE_MAX];
	size_t n = has_documents ? documents(line, here) : 0;

	while (line.n > 0 && line.s[line.n - 1] == r->escape && next_line(r, &line))
		while ((line.n == 0 || *line.s == '#') && next_line(r, &line))
			;
	for (size_t i = 0; i < n; i++)
		while (next_line(r, &line) &&
		    (line.n != here[i].n || memcmp(line.s, here[i].s, line.n) != 0))
			;
}

static int
instruction(struct reader *r, struct pth_word line, struct pth_err *e)
{
	static const char *const names[] = { "ADD", "ARG", "CMD", "COPY", "ENTRYPOINT", "ENV",
		"EXPOSE", "FROM", "HEALTHCHECK", "LABEL", "MAINTAINER", "ONBUILD", "RUN", "SHELL",
		"STOPSIGNAL", "USER", "VOLUME", "WORKDIR" };
	struct pth_word name = { line.s, 0 };
	pth_auto_str shown = NULL;
	size_t k;

	while (name.n < line.n && line.s[name.n] != ' ' && line.s[name.n] != '\t')
		name.n++;
	shown = pth_xstrndup(name.s, name.n < 40 ? name.n : 40);
	for (char *s = shown; *s != '\0'; s++)
		*s = *s >= 'a' && *s <= 'z' ? (char)(*s - 'a' + 'A') : *s;
	for (k = 0; k < countof(names) && !is(name, names[k]); k++)
		;
	if (k == countof(names)) {
		const char *near = pth_nearest(shown, names, countof(names));

		return pth_err_set(e, PTH_INPUT, "line %u: no instruction '%s'%s%s%s", r->line,
		    shown, PTH_DID_YOU_MEAN(near));
	}
	if (name.n == line.n)
		return pth_err_set(
		    e, PTH_INPUT, "line %u: %s with nothing behind it", r->line, names[k]);
	if (!r->from && !is(name, "FROM") && !is(name, "ARG"))
		return pth_err_set(e, PTH_INPUT, "line %u: %s before FROM", r->line, names[k]);
	r->from = r->from || is(name, "FROM");
	skip_rest(r, line, is(name, "RUN") || is(name, "COPY") || is(name, "ADD"));
	return 0;
}

int
container_dockerfile_check(const char *text, size_t n, struct pth_err *e)
{
	struct reader r = { .rest = { text, n }, .escape = '\\' };
	struct pth_word line;
	bool begun = false;

	while (next_line(&r, &line)) {
		if (line.n == 0)
			continue;
		if (*line.s == '#') {
			if (!begun)
				directive(&r, line);
			continue;
		}
		begun = true;
		if (instruction(&r, line, e) != 0)
			return -1;
	}
	return r.from ? 0 : pth_err_set(e, PTH_INPUT, "no FROM");
}
