/* What a program finds around it: environment, what it may see; what was compiled before. */
#include "supervise/workdir.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/strv.h"
#include "host/mark.h"
#include "io/digest.h"
#include "io/event.h"
#include "io/file.h"
#include "io/json.h"
#include "supervise/cache.h"
#include "unit.h"

static struct pth_places places = {
	.dir = "/d/t", .share = "/share", .libexec = "/libexec", .bin = "/tools", .run = "boot.1.2"
};

/* The value of a variable in the list, "-" when it is not there; CHECKs that it is there once. */
static const char *
value(char **env, const char *key)
{
	const char *found = "-";
	size_t n = strlen(key), times = 0;

	for (char **p = env; *p != NULL; p++)
		if (strncmp(*p, key, n) == 0 && (*p)[n] == '=') {
			found = *p + n + 1;
			times++;
		}
	CHECK(times <= 1);
	return found;
}

static void
of_environments(void)
{
	json_t *env = json_pack("{s:s,s:s,s:s,s:i,s:n,s:s,s:s}", "A", "of the service", "HOME",
	           "/home of it", "D", "@{dir}/x", "N", 5, "NONE", "E", "", PTH_MARK, "mine"),
	       *over = json_pack("{s:s,s:s}", "A", "of the command", "B", "b");
	char **v;

	unsetenv("LD_LIBRARY_PATH");
	setenv("PATH", "/x/bin", 1);
	setenv("USER", "me", 1);
	setenv("SECRET", "s", 1);
	setenv("DOCKER_HOST", "unix:///x", 1);
	setenv("HOME", "/home/me", 1);
	unit("a clean environment");
	v = pth_places_env(&places, "/d/t/s", NULL, NULL);
	CHECK_STR(value(v, "PATH"), "/x/bin:/usr/local/sbin:/usr/sbin:/sbin");
	CHECK_STR(value(v, "HOME"), "/d/t/s");
	CHECK_STR(value(v, "TMPDIR"), "/d/t/tmp");
	CHECK_STR(value(v, "LC_ALL"), "C.UTF-8");
	CHECK_STR(value(v, "TZ"), "UTC");
	CHECK_STR(value(v, "USER"), "me");
	CHECK_STR(value(v, "LD_LIBRARY_PATH"), "-");
	CHECK_STR(value(v, "SECRET"), "-");
	CHECK_STR(value(v, "DOCKER_HOST"), "-");
	CHECK(strncmp(value(v, PTH_MARK), "boot.1.2.", 9) == 0);
	CHECK(strcmp(strchr(value(v, PTH_MARK), ':'), ":/d/t/s") == 0);
	pth_strv_free(v);

	unit("what the service sets counts more, and what the command sets most; but the mark");
	v = pth_places_env(&places, "/d/t/s", env, over);
	CHECK_STR(value(v, "A"), "of the command");
	CHECK_STR(value(v, "B"), "b");
	CHECK_STR(value(v, "HOME"), "/home of it");
	CHECK_STR(value(v, "D"), "/d/t/x");
	CHECK_STR(value(v, "N"), "5");
	CHECK_STR(value(v, "NONE"), "");
	CHECK_STR(value(v, "E"), "");
	CHECK(strncmp(value(v, PTH_MARK), "boot.1.2.", 9) == 0);
	pth_strv_free(v);

	unit("what talks to an engine has the user's home, and its variables");
	places.engine = true;
	places.tmp = "/tmp";
	setenv("PATH", "", 1);
	v = pth_places_env(&places, "/d/t/s", NULL, NULL);
	CHECK_STR(value(v, "DOCKER_HOST"), "unix:///x");
	CHECK_STR(value(v, "HOME"), "/home/me");
	CHECK_STR(value(v, "TMPDIR"), "/tmp");
	CHECK_STR(value(v, "PATH"), "/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin");
	pth_strv_free(v);
	places.engine = false;
	places.tmp = NULL;
	setenv("PATH", "/usr/bin:/bin", 1);
	json_decref(env);
	json_decref(over);
}

/* The paths, sorted as they come, with blanks between; takes v over. */
static const char *
all(char **v)
{
	static char s[1000];

	s[0] = '\0';
	for (char **p = v; *p != NULL; p++)
		snprintf(s + strlen(s), sizeof s - strlen(s), "%s%s", s[0] != '\0' ? " " : "", *p);
	pth_strv_free(v);
	return s;
}

