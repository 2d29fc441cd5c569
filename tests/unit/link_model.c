/* A link in virtual time: 100,000 packets against their settings. */
#include <math.h>

#include "linked.h"

#define MANY 100000

/* Of the packets that were delivered: mean and deviation of the time on the way, in ms. */
static void
times(double *mean, double *deviation)
{
	double sum = 0, squares = 0, ms;
	size_t n = 0;

	for (size_t i = 0; i < linked.n; i++) {
		if (linked.v[i].why != PTH_LINK_PASSES)
			continue;
		ms = (double)(linked.v[i].departure - linked.v[i].arrival) / 1e6;
		sum += ms;
		squares += ms * ms;
		n++;
	}
	*mean = sum / (double)n;
	*deviation = sqrt(squares / (double)n - *mean * *mean);
}

static bool
about(double is, double should, double by)
{
	if (fabs(is - should) <= by)
		return true;
	printf("    is %g, should be %g, at most %g away\n", is, should, by);
	return false;
}

/* Losses in each of `cells` stretches against the share that is set: chi-square. */
static double
chi_square(double share, size_t cells)
{
	double all = 0, x, want;
	size_t n = MANY / cells;

	for (size_t i = 0; i < cells; i++) {
		x = 0;
		for (size_t k = i * n; k < (i + 1) * n; k++)
			x += linked.v[k].why == PTH_LINK_LOST;
		want = share * (double)n;
		all += (x - want) * (x - want) / (want * (1 - share));
	}
	return all;
}

static void
losses(void)
{
	double x;
	size_t pairs = 0, run = 0, longest = 0, bursts = 0;

	unit("loss at random: its share, its spread, and no packet knows the one before");
	linked_new(7, "loss=2%");
	linked_send(MANY, 100, 1000);
	CHECK_INT(linked.n, MANY);
	/* 4.4 deviations of sqrt(n p q) = 44. */
	CHECK(about((double)linked_count(PTH_LINK_LOST), 2000, 195));
	/* 100 cells: 100 degrees, 14.1 the deviation. */
	x = chi_square(0.02, 100);
	printf("loss 2%%: %zu of %d lost, chi-square %.1f of 100 cells\n",
	    linked_count(PTH_LINK_LOST), MANY, x);
	CHECK(about(x, 100, 60));
	for (size_t i = 1; i < linked.n; i++)
		pairs += linked.v[i].why == PTH_LINK_LOST && linked.v[i - 1].why == PTH_LINK_LOST;
	CHECK(about((double)pairs, 40, 28));

	unit("all or nothing");
	linked_new(7, "loss=100%");
	linked_send(1000, 100, 1000);
	CHECK_INT(linked_count(PTH_LINK_LOST), 1000);
	linked_new(7, "loss=0%");
	linked_send(1000, 100, 1000);
	CHECK_INT(linked_count(PTH_LINK_LOST), 0);

	unit("a burst has an end");
	linked_new(7, "loss=60%;burst=3");
	linked_send(MANY, 100, 1000);
	for (size_t i = 0; i < linked.n; i++) {
		run = linked.v[i].why == PTH_LINK_LOST ? run + 1 : 0;
		longest = run > longest ? run : longest;
	}
	CHECK_INT(longest, 3);

	unit("Gilbert-Elliott: share of losses and length of bursts");
	linked_new(7, "loss=gemodel 1% 20% 80% 0.1%");
	linked_send(MANY, 100, 1000);
	/* In the bad state 1/21 of the time: 1/21 * 0.8 + 20/21 * 0.001 */
	x = MANY * (0.8 / 21 + 0.001 * 20 / 21);
	printf("gemodel: %zu of %d lost, %.0f expected\n", linked_count(PTH_LINK_LOST), MANY, x);
	CHECK(about((double)linked_count(PTH_LINK_LOST), x, 700));
	for (size_t i = 1; i < linked.n; i++)
		bursts += linked.v[i].why == PTH_LINK_LOST && linked.v[i - 1].why != PTH_LINK_LOST;
	/* A loss is followed by another one with 0.8 * 0.8, nearly. */
	CHECK(about(1 - (double)bursts / (double)linked_count(PTH_LINK_LOST), 0.63, 0.05));
}

