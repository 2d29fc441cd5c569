/* Samples of what services use: how they are taken, and what is made of them. */
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/os.h"
#include "collect/metric.h"
#include "host/ns.h"
#include "host/proc.h"
#include "io/file.h"
#include "io/record.h"
#include "supervise/log_search.h"
#include "supervise/sampler.h"
#include "unit.h"

static int here;
static struct pth_err e;

/* What is made of these lines for the services a and b, by a path; "" when it is not there. */
static const char *
made_of(const char *lines, const char *service, const char *key)
{
	static char s[400];
	json_t *rec = json_pack("{s:{s:{s:{},s:{}}}}", "result", "services", "a", "b"),
	       *metrics = json_pack("{s:{}}", "services"), *v;
	struct pth_buf b = PTH_BUF_INIT;

	CHECK(pth_file_write(here, "metrics.jsonl", lines, strlen(lines), &e) == 0);
	pth_metric_samples(here, rec, metrics);
	v = json_object_get(json_object_get(metrics, "services"), service);
	v = json_object_get(json_object_get(v, "peak"), key);
	if (v != NULL)
		pth_json_dump(&b, v);
	snprintf(s, sizeof s, "%s", b.s != NULL ? b.s : "");
	pth_buf_release(&b);
	json_decref(rec);
	json_decref(metrics);
	return s;
}

#define LINE(us, a) "{\"interval_us\":" us ",\"services\":{\"a\":{" a "}}}\n"
#define CPU(n) "\"processes\":1,\"cpu_percent\":" n

static void
of_peaks(void)
{
	static const char cpu[] = LINE("0", CPU("100")) LINE("10000", CPU("90"))
	    LINE("30000", CPU("10")) LINE("60000", CPU("50"));

	unit("the mean of the processor time is weighted by time; the peak is not");
	CHECK_STR(made_of(cpu, "a", "mean_cpu_percent"), "42.0");
	CHECK_STR(made_of(cpu, "a", "max_cpu_percent"), "100.0");
	CHECK_STR(made_of(cpu, "a", "samples"), "4");
	CHECK_STR(made_of(cpu, "b", "samples"), "");
	CHECK_STR(made_of(LINE("0", CPU("12.5")), "a", "mean_cpu_percent"), "12.5");

	unit("the largest counts, of those samples that have it");
	CHECK_STR(made_of(LINE("1", "\"processes\":1,\"threads\":7") LINE("1", "\"processes\":3")
	                      LINE("1", "\"processes\":2,\"threads\":4"),
	              "a", "max_threads"),
	    "7");
	CHECK_STR(made_of(LINE("1", "\"processes\":1") LINE("1", "\"processes\":3"), "a",
	              "max_processes"),
	    "3");
	CHECK_STR(made_of(LINE("1", "\"processes\":1"), "a", "max_fds"), "");
	CHECK_STR(made_of(LINE("1", "\"fds\":9"), "a", "max_fds"), ""); /* it had ended */
}

static char text[20000];

/* The last line of the samples, new reference. */
static json_t *
last(const char *path)
{
	struct pth_buf b = PTH_BUF_INIT;
	const char *nl;
	json_t *v;

	CHECK(pth_file_read_below(here, path, 64 << 20, &b, &e) == 0);
	CHECK(b.len > 0 && b.s[b.len - 1] == '\n');
	b.s[b.len - 1] = '\0';
	nl = strrchr(b.s, '\n');
	snprintf(text, sizeof text, "%s", nl != NULL ? nl + 1 : b.s);
	v = pth_json_parse(text, strlen(text), &e);
	CHECK(v != NULL);
	pth_buf_release(&b);
	return v;
}

static int64_t
used(const json_t *line, const char *service, const char *key)
{
	return pth_json_int(json_object_get(pth_sample_services(line), service), key, -1);
}

