/* What is counted of the log of a link, and what of it is not believed. */
#include "collect/links.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "collect/gap.h"
#include "collect/metric.h"
#include "io/file.h"
#include "io/record.h"
#include "link/packet.h"
#include "unit.h"

#define BEGIN "{\"link\":\"begin\",\"seed\":1,\"time\":1.5}\n"
#define END(up, down) "{\"link\":\"end\",\"time\":9.000000000,\"up\":" up ",\"down\":" down "}\n"
#define SUM(packets, delivered, bytes, dropped)                                    \
	"{\"packets\":" #packets ",\"delivered\":" #delivered ",\"bytes\":" #bytes \
	",\"dropped\":" dropped "}"
#define NONE SUM(0, 0, 0, "{}")
#define HEAD(n, way, arrival) \
	"{\"packet\":" #n ",\"direction\":\"" way "\",\"length\":100,\"arrival\":" arrival
#define GONE(n, way, arrival, departure) \
	HEAD(n, way, arrival) ",\"departure\":" departure ",\"fate\":\"delivered\"}\n"
#define LOST(n, way, arrival, why) \
	HEAD(n, way, arrival) ",\"fate\":\"dropped\",\"why\":\"" why "\"}\n"

/* The numbers of a log; what is wrong with it, in lack. */
static json_t *
of(const char *text, struct pth_buf *series, char lack[200], bool *sure)
{
	int fd = memfd_create("log", MFD_CLOEXEC);
	pth_auto_buf b = PTH_BUF_INIT;
	json_t *o;

	CHECK_INT(write(fd, text, strlen(text)), strlen(text));
	lseek(fd, 0, SEEK_SET);
	o = collect_links_of(fd, "a-b", series, &b, sure);
	snprintf(lack, 200, "%s", b.len > 0 ? b.s : "");
	close(fd);
	return o;
}

static int64_t
number(const json_t *o, const char *path)
{
	return json_integer_value(pth_json_path(o, path));
}

static void
numbers(void)
{
	static const char log[] = BEGIN GONE(1, "up", "0.100000000", "0.115000000") HEAD(2, "up",
	    "0.200000000") ",\"departure\":0.230000000,\"queue\":3,\"queue_bytes\":300,"
	                   "\"fate\":\"delivered\",\"why\":\"reordered, corrupted at 7\"}\n" LOST(
	                       3, "up", "0.300000000", "loss") LOST(4, "up", "0.400000000",
	                       "marked, queue full") HEAD(5, "up",
	                       "0.5") ",\"departure\":0.6,\"fate\":\"delivered\"}\n" HEAD(5, "up",
	                       "0.5") ",\"departure\":0.6,\"fate\":\"delivered\",\"why\":"
	                              "\"duplicate\"}\n"
	                              "{\"link\":\"change\",\"time\":0.5,\"change\":{\"loss\":\"1%"
	                              "\"}}\n" LOST(6, "up", "0.7", "link ended")
	                                  GONE(0, "down", "0.8", "0.8") END(
	                                      SUM(6, 4, 400,
	                                          "{\"loss\":1,\"queue full\":1,\"link ended\":1}"),
	                                      NONE);
	char lack[200];
	bool sure;
	json_auto_t *o = of(log, NULL, lack, &sure);

	unit("packets, losses by their reasons, delays, what waited");
	CHECK_STR(lack, "");
	CHECK(sure);
	CHECK_INT(number(o, "up.packets"), 6);
	CHECK_INT(number(o, "up.delivered"), 4);
	CHECK_INT(number(o, "up.bytes"), 400);
	CHECK_INT(number(o, "up.lost"), 2);
	CHECK_INT(number(o, "up.lost_by.loss"), 1);
	CHECK_INT(number(o, "up.lost_by.queue_full"), 1);
	CHECK_INT(number(o, "up.lost_by.codel"), 0);
	CHECK_INT(number(o, "up.under_way"), 1);
	CHECK_INT(number(o, "up.duplicates"), 1);
	CHECK_INT(number(o, "up.reordered"), 1);
	CHECK_INT(number(o, "up.corrupted"), 1);
	CHECK_INT(number(o, "up.marked"), 1);
	CHECK_INT(number(o, "up.rebound"), 0);
	CHECK_INT(number(o, "up.delay_us"), 30000);
	CHECK_INT(number(o, "up.delay_max_us"), 100000);
	CHECK_INT(number(o, "up.queue_packets"), 3);
	CHECK_INT(number(o, "up.queue_max_bytes"), 300);
	CHECK_INT(number(o, "up.rate_bps"), 6400); /* 400 bytes in half a second */
	CHECK(pth_json_num(pth_linksum_up(o), "loss_percent", 0) == 33.333);
	CHECK_INT(number(o, "down.packets"), 0);
	CHECK(pth_json_path(o, "down.loss_percent") == NULL);
	CHECK(pth_json_path(o, "down.delay_us") == NULL);
	CHECK(pth_json_path(o, "down.queue_packets") == NULL);
}