static void
delays(void)
{
	static const char *const names[] = { "uniform", "normal", "pareto", "paretonormal" };
	/* Of the uniform distribution over 2 * 5 ms, and of what is a deviation of 5 ms; of the mix
	 * sqrt(0.25^2 + 0.75^2) of it. */
	static const double deviations[] = { 2.887, 5, 5, 3.953 };
	char text[100];
	double mean, deviation;

	unit("a delay alone is exact");
	linked_new(7, "delay=20ms");
	linked_send(1000, 100, 1000);
	times(&mean, &deviation);
	CHECK(about(mean, 20, 0) && about(deviation, 0, 1e-4));
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		snprintf(text, sizeof text, "jitter: mean and deviation, %s", names[i]);
		unit(text);
		snprintf(text, sizeof text, "delay=40ms;jitter=5ms;order=free;distribution=%s",
		    names[i]);
		linked_new(7, text);
		linked_send(MANY, 100, 1000);
		times(&mean, &deviation);
		printf("%s: mean %.3f ms, deviation %.3f ms\n", names[i], mean, deviation);
		CHECK(about(mean, 40, 0.15));
		/* The fourth moment of Pareto's is infinite: its deviation is seldom near. */
		CHECK(about(deviation, deviations[i], i >= 2 ? 1.2 : 0.1));
	}

	unit("the order is kept, or not");
	linked_new(7, "delay=20ms;jitter=10ms");
	linked_send(10000, 100, 1000000);
	for (size_t i = 1; i < linked.n; i++)
		CHECK(linked.v[i].number == linked.v[i - 1].number + 1);
	linked_new(7, "delay=20ms;jitter=10ms;order=free");
	linked_send(10000, 100, 1000000);
	size_t late = 0;
	for (size_t i = 1; i < linked.n; i++)
		late += linked.v[i].number < linked.v[i - 1].number;
	CHECK(late > 2000);
	for (size_t i = 1; i < linked.n; i++)
		CHECK(linked.v[i].departure >= linked.v[i - 1].departure);
}

static void
rates(void)
{
	unit("a rate is exact, and what comes later than it is sent does not wait");
	linked_new(7, "rate=10Mbit;delay=15ms;queue=200000");
	linked_send(MANY, 1472, 1000);
	CHECK_INT(linked_count(PTH_LINK_PASSES), MANY);
	/* 1514 bytes are 1.2112 ms. */
	CHECK_INT(linked.v[0].departure, 1211200 + 15 * LINKED_MS);
	CHECK_INT(linked.v[MANY - 1].departure, MANY * 1211200LL + 15 * LINKED_MS);

	unit("fractions of nanoseconds are not lost");
	linked_new(7, "rate=7Mbit;queue=200000");
	linked_send(MANY, 1472, 0);
	CHECK_INT(linked.v[MANY - 1].departure, (int64_t)(1514LL * 8 * MANY * 1000 / 7));

	unit("a queue of packets, and the one that is being sent");
	linked_new(7, "rate=10Mbit;queue=25");
	linked_send(100, 1472, 0);
	CHECK_INT(linked_count(PTH_LINK_PASSES), 26);
	CHECK_INT(linked_count(PTH_LINK_QUEUE), 74);

	unit("a queue of bytes");
	linked_new(7, "rate=10Mbit;queue=15140B");
	linked_send(100, 1472, 0);
	CHECK_INT(linked_count(PTH_LINK_PASSES), 11);
	linked_new(7, "rate=10Mbit;queue=15139B");
	linked_send(100, 1472, 0);
	CHECK_INT(linked_count(PTH_LINK_PASSES), 10);

	unit("1000 packets when nothing is said");
	linked_new(7, "rate=10Mbit");
	linked_send(2000, 1472, 0);
	CHECK_INT(linked_count(PTH_LINK_PASSES), 1001);
}

