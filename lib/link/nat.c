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

/* --- where an end stands in a frame --- */

/* Of the packet itself, or of the one that an ICMP error is about. */
struct place {
	unsigned version, protocol;
	size_t address, port; /* the port, or the identifier of an echo */
	size_t ip_sum, sum;   /* checksums of the header of IPv4 and of the transport; 0: none */
	bool pseudo;          /* the latter is of the addresses, too */
};

static size_t
address_size(unsigned version)
{
	return version == 4 ? 4 : 16;
}

static bool
has_ports(unsigned protocol)
{
	return protocol == IPPROTO_UDP || protocol == IPPROTO_TCP;
}

/* An echo has an identifier in the place of a port (RFC 5508, 3.1): a request that goes out and a
 * reply that comes in. */
static bool
is_echo(unsigned protocol, unsigned type, bool request)
{
	return (protocol == IPPROTO_ICMP && type == (request ? 8 : 0)) ||
	    (protocol == IPPROTO_ICMPV6 && type == (request ? 128 : 129));
}

static void
place_address(struct place *x, size_t ip, bool source)
{
	x->address = ip + (x->version == 4 ? 12 : 8) + (source ? 0 : address_size(x->version));
	x->ip_sum = x->version == 4 ? ip + 10 : 0;
	x->pseudo = x->protocol != IPPROTO_ICMP;
}

/* The source or the destination of a packet of UDP, TCP or an echo. */
static bool
place_own(const struct pth_link_packet *p, bool source, struct place *x)
{
	const struct link_ip *ip = &p->ip;

	*x = (struct place){ .version = ip->version, .protocol = ip->protocol };
	if (ip->version == 0 || ip->transport == 0)
		return false;
	if (has_ports(ip->protocol))
		x->port = ip->transport + (source ? 0 : 2);
	else if (is_echo(ip->protocol, p->frame[ip->transport], source))
		x->port = ip->transport + 4;
	else
		return false;
	place_address(x, ip->ip, source);
	x->sum = ip->checksum;
	if (ip->protocol == IPPROTO_UDP && p->frame[x->sum] == 0 && p->frame[x->sum + 1] == 0)
		x->sum = 0; /* it has none */
	return true;
}

/* Destination unreachable, too big, time exceeded, parameter problem: RFC 792, RFC 4443. */
static bool
is_error(const struct pth_link_packet *p)
{
	const struct link_ip *ip = &p->ip;
	unsigned type = ip->transport != 0 ? p->frame[ip->transport] : 0;

	if (ip->transport == 0 || ip->fragment)
		return false;
	return ip->protocol == IPPROTO_ICMP ?
	    type == 3 || type == 11 || type == 12 :
	    ip->protocol == IPPROTO_ICMPV6 && type >= 1 && type < 128;
}

/* Where the transport of the packet in an error begins, and its protocol; 0: it cannot be told. */
static size_t
quoted_transport(const struct pth_link_packet *p, size_t at, struct place *x)
{
	const uint8_t *f = p->frame;
	size_t header = x->version == 4 ? (size_t)(f[at] & 15) * 4 : 40;

	if (at + header + 8 > p->ip.end || header < 20)
		return 0;
	x->protocol = f[at + (x->version == 4 ? 9 : 6)];
	if (x->version == 4 && ((f[at + 6] & 0x1f) != 0 || f[at + 7] != 0))
		return 0; /* a later fragment */
	return at + header;
}

/* The source or the destination of the packet that an ICMP error is about. */
static bool
place_quoted(const struct pth_link_packet *p, bool source, struct place *x)
{
	size_t at = p->ip.transport + 8, transport, sum;

	*x = (struct place){ .version = p->ip.version };
	if (!is_error(p) || at + 20 > p->ip.end || p->frame[at] >> 4 != x->version ||
	    (transport = quoted_transport(p, at, x)) == 0)
		return false;
	if (has_ports(x->protocol))
		x->port = transport + (source ? 0 : 2);
	else if (is_echo(x->protocol, p->frame[transport], source))
		x->port = transport + 4;
	else
		return false;
	place_address(x, at, source);
	sum = transport + (x->protocol == IPPROTO_TCP ? 16 : x->protocol == IPPROTO_UDP ? 6 : 2);
	x->sum = sum + 2 <= p->ip.end ? sum : 0; /* that of TCP is seldom quoted */
	if (x->protocol == IPPROTO_UDP && p->frame[sum] == 0 && p->frame[sum + 1] == 0)
		x->sum = 0;
	return true;
}

static void
read_end(const struct pth_link_packet *p, const struct place *x, struct end *to)
{
	*to = (struct end){ 0 };
	memcpy(to->address, p->frame + x->address, address_size(x->version));
	memcpy(to->port, p->frame + x->port, 2);
}

/* Both checksums may cover an address, and are adapted in turn. */
static void
write_address(struct pth_link_packet *p, const struct place *x, const uint8_t *address)
{
	size_t n = address_size(x->version);
	uint8_t old[16];

	memcpy(old, p->frame + x->address, n);
	if (x->ip_sum != 0)
		link_replace(p->frame, x->address, address, n, x->ip_sum);
	if (x->sum != 0 && x->pseudo) {
		memcpy(p->frame + x->address, old, n);
		link_replace(p->frame, x->address, address, n, x->sum);
	}
	memcpy(p->frame + x->address, address, n);
}