static void
series(void)
{
	char lack[200];
	bool sure;
	pth_auto_buf b = PTH_BUF_INIT;
	json_auto_t *o = of(
	    BEGIN GONE(1, "up", "0.01", "0.02") LOST(2, "up", "0.03", "loss")
	        HEAD(3, "up", "0.04") ",\"departure\":0.55,\"queue\":2,\"queue_bytes\":9,"
	                              "\"fate\":\"delivered\"}\n",
	    &b, lack, &sure);

	unit("loss, delay, queue and rate over time");
	CHECK_STR(b.s,
	    "{\"series\":\"loss\",\"unit\":\"%\",\"link\":\"a-b\",\"direction\":\"up\",\"points\":"
	    "[[0,50],[0.5,0]]}\n"
	    "{\"series\":\"delay\",\"unit\":\"ms\",\"link\":\"a-b\",\"direction\":\"up\","
	    "\"points\":"
	    "[[0.02,10],[0.55,510]]}\n"
	    "{\"series\":\"queue\",\"unit\":\"packets\",\"link\":\"a-b\",\"direction\":\"up\","
	    "\"points\":[[0.04,2]]}\n"
	    "{\"series\":\"rate\",\"unit\":\"bit/s\",\"link\":\"a-b\",\"direction\":\"up\","
	    "\"points\":[[0,8000],[0.1,0],[0.5,8000]]}\n");
}

static void
mistakes(void)
{
	static const struct {
		const char *log, *lack;
		bool sure;
	} v[] = {
		{ BEGIN END(NONE, NONE), "", true },
		{ "", "1: it does not begin", false },
		{ BEGIN, "1: the link's end is not there", true },
		{ BEGIN GONE(1, "up", "0", "1"), "2: the link's end is not there", true },
		{ GONE(1, "up", "0", "1") END(SUM(1, 1, 100, "{}"), NONE), "1: it does not begin",
		    false },
		{ BEGIN "x\n" END(NONE, NONE), "2: this is no line of a link", false },
		{ BEGIN "{\"link\":\"x\"}\n" END(NONE, NONE), "2: this is no line", false },
		{ BEGIN "{\"packet\":1", "2: this is no line", false },
		{ BEGIN GONE(1, "side", "0", "1"), "2: this is no packet", false },
		{ BEGIN GONE(-1, "up", "0", "1"), "2: this is no packet", false },
		{ BEGIN GONE(1, "up", "-1", "1"), "2: this is no packet", false },
		{ BEGIN GONE(1, "up", "1e99", "1e99"), "2: this is no packet", false },
		{ BEGIN GONE(1, "up", "2", "1"), "2: a packet was delivered at no time", false },
		{ BEGIN HEAD(1, "up", "0") "}\n", "2: a packet has no fate", false },
		{ BEGIN LOST(1, "up", "0", "cat"), "2: a packet was dropped for a reason", false },
		{ BEGIN GONE(1, "up", "0", "1") END(NONE, NONE), "3: the link says other", false },
		{ BEGIN GONE(1, "up", "0", "1") END(SUM(1, 1, 99, "{}"), NONE),
		    "3: the link says other", false },
		{ BEGIN LOST(1, "up", "0", "loss") END(SUM(1, 0, 0, "{\"loss\":2}"), NONE),
		    "3: the link says other", false },
		{ BEGIN END(NONE, NONE) BEGIN, "3: something stands behind the end", false },
		{ BEGIN "{\"link\":\"end\",\"time\":1,\"up\":" NONE ",\"down\":" NONE
		        ",\"lost\":2,\"refused\":1}\n",
		    "2: the machine is too slow: 3 packets", true },
	};
	char lack[200];
	bool sure;

	unit("what breaks off, or contradicts itself, is said");
	for (size_t i = 0; i < countof(v); i++) {
		json_auto_t *o = of(v[i].log, NULL, lack, &sure);

		CHECK(strncmp(lack, v[i].lack, strlen(v[i].lack)) == 0 &&
		    (*lack == '\0') == (*v[i].lack == '\0'));
		CHECK_INT(sure, v[i].sure);
		if (sure != v[i].sure || strstr(lack, v[i].lack) != lack)
			printf("    %zu: %s\n", i, lack);
	}
}

