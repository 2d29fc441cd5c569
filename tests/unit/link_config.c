/* What a link is told: keys of both directions and of one, steps, lists, scenarios. */
#include "link/config.h"

#include "link/model.h"
#include "unit.h"

static struct pth_link_config c;
static char said[1100];

/* Reads a text; "" or its first problem as "LINE:COL: text". */
static const char *
reads(const char *text)
{
	struct pth_diags d;

	pth_link_config_release(&c);
	pth_link_config_init(&c);
	pth_diags_init(&d, "x");
	pth_link_config_read(&c, text, strlen(text), &d);
	said[0] = '\0';
	pth_diags_sort(&d);
	if (d.n > 0)
		snprintf(said, sizeof said, "%u:%u: %s", d.v[0].line, d.v[0].col, d.v[0].text);
	pth_diags_release(&d);
	return said;
}

static const char *
scenario(const char *text)
{
	struct pth_err e;

	pth_link_config_release(&c);
	pth_link_config_init(&c);
	snprintf(
	    said, sizeof said, "%s", pth_link_config_scenario(&c, text, &e) == 0 ? "" : e.text);
	return said;
}

#define UP (&c.way[PTH_LINK_UP])
#define DOWN (&c.way[PTH_LINK_DOWN])

static void
keys(void)
{
	unit("both directions, and one of them, wherever it stands");
	CHECK_STR(reads("up: {delay: 5ms}\ndelay: 20ms\nseed: 7\n"), "");
	CHECK(UP->delay == 5000000 && DOWN->delay == 20000000 && c.seed == 7);
	CHECK_STR(reads("{\"down\": {\"mtu\": 1280, \"aqm_ecn\": true, \"aqm\": \"codel\","
	                " \"rate\": \"1Mbit\"}, \"drop\": [1, \"5-7\"]}"),
	    "");
	CHECK(UP->mtu == 0 && DOWN->mtu == 1280 && DOWN->aqm_ecn && !UP->aqm_ecn);
	CHECK(UP->drops == 2 && UP->drop[1].last == 7 && DOWN->drops == 2);
	CHECK_STR(reads("drop: []\nblackhole: null\n"), "");
	CHECK(UP->drops == 0 && UP->blackholes == 0);

	unit("times of the link as a whole");
	CHECK_STR(reads("rebind: [1s port, 5s address every 2s, 9s]\nlink_down: 2s-3s\n"), "");
	CHECK(c.rebinds == 3 && c.rebind[0].at == 1000000000 && !c.rebind[0].address);
	CHECK(c.rebind[1].address && c.rebind[1].every == 2000000000 && !c.rebind[2].address);
	CHECK(c.downs == 1 && c.down[0].to == 3000000000);
	CHECK_STR(reads("rebind: 5s host"),
	    "1:9: rebind: expected 5s, 5s port or 5s address, and every 2s, not 'host'");
	CHECK_STR(reads("rebind: 5s every"), "1:9: rebind: every what?");
	CHECK_STR(reads("rebind: 5s every 10us"), "1:9: rebind: every 10us is too often");
	CHECK_STR(reads("seed: -1"), "1:7: seed: expected a whole number from 0 on, not '-1'");
	CHECK_STR(reads("- 5"), "1:1: expected a map of conditions");
	CHECK_STR(reads("up: {up: {}}"), "1:10: expected a value, not a map");
	CHECK_STR(reads("steps: 5"), "1:1: unknown condition 'steps'");
}

static void
steps(void)
{
	static const char text[] = "steps:\n"
	                           "  - {at: 2s, loss: 1%, up: {loss: 5%, delay: 1ms}}\n"
	                           "  - {at: 1s, mtu: 1280}\n"
	                           "  - {at: 2s, down: {loss: 9%}}\n";
	static const struct {
		int64_t s;
		unsigned ways;
		const char *key, *value;
	} want[] = { { 1, PTH_LINK_BOTH, "mtu", "1280" }, { 2, PTH_LINK_BOTH, "loss", "1%" },
		{ 2, PTH_LINK_UPWARD, "loss", "5%" }, { 2, PTH_LINK_UPWARD, "delay", "1ms" },
		{ 2, PTH_LINK_DOWNWARD, "loss", "9%" } };

	unit("steps are in the order of their times");
	CHECK_STR(reads(text), "");
	CHECK_INT(c.steps, 5);
	for (size_t i = 0; i < c.steps && i < 5; i++) {
		CHECK_INT(c.step[i].at, want[i].s * 1000000000);
		CHECK_INT(c.step[i].ways, want[i].ways);
		CHECK_STR(c.step[i].key, want[i].key);
		CHECK_STR(c.step[i].value, want[i].value);
	}

	unit("what does not go together after a step is said before anything runs");
	CHECK_STR(reads("delay: 5ms\njitter: 1ms\nsteps: [{at: 1s, delay: 0}]"),
	    "1:1: up: jitter: more than the delay, so that packets would arrive before they left");
	CHECK_STR(
	    reads("delay: 5ms\njitter: 1ms\nsteps: [{at: 1s, delay: 0}, {at: 1s, jitter: 0}]"), "");
	/* What a step takes away leaves what goes with it without effect, which is no mistake. */
	CHECK_STR(reads("loss: 1%\nburst: 2\nsteps: [{at: 1s, loss: 0%}]"), "");
	CHECK_STR(reads("steps: [{at: 1s, seed: 5}]"), "1:18: this is said of the link as a whole");
	CHECK_STR(
	    reads("steps: [{loss: 1%}]"), "1:9: a step is a map with at: and what changes then");

	unit("what comes later is put in its place, and taken over");
	struct pth_link_config more;
	struct pth_diags d;
	pth_diags_init(&d, "x");
	pth_link_config_init(&more);
	pth_link_config_read(&more, "steps: [{at: 1500ms, mtu: 600}]\nrebind: 3s", 42, &d);
	CHECK_INT(d.n, 0);
	CHECK_STR(reads(text), "");
	pth_link_config_add(&c, &more);
	CHECK(c.steps == 6 && c.step[1].at == 1500000000 && more.steps == 0 && c.rebinds == 1);
	pth_link_config_release(&more);
	pth_diags_release(&d);
}

