/* This file writes lines of JSON on what services use and send, out of /proc and the capture. */
#include "supervise/sampler.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/os.h"
#include "host/proc.h"
#include "host/sockets.h"
#include "host/usage.h"
#include "io/file.h"
#include "io/placeholder.h"
#include "io/record.h"

#define NETS_MAX 16
#define TRIES_MAX 4 /* looks for a socket that has no port yet */

/* A socket that was seen in a service's hands. */
struct seen {
	uint64_t inode;
	uint32_t service;
	char protocol; /* 'u', 't' or '-': neither, or no more to be found */
	uint8_t tries;
	bool known; /* its port is */
};

struct port {
	uint32_t service;
	uint16_t port;
	bool udp;
};

struct life {
	pid_t session;
	int64_t cpu_us, at_us; /* of the sample before */
};

struct sampler {
	int fd, dirfd;
	const char *path;
	size_t n;
	const struct pth_port_count *counts;
	struct life *lives;
	struct pth_usage *now;
	const struct sampled_service *v; /* while a sample is taken */
	/* Sockets by inode: those of the sample before, sorted; of this one. */
	struct seen *old, *seen;
	size_t nold, nseen;
	uint32_t looking;
	bool more[2]; /* ports to be found: TCP, UDP */
	struct port *ports;
	size_t nports;
	uint8_t taken[2][65536 / 8]; /* ports that have an owner */
	struct pth_usage_net base[NETS_MAX];
	size_t nbase;
	int64_t at_us;
};

static size_t
read_nets(struct pth_usage_net v[NETS_MAX])
{
	char text[16384];
	struct pth_word rest = { text,
		pth_read_text(AT_FDCWD, text, sizeof text, "/proc/self/net/dev") };
	size_t n = 0;

	while (n < NETS_MAX && pth_usage_net_next(&rest, &v[n]))
		n++;
	return n;
}

struct sampler *
supervise_sampler_new(int dirfd, const char *path, size_t services)
{
	struct sampler *s = pth_xmalloc(sizeof *s);

	*s = (struct sampler){ .fd = -1, .dirfd = dirfd, .path = path, .n = services, .at_us = -1 };
	s->lives = pth_xarray(NULL, services + 1, sizeof *s->lives);
	memset(s->lives, 0, services * sizeof *s->lives);
	s->now = pth_xarray(NULL, services + 1, sizeof *s->now);
	s->nbase = read_nets(s->base);
	return s;
}

void
supervise_sampler_count(struct sampler *s, const struct pth_port_count *counts)
{
	s->counts = counts;
}

static int
by_inode(const void *a, const void *b)
{
	const struct seen *x = a, *y = b;

	return x->inode < y->inode ? -1 : x->inode > y->inode;
}

static struct seen *
find(struct seen *v, size_t n, uint64_t inode)
{
	struct seen key = { .inode = inode };

	return n > 0 ? bsearch(&key, v, n, sizeof *v, by_inode) : NULL;
}

/* 'u' for UDP and UDPv6, 't' for TCP and TCPv6. */
static char
protocol_of(const char *link)
{
	char name[32] = "";

	if (getxattr(link, "system.sockprotoname", name, sizeof name - 1) <= 0)
		return '-';
	return strncmp(name, "UDP", 3) == 0 ? 'u' : strncmp(name, "TCP", 3) == 0 ? 't' : '-';
}

/* With room for one more than n; it is full when n is 0, 1, 2, 4 ... */
static void *
grown(void *v, size_t n, size_t size)
{
	return (n & (n - 1)) == 0 ? pth_xarray(v, n != 0 ? n * 2 : 1, size) : v;
}

static void
see_socket(void *arg, uint64_t inode, const char *link)
{
	struct sampler *s = arg;
	struct seen *before = find(s->old, s->nold, inode),
	            x = { .inode = inode, .service = s->looking };

	if (before != NULL)
		x = *before;
	else
		x.protocol = protocol_of(link);
	if (!x.known && x.protocol != '-') {
		if (x.tries++ < TRIES_MAX)
			s->more[x.protocol == 'u'] = true;
		else
			x.protocol = '-';
	}
	s->seen = grown(s->seen, s->nseen, sizeof *s->seen);
	s->seen[s->nseen++] = x;
}