static void
of_sights(void)
{
	json_t *plan = json_pack("{s:[{s:[s,s,s,s,s],s:{s:s,s:s}}],s:i}", "services", "argv",
	    "/a/prog", "--file=/a/b=c", "relative", "/", "--x=@{share}/y", "environment", "V",
	    "/env/v", "W", "x=rel", "n", 1);

	unit("what the plan names by an absolute path may be seen");
	CHECK_STR(all(pth_places_seen(&places, plan)), "/a/prog /a/b=c /share/y /env/v");
	json_decref(plan);

	unit("and what all tests need: ours, PATH and the like, the working directory");
	setenv("PATH", "/p/one::rel:/p/two", 1);
	setenv("LD_LIBRARY_PATH", "/l", 1);
	setenv("PTH_PATH", "/q", 1);
	CHECK(chdir("/") == 0);
	CHECK_STR(all(pth_places_common(&places)), "/share /libexec /tools /p/one /p/two /l /q");
	CHECK(chdir("/proc") == 0);
	CHECK(strstr(all(pth_places_common(&places)), "/tools /proc /p/one") != NULL);
	setenv("PATH", "/usr/bin:/bin", 1);
	unsetenv("LD_LIBRARY_PATH");
	unsetenv("PTH_PATH");
}

static struct pth_cache c;
static struct pth_err e;
static int here;

static void
put_file(const char *path, const char *text)
{
	CHECK(pth_file_write(AT_FDCWD, path, text, strlen(text), &e) == 0);
}

/* The key of what and of the inputs, in JSON; the first 8 digits. */
static const char *
key(const char *what, const char *inputs)
{
	static char s[PTH_CACHE_KEY];
	json_t *w = pth_json_parse(what, strlen(what), NULL),
	       *in = pth_json_parse(inputs, strlen(inputs), NULL);

	if (pth_cache_key(&c, w, in, here, s, &e) != 0)
		snprintf(s, sizeof s, "error");
	json_decref(w);
	json_decref(in);
	return s;
}

/* Another key than the one that was noted? Notes this one. */
static bool
differs(const char *what, const char *inputs)
{
	static char before[PTH_CACHE_KEY];
	const char *now = key(what, inputs);
	bool r = strcmp(before, now) != 0;

	snprintf(before, sizeof before, "%s", now);
	return r;
}

static void
of_keys(void)
{
	unit("a key is of what is said, and of the content of the inputs");
	CHECK(mkdir("in", 0755) == 0 && mkdir("in/sub", 0755) == 0);
	put_file("in/a", "1");
	put_file("in/sub/b", "2");
	CHECK(differs("{\"a\":1,\"b\":2}", "[\"in\"]"));
	CHECK(!differs("{\"b\":2,\"a\":1}", "[\"in\"]"));
	CHECK(differs("{\"a\":1,\"b\":3}", "[\"in\"]"));
	put_file("in/a", "2");
	CHECK(differs("{\"a\":1,\"b\":3}", "[\"in\"]"));
	put_file("in/sub/b", "3");
	CHECK(differs("{\"a\":1,\"b\":3}", "[\"in\"]"));
	CHECK(chmod("in/a", 0755) == 0); /* it can be executed now */
	CHECK(differs("{\"a\":1,\"b\":3}", "[\"in\"]"));
	CHECK(chmod("in/a", 0555) == 0);
	CHECK(!differs("{\"a\":1,\"b\":3}", "[\"in\"]"));
	CHECK(rename("in/sub/b", "in/sub/c") == 0);
	CHECK(differs("{\"a\":1,\"b\":3}", "[\"in\"]"));
	put_file("in/empty", "");
	CHECK(differs("{\"a\":1,\"b\":3}", "[\"in\"]"));
	CHECK(differs("{\"a\":1,\"b\":3}", "[\"in/a\"]"));
	CHECK(differs("{\"a\":1,\"b\":3}", "[]"));
	CHECK_STR(key("1", "[\"none\"]"), "error");
	CHECK_STR(key("1", "[5]"), "error");
	CHECK(mkfifo("in/fifo", 0600) == 0);
	CHECK_STR(key("1", "[\"in\"]"), "error");
}

