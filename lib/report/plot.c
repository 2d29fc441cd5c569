/* This file draws the series of a test (series.jsonl) as SVG, for the page of HTML. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "collect/artifact.h"
#include "io/file.h"
#include "report/report.h"

#define FILE_MAX ((size_t)32 << 20)
#define CONNECTIONS_MAX 3          /* of a test that are drawn */
#define PAGE_MAX ((size_t)8 << 20) /* bytes of all plots */
#define KINDS_MAX 16
#define TIME_MAX 1e12 /* seconds: more is no time */
#define WIDTH 330.0
#define HEIGHT 120.0
#define LEFT 48.0
#define TOP 8.0
#define COLUMNS 160 /* of a line; more points are not told apart by eye */

/* A line of the file. */
struct line {
	const json_t *points;
	bool server; /* else the client has sent it; of a link: down, else up */
};

/* One plot: what client and server have sent. */
struct plot {
	const char *name, *unit;
	struct line v[2];
	size_t n;
	double t0, t1, max;
};

static const char *
text(const json_t *line, const char *key)
{
	const char *s = json_string_value(json_object_get(line, key));

	return s != NULL ? s : "";
}

/* "12.3 k": a number with three digits. */
static void
short_number(struct pth_buf *b, double v)
{
	static const char *const units[] = { "", "k", "M", "G", "T" };
	size_t i = 0;

	for (; v >= 999.5 && i + 1 < countof(units); v /= 1000)
		i++;
	pth_buf_addf(b, "%.3g%s", v, units[i]);
}

/* A point; false: it is none, or one of a state. */
static bool
point(const json_t *points, size_t i, double *t, double *value)
{
	const json_t *p = json_array_get(points, i);

	*t = json_number_value(json_array_get(p, 0));
	*value = json_number_value(json_array_get(p, 1));
	return json_array_size(p) == 2 && json_is_number(json_array_get(p, 1)) &&
	    fabs(*t) < TIME_MAX && isfinite(*value);
}

/* What a plot has to show. */
static void
extend(struct plot *p, const json_t *points)
{
	double t, v;

	for (size_t i = 0; i < json_array_size(points); i++) {
		if (!point(points, i, &t, &v))
			continue;
		p->t0 = fmin(p->t0, t);
		p->t1 = fmax(p->t1, t);
		p->max = fmax(p->max, v);
	}
}

/* What is in a column of the plot: the least and the greatest, so that no spike is lost. */
struct column {
	double at, y[2], least, greatest; /* y: in the order in which they came */
	size_t n;
};

static void
put(struct column *c, double at, double v)
{
	if (c->n++ == 0) {
		*c = (struct column){ at, { v, v }, v, v, 1 };
	} else if (v < c->least || v > c->greatest) {
		c->y[0] = c->y[1];
		c->y[1] = v;
		c->least = fmin(c->least, v);
		c->greatest = fmax(c->greatest, v);
	}
}

static void
draw_column(struct pth_buf *b, const struct plot *p, const struct column *c)
{
	double high = HEIGHT - TOP, scale = p->max > 0 ? high / p->max : 0;

	for (size_t i = 0; i < 2 && c->n > 0; i++) {
		if (i == 1 && c->least >= c->greatest)
			break;
		pth_buf_addf(b, "%s%.4g,%.4g", b->s[b->len - 1] == '"' ? "" : " ",
		    LEFT + c->at * WIDTH / COLUMNS, HEIGHT - fmax(c->y[i], 0) * scale);
	}
}

static void
draw_line(struct pth_buf *b, const struct plot *p, const struct line *l)
{
	double span = p->t1 > p->t0 ? p->t1 - p->t0 : 1, t, v;
	struct column c = { .n = 0 };

	pth_buf_addf(b, "<polyline class=\"%s\" points=\"", l->server ? "srv" : "cli");
	for (size_t i = 0; i < json_array_size(l->points); i++) {
		double at;

		if (!point(l->points, i, &t, &v))
			continue;
		at = floor((t - p->t0) / span * COLUMNS);
		if (c.n > 0 && fabs(at - c.at) > 0.5) {
			draw_column(b, p, &c);
			c.n = 0;
		}
		put(&c, at, v);
	}
	draw_column(b, p, &c);
	pth_buf_adds(b, "\"/>");
}

static void
draw(struct pth_buf *b, const struct plot *p)
{
	pth_buf_addf(
	    b, "<svg viewBox=\"0 0 %g %g\" role=\"img\"><title>", LEFT + WIDTH + 10, HEIGHT + 34);
	pth_report_html_text(b, p->name);
	pth_buf_addf(b, "</title><path d=\"M%g %gV%gH%g\"/>", LEFT, TOP, HEIGHT, LEFT + WIDTH);
	for (size_t i = 0; i < p->n; i++)
		draw_line(b, p, &p->v[i]);
	pth_buf_addf(b, "<text x=\"%g\" y=\"%g\" class=\"e\">", LEFT - 4, TOP + 8);
	short_number(b, p->max);
	pth_buf_addf(b,
	    "</text><text x=\"%g\" y=\"%g\" class=\"e\">0</text><text x=\"%g\" y=\"%g\">", LEFT - 4,
	    HEIGHT, LEFT, HEIGHT + 12);
	pth_buf_addf(b, "%.3g s</text><text x=\"%g\" y=\"%g\" class=\"e\">%.3g s</text>", p->t0,
	    LEFT + WIDTH, HEIGHT + 12, p->t1);
	pth_buf_addf(b, "<text x=\"%g\" y=\"%g\">", LEFT, HEIGHT + 27);
	pth_report_html_text(b, p->name);
	pth_buf_adds(b, " (");
	pth_report_html_text(b, p->unit);
	pth_buf_adds(b, ")</text></svg>\n");
}