static void
lists(void)
{
	size_t n;

	unit("the drop list drops exactly those");
	linked_new(7, "drop=1,5,100-102");
	linked_send(1000, 100, 1000);
	n = 0;
	for (size_t i = 0; i < linked.n; i++) {
		uint64_t k = linked.v[i].number;
		bool should = k == 1 || k == 5 || (k >= 100 && k <= 102);

		CHECK((linked.v[i].why == PTH_LINK_LISTED) == should);
		n += should;
	}
	CHECK_INT(n, 5);
	CHECK_INT(linked.n, 1000);

	unit("of one protocol only: the others are neither counted nor lost");
	uint8_t tcp[200], udp[200];
	size_t a = linked_frame(tcp, 4, 6, 50), b = linked_frame(udp, 4, 17, 50);
	linked_new(7, "only=udp;drop=2;duplicate=100%;corrupt=100%");
	for (int i = 0; i < 4; i++)
		link_offer(linked.link, PTH_LINK_UP, i % 2 == 0 ? tcp : udp, i % 2 == 0 ? a : b, i);
	link_run(linked.link, 100);
	CHECK_INT(linked.n, 5); /* the first of UDP comes twice */
	CHECK(linked.v[4].number == 4 && linked.v[4].why == PTH_LINK_LISTED);
	CHECK(linked.v[0].deeds == 0 && linked.v[3].deeds == 0 && linked.v[3].number == 3);
	CHECK(linked.v[1].number == 2 && (linked.v[1].deeds & PTH_LINK_CORRUPTED) != 0);

	unit("a blackhole has its begin and its end");
	linked_new(7, "blackhole=2ms-4ms,6ms+1ms");
	linked_send(10, 100, LINKED_MS);
	for (size_t i = 0; i < linked.n; i++) {
		int64_t t = linked.v[i].arrival / LINKED_MS;

		CHECK((linked.v[i].why == PTH_LINK_BLACKHOLE) == (t == 2 || t == 3 || t == 6));
	}
	CHECK_INT(linked.n, 10);
}

static void
deeds(void)
{
	size_t n = 0, late = 0;

	unit("duplicates are packets of their own");
	linked_new(7, "duplicate=10%");
	linked_send(MANY, 100, 1000);
	for (size_t i = 0; i < linked.n; i++)
		n += (linked.v[i].deeds & PTH_LINK_DUPLICATED) != 0;
	CHECK(about((double)n, 10000, 420));
	CHECK_INT(linked.n, MANY + n);

	unit("reordered packets do not wait for the delay");
	linked_new(7, "delay=10ms;reorder=5%");
	linked_send(MANY, 100, 100000);
	n = 0;
	for (size_t i = 0; i < linked.n; i++) {
		bool early = (linked.v[i].deeds & PTH_LINK_REORDERED) != 0;

		n += early;
		CHECK_INT(linked.v[i].departure - linked.v[i].arrival, early ? 0 : 10 * LINKED_MS);
		late += i > 0 && linked.v[i].number < linked.v[i - 1].number;
	}
	CHECK(about((double)n, 5000, 310));
	CHECK(late > 4000);
	unit("with a gap between two of them");
	linked_new(7, "delay=10ms;reorder=100%;gap=5");
	linked_send(1000, 100, 100000);
	n = 0;
	for (size_t i = 0; i < linked.n; i++)
		n += (linked.v[i].deeds & PTH_LINK_REORDERED) != 0;
	CHECK_INT(n, 200);

	unit("marks and bleach, where there is something to mark or bleach");
	linked_new(7, "ecn=mark 30%");
	linked_send(MANY, 100, 1000);
	n = 0;
	for (size_t i = 0; i < linked.n; i++)
		n += (linked.v[i].deeds & PTH_LINK_MARKED) != 0;
	CHECK(about((double)n, 30000, 650));
	linked_new(7, "ecn=bleach");
	linked_send(10, 100, 1000);
	CHECK_INT(linked.v[5].deeds, PTH_LINK_BLEACHED);
	CHECK_INT(linked.last.frame[15] & 3, 0);
	CHECK_INT(link_sum_fold(link_sum(0, linked.last.frame + 14, 20)), 0);
}

