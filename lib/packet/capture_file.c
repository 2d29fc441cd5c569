/* This file writes the packets of a capture: into one file, into one that ends at a size, or
 * into a ring of files of which the newest are kept. */
#include <errno.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/os.h"
#include "packet/capture_priv.h"
#include "packet/pcapng.h"

#define SENTENCE 160 /* bytes of a comment, at most */

void
pth_capture_file(struct pth_buf *b, const char *path, unsigned n)
{
	const char *dot = strrchr(path, '.');

	if (dot == NULL || strchr(dot, '/') != NULL)
		dot = path + strlen(path);
	pth_buf_add(b, path, (size_t)(dot - path));
	if (n > 0)
		pth_buf_addf(b, "_%05u", n);
	pth_buf_adds(b, dot);
}

/* File number s->r.last, empty, with its header. */
static int
begin_file(struct sink *s)
{
	pth_auto_buf b = PTH_BUF_INIT;

	pth_capture_file(&b, s->name, s->r.last);
	s->fd = pth_open_ours(s->dirfd, b.s, O_WRONLY | O_CREAT | O_TRUNC);
	if (s->fd < 0)
		return -1;
	s->w = pth_pcapng_open(s->fd, s->spec->interface, PTH_LINKTYPE_ETHERNET, s->snaplen);
	s->in_file = s->file_dropped = 0;
	return 0;
}

int
packet_sink_open(struct sink *s, const struct pth_capture_spec *spec, unsigned snaplen)
{
	const char *slash = strrchr(spec->path, '/');

	*s = (struct sink){
		.spec = spec, .snaplen = snaplen, .dirfd = spec->dirfd, .socket = -1, .fd = -1
	};
	if (slash != NULL) {
		pth_auto_str dir = pth_xstrndup(spec->path, (size_t)(slash - spec->path));

		s->dirfd = pth_open_dir(spec->dirfd, dir);
		if (s->dirfd < 0)
			return -1;
	}
	s->name = pth_xstrdup(slash != NULL ? slash + 1 : spec->path);
	if (spec->files > 0) {
		s->counts = pth_xarray(NULL, spec->files, sizeof *s->counts);
		s->r.first = s->r.last = 1;
	}
	return begin_file(s);
}

/* Reading the kernel's counter sets it to zero. */
void
packet_sink_count(struct sink *s)
{
	struct tpacket_stats_v3 st = { 0 };
	socklen_t len = sizeof st;

	if (s->socket >= 0 &&
	    getsockopt(s->socket, SOL_PACKET, PACKET_STATISTICS, &st, &len) == 0) {
		s->arrived += st.tp_packets;
		packet_sink_missing(s, st.tp_drops);
	}
}

void
packet_sink_missing(struct sink *s, uint64_t n)
{
	s->file_dropped += n;
	s->r.dropped += n;
}

static void
failed(struct sink *s)
{
	if (s->r.error == 0)
		s->r.error = errno;
	s->stopped = true;
}

/* The file says itself what it does not have. NULL: it has all. */
static const char *
sentence(const struct sink *s, char text[SENTENCE])
{
	if (s->r.omitted > 0)
		snprintf(text, SENTENCE, "incomplete: %llu packets %s",
		    (unsigned long long)s->r.omitted,
		    s->r.error != 0 ? "could not be written" : "came after max_size was reached");
	else if (s->r.discarded > 0)
		snprintf(text, SENTENCE,
		    "the newest files of a ring: %llu packets were in those before",
		    (unsigned long long)s->r.discarded);
	else
		return NULL;
	return text;
}

static void
end_file(struct sink *s, bool last)
{
	char text[SENTENCE];
	uint64_t lost;

	if (s->w == NULL)
		return;
	if (pth_pcapng_flush(s->w) != 0)
		failed(s);
	lost = pth_pcapng_lost(s->w);
	s->in_file -= lost;
	s->r.packets -= lost;
	s->r.omitted += lost;
	if (pth_pcapng_close(s->w, s->in_file + s->file_dropped, s->file_dropped,
	        last ? sentence(s, text) : NULL) != 0)
		failed(s);
	s->w = NULL;
	if (close(s->fd) != 0)
		failed(s);
}

/* The file is full: the next one, and the oldest goes when there are too many. */
static void
next_file(struct sink *s)
{
	pth_auto_buf b = PTH_BUF_INIT;
	unsigned n = s->spec->files;

	packet_sink_count(s);
	end_file(s, false);
	if (s->stopped)
		return;
	s->counts[s->r.last % n] = s->in_file;
	if (s->r.last - s->r.first + 1 >= n) {
		s->r.packets -= s->counts[s->r.first % n];
		s->r.discarded += s->counts[s->r.first % n];
		pth_capture_file(&b, s->name, s->r.first++);
		unlinkat(s->dirfd, b.s, 0);
	}
	s->r.last++;
	if (begin_file(s) != 0) {
		failed(s);
		s->r.last--;
	}
}

void
packet_sink_packet(struct sink *s, uint64_t ns, const void *p, uint32_t cap, uint32_t len)
{
	uint64_t after;

	if (!s->stopped && s->in_file > 0) {
		after = pth_pcapng_size(s->w) + pth_pcapng_packet_size(cap) +
		    pth_pcapng_end_size(SENTENCE);
		if (s->spec->files > 0 && after > (uint64_t)s->spec->file_size)
			next_file(s);
		else if (s->spec->max_size > 0 && after > (uint64_t)s->spec->max_size)
			s->stopped = true;
	}
	if (s->stopped) {
		s->r.omitted++;
		return;
	}
	pth_pcapng_packet(s->w, ns, p, cap, len);
	s->in_file++;
	s->r.packets++;
}

void
packet_sink_flush(struct sink *s)
{
	if (s->w != NULL && pth_pcapng_flush(s->w) != 0)
		failed(s);
}

void
packet_sink_close(struct sink *s)
{
	packet_sink_count(s);
	end_file(s, true);
}
