/* This file writes a line of JSON for each packet, and what they were in all. */
#include "link/log.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/os.h"
#include "io/json.h"

#define FLUSH_AT 65536

static const char *const directions[] = { "up", "down" };

int
link_log_open(struct link_log *l, const char *path, struct pth_err *e)
{
	*l = (struct link_log){ .fd = -1 };
	if (path == NULL)
		return 0;
	l->fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	return l->fd >= 0 ? 0 : pth_err_set(e, PTH_SYSTEM, "%s:", path);
}

void
link_log_flush(struct link_log *l)
{
	if (l->fd >= 0 && l->failed == 0 && l->b.len > 0 &&
	    pth_write_all(l->fd, l->b.s, l->b.len) != 0)
		l->failed = errno;
	pth_buf_cut(&l->b, 0);
}

static void
line_end(struct link_log *l)
{
	pth_buf_addc(&l->b, '\n');
	if (l->b.len >= FLUSH_AT)
		link_log_flush(l);
}

/* Seconds with all their nanoseconds. */
static void
seconds(struct pth_buf *b, const char *key, int64_t ns)
{
	pth_buf_addf(b, ",\"%s\":%" PRId64 ".%09" PRId64, key, ns / 1000000000, ns % 1000000000);
}

void
link_log_begin(struct link_log *l, const struct pth_link_config *c, int64_t real_ns)
{
	if (l->fd < 0)
		return;
	pth_buf_addf(&l->b, "{\"link\":\"begin\",\"version\":\"%s\",\"seed\":%" PRIu64, PTH_VERSION,
	    c->seed);
	seconds(&l->b, "time", real_ns);
	pth_buf_addc(&l->b, '}');
	line_end(l);
}

bool
link_deeds(const struct pth_link_packet *p, struct pth_buf *b)
{
	static const struct {
		unsigned deed;
		const char *text;
	} deeds[] = { { PTH_LINK_DUPLICATED, "duplicate" }, { PTH_LINK_REORDERED, "reordered" },
		{ PTH_LINK_MARKED, "marked" }, { PTH_LINK_CODEL_MARKED, "marked by codel" },
		{ PTH_LINK_BLEACHED, "bleached" }, { PTH_LINK_REBOUND, "rebound" },
		{ PTH_LINK_FRAGMENT, "fragment" }, { PTH_LINK_ANSWER, "answer of the link" } };
	size_t before = b->len;

	for (size_t i = 0; i < countof(deeds); i++)
		if ((p->deeds & deeds[i].deed) != 0)
			pth_buf_addf(b, "%s%s", b->len > before ? ", " : "", deeds[i].text);
	if ((p->deeds & PTH_LINK_CORRUPTED) != 0)
		pth_buf_addf(b, "%scorrupted at %d", b->len > before ? ", " : "", p->place);
	if (p->why != PTH_LINK_PASSES)
		pth_buf_addf(b, "%s%s", b->len > before ? ", " : "", link_why(p->why));
	return b->len > before;
}

static void
count(struct link_log *l, const struct pth_link_packet *p, int64_t late)
{
	struct link_totals *t = &l->total[p->direction];

	if ((p->deeds & (PTH_LINK_MAINTENANCE | PTH_LINK_ANSWER)) != 0)
		return;
	if ((p->deeds & PTH_LINK_DUPLICATED) != 0)
		t->duplicates++;
	else
		t->packets += p->offer != 0;
	if (p->why != PTH_LINK_PASSES) {
		t->dropped[p->why]++;
		return;
	}
	t->delivered++;
	t->bytes += p->len;
	l->late_sum += late;
	l->late_max = late > l->late_max ? late : l->late_max;
}

void
link_log_packet(struct link_log *l, const struct pth_link_packet *p, int64_t late)
{
	struct pth_buf *b = &l->b;
	size_t before;

	count(l, p, late);
	if (l->fd < 0 || (p->deeds & PTH_LINK_MAINTENANCE) != 0)
		return;
	pth_buf_addf(b, "{\"packet\":%" PRIu64 ",\"direction\":\"%s\",\"length\":%u", p->number,
	    directions[p->direction], p->len);
	seconds(b, "arrival", p->arrival);
	if (p->why == PTH_LINK_PASSES)
		seconds(b, "departure", p->departure);
	if (p->limited)
		pth_buf_addf(b, ",\"queue\":%u,\"queue_bytes\":%" PRIu64, p->ahead, p->ahead_bytes);
	pth_buf_addf(b, ",\"fate\":\"%s\"", p->why == PTH_LINK_PASSES ? "delivered" : "dropped");
	before = b->len;
	pth_buf_adds(b, ",\"why\":\"");
	if (link_deeds(p, b))
		pth_buf_addc(b, '"');
	else
		pth_buf_cut(b, before);
	pth_buf_addc(b, '}');
	line_end(l);
}

void
link_log_change(
    struct link_log *l, int64_t now, const char *what, const char *value, const char *error)
{
	json_auto_t *o = json_object();

	if (l->fd < 0)
		return;
	pth_json_set(o, what, pth_json_string(value));
	if (error != NULL)
		pth_json_set(o, "error", pth_json_string(error));
	pth_buf_adds(&l->b, "{\"link\":\"change\"");
	seconds(&l->b, "time", now);
	pth_buf_adds(&l->b, ",\"change\":");
	pth_json_dump(&l->b, o);
	pth_buf_addc(&l->b, '}');
	line_end(l);
}

static void
totals(struct pth_buf *b, const struct link_totals *t, const char *name)
{
	const char *comma = "";

	pth_buf_addf(b,
	    ",\"%s\":{\"packets\":%" PRIu64 ",\"delivered\":%" PRIu64 ",\"bytes\":%" PRIu64
	    ",\"duplicates\":%" PRIu64 ",\"dropped\":{",
	    name, t->packets, t->delivered, t->bytes, t->duplicates);
	for (unsigned i = 1; i < PTH_LINK_WHYS; i++) {
		if (t->dropped[i] == 0)
			continue;
		pth_buf_addf(
		    b, "%s\"%s\":%" PRIu64, comma, link_why((enum pth_link_why)i), t->dropped[i]);
		comma = ",";
	}
	pth_buf_adds(b, "}}");
}

int
link_log_end(struct link_log *l, int64_t now, uint64_t kernel, uint64_t refused, struct pth_err *e)
{
	uint64_t n = l->total[0].delivered + l->total[1].delivered;
	int r = 0;

	if (l->fd >= 0) {
		pth_buf_adds(&l->b, "{\"link\":\"end\"");
		seconds(&l->b, "time", now);
		for (size_t i = 0; i < countof(directions); i++)
			totals(&l->b, &l->total[i], directions[i]);
		seconds(&l->b, "late_max", l->late_max);
		seconds(&l->b, "late_mean", n > 0 ? l->late_sum / (int64_t)n : 0);
		pth_buf_addf(
		    &l->b, ",\"lost\":%" PRIu64 ",\"refused\":%" PRIu64 "}\n", kernel, refused);
		link_log_flush(l);
	}
	if (l->failed != 0) {
		errno = l->failed;
		r = pth_err_set(e, PTH_SYSTEM, "log:");
	}
	pth_buf_release(&l->b);
	pth_close(&l->fd);
	return r;
}
