/* pth-packets writes what the packets of captures say, pth-packets(1). */
#include <fcntl.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/os.h"
#include "base/series.h"
#include "base/text.h"
#include "collect/packets.h"
#include "collect/qlog.h"
#include "dissect/dissect.h"
#include "dissect/filter.h"
#include "dissect/plot.h"
#include "dissect/show.h"
#include "dissect/trace.h"
#include "io/event.h"
#include "io/file.h"
#include "io/record.h"
#include "io/tool.h"

#define FLUSH_AT ((size_t)1 << 16)
#define KEYS_MAX ((size_t)64 << 20)

struct show {
	const char *filter_text, *series, *qlog;
	struct pth_strv names, keys;
	bool json, stats;
	unsigned plots, qlog_plots; /* bits 1 << enum pth_plot, enum pth_qlog_measure */
	uint64_t points;
	struct pth_traces *traces;
	struct pth_field_ref *refs;
	size_t nrefs;
	struct pth_filter *filter;
	struct pth_buf log, out;
	bool incomplete;
};

static size_t
points(const struct show *p)
{
	return p->points != 0 ? p->points : PTH_PLOT_POINTS;
}

static void
write_out(struct show *p, size_t at_least)
{
	struct pth_err e;

	if (p->out.len >= at_least && p->out.len > 0)
		pth_must(pth_tool_print(&p->out, &e), &e);
}

static void
take_packet(struct show *p, struct pth_dissect *d)
{
	size_t n;
	const struct pth_value *v = pth_dissect_fields(d, &n);

	if (p->filter != NULL && !pth_filter_takes(p->filter, v, n))
		return;
	if (p->json || p->nrefs == 0)
		pth_fields_json(&p->out, p->nrefs > 0 ? p->refs : NULL, p->nrefs, v, n);
	else
		pth_fields_line(&p->out, p->refs, p->nrefs, v, n);
	write_out(p, FLUSH_AT);
}

static void
secrets(void *d, const char *text, size_t n)
{
	pth_dissect_keys(d, text, n);
}

/* The numbers of a file, as those of a test in pth-record(5). */
static void
put_stats(struct show *p, struct pth_dissect *d, bool cut)
{
	const struct packets of = { .d = d };
	json_auto_t *metrics = json_object();

	pth_packets_json(&of, metrics);
	json_object_del(metrics, COLLECT_DATA_US);
	if (cut)
		pth_metrics_set_truncated(metrics, true);
	pth_json_dump(&p->out, metrics);
	pth_buf_addc(&p->out, '\n');
}

static void
say_lack(struct show *p, const char *name, const char *lack)
{
	if (lack == NULL)
		return;
	/* One that begins with its place: LINE:COLUMN: text. */
	pth_complain(pth_is_digit(*lack) ? "%s:%s" : "%s: %s", name, lack);
	p->incomplete = true;
}

/* A file that is no capture may be a qlog: then its numbers, or its series, are written. */
static bool
take_qlog(struct show *p, int fd, const char *name, const struct pth_capfile *f)
{
	struct pth_qlog_show show = { p->stats, p->qlog_plots, points(p) };
	pth_auto_buf lack = PTH_BUF_INIT;
	size_t n;
	const uint8_t *begin = pth_capfile_begin(f, &n);

	if (pth_capfile_is_one(f) || n == 0 || !pth_qlog_begins(*begin))
		return false;
	if (p->series != NULL && p->qlog_plots == 0)
		pth_buf_adds(&lack, "these are series of captures, and this is a qlog");
	else if (p->stats || p->series != NULL)
		pth_qlog_show(&show, pth_qlog_new(fd, begin, n), &p->out, &lack);
	else
		pth_buf_adds(&lack, "a qlog has no packets: see --stats and --series");
	say_lack(p, name, lack.len > 0 ? lack.s : NULL);
	return true;
}

static void
put_series(struct show *p, const char *name, const struct pth_plots *plots, struct pth_dissect *d)
{
	pth_plots_lines(plots, pth_dissect_frames(d)->first, &p->out);
	if (pth_plots_left_out(plots) == 0)
		return;
	pth_complain(
	    "%s: %llu more connections are left out of the series: fewer --points make room", name,
	    (unsigned long long)pth_plots_left_out(plots));
	p->incomplete = true;
}

static void
end_traces(struct show *p, const char *name)
{
	struct pth_err e;

	pth_must(pth_traces_finish(p->traces, &e), &e);
	if (pth_traces_stray(p->traces) > 0)
		pth_warn("%s: %llu packets of QUIC belong to no connection whose begin is there",
		    name, (unsigned long long)pth_traces_stray(p->traces));
	if (pth_traces_left_out(p->traces) == 0)
		return;
	pth_complain("%s: %llu more connections have no file", name,
	    (unsigned long long)pth_traces_left_out(p->traces));
	p->incomplete = true;
}

/* Who looks on. */
static const struct pth_watch *
watch(struct show *p, const char *name, const struct pth_plots *plots)
{
	if (p->traces == NULL)
		return plots != NULL ? pth_plots_watch(plots) : NULL;
	pth_traces_file(p->traces, name);
	return pth_traces_watch(p->traces);
}

