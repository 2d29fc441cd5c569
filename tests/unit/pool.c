/* Records that are worked on at once: in order, whatever becomes of those who work. */
#include "collect/pool.h"

#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "io/json.h"
#include "unit.h"

static json_t *
record(const char *id)
{
	return json_pack("{s:s}", "id", id);
}

/* What is done follows from the id; "in" says in which process. */
static void
work(json_t *rec, void *arg)
{
	const char *id = pth_json_str(rec, "id", "");
	char big[100001];

	if (strcmp(id, "killed") == 0)
		raise(SIGKILL);
	if (strcmp(id, "exit") == 0)
		_exit(7);
	if (strcmp(id, "slow") == 0)
		usleep(20000);
	if (strcmp(id, "big") == 0) { /* more than a pipe holds */
		memset(big, 'x', sizeof big - 1);
		big[sizeof big - 1] = '\0';
		json_object_set_new(rec, "big", json_string(big));
	}
	json_object_set_new(rec, "in", json_integer(getpid()));
	json_object_set_new(rec, "arg", json_string(arg));
}

/* The next record: "id arg", and why it failed; waits until it is there. */
static void
next(struct pth_pool *p, const char *want, const char *want_failed, bool here)
{
	json_t *rec = NULL;
	char *failed = NULL, got[100];

	while (!pth_pool_empty(p) && (rec = pth_pool_take(p, &failed)) == NULL)
		pth_pool_wait(p, -1);
	snprintf(
	    got, sizeof got, "%s %s", pth_json_str(rec, "id", "?"), pth_json_str(rec, "arg", "-"));
	CHECK_STR(got, want);
	CHECK_STR(failed, want_failed);
	if (want_failed == NULL && strstr(want, " -") == NULL)
		CHECK((pth_json_int(rec, "in", 0) == getpid()) == here);
	if (strcmp(pth_json_str(rec, "id", ""), "big") == 0)
		CHECK_INT(strlen(pth_json_str(rec, "big", "")), 100000);
	free(failed);
	json_decref(rec);
}

int
main(void)
{
	static char arg[] = "arg";
	struct pth_pool p;
	struct rlimit old, few;
	char *failed;
	int fds[2];
	size_t n;

	unit("records come out in the order in which they came in");
	pth_pool_init(&p, 3, work, arg);
	CHECK(pth_pool_empty(&p) && pth_pool_room(&p));
	CHECK(pth_pool_take(&p, &failed) == NULL);
	pth_pool_add(&p, record("slow"), true);
	CHECK(!pth_pool_empty(&p));
	pth_pool_add(&p, record("passes"), false);
	pth_pool_add(&p, record("big"), true);
	CHECK(pth_pool_room(&p));
	pth_pool_add(&p, record("quick"), true);
	CHECK(!pth_pool_room(&p)); /* three work */
	next(&p, "slow arg", NULL, false);
	next(&p, "passes -", NULL, false);
	next(&p, "big arg", NULL, false);
	next(&p, "quick arg", NULL, false);
	CHECK(pth_pool_empty(&p) && pth_pool_room(&p));

	unit("one that is lost is said, and keeps what it was");
	pth_pool_add(&p, record("killed"), true);
	pth_pool_add(&p, record("exit"), true);
	pth_pool_add(&p, record("quick"), true);
	next(&p, "killed -", "collecting it was killed by SIGKILL", false);
	next(&p, "exit -", "collecting it ended with exit code 7", false);
	next(&p, "quick arg", NULL, false);

	unit("eight a worker wait for the first");
	for (n = 0; pth_pool_room(&p) && n < 100; n++)
		pth_pool_add(&p, record("passes"), false);
	CHECK_INT(n, 24);
	for (size_t i = 0; i < n; i++)
		next(&p, "passes -", NULL, false);

	unit("something to read ends the wait");
	CHECK_INT(pipe(fds), 0);
	pth_pool_add(&p, record("slow"), true);
	CHECK(write(fds[1], "x", 1) == 1);
	CHECK(pth_pool_wait(&p, fds[0]));
	next(&p, "slow arg", NULL, false);
	pth_pool_add(&p, record("slow"), true);
	pth_pool_release(&p);

	unit("without descriptors for another process it is done here");
	pth_pool_init(&p, 1, work, arg);
	getrlimit(RLIMIT_NOFILE, &old);
	few = (struct rlimit){ 0, old.rlim_max };
	setrlimit(RLIMIT_NOFILE, &few);
	pth_pool_add(&p, record("quick"), true);
	setrlimit(RLIMIT_NOFILE, &old);
	CHECK(pth_pool_room(&p));
	next(&p, "quick arg", NULL, true);
	pth_pool_release(&p);
	return unit_done();
}