/* The fates of a link in one number. */
static uint64_t
all_fates(uint64_t seed, const char *conditions)
{
	uint64_t h = 1;

	linked_new(seed, conditions);
	linked_send(20000, 700, 300000);
	for (size_t i = 0; i < linked.n; i++)
		h = (h ^ (uint64_t)linked.v[i].departure ^ linked.v[i].number << 32 ^
		        (uint64_t)linked.v[i].why << 8 ^ linked.v[i].deeds ^
		        (uint64_t)(uint32_t)linked.v[i].place << 16) *
		    0x100000001b3u;
	return h;
}

static uint64_t
losses_only(void)
{
	uint64_t h = 1;

	for (size_t i = 0; i < linked.n; i++)
		if (linked.v[i].why == PTH_LINK_LOST)
			h = (h ^ linked.v[i].number) * 0x100000001b3u;
	return h;
}

static void
seeds(void)
{
	static const char all[] = "delay=20ms;jitter=9ms;order=free;rate=20Mbit;queue=30;loss=2%;"
	                          "duplicate=1%;reorder=3%;corrupt=2%;ecn=mark 2%";
	uint64_t h = all_fates(7, all), alone;

	unit("the same seed and packets have the same fates; another seed has others");
	CHECK(all_fates(7, all) == h);
	CHECK(all_fates(8, all) != h);
	CHECK(all_fates(0, all) != h);

	unit("another condition does not change who is lost");
	all_fates(7, "loss=2%");
	alone = losses_only();
	all_fates(7, all);
	CHECK(losses_only() == alone);
	all_fates(7, "loss=2%;corrupt=50%;duplicate=40%;delay=5ms");
	CHECK(losses_only() == alone);

	unit("the directions have chances of their own");
	linked_new(7, "loss=50%");
	uint8_t f[200];
	size_t len = linked_frame(f, 4, 17, 50), same = 0;
	for (int i = 0; i < 1000; i++)
		for (unsigned d = 0; d < PTH_LINK_DIRECTIONS; d++)
			link_offer(linked.link, d, f, len, i);
	while (link_next(linked.link) != INT64_MAX)
		link_run(linked.link, link_next(linked.link));
	bool lost[2][1001] = { 0 };
	for (size_t i = 0; i < linked.n; i++)
		lost[linked.v[i].direction][linked.v[i].number] = linked.v[i].why != 0;
	for (int i = 1; i <= 1000; i++)
		same += lost[0][i] == lost[1][i];
	CHECK(about((double)same, 500, 80));
}

