/* Which test may start next, given those that run and wait. */
#include "run/schedule.h"

#include <string.h>

#include "io/json.h"
#include "unit.h"

enum { MAX = 64, PATIENCE = 8 };

/* A row of tests, each of a plan in words. */
static struct pth_claim claims[MAX];
static struct pth_turn v[MAX];
static size_t n;

static void
clear(void)
{
	while (n > 0)
		pth_claim_release(&claims[--n]);
}

static void
add_plan(const char *state, json_t *plan, bool own_network)
{
	pth_claim_of(plan, &claims[n]);
	v[n] = (struct pth_turn){ .claim = &claims[n],
		.state = *state == 'r' ? PTH_TURN_RUNS :
		    *state == 'w'      ? PTH_TURN_WAITS :
		                         PTH_TURN_NONE,
		.host = claims[n].isolable ? !own_network : claims[n].host };
	n++;
	json_decref(plan);
}

/* state: runs, waits, none. isolation, locks, cpus, service as JSON. */
static void
add(const char *state, const char *isolation, const char *locks, int cpus, const char *service)
{
	add_plan(state,
	    json_pack("{s:{s:s,s:s},s:{s:o,s:i},s:[o]}", "environment", "type", "localhost",
	        "isolation", isolation, "schedule", "locks", json_loads(locks, 0, NULL), "cpus",
	        cpus, "services", json_loads(service, 0, NULL)),
	    true);
}

static void
plain(const char *state)
{
	add(state, "full", "[]", 1, "{}");
}

/* A test on the host's network, with one service. */
static void
host(const char *state, const char *service)
{
	add(state, "none", "[]", 1, service);
}

static long
next(unsigned jobs)
{
	size_t i = pth_schedule_next(v, n, jobs, PATIENCE);

	return i < n ? (long)i : -1;
}

/* Run the rest as the runner would, one ending at a time (the oldest); the
 * order of the starts, as letters. */
static const char *
course(unsigned jobs)
{
	static char out[MAX + 1];
	size_t started = 0, k;

	for (;;) {
		while ((k = pth_schedule_next(v, n, jobs, PATIENCE)) < n) {
			for (size_t i = 0; i < k; i++)
				v[i].passed += v[i].state == PTH_TURN_WAITS;
			v[k].state = PTH_TURN_RUNS;
			out[started++] = (char)('a' + k);
		}
		for (k = 0; k < n && v[k].state != PTH_TURN_RUNS; k++)
			;
		if (k == n)
			break;
		v[k].state = PTH_TURN_NONE;
	}
	out[started] = '\0';
	return out;
}

#define UDP "{\"name\": \"s\", \"role\": \"server\", \"port\": 4443, \"transport\": \"udp\"}"
#define UDP2 "{\"name\": \"s\", \"role\": \"server\", \"port\": 4444, \"transport\": \"udp\"}"
#define TCP "{\"name\": \"s\", \"role\": \"server\", \"port\": 4443, \"transport\": \"tcp\"}"
#define ANY "{\"name\": \"s\", \"role\": \"server\", \"port\": 4443, \"transport\": \"none\"}"
#define READY "{\"name\": \"s\", \"ready\": [{\"kind\": \"tcp\", \"port\": 4443}]}"
#define CLIENT "{\"name\": \"s\", \"role\": \"client\", \"port\": null}"

static void
test_jobs(void)
{
	unit("as many as there are jobs, in their order");
	CHECK_INT(next(1), -1);
	plain("waits");
	plain("waits");
	plain("none");
	CHECK_INT(next(1), 0);
	v[0].state = PTH_TURN_RUNS;
	CHECK_INT(next(1), -1);
	CHECK_INT(next(2), 1);
	v[1].state = PTH_TURN_RUNS;
	CHECK_INT(next(3), -1);
	clear();
}

static void
test_cpus(void)
{
	unit("weights");
	add("runs", "full", "[]", 2, "{}");
	add("waits", "full", "[]", 3, "{}");
	add("waits", "full", "[]", 2, "{}");
	CHECK_INT(next(2), -1);
	CHECK_INT(next(4), 2);
	CHECK_INT(next(5), 1);
	clear();

	unit("more than there are: alone");
	add("waits", "full", "[]", 1000, "{}");
	plain("waits");
	CHECK_INT(next(2), 0);
	v[0].state = PTH_TURN_RUNS;
	CHECK_INT(next(2), -1);
	v[0].state = PTH_TURN_WAITS;
	v[1].state = PTH_TURN_RUNS;
	CHECK_INT(next(2), -1);
	clear();

	unit("nonsense is 1");
	add("runs", "full", "[]", -5, "{}");
	plain("waits");
	CHECK_INT(claims[0].cpus, 1);
	CHECK_INT(next(2), 1);
	clear();
}

