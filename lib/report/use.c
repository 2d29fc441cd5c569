/* What services used, and logs that were cut, in words. */
#include "report/report.h"

#include "io/json.h"

static void
count(struct pth_buf *b, const json_t *peak, const char *key, const char *one, const char *more)
{
	int64_t n = pth_json_int(peak, key, -1);

	if (n >= 0)
		pth_buf_addf(
		    b, "%s%lld %s", b->len != 0 ? ", " : "", (long long)n, n == 1 ? one : more);
}

void
pth_report_use(const json_t *metric, struct pth_buf *b)
{
	const json_t *peak = json_object_get(metric, "peak");
	const json_t *traffic = json_object_get(metric, "traffic");

	if (json_is_object(peak)) {
		pth_buf_addf(b, "%.4g %% of a processor (at most %.4g %%)",
		    pth_json_num(peak, "mean_cpu_percent", 0),
		    pth_json_num(peak, "max_cpu_percent", 0));
		count(b, peak, "max_rss_kb", "kB", "kB");
		count(b, peak, "max_threads", "thread", "threads");
		count(b, peak, "max_fds", "descriptor", "descriptors");
	}
	count(b, traffic, "sent_packets", "packet sent", "packets sent");
	count(b, traffic, "received_packets", "received", "received");
}

void
pth_report_logs_cut(const json_t *result, struct pth_buf *b)
{
	const char *name, *file;
	json_t *s, *bytes;

	json_object_foreach(json_object_get(result, "services"), name, s)
		json_object_foreach(json_object_get(s, "logs_cut"), file, bytes)
			pth_buf_addf(b, "%s%s/%s (%lld bytes dropped)", b->len != 0 ? ", " : "",
			    name, file, (long long)json_integer_value(bytes));
}