static void
of_samples(void)
{
	const char *argv[] = { "sh", "-c", "sleep 60 & sleep 60 & wait", NULL };
	struct pth_proc_req q = { .argv = argv, .in = -1, .out = -1, .err = -1, .session = true };
	pid_t pid = pth_proc_spawn(&q, NULL, &e);
	struct sampled_service v[] = { { "a", pid, 100 }, { "b", 0, 0 } };
	struct sampler *s = supervise_sampler_new(here, "deep/samples.jsonl", 2);
	json_t *line = NULL;
	int64_t at = 1000000, cpu;

	unit("a sample has all processes of the session of a service that runs");
	for (int i = 0;
	     i < 20000 && (used(line, "a", "processes") != 3 || used(line, "a", "fds") != 9); i++) {
		usleep(1000);
		json_decref(line);
		CHECK(supervise_sampler_take(s, at, v, &e) == 0);
		line = last("deep/samples.jsonl");
		CHECK_INT(pth_sample_at_us(line), at);
		CHECK_INT(pth_sample_interval_us(line), i == 0 ? 0 : 1000000);
		at += 1000000;
	}
	CHECK_INT(used(line, "a", "processes"), 3);
	CHECK_INT(used(line, "a", "threads"), 3);
	CHECK_INT(used(line, "a", "fds"), 9);
	CHECK(used(line, "a", "rss_kb") > 100);
	CHECK(json_object_get(pth_sample_services(line), "b") == NULL);
	cpu = used(line, "a", "cpu_us");
	CHECK(cpu > 0);
	json_decref(line);

	unit("one that has ended is not in it");
	pth_proc_signal_session(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	v[0].session = 0;
	CHECK(supervise_sampler_take(s, at, v, &e) == 0);
	line = last("deep/samples.jsonl");
	CHECK_INT(json_object_size(pth_sample_services(line)), 0);
	json_decref(line);
	supervise_sampler_free(s);
}

/* In a pid namespace of our own, where our session has no number: a service that does not run has
 * not what others use there. */
static void
of_strangers(void)
{
	struct pth_ns ns;
	int status;
	pid_t pid;

	unit("a service that does not run has nothing, whoever else does");
	fflush(stdout);
	pid = pth_ns_fork(PTH_NS_USER | PTH_NS_PID | PTH_NS_MOUNT, &ns, &e);
	if (pid == 0) {
		struct sampled_service v[] = { { "a", 0, 0 }, { "b", 0, 0 } };
		struct sampler *s = supervise_sampler_new(here, "strangers.jsonl", 2);
		pid_t other = fork(), ours = other > 0 ? fork() : 0;

		if (ours == 0) {
			(void)(other > 0 && setsid() > 0);
			for (;;)
				pause();
		}
		pth_ns_furnish(&ns);
		for (int i = 0; i < 20000 && getsid(ours) != ours; i++)
			usleep(1000);
		v[0].session = ours;
		CHECK(supervise_sampler_take(s, 1, v, &e) == 0);
		kill(other, SIGKILL);
		kill(ours, SIGKILL);
		_exit(0);
	}
	CHECK(pid > 0 && waitpid(pid, &status, 0) == pid && status == 0);
	{
		json_t *line = last("strangers.jsonl");

		CHECK_INT(used(line, "a", "processes"), 1);
		CHECK(json_object_get(pth_sample_services(line), "b") == NULL);
		json_decref(line);
	}
}

static void
of_shares(void)
{
	const char *argv[] = { "sh", "-c", "while :; do :; done", NULL };
	struct pth_proc_req q = { .argv = argv, .in = -1, .out = -1, .err = -1, .session = true };
	pid_t pid = pth_proc_spawn(&q, NULL, &e);
	struct sampled_service v = { "a", pid, 500000 };
	struct sampler *s = supervise_sampler_new(here, "samples.jsonl", 1);
	json_t *line = NULL;
	int64_t before = 0, now = 0;
	double percent;

	unit("the share of a processor is that since the sample before, or since the start");
	usleep(50000);
	CHECK(supervise_sampler_take(s, 1500000, &v, &e) == 0);
	line = last("samples.jsonl");
	before = used(line, "a", "cpu_us");
	percent = pth_used_cpu_percent(json_object_get(pth_sample_services(line), "a"));
	CHECK(before > 0 && percent * 10000 <= (double)before + 100 &&
	    percent * 10000 >= (double)before - 200);
	/* Until it has had the processor. */
	for (int64_t at = 3500000; at < 200 * PTH_SECOND_US && now <= before; at += 2000000) {
		usleep(200000);
		json_decref(line);
		CHECK(supervise_sampler_take(s, at, &v, &e) == 0);
		line = last("samples.jsonl");
		now = used(line, "a", "cpu_us");
	}
	percent = pth_used_cpu_percent(json_object_get(pth_sample_services(line), "a"));
	CHECK(now > before && percent * 20000 <= (double)(now - before) + 200 &&
	    percent * 20000 >= (double)(now - before) - 400);
	json_decref(line);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	supervise_sampler_free(s);
}

static void
add(const char *file, const char *words)
{
	int fd = openat(here, file, O_WRONLY | O_CREAT | O_APPEND, 0600);

	CHECK(write(fd, words, strlen(words)) == (ssize_t)strlen(words));
	close(fd);
}

/* A search in a file that a program writes. */
static struct log_search *
search(const struct logs *logs, const char *regex, int64_t skip)
{
	struct log_search *l = supervise_log_search_open(logs, "log", regex, skip, &e);

	CHECK(l != NULL);
	return l;
}

/* All that is there now: one look ends after a while, on a busy machine within a line. */
static bool
looked(struct log_search *l)
{
	bool found = supervise_log_search_look(l);

	while (!found && supervise_log_search_behind(l))
		found = supervise_log_search_look(l);
	return found;
}

static void
of_searches(void)
{
	const struct logs logs = { .dirfd = here };
	struct log_search *l = search(&logs, "^a b$", 0);
	static char longer[70000];

	unit("a growing log, line by line");
	CHECK(!looked(l));
	CHECK_STR(supervise_log_search_doubt(l), "No such file or directory");
	add("log", "a b c\n");
	CHECK(!looked(l));
	CHECK(supervise_log_search_doubt(l) == NULL && !supervise_log_search_behind(l));
	add("log", "a ");
	CHECK(!looked(l));
	add("log", "b");
	CHECK(looked(l));
	add("log", " c\n");
	CHECK(looked(l)); /* for good */
	CHECK(supervise_log_search_doubt(l) == NULL);
	supervise_log_search_close(l);

	unit("what comes behind the first bytes");
	l = search(&logs, "^a b c$", 6);
	CHECK(looked(l));
	supervise_log_search_close(l);
	l = search(&logs, "^a b c$", 12);
	CHECK(!looked(l));
	CHECK(!supervise_log_search_behind(l));
	add("log", "x");
	CHECK(supervise_log_search_behind(l));
	CHECK_STR(supervise_log_search_doubt(l), "not all of it was searched");
	supervise_log_search_close(l);

	unit("bytes that are not kept are lines of their own");
	l = search(&logs, "^lost$", 0);
	CHECK(!looked(l));
	supervise_log_search_lost(l, "lo", 2);
	CHECK(!looked(l));
	supervise_log_search_lost(l, "st\nx", 4);
	CHECK(looked(l));
	supervise_log_search_close(l);

	unit("a longer line is searched by its beginning, and that is told");
	CHECK(unlinkat(here, "log", 0) == 0);
	memset(longer, 'x', sizeof longer - 1);
	memcpy(longer + 100, "begin", 5);
	memcpy(longer + 65600, "end", 3);
	add("log", longer);
	l = search(&logs, "begin", 0);
	CHECK(looked(l));
	supervise_log_search_close(l);
	l = search(&logs, "end", 0);
	CHECK(!looked(l));
	CHECK_STR(supervise_log_search_doubt(l), "a line is longer than 64 KiB");
	supervise_log_search_close(l);
	longer[65536] = '\0';
	CHECK(unlinkat(here, "log", 0) == 0);
	add("log", longer);
	l = search(&logs, "end", 0);
	CHECK(!looked(l));
	CHECK(supervise_log_search_doubt(l) == NULL);
	supervise_log_search_close(l);
}

int
main(void)
{
	char tmp[] = "sample.XXXXXX";

	CHECK(mkdtemp(tmp) != NULL && chdir(tmp) == 0);
	here = open(".", O_RDONLY | O_DIRECTORY);
	of_peaks();
	of_samples();
	of_strangers();
	of_shares();
	of_searches();
	return unit_done();
}