static void
write_end(struct pth_link_packet *p, const struct place *x, const struct end *e)
{
	uint8_t *sum = p->frame + x->sum;

	write_address(p, x, e->address);
	link_replace(p->frame, x->port, e->port, 2, x->sum);
	if (x->sum != 0 && x->protocol == IPPROTO_UDP && sum[0] == 0 && sum[1] == 0)
		sum[0] = sum[1] = 0xff;
}

/* --- flows --- */

static struct flow *
find(struct link_nat *n, const struct place *x, const struct end *e, bool inside)
{
	for (size_t i = 0; i < n->n; i++) {
		struct flow *f = &n->v[i];

		if (f->version == x->version && f->protocol == x->protocol &&
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
is_gone(const struct link_nat *n, const struct place *x, const struct end *e)
{
	for (size_t i = 0; i < n->gone_n; i++)
		if (n->gone[i].version == x->version && n->gone[i].protocol == x->protocol &&
		    memcmp(&n->gone[i].end, e, sizeof *e) == 0)
			return true;
	return false;
}

/* Another end of the flow outside: a port that no flow has, and the address of now. */
static void
give(struct link_nat *n, const struct place *x, struct flow *f, const struct link_random *r)
{
	struct end e = f->in;
	uint64_t port;

	if (n->addresses > 0)
		e.address[address_size(x->version) - 1] = (uint8_t)(128 +
		    (n->addresses - 1) % ADDRESSES);
	memcpy(e.port, f->out.port, 2);
	while (!n->by_address || find(n, x, &e, false) != NULL) {
		port = 1024 + link_random(r, LINK_FOR_PORTS, n->given++) % (65536 - 1024);
		e.port[0] = (uint8_t)(port >> 8);
		e.port[1] = (uint8_t)port;
		if (find(n, x, &e, false) == NULL && find(n, x, &e, true) == NULL)
			break;
	}
	remember(n, f);
	f->out = e;
	f->generation = n->generation;
}

/* --- errors about packets that have passed (RFC 5508, 4) --- */

/* Writes another end into the packet that an error is about, and another address into the header
 * of the error itself when that is the same host's. The checksum of ICMP follows what changes. */
static void
translate_error(struct pth_link_packet *p, const struct place *x, bool out, const struct end *from,
    const struct end *to)
{
	size_t begin = p->ip.transport + 8, n = p->ip.end - begin, own = p->ip.checksum;
	uint8_t before[128], after[128];
	struct place outer = { .version = p->ip.version, .protocol = p->ip.protocol, .sum = own };

	n = n < sizeof before ? n & ~(size_t)1 : sizeof before;
	memcpy(before, p->frame + begin, n);
	write_end(p, x, to);
	memcpy(after, p->frame + begin, n);
	memcpy(p->frame + begin, before, n);
	link_replace(p->frame, begin, after, n, own);
	place_address(&outer, p->ip.ip, out);
	if (memcmp(p->frame + outer.address, from->address, address_size(outer.version)) == 0)
		write_address(p, &outer, to->address);
}

/* --- packets --- */

/* The flow of a packet that goes out; a new one for what is of none. */
static struct flow *
flow_of(
    struct link_nat *n, const struct place *x, const struct end *in, const struct link_random *r)
{
	struct flow *f = find(n, x, in, true);

	if (f == NULL) {
		f = &n->v[n->next];
		n->next = (n->next + 1) % FLOWS_MAX;
		n->n += n->n < FLOWS_MAX;
		*f = (struct flow){ x->version, x->protocol, *in, *in, 0 };
	}
	if (f->generation != n->generation)
		give(n, x, f, r);
	return f;
}

/* An error is about what came to its sender, and makes no flow. */
bool
link_nat_out(struct link_nat *n, struct pth_link_packet *p, const struct link_random *r)
{
	struct place x;
	struct end in;
	struct flow *f;
	bool quoted = place_quoted(p, false, &x);

	if (!quoted && !place_own(p, true, &x))
		return false;
	read_end(p, &x, &in);
	f = quoted ? find(n, &x, &in, true) : flow_of(n, &x, &in, r);
	if (f == NULL || memcmp(&f->in, &f->out, sizeof in) == 0)
		return false;
	if (quoted)
		translate_error(p, &x, true, &f->in, &f->out);
	else
		write_end(p, &x, &f->out);
	return true;
}

int
link_nat_in(struct link_nat *n, struct pth_link_packet *p)
{
	struct place x;
	struct end out;
	struct flow *f;
	bool quoted = place_quoted(p, true, &x);

	if (!quoted && !place_own(p, false, &x))
		return 0;
	read_end(p, &x, &out);
	f = find(n, &x, &out, false);
	if (f != NULL && f->generation != n->generation)
		return -1;
	if (f == NULL)
		return is_gone(n, &x, &out) ? -1 : 0;
	if (memcmp(&f->in, &f->out, sizeof out) == 0)
		return 0;
	if (quoted)
		translate_error(p, &x, false, &f->out, &f->in);
	else
		write_end(p, &x, &f->in);
	return 1;
}
