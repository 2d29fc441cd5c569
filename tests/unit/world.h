/* What a service finds around it, for unit tests of what supervises it: a directory of a test,
 * places, logs. A unit test calls world_begin() first and runs in that directory. */
#ifndef PTH_UNIT_WORLD_H
#define PTH_UNIT_WORLD_H

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/event.h"
#include "io/json.h"
#include "supervise/service.h"
#include "unit.h"

#define S 1000000LL

static struct pth_places places;
static int testdir, epoll;

static inline void
world_begin(const char *name)
{
	char tmp[64];
	struct pth_err e;

	snprintf(tmp, sizeof tmp, "%s.XXXXXX", name);
	CHECK(mkdtemp(tmp) != NULL && chdir(tmp) == 0 && chmod(".", 0755) == 0);
	places.dir = realpath(".", NULL);
	places.share = places.libexec = places.bin = "/";
	testdir = open(".", O_RDONLY | O_DIRECTORY);
	epoll = epoll_create1(EPOLL_CLOEXEC);
	setenv("PTH_EVENTS", "none", 1);
	pth_event_init(name);
	CHECK(pth_event_file(testdir, "events.jsonl", &e) == 0);
}

static inline json_t *
parse(const char *text)
{
	struct pth_err e = { 0 };
	json_t *v = pth_json_parse(text, strlen(text), &e);

	CHECK_STR(e.text, "");
	return v;
}

/* Make a service of this plan, which has to live as long as the service. */
static inline json_t *
service_of(struct service *s, const char *text)
{
	json_t *plan = parse(text);
	struct pth_err e = { 0 };

	if (!CHECK(supervise_service_init(s, plan, testdir, &places, &e) == 0))
		printf("    %s\n", e.text);
	s->at.logs.epoll = epoll;
	return plan;
}

/* The content of a file below the test's directory, "" when there is none. */
static inline const char *
content(const char *path)
{
	static char text[8192];
	int fd = openat(testdir, path, O_RDONLY);
	ssize_t n = fd >= 0 ? read(fd, text, sizeof text - 1) : 0;

	text[n > 0 ? n : 0] = '\0';
	if (fd >= 0)
		close(fd);
	return text;
}

/* The names of the events since the last call that begin with prefix, without it, with blanks
 * between. */
static inline const char *
events(const char *prefix)
{
	static char names[4096], line[8192];
	static long from;
	FILE *fp = fopen("events.jsonl", "r");

	names[0] = '\0';
	CHECK(fp != NULL && fseek(fp, from, SEEK_SET) == 0);
	while (fgets(line, sizeof line, fp) != NULL) {
		json_t *v = pth_json_parse(line, strlen(line), NULL);
		const char *name = pth_json_str(v, "event", "");

		if (strncmp(name, prefix, strlen(prefix)) == 0)
			snprintf(names + strlen(names), sizeof names - strlen(names), "%s%s",
			    names[0] != '\0' ? " " : "", name + strlen(prefix));
		json_decref(v);
	}
	from = ftell(fp);
	fclose(fp);
	return names;
}

/* The member of the last event of that name, "" when there is none. */
static inline const char *
event_text(const char *name, const char *key)
{
	static char text[400];
	char line[8192];
	FILE *fp = fopen("events.jsonl", "r");

	text[0] = '\0';
	CHECK(fp != NULL);
	while (fgets(line, sizeof line, fp) != NULL) {
		json_t *v = pth_json_parse(line, strlen(line), NULL);

		if (strcmp(pth_json_str(v, "event", ""), name) == 0)
			snprintf(text, sizeof text, "%s", pth_json_str(v, key, ""));
		json_decref(v);
	}
	fclose(fp);
	return text;
}

#endif
