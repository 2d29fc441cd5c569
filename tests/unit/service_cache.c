/* A service whose compile phases are in the cache: what makes another entry, and what is kept. */
#include <sys/personality.h>
#include <sys/stat.h>

#include "io/digest.h"
#include "io/file.h"
#include "io/record.h"
#include "life.h"
#include "supervise/cache.h"

static struct pth_cache cache;

#define COMPILE \
	"echo x >>../count; cp src prog; mkdir -p lib; echo deep >lib/x; echo compiling; exit "

/* One service of plugin p, with members of its plan that are laid over it; it compiles src, a
 * file with that text. The events of its cache, and how often all have compiled so far. */
static const char *
lives(const char *over, const char *src)
{
	static char said[300];
	static const char text[] =
	    "{\"name\":\"s\",\"plugin\":\"p\",\"version\":\"v1\",\"environment\":{\"A\":\"1\"},"
	    "\"compile_cache\":{\"inputs\":[\"src\"],\"outputs\":[\"prog\",\"@{dir}/s/lib\"]},"
	    "\"phases\":{" PHASE("compile", COMPILE "0") "," PHASE(
	        "pre_run", "cat prog lib/x >made") ",\"run\":{\"argv\":[\"true\"]}}}";
	json_t *p = parse(text), *more = parse(over);
	struct pth_err e;
	int fd;

	CHECK(json_object_update_recursive(p, more) == 0);
	json_decref(more);
	plan = p;
	CHECK(supervise_service_init(&s, plan, testdir, &places, &e) == 0);
	s.at.logs.epoll = epoll;
	fd = openat(s.at.dirfd, "src", O_WRONLY | O_CREAT, 0600);
	CHECK(write(fd, src, strlen(src)) == (ssize_t)strlen(src));
	close(fd);
	events("");
	supervise_service_begin(&s);
	s.released = true;
	settle(3 * S);
	snprintf(said, sizeof said, "%s, %zu", events("compile."), strlen(content("count")) / 2);
	return said;
}

static void
of_keys(void)
{
	/* What is said of it, and its file: made anew, or taken. */
	static const struct {
		const char *over, *src;
		bool anew;
	} v[] = {
		{ "{}", "one\n", true },
		{ "{}", "one\n", false },
		{ "{\"plugin\":\"q\"}", "one\n", true },
		{ "{\"version\":\"v2\"}", "one\n", true },
		{ "{\"environment\":{\"A\":\"2\"}}", "one\n", true },
		{ "{\"environment\":{\"B\":\"1\"}}", "one\n", true },
		{ "{\"compile_cache\":{\"outputs\":[\"prog\",\"lib\",\"src\"]}}", "one\n", true },
		{ "{\"phases\":{" PHASE("pre_compile", "exit 0") "}}", "one\n", true },
		{ "{\"phases\":{" PHASE("post_compile", "exit 0") "}}", "one\n", true },
		{ "{}", "two\n", true },
		{ "{}", "two\n", false },
		/* What does not compile: what is run, and with what. */
		{ "{\"phases\":{\"run\":{\"argv\":[\"true\",\"x\"]}}}", "two\n", false },
		{ "{\"finite\":true,\"role\":\"client\"}", "two\n", false },
	};
	char want[40];
	size_t count = 0;

	for (size_t i = 0; i < countof(v); i++) {
		unit(v[i].anew ? "what differs is compiled" : "what is the same is taken");
		count += v[i].anew;
		snprintf(want, sizeof want, "%s, %zu", v[i].anew ? "kept" : "cached", count);
		CHECK_STR(lives(v[i].over, v[i].src), want);
		CHECK_INT(s.state, PTH_ST_STOPPED);
		snprintf(want, sizeof want, "%sdeep\n", v[i].src);
		CHECK_STR(content("s/made"), want);
		CHECK_STR(content("s/phases/compile.stdout.log"), "compiling\n");
		if (!v[i].anew) {
			CHECK(strstr(result("phases"), "\"cached\":true") != NULL);
			CHECK(strstr(result("phases"), "\"code\":0,") != NULL);
			CHECK(strstr(result("phases"), "\"code\":1") == NULL);
		}
		end();
	}
	CHECK(countof(v) >= 13);
	unit("for another machine it is compiled anew");
	CHECK(personality(PER_LINUX32) >= 0);
	CHECK(strncmp(lives("{}", "two\n"), "kept, ", 6) == 0);
	end();
	CHECK(personality(PER_LINUX) >= 0);
	unit("with another PATH there may be other programs");
	setenv("PATH", "/bin:/usr/bin:/nowhere", 1);
	CHECK(strncmp(lives("{}", "two\n"), "kept, ", 6) == 0);
	end();
}

static void
of_failures(void)
{
	static const char bad[] = "{\"plugin\":\"bad\",\"phases\":{" PHASE(
	    "compile", COMPILE "1") "}}";

	unit("what has failed is not kept");
	for (int i = 0; i < 2; i++) {
		lives(bad, "one\n");
		CHECK_INT(s.state, PTH_ST_ERROR);
		CHECK(s.cache_lock < 0);
		end();
	}
	CHECK(strncmp(lives("{\"plugin\":\"bad\"}", "one\n"), "kept, ", 6) == 0);
	end();

	unit("outputs that are not its own are an error of the cache only");
	CHECK(strncmp(lives("{\"compile_cache\":{\"outputs\":[\"../count\"]}}", "one\n"),
	          "not_cached, ", 12) == 0);
	CHECK_INT(s.state, PTH_ST_STOPPED);
	CHECK_INT(s.cache_state, PTH_CACHE_OFF);
	end();

	unit("without a cache it just compiles");
	places.cache = NULL;
	CHECK(strncmp(lives("{}", "two\n"), ", ", 2) == 0);
	CHECK_STR(content("s/made"), "two\ndeep\n");
	end();
}

int
main(void)
{
	struct pth_err e;

	world_begin("service_cache");
	setenv("XDG_CACHE_HOME", places.dir, 1);
	setenv("PATH", "/bin:/usr/bin", 1);
	cache = (struct pth_cache){ .fd = pth_cache_open(&e), .digest = pth_sha256_fd };
	CHECK(cache.fd >= 0);
	places.cache = &cache;
	of_keys();
	of_failures();
	return unit_done();
}