/* What is known when all packets of a capture were read. */
static void
put_results(struct show *p, const char *name, const struct pth_capfile *f, struct pth_dissect *d,
    const struct pth_plots *plots)
{
	if (p->stats)
		put_stats(p, d, pth_capfile_lack(f) != NULL || pth_dissect_lack(d) != NULL);
	if (plots != NULL)
		put_series(p, name, plots, d);
	else if (p->series != NULL)
		say_lack(p, name, "these are series of qlog files, and this is none");
	if (p->traces != NULL)
		end_traces(p, name);
	say_lack(p, name, pth_capfile_lack(f));
	say_lack(p, name, pth_dissect_lack(d));
}

static void
read_file(struct show *p, int fd, const char *name)
{
	bool packets = !p->stats && p->series == NULL && p->traces == NULL;
	struct pth_plots *plots = p->plots != 0 ? pth_plots_new(p->plots, points(p)) : NULL;
	const struct pth_dissect_how how = { .fields = packets, .watch = watch(p, name, plots) };
	struct pth_dissect *d = pth_dissect_new(&how);
	struct pth_capfile *f = pth_capfile_new(fd);
	struct pth_frame frame;

	pth_capfile_on_secrets(f, secrets, d);
	if (p->log.len > 0)
		pth_dissect_keys(d, p->log.s, p->log.len);
	while (pth_capfile_next(f, &frame)) {
		pth_dissect_frame(d, &frame);
		if (packets)
			take_packet(p, d);
	}
	if (!take_qlog(p, fd, name, f))
		put_results(p, name, f, d, plots);
	write_out(p, 0);
	pth_capfile_free(f);
	pth_dissect_free(d);
	pth_plots_free(plots);
}

static int
open_traces(struct show *p)
{
	struct pth_err e;
	int fd;

	if (p->qlog == NULL)
		return -1;
	pth_must(pth_mkdirs(AT_FDCWD, p->qlog, &e), &e);
	if ((fd = open(p->qlog, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0)
		pth_die(PTH_SYSTEM, "%s:", p->qlog);
	p->traces = pth_traces_new(fd);
	return fd;
}

static void
prepare(struct show *p)
{
	struct pth_err e;

	if (p->series != NULL)
		pth_must(pth_series_named(p->series, &p->plots, &p->qlog_plots, &e), &e);
	if (p->filter_text != NULL && (p->filter = pth_filter_new(p->filter_text, false)) == NULL)
		pth_die(PTH_USAGE, "-Y: %s: not a filter of fields of ours", p->filter_text);
	p->refs = pth_xarray(NULL, p->names.n + 1, sizeof *p->refs);
	for (size_t i = 0; i < p->names.n; i++)
		if (!pth_field_find(p->names.v[i], strlen(p->names.v[i]), &p->refs[p->nrefs++]))
			pth_die(PTH_USAGE, "-e: %s: not a field of ours", p->names.v[i]);
	for (size_t i = 0; i < p->keys.n; i++)
		pth_must(pth_file_read(p->keys.v[i], KEYS_MAX, &p->log, &e), &e);
}

int
main(int argc, char **argv)
{
	struct show p = { .points = 0 };
	const struct pth_option table[] = {
		{ 'Y', "filter", "FILTER", "only packets that this display filter takes",
		    .text = &p.filter_text },
		{ 'e', "field", "NAME", "this field; several are columns", .list = &p.names },
		{ 0, "stats", NULL, "numbers of each file instead of its packets",
		    .flag = &p.stats },
		{ 0, "series", "NAMES", "write these series, or all, for plots instead of packets",
		    .text = &p.series },
		{ 0, "points", "N", "at most N points a series (default: 500)", .number = &p.points,
		    .min = PTH_SERIES_LEAST, .max = PTH_PLOT_POINTS_MAX },
		{ 0, "qlog", "DIR", "write a qlog of each QUIC connection into DIR",
		    .text = &p.qlog },
		{ 'k', "keys", "FILE", "a TLS key log", .list = &p.keys },
		{ 'j', "json", NULL, "fields of -e as JSON", .flag = &p.json },
	};
	struct pth_tool tool = { "pth-packets", "Write what the packets of captures say",
		"[FILE]...", PTH_OPTIONS(table) };
	pth_auto_fd dir = -1;
	int code;

	if ((code = pth_tool_parse(&tool, argc, argv)) >= 0)
		return code;
	if (p.stats + (p.series != NULL) + (p.qlog != NULL) > 1)
		return pth_tool_mistake(&tool, "only one of --stats, --series and --qlog");
	if ((p.stats || p.series != NULL || p.qlog != NULL) &&
	    (p.filter_text != NULL || p.names.n > 0))
		return pth_tool_mistake(
		    &tool, "--stats, --series and --qlog are about all packets");
	if (p.points != 0 && p.series == NULL)
		return pth_tool_mistake(&tool, "--points is for --series");
	prepare(&p);
	dir = open_traces(&p);
	for (int i = 0; i < tool.operand_count; i++) {
		const char *name = tool.operand[i];
		pth_auto_fd fd = open(name, O_RDONLY | O_CLOEXEC);

		if (fd < 0)
			pth_die(PTH_SYSTEM, "%s:", name);
		read_file(&p, fd, name);
	}
	if (tool.operand_count == 0)
		read_file(&p, STDIN_FILENO, "stdin");
	pth_traces_free(p.traces);
	pth_filter_free(p.filter);
	free(p.refs);
	pth_strv_free(p.names.v);
	pth_strv_free(p.keys.v);
	pth_buf_release(&p.log);
	pth_buf_release(&p.out);
	return pth_finish(p.incomplete ? PTH_INPUT : PTH_OK);
}