static void
changes(void)
{
	uint8_t f[1600];
	size_t len = linked_frame(f, 4, 17, 1472);

	unit("conditions change while packets are under way");
	linked_new(7, "delay=20ms");
	link_offer(linked.link, PTH_LINK_UP, f, len, 0);
	linked_conditions("delay=1ms");
	link_offer(linked.link, PTH_LINK_UP, f, len, 0);
	link_run(linked.link, 100 * LINKED_MS);
	CHECK_INT(linked.v[0].departure, 20 * LINKED_MS);
	CHECK_INT(linked.v[1].departure, 20 * LINKED_MS); /* their order is kept */
	link_offer(linked.link, PTH_LINK_UP, f, len, 100 * LINKED_MS);
	link_run(linked.link, 200 * LINKED_MS);
	CHECK_INT(linked.v[2].departure, 101 * LINKED_MS);

	unit("from drop-tail to FQ-CoDel and back nothing is forgotten");
	linked_new(7, "rate=10Mbit");
	for (int i = 0; i < 10; i++)
		link_offer(linked.link, PTH_LINK_UP, f, len, 0);
	linked_conditions("rate=10Mbit;aqm=fq_codel");
	for (int i = 0; i < 10; i++)
		link_offer(linked.link, PTH_LINK_UP, f, len, 0);
	linked_conditions("rate=10Mbit");
	link_run(linked.link, 1000 * LINKED_MS);
	CHECK_INT(linked_count(PTH_LINK_PASSES), 20);

	unit("a cable that is out loses what is under way, and what comes");
	linked_new(7, "delay=20ms");
	link_offer(linked.link, PTH_LINK_UP, f, len, 0);
	link_unplug(linked.link, true, 5 * LINKED_MS);
	link_offer(linked.link, PTH_LINK_UP, f, len, 6 * LINKED_MS);
	link_unplug(linked.link, false, 7 * LINKED_MS);
	link_offer(linked.link, PTH_LINK_UP, f, len, 8 * LINKED_MS);
	link_run(linked.link, 100 * LINKED_MS);
	CHECK_INT(linked.n, 3);
	CHECK_INT(linked_count(PTH_LINK_UNPLUGGED), 2);
	CHECK_INT(linked.v[2].why, PTH_LINK_PASSES);

	unit("what is under way in the end is said");
	link_offer(linked.link, PTH_LINK_DOWN, f, len, 200 * LINKED_MS);
	link_end(linked.link, 201 * LINKED_MS);
	CHECK_INT(linked_count(PTH_LINK_ENDED), 1);
	CHECK(link_next(linked.link) == INT64_MAX);
}

static void
upkeep(void)
{
	uint8_t arp[60] = { [12] = 0x08, 0x06 };

	unit("the link's own packets are neither counted nor lost");
	linked_new(7, "loss=100%;delay=20ms");
	link_offer(linked.link, PTH_LINK_UP, arp, sizeof arp, 5);
	CHECK_INT(linked.n, 1);
	CHECK(linked.v[0].why == PTH_LINK_PASSES && linked.v[0].number == 0);
	CHECK_INT(linked.v[0].deeds, PTH_LINK_MAINTENANCE);

	unit("a frame that is too long or too short is dropped, and counted");
	static uint8_t big[3000];
	linked_new(7, "delay=20ms");
	link_offer(linked.link, PTH_LINK_UP, big, sizeof big, 5);
	link_offer(linked.link, PTH_LINK_UP, big, 13, 5);
	CHECK_INT(linked_count(PTH_LINK_OVERLOAD), 2);
}

/* What waits at the rate when a packet comes. */
static void
waits(void)
{
	uint8_t f[2000];
	size_t n = linked_frame(f, 4, 17, 1458); /* 1500 bytes with its headers: 1.2 ms */

	unit("how many packets and bytes wait before one");
	linked_new(7, "rate=10Mbit;delay=20ms;queue=2");
	for (int i = 0; i < 4; i++) {
		link_offer(linked.link, 0, f, n, 0);
		link_offer(linked.link, 1, f, n, 0);
	}
	CHECK(linked.last.limited && linked.last.why == PTH_LINK_QUEUE);
	CHECK_INT(linked.last.ahead, 3); /* one is being sent */
	CHECK_INT(linked.last.ahead_bytes, 3 * n);
	link_offer(linked.link, 0, f, n, 1300000); /* one has gone, and is in the delay */
	link_run(linked.link, 100000000);
	CHECK_INT(linked.last.ahead, 2);
	CHECK_INT(linked.last.ahead_bytes, 2 * n);
	link_offer(linked.link, 0, f, n, 200000000);
	link_run(linked.link, 300000000);
	CHECK_INT(linked.last.ahead_bytes, 0);
	linked_new(7, "delay=20ms");
	link_offer(linked.link, 0, f, n, 0);
	link_run(linked.link, 100000000);
	CHECK(!linked.last.limited);
}

int
main(void)
{
	waits();
	losses();
	delays();
	rates();
	lists();
	deeds();
	seeds();
	changes();
	upkeep();
	linked_done();
	return unit_done();
}
