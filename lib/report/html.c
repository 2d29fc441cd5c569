/* This file writes the report as one page of HTML, which needs no script and no other file. */
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "report/report.h"

static const char style[] =
    "body{font:15px/1.4 system-ui,sans-serif;margin:2em auto;max-width:75em;padding:0 1em;"
    "color:#222;background:#fff}table{border-collapse:collapse;width:100%}"
    "th,td{text-align:left;padding:.3em .7em;border-bottom:1px solid #ddd;vertical-align:top}"
    ".ok{color:#176b26}.bad{color:#b3261e;font-weight:600}pre{background:#f5f5f5;padding:.7em;"
    "overflow:auto;font-size:13px}details{margin:.5em 0}summary{cursor:pointer}"
    "@media(prefers-color-scheme:dark){body{color:#ddd;background:#181818}"
    "th,td{border-color:#444}pre{background:#262626}.ok{color:#7bd88f}.bad{color:#ff8a80}"
    "a{color:#8ab4f8}}";

/* Of the plots; only where there are some. */
static const char plot_style[] =
    "<style>.plots{display:flex;flex-wrap:wrap}.plots svg{width:24em;margin:.3em}"
    ".plots path{fill:none;stroke:#888}.plots text{font-size:11px;fill:currentColor}"
    ".plots .e{text-anchor:end}.plots polyline{fill:none;stroke-width:1.2;"
    "vector-effect:non-scaling-stroke}polyline.cli{stroke:#1a73e8}polyline.srv{stroke:#d9730d}"
    "span.cli{color:#1a73e8}span.srv{color:#d9730d}</style>\n";

void
pth_report_html_text(struct pth_buf *b, const char *s)
{
	for (; *s != '\0'; s++) {
		const char *entity = *s == '\'' ? "&#39;" : pth_report_entity(*s);

		if (entity != NULL)
			pth_buf_adds(b, entity);
		else
			pth_buf_addc(
			    b, (unsigned char)*s < ' ' && *s != '\n' && *s != '\t' ? ' ' : *s);
	}
}

#define HTML(b, ...) pth_report_weave(b, pth_report_html_text, __VA_ARGS__, (char *)NULL)

static void
element(struct pth_buf *b, const char *name, const char *text)
{
	HTML(b, "<", name, ">", text, "</", name, ">");
}

/* A paragraph, when there is something to say. */
static void
remark(struct pth_buf *b, const char *head, const char *text)
{
	if (*text != '\0')
		HTML(b, "<p>", head, "", text, "</p>");
}

/* One row of the table of tests. */
static void
test_row(const struct pth_report_test *t, size_t i, struct pth_buf *b)
{
	pth_auto_buf numbers = PTH_BUF_INIT;

	pth_buf_addf(b, "<tr><td><a href=\"#t%zu\">", i);
	HTML(b, "", t->id, "</a></td><td class=\"", t->ok ? "ok" : "bad", "\">",
	    pth_report_status_name(t->status), pth_report_mark(t), "", "</td><td>");
	if (*t->started != '\0')
		pth_duration_show(b, t->duration_us);
	pth_report_numbers(t, &numbers);
	HTML(b, "</td><td>", numbers.len != 0 ? numbers.s : "", "</td><td>", t->summary,
	    "</td></tr>\n");
}

static void
test_links(const struct pth_report_test *t, const char *outdir, struct pth_buf *b)
{
	if (t->links == NULL)
		return;
	pth_buf_adds(b, "<ul>");
	for (const struct pth_report_link *l = t->links; l != NULL; l = l->next) {
		pth_buf_adds(b, "<li><a href=\"");
		pth_report_href(t, outdir, l->path, b);
		HTML(b, "\">", l->path, "</a> (", l->kind, ")</li>");
	}
	pth_buf_adds(b, "</ul>\n");
}

static void
test_services(const struct pth_report_test *t, struct pth_buf *b)
{
	const struct pth_report_service *s;
	bool use = false;

	if (t->services == NULL)
		return;
	for (s = t->services; s != NULL; s = s->next)
		use = use || *s->use != '\0';
	pth_buf_addf(
	    b, "<table><tr><th>Service<th>Health<th>End<th>Phases%s</tr>\n", use ? "<th>Use" : "");
	for (s = t->services; s != NULL; s = s->next) {
		HTML(b, "<tr><td>", s->name, "</td><td>", pth_health_name(s->health), "</td><td>",
		    s->end, "</td><td>", s->phases, "</td>");
		if (use)
			element(b, "td", s->use);
		pth_buf_adds(b, "</tr>\n");
	}
	pth_buf_adds(b, "</table>\n");
}

