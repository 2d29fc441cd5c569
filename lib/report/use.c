/* What services used, and logs that were cut, in words. */
#include "report/report.h"

static void
count(struct pth_buf *b, int64_t n, const char *one, const char *more)
{
	if (n >= 0)
		pth_buf_addf(
		    b, "%s%lld %s", b->len != 0 ? ", " : "", (long long)n, n == 1 ? one : more);
}

void
pth_report_use(const json_t *metric, struct pth_buf *b)
{
	const json_t *peak = pth_msvc_peak(metric);
	const json_t *traffic = pth_msvc_traffic(metric);

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
			pth_buf_addf(b, "%s%s/%s (%lld bytes dropped)", b->len != 0 ? ", " : "",
			    name, file, (long long)json_integer_value(bytes));
}