static void
scenarios(void)
{
	unit("scenarios of quic-network-simulator");
	CHECK_STR(scenario("simple-p2p --delay=15ms --bandwidth=10Mbps --queue=25"), "");
	CHECK(UP->delay == 15000000 && DOWN->rate == 10000000 && UP->queue_packets == 25);
	CHECK_STR(
	    scenario("drop-rate --rate_to_client=3 --rate_to_server=2 --burst_to_client=4"), "");
	CHECK(UP->loss.good > 0.0199 && UP->loss.good < 0.0201 && UP->burst == 0);
	CHECK(DOWN->loss.good > 0.0299 && DOWN->loss.good < 0.0301 && DOWN->burst == 4);
	CHECK_INT(UP->only, LINK_UDP);
	CHECK_STR(scenario("corrupt-rate --rate_to_client=30"), "");
	CHECK(DOWN->corrupt > 0.29 && UP->corrupt == 0 && DOWN->loss.good == 0);
	CHECK_STR(scenario("droplist --drops_to_server=2,3 --drops_to_client=1"), "");
	CHECK(UP->drops == 2 && UP->drop[1].first == 3 && DOWN->drops == 1);
	CHECK_STR(scenario("blackhole --on=5s --off=2s --repeat=2 --direction=toclient"), "");
	CHECK(UP->blackholes == 0 && DOWN->blackholes == 2);
	CHECK(DOWN->blackhole[0].from == 5000000000 && DOWN->blackhole[0].to == 7000000000);
	CHECK(DOWN->blackhole[1].from == 12000000000 && DOWN->blackhole[1].to == 14000000000);
	CHECK_STR(scenario("rebind --first-rebind=1s --rebind-freq=5s --rebind-addr"), "");
	CHECK(c.rebinds == 1 && c.rebind[0].at == 1000000000 && c.rebind[0].address &&
	    c.rebind[0].every == 5000000000);

	unit("and what is wrong with them");
	CHECK_STR(scenario(""), "unknown scenario ''");
	CHECK_STR(scenario("drop-rat"), "unknown scenario 'drop-rat'; did you mean 'drop-rate'?");
	CHECK_STR(scenario("simple-p2p --bandwidth=10Mbit"),
	    "--bandwidth: expected a bandwidth as 10Mbps, not '10Mbit'");
	CHECK_STR(scenario("simple-p2p --delay"), "--delay has no value");
	CHECK_STR(scenario("simple-p2p delay=5ms"), "expected --option=value, not 'delay=5ms'");
	CHECK_STR(
	    scenario("simple-p2p --speed=5"), "--speed: scenario simple-p2p has no option --speed");
	CHECK_STR(scenario("blackhole --on=5s"), "scenario blackhole wants --on and --off");
	CHECK_STR(scenario("blackhole --on=5s --off=1s --direction=up"),
	    "--direction: expected both, toclient or toserver, not 'up'");
	CHECK_STR(scenario("tcp-cross-traffic --crossdatarate=1Mbps"),
	    "scenario tcp-cross-traffic: cross traffic is a program of its own here: run one");
}

/* With `only`, the drop list counts those alone. */
static void
only(void)
{
	unit("conditions of one protocol");
	CHECK_STR(reads("only: udp\ndrop: 2\n"), "");
	CHECK(UP->only == LINK_UDP && DOWN->only == LINK_UDP);
	CHECK_STR(reads("only: sctp"), "1:7: only: expected any|udp|tcp, not 'sctp'");
}

int
main(void)
{
	pth_link_config_init(&c);
	keys();
	steps();
	scenarios();
	only();
	pth_link_config_release(&c);
	return unit_done();
}