/* What a formal tester sent and received, and what it found. */
static void
test_trace(const struct pth_report_test *t, struct pth_buf *b)
{
	json_auto_t *rows = pth_report_object(t->trace);
	json_t *v;
	size_t i;

	if (json_array_size(rows) == 0)
		return;
	pth_buf_adds(b, "<table><tr><th><th>Event of the tester<th>Packet</tr>\n");
	json_array_foreach(rows, i, v) {
		const char *sign = pth_json_str(v, "sign", "");

		HTML(b, *sign == '!' ? "<tr class=\"bad\"><td>" : "<tr><td>", sign, "</td><td>",
		    pth_json_str(v, "text", ""), "</td><td>", pth_json_str(v, "packet", ""),
		    "</td></tr>\n");
	}
	pth_buf_adds(b, "</table>\n");
}

static void
test_wires(const struct pth_report_test *t, struct pth_buf *b)
{
	json_auto_t *metrics = pth_report_object(t->metrics);
	pth_auto_buf text = PTH_BUF_INIT;
	const char *name, *direction;

	for (size_t at = 0; pth_report_next_link(metrics, &at, &name, &direction, &text);)
		HTML(b, "<p>Link ", name, ", ", direction, ": ", text.s, "</p>\n");
}

/* The first of a page come with their style. */
static void
test_plots(const struct pth_report_test *t, size_t *used, struct pth_buf *b)
{
	pth_auto_buf plots = PTH_BUF_INIT;
	bool first = *used == 0;

	pth_report_plots(t, used, &plots);
	if (plots.len == 0)
		return;
	pth_buf_adds(b, first ? plot_style : "");
	pth_buf_add(b, plots.s, plots.len);
}

static void
test_details(
    const struct pth_report_test *t, const char *outdir, size_t i, size_t *plots, struct pth_buf *b)
{
	pth_buf_addf(
	    b, "<details id=\"t%zu\"%s>", i, t->ok || t->status == PTH_S_SKIPPED ? "" : " open");
	HTML(b, "<summary>", t->id, ": ", t->name, "</summary>\n");
	remark(b, "", t->description);
	for (const struct pth_report_rule *rule = t->broken; rule != NULL; rule = rule->next)
		element(b, "p", rule->text);
	remark(b, "Not isolated: ", t->not_isolated);
	remark(b, "Evidence: ", t->evidence);
	remark(b, "Capture: ", t->not_captured);
	remark(b, "Incomplete: ", t->incomplete);
	remark(b, "Fallback: ", t->fallback);
	remark(b, "Went on without: ", t->degraded);
	remark(b, "Says something else than pth-exec: ", t->conflicts);
	remark(b, "Logs cut: ", t->logs_cut);
	if (t->cause != NULL)
		pth_buf_addf(
		    b, "<p><b>Likely cause</b>: %s. %s</p>\n", t->cause->title, t->cause->advice);
	test_services(t, b);
	test_wires(t, b);
	test_trace(t, b);
	test_plots(t, plots, b);
	test_links(t, outdir, b);
	for (const struct pth_report_tail *tail = t->tails; tail != NULL; tail = tail->next) {
		remark(b, "End of ", tail->path);
		element(b, "pre", tail->text);
	}
	pth_buf_adds(b, "</details>\n");
}

void
pth_report_html(const struct pth_report *r, const char *outdir, struct pth_buf *b)
{
	pth_auto_buf line = PTH_BUF_INIT, seeds = PTH_BUF_INIT;
	size_t i = 0, plots = 0;

	pth_report_line(r, &line);
	HTML(b,
	    "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
	    "<meta name=\"viewport\" content=\"width=device-width\"><title>",
	    line.s, "</title><style>");
	pth_buf_adds(b, style);
	HTML(b, "</style></head><body>\n<h1>Experiment Report: ", r->run, "</h1>\n<p class=\"",
	    r->bad == 0 && *r->incomplete == '\0' ? "ok" : "bad", "\">", pth_report_status(r),
	    "</p>\n");
	element(b, "p", line.s);
	remark(b, "", r->incomplete);
	pth_buf_adds(b, "\n<table><tr><th>Test<th>Status<th>Time<th>Numbers<th>Summary</tr>\n");
	pth_report_each(r, t, b)
		test_row(t, ++i, b);
	pth_buf_adds(b, "</table>\n");
	pth_report_seeds(r, &seeds);
	if (seeds.len > 0)
		element(b, "pre", seeds.s);
	i = 0;
	pth_report_each(r, t, b)
		test_details(t, outdir, ++i, &plots, b);
	pth_buf_addf(b, "<footer><p>Written %s by pth %s</p></footer>\n</body></html>\n",
	    r->generated, PTH_VERSION);
}