static void
add_process(void *arg, const struct pth_proc_id *id)
{
	struct sampler *s = arg;

	for (size_t i = 0; i < s->n; i++) {
		/* A session of somebody outside is 0, too. */
		if (s->v[i].session == 0 || s->v[i].session != id->session)
			continue;
		s->looking = (uint32_t)i;
		if (pth_usage_process(id->shown, id->pid, &s->now[i]))
			pth_usage_fds(
			    id->shown, &s->now[i], s->counts != NULL ? see_socket : NULL, s);
		return;
	}
}

/* A port is who had it first. */
static void
own_port(struct sampler *s, uint32_t service, bool udp, uint16_t port)
{
	uint8_t *taken = &s->taken[udp][port / 8], bit = (uint8_t)(1u << port % 8);

	if (port == 0 || (*taken & bit) != 0)
		return;
	*taken |= bit;
	s->ports = grown(s->ports, s->nports, sizeof *s->ports);
	s->ports[s->nports++] = (struct port){ service, port, udp };
}

static bool
match_socket(void *arg, const struct pth_socket *k)
{
	struct sampler *s = arg;
	struct seen *x = k->inode != 0 ? find(s->seen, s->nseen, k->inode) : NULL;

	if (x != NULL && !x->known && x->protocol == (k->udp ? 'u' : 't')) {
		own_port(s, x->service, k->udp, k->port);
		x->known = true;
	}
	return true;
}

/* Sorted by inode, each one once: children share sockets. */
static void
sort_seen(struct sampler *s)
{
	size_t n = 0;

	if (s->nseen == 0)
		return;
	qsort(s->seen, s->nseen, sizeof *s->seen, by_inode);
	for (size_t i = 1; i < s->nseen; i++)
		if (s->seen[i].inode != s->seen[n].inode)
			s->seen[++n] = s->seen[i];
	s->nseen = n + 1;
}

/* The tables of sockets are dear (milliseconds for TCP): they are read only
 * when a service has a socket that was not found there before. */
static void
find_ports(struct sampler *s)
{
	sort_seen(s);
	for (int udp = 0; udp < 2; udp++)
		if (s->more[udp])
			pth_sockets_each(udp != 0, match_socket, s);
	free(s->old);
	s->old = s->seen;
	s->nold = s->nseen;
	s->seen = NULL;
	s->nseen = 0;
	s->more[0] = s->more[1] = false;
}

static int64_t
capped(uint64_t v)
{
	return (int64_t)(v > INT64_MAX ? INT64_MAX : v);
}

static void
put_traffic(json_t *o, const struct pth_port_traffic *sent, const struct pth_port_traffic *received)
{
	pth_traffic_set_sent_packets(o, capped(sent->packets));
	pth_traffic_set_sent_bytes(o, capped(sent->bytes));
	pth_traffic_set_received_packets(o, capped(received->packets));
	pth_traffic_set_received_bytes(o, capped(received->bytes));
}

/* The traffic of its ports, also of those that it has closed. */
static void
put_ports(const struct sampler *s, uint32_t service, json_t *o)
{
	struct pth_port_traffic sent = { 0, 0 }, received = { 0, 0 }, a, b;
	bool any = false;

	for (size_t i = 0; i < s->nports; i++) {
		if (s->ports[i].service != service)
			continue;
		any = true;
		pth_port_count_read(s->counts, s->ports[i].udp, s->ports[i].port, &a, &b);
		sent.packets += a.packets;
		sent.bytes += a.bytes;
		received.packets += b.packets;
		received.bytes += b.bytes;
	}
	if (any)
		put_traffic(o, &sent, &received);
}

