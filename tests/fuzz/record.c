/* Arbitrary bytes as a record stream: read, judged, reported in all forms;
 * and as tshark's output and a TLS key log. */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "collect/secrets.h"
#include "collect/tshark.h"
#include "collect/verdict.h"
#include "io/event.h"
#include "io/rec.h"
#include "report/report.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const unsigned char *data, size_t n);

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	setenv("PTH_EVENTS", "none", 1);
	pth_event_init("fuzz");
	return 0;
}

static void
judge(json_t *rec)
{
	const struct pth_evidence ev = {
		.dirfd = -1,
		.metrics = json_object_get(rec, "metrics"),
		.filters = json_object_get(rec, "filters"),
		.artifacts = json_object_get(rec, "artifacts"),
	};
	json_t *filters;

	if (!pth_rec_is_test(rec))
		return;
	filters = pth_verdict_filters(rec);
	json_decref(filters);
	if (json_object_get(rec, "verdict") == NULL)
		pth_json_set(rec, "verdict", pth_verdict(rec, &ev));
}

static void
report(const struct pth_report *r)
{
	struct pth_buf b = PTH_BUF_INIT;

	pth_report_json(r, &b);
	pth_report_md(r, "/a/b", &b);
	pth_report_text(r, true, &b);
	pth_report_junit(r, &b);
	pth_report_tap(r, 14, &b);
	pth_report_csv(r, &b);
	pth_report_html(r, "/a/c", &b);
	if (b.len == 0)
		abort();
	pth_buf_release(&b);
}

static void
lines(const unsigned char *data, size_t n)
{
	char *copy = malloc(n + 1), *s, *save = NULL;
	struct tshark_tap tap = { "udp", -1, false };
	struct tshark_tables t = { .taps = &tap, .n = 1 };
	struct pth_buf keys = PTH_BUF_INIT;
	json_t *o = json_object();

	memcpy(copy, data, n);
	copy[n] = '\0';
	collect_keylog_merge(&keys, o, copy, n);
	for (s = strtok_r(copy, "\n", &save); s != NULL; s = strtok_r(NULL, "\n", &save))
		pth_tshark_line(&t, s);
	if (tap.packets < -1)
		abort();
	json_decref(o);
	pth_buf_release(&keys);
	free(copy);
}

int
LLVMFuzzerTestOneInput(const unsigned char *data, size_t n)
{
	int fd = memfd_create("stream", MFD_CLOEXEC);
	FILE *fp = fdopen(fd, "w+");
	struct pth_report *r = pth_report_new(NULL);
	struct pth_rec_in in;
	struct pth_err e;
	json_t *rec;

	if (write(fd, data, n) != (ssize_t)n || lseek(fd, 0, SEEK_SET) != 0)
		abort();
	pth_rec_open(&in, fp, "fuzz");
	while (pth_rec_read(&in, &rec, &e) > 0) {
		judge(rec);
		pth_report_add(r, rec);
		json_decref(rec);
	}
	pth_report_finish(r, pth_rec_whole(&in, &e) == 0 ? NULL : e.text);
	report(r);
	pth_report_free(r);
	pth_rec_close(&in);
	fclose(fp);
	lines(data, n);
	return 0;
}