/* Every reason that a link can have. */
static void
whys(void)
{
	unit("all reasons of losses are known");
	for (unsigned i = 1; i < PTH_LINK_WHYS; i++) {
		pth_auto_buf b = PTH_BUF_INIT;
		char lack[200];
		bool sure;

		pth_buf_addf(&b, BEGIN HEAD(1, "up", "0") ",\"fate\":\"dropped\",\"why\":\"%s\"}\n",
		    link_why((enum pth_link_why)i));
		json_auto_t *o = of(b.s, NULL, lack, &sure);
		CHECK(sure);
		CHECK_INT(number(o, "up.lost") + number(o, "up.under_way"), 1);
	}
}

static json_t *
json(const char *text)
{
	struct pth_err e;

	return pth_json_parse(text, strlen(text), &e);
}

/* In the metrics of a test: nothing that could not be read is a zero. */
static void
in_metrics(void)
{
	static const char log[] = BEGIN GONE(1, "up", "0", "1");
	json_auto_t *rec = json(
	    "{\"plan\":{\"links\":[{\"name\":\"a-b\",\"log\":\"link.jsonl\"},"
	    "{\"name\":\"b-c\",\"log\":\"none.jsonl\"},"
	    "{\"name\":\"c-d\",\"log\":\"kernel.jsonl\",\"backend\":\"tc\"}]}}");
	json_auto_t *metrics = json_object();
	pth_auto_buf why = PTH_BUF_INIT, near = PTH_BUF_INIT;
	struct pth_span span;
	struct pth_err e;

	unit("a log that is not there, and one that breaks off");
	CHECK_INT(pth_file_write(AT_FDCWD, "link.jsonl", log, strlen(log), &e), 0);
	pth_auto_fd dir = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	collect_links_metrics(dir, rec, metrics, NULL);
	CHECK(pth_metric_find(metrics, "links.b-c.up.lost", NULL) == NULL);
	CHECK_INT(json_integer_value(pth_metric_find(metrics, "links.a-b.up.packets", NULL)), 1);
	CHECK_INT(json_array_size(pth_metrics_incomplete(metrics)), 2);
	span = pth_gap_metric(metrics, "links.a-b.up.lost", 0, &why);
	CHECK(span.least == 0 && span.most > 1e300);
	span = pth_gap_metric(metrics, "links.a-b.up.delay_us", 5, &why);
	CHECK(span.least < -1e300 && span.most > 1e300);
	span = pth_gap_metric(metrics, "packets", 5, &why);
	CHECK(span.least == 5 && span.most == 5);

	unit("the names are known");
	CHECK(pth_metric_known(rec, "links.a-b.up.lost_by.queue_full", &near));
	CHECK(pth_metric_known(rec, "links.b-c.down.delay_p95_us", &near));
	CHECK(!pth_metric_known(rec, "links.a-b.up.lots", &near));
	CHECK(near.len > 0 && strstr(near.s, "links.a-b.up.lost") != NULL);
	CHECK(!pth_metric_known(rec, "links.a-c.up.lost", &near));
}

int
main(void)
{
	numbers();
	series();
	mistakes();
	whys();
	in_metrics();
	return unit_done();
}
