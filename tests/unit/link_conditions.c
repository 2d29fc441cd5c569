/* The words of conditions: what is read, and what is refused and how. */
#include "link/conditions.h"
#include "link/trace.h"

#include "unit.h"

static struct pth_link_conditions c;

static const char *
set(const char *key, const char *value)
{
	static struct pth_err e;

	e.text[0] = '\0';
	pth_link_conditions_release(&c);
	pth_link_conditions_init(&c);
	return pth_link_conditions_set(&c, key, value, &e) == 0 ? "" : e.text;
}

static bool
near(double a, double b)
{
	return a - b < 1e-12 && b - a < 1e-12;
}

static void
values(void)
{
	unit("values as tc-netem writes them");
	CHECK_STR(set("delay", "15ms"), "");
	CHECK_INT(c.delay, 15000000);
	CHECK_STR(set("delay", "1.5 s"), "");
	CHECK_INT(c.delay, 1500000000);
	CHECK_STR(set("delay", "200us"), "");
	CHECK_INT(c.delay, 200000);
	CHECK_STR(set("jitter", "0"), "");
	CHECK_STR(set("rate", "10Mbit"), "");
	CHECK_INT(c.rate, 10000000);
	CHECK_STR(set("rate", "1.5gbit"), "");
	CHECK_INT(c.rate, 1500000000);
	CHECK_STR(set("rate", "9600bit"), "");
	CHECK_INT(c.rate, 9600);
	CHECK_STR(set("queue", "25"), "");
	CHECK(c.queue_packets == 25 && c.queue_bytes == 0);
	CHECK_STR(set("queue", "64KiB"), "");
	CHECK(c.queue_packets == 0 && c.queue_bytes == 65536);
	CHECK_STR(set("aqm", "fq_codel"), "");
	CHECK_INT(c.aqm, LINK_FQ_CODEL);
	CHECK_STR(set("loss", "1%"), "");
	CHECK(near(c.loss.good, 0.01) && !c.loss.states);
	CHECK_STR(set("loss", "gemodel 1% 20% 70% 0.5%"), "");
	CHECK(c.loss.states && near(c.loss.to_bad, 0.01) && near(c.loss.to_good, 0.2) &&
	    near(c.loss.bad, 0.7) && near(c.loss.good, 0.005));
	CHECK_STR(set("loss", "gemodel 1%"), "");
	CHECK(near(c.loss.to_good, 0.99) && c.loss.bad == 1 && c.loss.good == 0);
	CHECK_STR(set("drop", "1, 5,10-12,4294967295"), "");
	CHECK(c.drops == 4 && c.drop[2].first == 10 && c.drop[2].last == 12 &&
	    c.drop[3].first == 4294967295u);
	CHECK_STR(set("drop", ""), "");
	CHECK_INT(c.drops, 0);
	CHECK_STR(set("blackhole", "2s-4s,8s+500ms"), "");
	CHECK(c.blackholes == 2 && c.blackhole[0].to == 4000000000 &&
	    c.blackhole[1].to == 8500000000);
	CHECK_STR(set("ecn", "mark 5%"), "");
	CHECK(near(c.mark, 0.05) && !c.bleach);
	CHECK_STR(set("ecn", "bleach"), "");
	CHECK(c.mark == 0 && c.bleach);
	CHECK_STR(set("mtu", "1280"), "");
	CHECK_INT(c.mtu, 1280);
	CHECK_STR(set("aqm_ecn", "true"), "");
	CHECK(c.aqm_ecn);
}