static void
test_locks(void)
{
	unit("locks");
	add("runs", "full", "[\"db\", \"x\"]", 1, "{}");
	add("waits", "none", "[\"y\", \"db\"]", 1, UDP);
	add("waits", "full", "[\"DB\"]", 1, "{}");
	CHECK_INT(next(2), 2);
	v[0].state = PTH_TURN_NONE;
	CHECK_INT(next(2), 1);
	clear();

	unit("a lock is not a port of that name");
	host("runs", UDP);
	add("waits", "none", "[\"udp:4443\"]", 1, UDP2);
	CHECK_INT(next(2), 1);
	clear();

	unit("locks that are no list, or hold no text");
	add("runs", "full", "\"db\"", 1, "{}");
	add("waits", "full", "[1, null, [\"db\"]]", 1, "{}");
	CHECK_INT(next(2), 1);
	clear();
}

static bool
together(const char *isolation, const char *a, const char *b)
{
	bool yes;

	clear();
	add("runs", isolation, "[]", 1, a);
	add("waits", isolation, "[]", 1, b);
	yes = next(2) == 1;
	clear();
	return yes;
}

static void
test_ports(void)
{
	unit("ports of the host");
	CHECK(!together("none", UDP, UDP));
	CHECK(together("full", UDP, UDP));
	CHECK(together("net", UDP, UDP));
	CHECK(together("none", UDP, UDP2));
	CHECK(together("none", UDP, TCP));
	CHECK(!together("none", UDP, ANY));
	CHECK(!together("none", TCP, ANY));
	CHECK(!together("none", TCP, READY));
	CHECK(together("none", UDP, READY));
	CHECK(together("none", UDP, CLIENT));
	CHECK(together("none", CLIENT, CLIENT));

	unit("unknown ports: alone on the host's network, but not on the machine");
	CHECK(!together("none", UDP, "{\"name\": \"s\", \"role\": \"server\"}"));
	CHECK(!together("none", "{}", CLIENT));
	host("runs", "{}");
	plain("waits");
	CHECK_INT(next(2), 1);
	clear();

	unit("as long as it is not known whether there are networks of one's own");
	host("runs", UDP);
	add_plan("waits",
	    json_pack("{s:{s:s},s:[o]}", "environment", "isolation", "full", "services",
	        json_loads(UDP, 0, NULL)),
	    false);
	CHECK_INT(next(2), -1);
	v[1].host = false;
	CHECK_INT(next(2), 1);
	clear();
}

static void
test_capture(void)
{
	unit("one that captures on the host's network is alone there");
	host("runs", UDP);
	add_plan("waits",
	    json_pack("{s:{s:s},s:{s:s},s:[o]}", "environment", "isolation", "none", "capture",
	        "interface", "lo", "services", json_loads(UDP2, 0, NULL)),
	    false);
	CHECK_INT(next(2), -1);
	v[1].host = false;
	CHECK_INT(next(2), 1);
	clear();
}

static void
docker(const char *state, const char *resource)
{
	add_plan(state,
	    json_pack("{s:{s:s,s:s,s:[s]},s:[o]}", "environment", "type", "docker_compose",
	        "isolation", "container", "resources", resource, "services",
	        json_loads(UDP, 0, NULL)),
	    true);
}

static void
test_resources(void)
{
	unit("containers: what they take of the host, and not their own ports");
	docker("runs", "subnet:10.0.0.0/24");
	docker("waits", "subnet:10.0.0.0/24");
	docker("waits", "subnet:10.0.1.0/24");
	host("waits", UDP);
	CHECK_INT(next(2), 2);
	v[2].state = PTH_TURN_NONE;
	CHECK_INT(next(2), 3);
	clear();
	docker("runs", "udp:4443");
	host("waits", UDP);
	host("waits", "{}");
	host("waits", UDP2);
	CHECK_INT(next(4), 3);
	clear();
}

