/* Words that several forms share: lists with commas, what services used, logs that were cut. */
#include "report/report.h"

void
pth_report_weave(struct pth_buf *b, void (*escape)(struct pth_buf *b, const char *s), ...)
{
	va_list ap;
	const char *s;

	va_start(ap, escape);
	for (bool raw = true; (s = va_arg(ap, const char *)) != NULL; raw = !raw)
		(raw ? pth_buf_adds : escape)(b, s);
	va_end(ap);
}

const char *
pth_report_entity(char c)
{
	return c == '&' ? "&amp;" :
	    c == '<'    ? "&lt;" :
	    c == '>'    ? "&gt;" :
	    c == '"'    ? "&quot;" :
	                  NULL;
}

void
pth_report_item(struct pth_buf *b, const char *fmt, ...)
{
	va_list ap;

	if (b->len > 0)
		pth_buf_adds(b, ", ");
	va_start(ap, fmt);
	pth_buf_vaddf(b, fmt, ap);
	va_end(ap);
}

void
pth_report_items(struct pth_buf *b, const json_t *texts)
{
	const json_t *text;
	size_t i;

	json_array_foreach(texts, i, text)
		if (json_is_string(text))
			pth_report_item(b, "%s", json_string_value(text));
}

static void
count(struct pth_buf *b, int64_t n, const char *one, const char *more)
{
	if (n >= 0)
		pth_report_item(b, "%lld %s", (long long)n, n == 1 ? one : more);
}

void
pth_report_use(const json_t *metric, struct pth_buf *b)
{
	const json_t *peak = pth_msvc_peak(metric), *traffic = pth_msvc_traffic(metric);

	if (peak != NULL) {
		pth_buf_addf(b, "%.4g %% of a processor (at most %.4g %%)",
		    pth_peak_mean_cpu_percent(peak), pth_peak_max_cpu_percent(peak));
		count(b, pth_peak_max_rss_kb(peak), "kB", "kB");
		count(b, pth_peak_max_threads(peak), "thread", "threads");
		count(b, pth_peak_max_fds(peak), "descriptor", "descriptors");
	}
	count(b, pth_traffic_sent_packets(traffic), "packet sent", "packets sent");
	count(b, pth_traffic_received_packets(traffic), "received", "received");
}

void
pth_report_logs_cut(const json_t *result, struct pth_buf *b)
{
	const char *name, *file;
	json_t *s, *bytes;

	json_object_foreach(pth_result_services(result), name, s)
		json_object_foreach(pth_rsvc_logs_cut(s), file, bytes)
			pth_report_item(b, "%s/%s (%lld bytes dropped)", name, file,
			    (long long)json_integer_value(bytes));
}