static void
refusals(void)
{
	static const char *const v[][3] = {
		{ "delay", "-5ms", "delay: '-5ms' is negative" },
		{ "delay", "20", "delay: '20' has no unit: write something like 20ms" },
		{ "delay", "20 parsecs",
		    "delay: unknown unit 'parsecs': write something like 20ms" },
		{ "delay", "", "delay: expected something like 20ms, not ''" },
		{ "delay", "inf", "delay: expected something like 20ms, not 'inf'" },
		{ "delay", "2000min", "delay: '2000min' is longer than an hour" },
		{ "rate", "0",
		    "rate: a rate of '0' lets nothing pass: for that there is blackhole" },
		{ "rate", "0Mbit",
		    "rate: a rate of '0Mbit' lets nothing pass: for that there is blackhole" },
		{ "rate", "10 Mb", "rate: unknown unit 'Mb': write something like 10Mbit" },
		{ "rate", "10Mbps",
		    "rate: '10Mbps': bps is bytes per second for tc and bits for others: "
		    "write 10Mbit" },
		{ "rate", "10", "rate: '10' has no unit: write something like 10Mbit" },
		{ "rate", "2Tbit", "rate: '2Tbit' is more than 1Tbit" },
		{ "loss", "101%", "loss: '101%' is more than 100%" },
		{ "loss", "0.01", "loss: '0.01' has no unit: write something like 1%" },
		{ "loss", "1% 25%",
		    "loss: '25%' is one word too many: expected 1%, or gemodel P R 1-H 1-K" },
		{ "loss", "gemodel", "loss: gemodel P [R [1-H [1-K]]]: P is missing" },
		{ "loss", "gemodel 1% 1% 1% 1% 1%",
		    "loss: '1%' is one word too many: expected 1%, or gemodel P R 1-H 1-K" },
		{ "drop", "4294967296",
		    "drop: '4294967296' is no number of a packet, 1 to 4294967295" },
		{ "drop", "0", "drop: '0' is no number of a packet, 1 to 4294967295" },
		{ "drop", "1,,2", "drop: '' is no number of a packet, 1 to 4294967295" },
		{ "drop", "7-3", "drop: 7-3: the range ends before it begins" },
		{ "blackhole", "4s-2s", "blackhole: the window '4s-2s' is empty" },
		{ "blackhole", "4s",
		    "blackhole: expected a window as 2s-4s or 2s+500ms, not '4s'" },
		{ "blackhole", "4s-5s,3s-4s",
		    "blackhole: a window begins before the end of the one before it" },
		{ "queue", "0",
		    "queue: expected 1 to 10000000 packets, or bytes as 64kB, not '0'" },
		{ "queue", "64k",
		    "queue: expected packets as 25, or at least 1514 bytes as 64kB, not '64k'" },
		{ "queue", "100B",
		    "queue: expected packets as 25, or at least 1514 bytes as 64kB, not '100B'" },
		{ "mtu", "9000", "mtu: expected a number from 68 to 1500, not '9000'" },
		{ "aqm", "red", "aqm: expected droptail|codel|fq_codel, not 'red'" },
		{ "ecn", "mark", "ecn: expected bleach, or mark 5%, not 'mark'" },
		{ "trace", "/nonexistent/trace",
		    "trace: /nonexistent/trace: No such file or directory" },
		{ "los", "1%", "unknown condition 'los'; did you mean 'loss'?" },
	};

	unit("values that are refused, and what is said");
	for (size_t i = 0; i < sizeof v / sizeof *v; i++)
		CHECK_STR(set(v[i][0], v[i][1]), v[i][2]);
}

/* "key=value;..." together: what is said. */
static const char *
together(const char *text)
{
	static struct pth_err e;
	char words[200], *rest = NULL, *value;

	e.text[0] = '\0';
	pth_link_conditions_release(&c);
	pth_link_conditions_init(&c);
	snprintf(words, sizeof words, "%s", text);
	for (char *w = strtok_r(words, ";", &rest); w != NULL; w = strtok_r(NULL, ";", &rest)) {
		value = strchr(w, '=');
		if (!CHECK(value != NULL))
			break;
		*value++ = '\0';
		CHECK_INT(pth_link_conditions_set(&c, w, value, &e), 0);
	}
	return pth_link_conditions_check(&c, &e) == 0 && pth_link_conditions_idle(&c, &e) == 0 ?
	    "" :
	    e.text;
}