static void
test_order(void)
{
	unit("the smallest rank first");
	for (int i = 0; i < 4; i++)
		plain("waits");
	v[0].rank = 7;
	v[1].rank = v[3].rank = 2;
	v[2].rank = 5;
	CHECK_STR(course(1), "bdca");
	clear();

	unit("a later one overtakes one that must wait");
	add("waits", "full", "[\"a\"]", 1, "{}");
	add("waits", "full", "[\"a\"]", 1, "{}");
	plain("waits");
	CHECK_STR(course(2), "acb");
	clear();
}

static void
test_patience(void)
{
	unit("a wide test is not overtaken for ever");
	plain("waits");
	add("waits", "full", "[]", 2, "{}"); /* b: needs both jobs */
	for (int i = 2; i < 26; i++)
		plain("waits");
	/* Eight pass it; then nothing starts until it can. */
	CHECK_STR(course(2), "acdefghijbklmnopqrstuvwxyz");
	clear();

	unit("who is due holds back only those that are in its way");
	add("runs", "full", "[\"a\"]", 1, "{}");
	add("waits", "full", "[\"a\", \"b\"]", 1, "{}");
	add("waits", "full", "[\"b\"]", 1, "{}");
	plain("waits");
	v[1].passed = PATIENCE - 1;
	CHECK_INT(next(4), 2);
	v[1].passed = PATIENCE;
	CHECK_INT(next(4), 3);
	v[3].state = PTH_TURN_NONE;
	CHECK_INT(next(4), -1);
	v[0].state = PTH_TURN_NONE;
	CHECK_INT(next(4), 1);
	clear();

	unit("those that are due go before all others, in their order");
	for (int i = 0; i < 4; i++)
		plain("waits");
	v[3].rank = 0;
	v[0].rank = v[1].rank = v[2].rank = 9;
	v[1].passed = PATIENCE;
	v[2].passed = 3 * PATIENCE;
	CHECK_INT(next(1), 1);
	v[1].state = PTH_TURN_RUNS;
	CHECK_INT(next(1), -1);
	CHECK_INT(next(2), 2);
	clear();

	unit("two that are due and in each other's way");
	add("waits", "full", "[\"a\"]", 2, "{}");
	add("waits", "full", "[\"a\"]", 2, "{}");
	plain("waits");
	v[0].passed = v[1].passed = PATIENCE;
	CHECK_STR(course(2), "abc");
	clear();
}

/* Whatever the tests are: all get their turn, and no two that collide run together. */
static void
test_random(void)
{
	unsigned seed = 1;

	unit("all get their turn");
	for (int round = 0; round < 300; round++) {
		size_t count = 1 + (size_t)round % 26;

		for (size_t i = 0; i < count; i++) {
			static const char *const locks[] = { "[]", "[\"a\"]", "[\"b\"]",
				"[\"a\", \"b\"]" };
			static const char *const services[] = { "{}", UDP, TCP, ANY, CLIENT };

			seed = seed * 1103515245 + 12345;
			add("waits", (seed >> 16 & 1) != 0 ? "none" : "full", locks[seed >> 17 & 3],
			    (int)(seed >> 19 & 7), services[(seed >> 22) % 5]);
			v[i].rank = seed >> 27;
		}
		CHECK_INT(strlen(course(1 + (unsigned)round % 5)), count);
		clear();
	}
}

static void
test_hash(void)
{
	unit("shuffled ranks depend on seed and id");
	CHECK(pth_schedule_hash(1, "001-a") == pth_schedule_hash(1, "001-a"));
	CHECK(pth_schedule_hash(1, "001-a") != pth_schedule_hash(2, "001-a"));
	CHECK(pth_schedule_hash(1, "001-a") != pth_schedule_hash(1, "002-a"));
	CHECK(pth_schedule_hash(1, "") != pth_schedule_hash((uint64_t)1 << 63, ""));

	unit("and spread evenly");
	for (uint64_t s = 0; s < 4; s++) {
		int low = 0;

		for (int i = 0; i < 1000; i++) {
			char id[32];

			snprintf(id, sizeof id, "%03d-test", i);
			low += pth_schedule_hash(s, id) < UINT64_MAX / 2;
		}
		CHECK(low > 400 && low < 600);
	}
}

int
main(void)
{
	test_jobs();
	test_cpus();
	test_locks();
	test_ports();
	test_capture();
	test_resources();
	test_order();
	test_patience();
	test_random();
	test_hash();
	return unit_done();
}