static const char *
content(const char *path)
{
	static struct pth_buf b;

	pth_buf_cut(&b, 0);
	return pth_file_read(path, 1 << 20, &b, &e) == 0 ? b.s : NULL;
}

/* A key of 64 digits, all the same. */
static const char *
named(char digit)
{
	static char s[PTH_CACHE_KEY];

	memset(s, digit, PTH_CACHE_KEY - 1);
	return s;
}

static void
of_entries(void)
{
	int lock = -1, other = -1, to;
	json_t *outputs = json_pack("[s,s]", "made", "lib"), *logs = json_pack("[s]", "none.log"),
	       *missing = json_pack("[s]", "nothing");
	struct stat st, was;

	unit("who comes first makes it, others wait for that");
	CHECK_INT(pth_cache_look(&c, named('a'), &lock, &e), PTH_CACHE_MAKE);
	CHECK_INT(pth_cache_look(&c, named('a'), &other, &e), PTH_CACHE_WAIT);
	CHECK_INT(pth_cache_take(&c, named('a'), here, &e), 1);

	unit("an entry appears whole, and is copied with modes, times and links");
	put_file("made", "program");
	CHECK(chmod("made", 0755) == 0 && mkdir("lib", 0755) == 0);
	put_file("lib/x", "x");
	CHECK(symlink("x", "lib/l") == 0 && mkfifo("lib/fifo", 0600) == 0);
	CHECK(stat("made", &was) == 0);
	CHECK_INT(pth_cache_put(&c, named('a'), here, missing, logs, &e), -1);
	CHECK_INT(pth_cache_look(&c, named('a'), &other, &e), PTH_CACHE_WAIT);
	CHECK_INT(pth_cache_put(&c, named('a'), here, outputs, logs, &e), 0);
	pth_cache_leave(&lock);
	CHECK_INT(lock, -1);
	CHECK_INT(pth_cache_look(&c, named('a'), &other, &e), PTH_CACHE_THERE);
	pth_cache_leave(&other);
	CHECK(mkdir("to", 0755) == 0);
	to = open("to", O_RDONLY | O_DIRECTORY);
	CHECK_INT(pth_cache_take(&c, named('a'), to, &e), 0);
	CHECK_STR(content("to/made"), "program");
	CHECK_STR(content("to/lib/x"), "x");
	CHECK_STR(content("to/lib/l"), "x");
	CHECK(lstat("to/lib/l", &st) == 0 && S_ISLNK(st.st_mode));
	CHECK(lstat("to/lib/fifo", &st) != 0);
	CHECK(stat("to/made", &st) == 0 && (st.st_mode & 0777) == 0755);
	CHECK(st.st_mtim.tv_sec == was.st_mtim.tv_sec && st.st_mtim.tv_nsec == was.st_mtim.tv_nsec);
	CHECK_INT(pth_cache_take(&c, named('a'), to, &e), 0); /* over what is there */
	close(to);

	unit("a lock that is given back is another's");
	CHECK_INT(pth_cache_look(&c, named('b'), &lock, &e), PTH_CACHE_MAKE);
	pth_cache_leave(&lock);
	CHECK_INT(pth_cache_look(&c, named('b'), &other, &e), PTH_CACHE_MAKE);
	pth_cache_leave(&other);
	pth_cache_leave(&other);
	json_decref(outputs);
	json_decref(logs);
	json_decref(missing);
}

/* Make an entry of so many bytes that was used at that second. */
static void
entry(char digit, size_t bytes, time_t used)
{
	char *text = pth_xmalloc(bytes);
	const struct timespec times[2] = { { used, 0 }, { used, 0 } };
	json_t *outputs = json_pack("[s]", "made");
	int lock = -1;

	memset(text, 'x', bytes);
	CHECK(pth_file_write(AT_FDCWD, "made", text, bytes, &e) == 0);
	CHECK_INT(pth_cache_look(&c, named(digit), &lock, &e), PTH_CACHE_MAKE);
	CHECK_INT(pth_cache_put(&c, named(digit), here, outputs, NULL, &e), 0);
	pth_cache_leave(&lock);
	CHECK(utimensat(c.fd, named(digit), times, 0) == 0);
	json_decref(outputs);
	free(text);
}