/* Processor time since the sample before, or since its start. */
static double
percent(struct life *l, const struct sampled_service *v, int64_t cpu_us, int64_t at_us)
{
	bool same = l->session == v->session;
	int64_t from = same ? l->at_us : v->started_us, used = cpu_us - (same ? l->cpu_us : 0);

	*l = (struct life){ v->session, cpu_us, at_us };
	/* A child that was waited for by nobody takes its time with it. */
	if (at_us <= from || used <= 0)
		return 0;
	return (double)(used * 10000 / (at_us - from)) / 100;
}

static json_t *
service(struct sampler *s, size_t i, int64_t at_us)
{
	const struct pth_usage *x = &s->now[i];
	json_t *o = json_object();

	if (s->counts != NULL)
		put_ports(s, (uint32_t)i, o);
	if (x->processes == 0)
		return o;
	pth_used_set_processes(o, x->processes);
	pth_used_set_threads(o, x->threads);
	if (!x->fds_hidden)
		pth_used_set_fds(o, x->fds);
	pth_used_set_rss_kb(o, x->rss_kb);
	pth_used_set_cpu_us(o, x->cpu_us);
	pth_used_set_cpu_percent(o, percent(&s->lives[i], &s->v[i], x->cpu_us, at_us));
	pth_used_set_voluntary(o, x->voluntary);
	pth_used_set_involuntary(o, x->involuntary);
	return o;
}

static json_t *
nets(const struct sampler *s)
{
	struct pth_usage_net now[NETS_MAX];
	size_t n = read_nets(now);
	json_t *all = json_object(), *o;

	for (size_t i = 0; i < n; i++) {
		struct pth_usage_net b = { .name = "" }, *x = &now[i];

		for (size_t k = 0; k < s->nbase; k++)
			if (strcmp(s->base[k].name, x->name) == 0)
				b = s->base[k];
		if (x->sent_packets == b.sent_packets && x->received_packets == b.received_packets)
			continue;
		o = json_object();
		put_traffic(o,
		    &(struct pth_port_traffic){
		        x->sent_packets - b.sent_packets, x->sent_bytes - b.sent_bytes },
		    &(struct pth_port_traffic){ x->received_packets - b.received_packets,
		        x->received_bytes - b.received_bytes });
		json_object_set_new(all, x->name, o);
	}
	return all;
}

int
supervise_sampler_take(
    struct sampler *s, int64_t at_us, const struct sampled_service *v, struct pth_err *e)
{
	json_auto_t *line = json_object();
	json_t *services = json_object();
	pth_auto_buf b = PTH_BUF_INIT;
	bool any = false;

	if (s->fd < 0)
		s->fd = pth_file_make(
		    s->dirfd, s->path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, e);
	pth_sample_set_at_us(line, at_us);
	pth_sample_set_interval_us(line, s->at_us < 0 ? 0 : at_us - s->at_us);
	pth_sample_set_services(line, services);
	if (s->fd < 0)
		return -1;
	memset(s->now, 0, s->n * sizeof *s->now);
	s->v = v;
	for (size_t i = 0; i < s->n; i++)
		any = any || v[i].session > 0;
	if (any) /* it is the dear part */
		pth_proc_each(add_process, s);
	if (s->counts != NULL)
		find_ports(s);
	for (size_t i = 0; i < s->n; i++) {
		json_auto_t *o = service(s, i, at_us);

		if (json_object_size(o) > 0)
			pth_json_set(services, v[i].name, json_incref(o));
	}
	pth_sample_set_net(line, nets(s));
	s->at_us = at_us;
	pth_json_dump(&b, line);
	pth_buf_addc(&b, '\n');
	return pth_write_all(s->fd, b.s, b.len) == 0 ? 0 :
	                                               pth_err_set(e, PTH_SYSTEM, "write metrics:");
}

void
supervise_sampler_free(struct sampler *s)
{
	if (s == NULL)
		return;
	pth_close(&s->fd);
	free(s->lives);
	free(s->now);
	free(s->old);
	free(s->seen);
	free(s->ports);
	free(s);
}
