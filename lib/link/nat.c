/* This file is the NAT that rebinds: which flow has which port and address outside. */
#include "link/nat.h"

#include <netinet/in.h>
#include <string.h>

#include "base/err.h"

#define FLOWS_MAX 4096 /* the oldest are forgotten */
#define ADDRESSES 126  /* 128 to 253 */

struct end {
	uint8_t address[16];
	uint8_t port[2];
};

struct flow {
	unsigned version, protocol;
	struct end in, out;
	uint64_t generation; /* in which `out` is valid */
};

/* An end that some flow had before. */
struct gone {
	unsigned version, protocol;
	struct end end;
};

struct link_nat {
	uint64_t generation, addresses; /* how often it was rebound; of those, with the address */
	bool by_address;                /* the last time */
	uint64_t given;                 /* ports */
	size_t n, next;
	struct flow v[FLOWS_MAX];
	size_t gone_n, gone_next;
	struct gone gone[FLOWS_MAX];
};

struct link_nat *
link_nat_new(void)
{
	struct link_nat *n = pth_xmalloc(sizeof *n);

	memset(n, 0, sizeof *n);
	return n;
}

void
link_nat_free(struct link_nat *n)
{
	free(n);
}

void
link_nat_rebind(struct link_nat *n, bool address)
{
	n->generation++;
	n->addresses += address;
	n->by_address = address;
}

static size_t
address_size(const struct link_ip *ip)
{
	return ip->version == 4 ? 4 : 16;
}

/* Where its source is, or its destination. */
static size_t
address_at(const struct link_ip *ip, bool source)
{
	return ip->ip + (ip->version == 4 ? 12 : 8) + (source ? 0 : address_size(ip));
}

static bool
ours(const struct link_ip *ip)
{
	return ip->version != 0 && ip->transport != 0 &&
	    (ip->protocol == IPPROTO_UDP || ip->protocol == IPPROTO_TCP);
}

static void
read_end(const struct pth_link_packet *p, bool source, struct end *to)
{
	*to = (struct end){ 0 };
	memcpy(to->address, p->frame + address_at(&p->ip, source), address_size(&p->ip));
	memcpy(to->port, p->frame + p->ip.transport + (source ? 0 : 2), 2);
}

static void
write_end(struct pth_link_packet *p, bool source, const struct end *e)
{
	const struct link_ip *ip = &p->ip;
	size_t at = address_at(ip, source), n = address_size(ip), sum = ip->checksum;

	if (ip->protocol == IPPROTO_UDP && p->frame[sum] == 0 && p->frame[sum + 1] == 0)
		sum = 0;        /* it has none */
	if (ip->version == 4) { /* both checksums cover an address, and are adapted in turn */
		uint8_t old[4];

		memcpy(old, p->frame + at, 4);
		link_replace(p->frame, at, e->address, 4, ip->ip + 10);
		if (sum != 0) {
			memcpy(p->frame + at, old, 4);
			link_replace(p->frame, at, e->address, 4, sum);
		}
	} else {
		link_replace(p->frame, at, e->address, n, sum);
	}
	link_replace(p->frame, ip->transport + (source ? 0 : 2), e->port, 2, sum);
	if (sum != 0 && ip->protocol == IPPROTO_UDP && p->frame[sum] == 0 && p->frame[sum + 1] == 0)
		p->frame[sum] = p->frame[sum + 1] = 0xff;
}

static struct flow *
find(struct link_nat *n, const struct link_ip *ip, const struct end *e, bool inside)
{
	for (size_t i = 0; i < n->n; i++) {
		struct flow *f = &n->v[i];

		if (f->version == ip->version && f->protocol == ip->protocol &&
		    memcmp(inside ? &f->in : &f->out, e, sizeof *e) == 0)
			return f;
	}
	return NULL;
}

static void
remember(struct link_nat *n, const struct flow *f)
{
	n->gone[n->gone_next] = (struct gone){ f->version, f->protocol, f->out };
	n->gone_next = (n->gone_next + 1) % FLOWS_MAX;
	n->gone_n += n->gone_n < FLOWS_MAX;
}

static bool
is_gone(const struct link_nat *n, const struct link_ip *ip, const struct end *e)
{
	for (size_t i = 0; i < n->gone_n; i++)
		if (n->gone[i].version == ip->version && n->gone[i].protocol == ip->protocol &&
		    memcmp(&n->gone[i].end, e, sizeof *e) == 0)
			return true;
	return false;
}

/* Another end of the flow outside: a port that no flow has, and the address of now. */
static void
give(struct link_nat *n, const struct link_ip *ip, struct flow *f, const struct link_random *r)
{
	struct end e = f->in;
	uint64_t port;

	if (n->addresses > 0)
		e.address[address_size(ip) - 1] = (uint8_t)(128 + (n->addresses - 1) % ADDRESSES);
	memcpy(e.port, f->out.port, 2);
	while (!n->by_address || find(n, ip, &e, false) != NULL) {
		port = 1024 + link_random(r, LINK_FOR_PORTS, n->given++) % (65536 - 1024);
		e.port[0] = (uint8_t)(port >> 8);
		e.port[1] = (uint8_t)port;
		if (find(n, ip, &e, false) == NULL && find(n, ip, &e, true) == NULL)
			break;
	}
	remember(n, f);
	f->out = e;
	f->generation = n->generation;
}

bool
link_nat_out(struct link_nat *n, struct pth_link_packet *p, const struct link_random *r)
{
	struct end in;
	struct flow *f;

	if (!ours(&p->ip))
		return false;
	read_end(p, true, &in);
	f = find(n, &p->ip, &in, true);
	if (f == NULL) {
		f = &n->v[n->next];
		n->next = (n->next + 1) % FLOWS_MAX;
		n->n += n->n < FLOWS_MAX;
		*f = (struct flow){ p->ip.version, p->ip.protocol, in, in, 0 };
	}
	if (f->generation != n->generation)
		give(n, &p->ip, f, r);
	if (memcmp(&f->in, &f->out, sizeof in) == 0)
		return false;
	write_end(p, true, &f->out);
	return true;
}

int
link_nat_in(struct link_nat *n, struct pth_link_packet *p)
{
	struct end out;
	struct flow *f;

	if (!ours(&p->ip))
		return 0;
	read_end(p, false, &out);
	f = find(n, &p->ip, &out, false);
	if (f != NULL && f->generation != n->generation)
		return -1;
	if (f == NULL)
		return is_gone(n, &p->ip, &out) ? -1 : 0;
	if (memcmp(&f->in, &f->out, sizeof out) == 0)
		return 0;
	write_end(p, false, &f->in);
	return 1;
}