/* The entries that are there, by their digits. */
static const char *
there(void)
{
	static char s[20];
	size_t n = 0;

	for (char d = '1'; d <= '9'; d++)
		if (faccessat(c.fd, named(d), F_OK, 0) == 0)
			s[n++] = d;
	s[n] = '\0';
	return s;
}

static void
of_sizes(void)
{
	int lock = -1, fd;

	unit("what was not used for the longest time leaves when there is too much");
	CHECK(pth_rmtree(c.fd, named('a'), &e) == 0);
	entry('1', 40000, 1000);
	entry('2', 40000, 3000);
	entry('3', 40000, 2000);
	c.max = 0;
	pth_cache_prune(&c);
	CHECK_STR(there(), "123");
	c.max = 100000;
	pth_cache_prune(&c);
	CHECK_STR(there(), "23");

	unit("one that is copied just now stays, and so does the newest, however large");
	fd = openat(c.fd, named('3'), O_RDONLY | O_DIRECTORY);
	CHECK(flock(fd, LOCK_SH) == 0);
	c.max = 1;
	pth_cache_prune(&c);
	CHECK_STR(there(), "23");
	close(fd);
	pth_cache_prune(&c);
	CHECK_STR(there(), "2");

	unit("a copy counts as a use");
	entry('4', 40000, 9000);
	c.max = 0;
	CHECK_INT(pth_cache_take(&c, named('2'), here, &e), 0);
	c.max = 1;
	pth_cache_prune(&c);
	CHECK_STR(there(), "2");

	unit("what a killed compilation has left goes, what a living one uses does not");
	CHECK_INT(pth_cache_look(&c, named('5'), &lock, &e), PTH_CACHE_MAKE);
	{
		char name[PTH_CACHE_KEY + 8];

		snprintf(name, sizeof name, "%s.new", named('5'));
		CHECK(mkdirat(c.fd, name, 0755) == 0);
		pth_cache_prune(&c);
		CHECK(faccessat(c.fd, name, F_OK, 0) == 0);
		pth_cache_leave(&lock);
		pth_cache_prune(&c);
		CHECK(faccessat(c.fd, name, F_OK, 0) != 0);
		snprintf(name, sizeof name, "%s.lock", named('5'));
		CHECK(faccessat(c.fd, name, F_OK, 0) != 0);
	}

	unit("how much it may be");
	setenv("PTH_CACHE_SIZE", "500MB", 1);
	CHECK_INT(pth_cache_max(), 500000000);
	setenv("PTH_CACHE_SIZE", "0", 1);
	CHECK_INT(pth_cache_max(), 0);
	for (int i = 0; i < 3; i++) {
		static const char *const none[] = { "", "much", "-1" };

		setenv("PTH_CACHE_SIZE", none[i], 1);
		CHECK_INT(pth_cache_max(), (long long)5 << 30);
	}
	unsetenv("PTH_CACHE_SIZE");
	CHECK_INT(pth_cache_max(), (long long)5 << 30);
}

int
main(void)
{
	char tmp[] = "workdir.XXXXXX", *top;
	int dir;

	CHECK(mkdtemp(tmp) != NULL && chdir(tmp) == 0);
	top = realpath(".", NULL);
	setenv("PTH_EVENTS", "none", 1);
	pth_event_init("workdir");
	dir = open(".", O_RDONLY | O_DIRECTORY);
	of_environments();
	of_sights();
	CHECK(fchdir(dir) == 0);
	unit("the cache is below XDG_CACHE_HOME, or HOME");
	setenv("XDG_CACHE_HOME", "relative", 1);
	setenv("HOME", top, 1);
	c = (struct pth_cache){ .fd = pth_cache_open(&e), .digest = pth_sha256_fd };
	CHECK(c.fd >= 0 && access(".cache/pth/compile", F_OK) == 0);
	close(c.fd);
	setenv("XDG_CACHE_HOME", top, 1);
	c.fd = pth_cache_open(&e);
	CHECK(c.fd >= 0 && access("pth/compile", F_OK) == 0);
	here = dir;
	of_keys();
	of_entries();
	of_sizes();
	close(c.fd);
	close(dir);
	free(top);
	return unit_done();
}