static void
pairs(void)
{
	unit("what does not go together");
	CHECK_STR(together("delay=20ms;rate=1Mbit;queue=25;aqm=codel;aqm_ecn=true"), "");
	CHECK_STR(together("queue=25"), "queue: without a rate or a trace nothing ever waits");
	CHECK_STR(together("aqm=codel"), "aqm: without a rate or a trace nothing ever waits");
	CHECK_STR(together("rate=1Mbit;aqm_ecn=true"), "aqm_ecn goes with aqm: codel or fq_codel");
	CHECK_STR(together("rate=1Mbit;aqm=codel;target=0"), "target: 0 is no time for aqm");
	CHECK_STR(together("delay=5ms;jitter=6ms"),
	    "jitter: more than the delay, so that packets would arrive before they left");
	CHECK_STR(together("delay=5ms;jitter=6ms;distribution=normal"), "");
	CHECK_STR(together("reorder=5%"), "reorder: without a delay nothing can be overtaken");
	CHECK_STR(together("delay=5ms;gap=5"), "gap goes with reorder");
	CHECK_STR(together("burst=2"), "burst goes with loss");
	CHECK_STR(together("rate=1Mbit;target=1ms"), "target goes with aqm: codel or fq_codel");
	CHECK_STR(together("rate=1Mbit;interval=1s"), "interval goes with aqm: codel or fq_codel");
	CHECK_STR(together("rate=1Mbit;flows=3"), "flows goes with aqm: fq_codel");
	CHECK_STR(together("rate=1Mbit;quantum=300"), "quantum goes with aqm: fq_codel");
	CHECK_STR(
	    together("rate=1Mbit;aqm=fq_codel;flows=3;quantum=300;target=1ms;interval=1s"), "");
	CHECK_STR(together("delay=5ms;distribution=normal"), "distribution goes with jitter");
	CHECK_STR(together("delay=5ms;order=free"), "order goes with jitter");
	CHECK_STR(together("delay=5ms;jitter=1ms;order=free;distribution=pareto"), "");
	CHECK_STR(together("checksum=wrong"), "checksum goes with corrupt");
	CHECK_STR(together("checksum=wrong;corrupt=1%"), "");
	CHECK_STR(together("too_big=silent"), "too_big goes with mtu");
	CHECK_STR(together("too_big=silent;mtu=1280"), "");
	CHECK_STR(together("only=udp"), "only goes with loss, drop, duplicate, corrupt or ecn");
	CHECK_STR(together("only=udp;drop=3"), "");
	CHECK_STR(together("only=udp;loss=1%"), "");
	CHECK_STR(together("only=udp;corrupt=1%"), "");
	CHECK_STR(together("only=udp;duplicate=1%"), "");
	CHECK_STR(together("only=udp;ecn=mark 5%"), "");
	/* Values of nothing, as a matrix begins with. */
	CHECK_STR(together("loss=0%;burst=3;only=udp;reorder=0%;gap=3;jitter=0;order=free"), "");
	CHECK_STR(together("rate=;queue=25;aqm=droptail;target=1ms"), "");
}

static const char *
trace(const char *text)
{
	static struct pth_err e;
	struct pth_link_trace *t = link_trace_parse(text, strlen(text), &e);

	link_trace_free(t);
	return t != NULL ? "" : e.text;
}

static void
traces(void)
{
	struct pth_err e;
	struct link_turn at = { 0 };
	struct pth_link_trace *t;

	unit("capacity traces");
	CHECK_STR(trace("0\n5\n5\n10\n"), "");
	CHECK_STR(trace("# a comment\n5\r\n\n6"), "");
	CHECK_STR(trace("5\n4\n"), "2:1: the trace goes back in time, from 5 to 4");
	CHECK_STR(
	    trace("5\nx\n"), "2:1: expected a time in whole milliseconds, at most a day, not 'x'");
	CHECK_STR(
	    trace("-5\n"), "1:1: expected a time in whole milliseconds, at most a day, not '-5'");
	CHECK_STR(trace("86400001\n"),
	    "1:1: expected a time in whole milliseconds, at most a day, not '86400001'");
	CHECK_STR(trace(""), "1:1: the trace has no time after 0");
	CHECK_STR(trace("0\n0\n"), "3:1: the trace has no time after 0");

	unit("1500 bytes pass at each time of a trace, which begins anew");
	t = link_trace_parse("2\n4\n4\n10\n", 9, &e);
	CHECK_INT(link_trace_pass(t, &at, 0, 1500), 2000000);
	CHECK_INT(link_trace_pass(t, &at, 2000000, 500), 4000000);
	CHECK_INT(link_trace_pass(t, &at, 4000000, 1000), 4000000); /* the rest of it */
	CHECK_INT(link_trace_pass(t, &at, 4000000, 1500), 4000000);
	CHECK_INT(link_trace_pass(t, &at, 4000000, 3000), 12000000);
	CHECK_INT(link_trace_pass(t, &at, 12000001, 1500), 14000000);
	CHECK_INT(link_trace_pass(t, &at, 20000000, 1500), 20000000);
	CHECK_INT(link_trace_pass(t, &at, 1000000000001, 1), 1000002000000);
	link_trace_free(t);
}

int
main(void)
{
	pth_link_conditions_init(&c);
	values();
	refusals();
	pairs();
	traces();
	pth_link_conditions_release(&c);
	return unit_done();
}