/* Are two lines about the same connection, of the capture or of a qlog? */
static bool
same(const json_t *a, const json_t *b)
{
	static const char *const keys[] = { "protocol", "connection", "qlog", "trace", "group",
		"link" };

	for (size_t i = 0; i < countof(keys); i++) {
		const json_t *v = json_object_get(a, keys[i]), *w = json_object_get(b, keys[i]);

		if (v != w && json_equal(v, w) == 0)
			return false;
	}
	return true;
}

static void
heading(struct pth_buf *b, const json_t *line)
{
	if (*text(line, "qlog") != '\0')
		pth_report_weave(b, pth_report_html_text, "<p>What ", text(line, "qlog"),
		    " says</p>\n<div class=\"plots\">", (char *)NULL);
	else if (*text(line, "link") != '\0')
		pth_report_weave(b, pth_report_html_text, "<p>Link ", text(line, "link"),
		    ": <span class=\"cli\">up</span>, <span class=\"srv\">down</span></p>\n"
		    "<div class=\"plots\">",
		    (char *)NULL);
	else
		pth_report_weave(b, pth_report_html_text, "<p>Connection ", text(line, "protocol"),
		    " of ", text(line, "client"), " to ", text(line, "server"),
		    ": <span class=\"cli\">client</span>, <span class=\"srv\">server</span></p>\n"
		    "<div class=\"plots\">",
		    (char *)NULL);
}

/* The plots of a connection, whose lines follow each other from `first` on; the line behind. */
static size_t
connection(struct pth_buf *b, const json_t *lines, size_t first)
{
	struct plot plots[KINDS_MAX];
	const json_t *head = json_array_get(lines, first), *l;
	size_t n = 0, k, i;

	for (i = first; (l = json_array_get(lines, i)) != NULL; i++) {
		if (!same(l, head))
			break;
		for (k = 0; k < n && strcmp(plots[k].name, text(l, "series")) != 0; k++)
			;
		if (k == KINDS_MAX)
			continue;
		if (k == n)
			plots[n++] = (struct plot){ .name = text(l, "series"),
				.unit = text(l, "unit"),
				.t0 = INFINITY,
				.t1 = -INFINITY };
		if (plots[k].n == countof(plots[k].v) ||
		    json_array_size(json_object_get(l, "points")) == 0)
			continue;
		plots[k].v[plots[k].n++] = (struct line){ json_object_get(l, "points"),
			strcmp(text(l, "sender"), "server") == 0 ||
			    strcmp(text(l, "direction"), "down") == 0 };
		extend(&plots[k], json_object_get(l, "points"));
	}
	heading(b, head);
	for (k = 0; k < n; k++)
		if (plots[k].n > 0 && isfinite(plots[k].t0))
			draw(b, &plots[k]);
	pth_buf_adds(b, "</div>\n");
	return i;
}

/* The lines of the file that are series. */
static json_t *
lines_of(const struct pth_buf *in)
{
	json_t *all = json_array();
	struct pth_err e;

	for (const char *s = in->s, *end; s != NULL && *s != '\0'; s = end + 1) {
		json_t *line;

		if ((end = strchr(s, '\n')) == NULL)
			break;
		line = pth_json_parse(s, (size_t)(end - s), &e);
		if (json_is_string(json_object_get(line, "series")) &&
		    json_is_array(json_object_get(line, "points")))
			pth_json_push(all, line);
		else
			json_decref(line);
	}
	return all;
}

void
pth_report_plots(const struct pth_report_test *t, size_t *used, struct pth_buf *b)
{
	pth_auto_buf in = PTH_BUF_INIT;
	json_auto_t *lines = NULL;
	size_t begin = b->len, shown = 0, i = 0;
	struct pth_err e;
	pth_auto_fd dir = t->run_dir != NULL && t->dir != NULL ?
	    pth_artifact_dir(t->run_dir, t->dir) :
	    -1;

	if (dir < 0)
		return;
	if (pth_file_read_below(dir, PTH_SERIES_FILE, FILE_MAX, &in, &e) != 0) {
		if (e.error != ENOENT)
			pth_report_weave(
			    b, pth_report_html_text, "<p>", e.text, "</p>\n", (char *)NULL);
		return;
	}
	lines = lines_of(&in);
	while (i < json_array_size(lines) && shown < CONNECTIONS_MAX && *used < PAGE_MAX) {
		i = connection(b, lines, i);
		shown++;
	}
	if (i < json_array_size(lines))
		pth_buf_addf(b, "<p>More series are in %s.</p>\n", PTH_SERIES_FILE);
	*used += b->len - begin;
}
