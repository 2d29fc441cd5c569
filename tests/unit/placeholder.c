/* The scanner of placeholders, what is wrong with them, and the places of a plan. */
#include "io/placeholder.h"
#include "base/cleanup.h"
#include "io/file.h"
#include "unit.h"

/* The parts of the first placeholder of a text, "-" for none, and what follows it. */
static const char *
parts(const char *text)
{
	static char s[512];
	struct pth_placeholder p;

	if (!pth_placeholder_next(text, &p))
		return "none";
	snprintf(s, sizeof s, "%s %s %s %s|%s", p.name != NULL ? p.name : "-",
	    p.attribute != NULL ? p.attribute : "-", p.secondary != NULL ? p.secondary : "-",
	    p.format != NULL ? p.format : "-", p.fault != NULL ? p.fault : p.end);
	return s;
}

static const char *
fault(const char *text)
{
	struct pth_placeholder p;
	const char *s = pth_placeholder_next(text, &p) ? pth_placeholder_fault(&p) : "none";

	return s != NULL ? s : "";
}

static void
scanner(void)
{
	static char name[300] = "@{";

	memset(name + 2, 'a', 290);
	unit("well-formed placeholders");
	CHECK_STR(parts("@{dir}/x"), "dir - - -|/x");
	CHECK_STR(parts("a @ { @{a-b.c_D:port}"), "a-b.c_D port - -|");
	CHECK_STR(parts("@{s:ip:hex}}"), "s ip - hex|}");
	CHECK_STR(parts("@{s:ip[second one]:hex}"), "s ip second one hex|");
	CHECK_STR(parts("@{s:a+b:c:d[}"), "s a+b - c:d[|");
	CHECK_STR(parts("{dir} $@ @"), "none");
	unit("malformed placeholders");
	CHECK_STR(parts("@{"), "- - - -|a service's name is missing");
	CHECK_STR(parts("@{}"), "- - - -|a service's name is missing");
	CHECK_STR(parts("@{a"), "a - - -|expected ':' after the service's name");
	CHECK_STR(parts("@{a b}"), "a - - -|expected ':' after the service's name");
	CHECK_STR(parts("@{a:ip"), "a ip - -|} is missing");
	CHECK_STR(parts("@{a:ip:@{b:ip}"),
	    "a ip - -|the format must be decimal, dotted, hex, hostname, string or integer");
	CHECK_STR(
	    parts("@{a:}"), "a - - -|the attribute must be ip, hostname, port or service_name");
	CHECK_STR(parts("@{a:ip[]}"), "a ip - -|expected [name] after the attribute");
	CHECK_STR(parts("@{a:ip[b}"), "a ip b -|expected [name] after the attribute");
	CHECK_STR(parts(name), "- - - -|it is too long");
}

static void
experiments(void)
{
	unit("placeholders of experiment files");
	CHECK_STR(fault("@{share}"), "");
	CHECK_STR(fault("@{s:hostname}"), "");
	CHECK_STR(fault("@{s:ip[x]:integer}"), "");
	CHECK_STR(fault("@{owner}"), "expected @{service:attribute}");
	CHECK_STR(fault("@{s:name}"), "the attribute must be ip, hostname, port or service_name");
	CHECK_STR(fault("@{s:name"), "the attribute must be ip, hostname, port or service_name");
	CHECK_STR(fault("@{s:ip:octal}"),
	    "the format must be decimal, dotted, hex, hostname, string or integer");
	CHECK_STR(fault("@{s:ip[a b]}"), "expected [name] after the attribute");
	CHECK_STR(fault("@{s:ip"), "} is missing");
	CHECK_STR(fault("@{dir}"), "");
	CHECK_STR(fault("@{libexec}"), "");
	CHECK_STR(fault("@{parallel}"), "");
	CHECK_STR(fault("@{bin}"), "expected @{service:attribute}");
	CHECK_STR(fault("@{unique}"), "expected @{service:attribute}");
	CHECK_STR(fault("@{net6}"), "expected @{service:attribute}");
	CHECK_STR(fault("@{server}"), "expected @{service:attribute}");
	static const char *const good[] = { "ip", "hostname", "port", "service_name", "ip:decimal",
		"ip:dotted", "ip:hex", "ip:hostname", "ip:string", "port:integer" };
	for (size_t i = 0; i < countof(good); i++) {
		char text[40];

		snprintf(text, sizeof text, "@{s:%s}", good[i]);
		CHECK_STR(fault(text), "");
	}
}

static const char *
address(const char *format)
{
	static struct pth_buf b;
	struct in_addr a = { htonl(0x0a000102) };

	pth_buf_cut(&b, 0);
	return pth_placeholder_ipv4(&b, a, format) ? b.s : NULL;
}

static void
formats(void)
{
	unit("addresses in all formats");
	CHECK_STR(address(NULL), "10.0.1.2");
	CHECK_STR(address("dotted"), "10.0.1.2");
	CHECK_STR(address("string"), "10.0.1.2");
	CHECK_STR(address("decimal"), "167772418");
	CHECK_STR(address("integer"), "167772418");
	CHECK_STR(address("hex"), "0x0A000102");
	CHECK_STR(address("hostname"), NULL);
	CHECK_STR(address(""), NULL);
}

/* Knows @{a}, fails at @{bad}. */
static int
resolve(const struct pth_placeholder *p, void *arg, struct pth_buf *b, struct pth_err *e)
{
	++*(int *)arg;
	if (strcmp(p->name, "bad") == 0)
		return pth_err_set(e, PTH_INPUT, "bad");
	if (strcmp(p->name, "a") != 0)
		return 0;
	pth_buf_adds(b, "A");
	return 1;
}

static void
expander(void)
{
	pth_auto_buf b = PTH_BUF_INIT;
	struct pth_err e;
	int calls = 0;

	unit("known placeholders are replaced, all else stays");
	CHECK(pth_placeholder_expand("x@{a}@{b}@{@{a}@", resolve, &calls, &b, &e) == 0);
	CHECK_STR(b.s, "xA@{b}@{A@");
	CHECK(calls == 3);
	CHECK(pth_placeholder_expand("@{bad}@{a}", resolve, &calls, &b, &e) == -1);
	CHECK(calls == 4 && e.code == PTH_INPUT);
}

static void
plans(void)
{
	struct pth_places p = { .dir = "/d", .unique = "run-1" };
	pth_auto_buf b = PTH_BUF_INIT;

	unit("places of a plan");
	pth_places_expand(&p, "@{dir}/x @{share} @{dir:ip} @{dir @{unique} @{net6}", &b);
	CHECK_STR(b.s, "/d/x @{share} @{dir:ip} @{dir run-1 fd70:7468:ab75:6e2d::/64");
	CHECK_STR(pth_places_below("@{dir}/a/b", "dir"), "a/b");
	CHECK(pth_places_below("@{dir}", "dir") == NULL);
	CHECK(pth_places_below("x@{dir}/", "dir") == NULL);
	CHECK(pth_places_below("@{dirx}/", "dir") == NULL);
	CHECK_STR(pth_places_below("@{share}/", "share"), "");
	p = (struct pth_places){
		.dir = "D", .share = "S", .libexec = "L", .bin = "B", .owner = "O", .unique = "U"
	};
	pth_buf_cut(&b, 0);
	pth_places_expand(&p, "@{dir}@{share}@{libexec}@{bin}@{owner}@{unique}@{tmp}", &b);
	CHECK_STR(b.s, "DSLBOU@{tmp}");

	unit("words of a command");
	json_auto_t *words = json_pack("[s,i,s,s]", "@{dir}/x", 5, "", "a b");
	pth_auto_strv argv = pth_places_argv(&p, words);
	CHECK(argv != NULL && argv[4] == NULL);
	CHECK_STR(argv[0], "D/x");
	CHECK_STR(argv[2], "");
	CHECK_STR(argv[3], "a b");
	json_array_clear(words);
	CHECK(pth_places_argv(&p, words) == NULL && pth_places_argv(&p, NULL) == NULL);
}

/* What a page calls a placeholder is one, and it names all of them. */
static void
page(void)
{
	const char *top = getenv("TOP");
	pth_auto_buf path = PTH_BUF_INIT, text = PTH_BUF_INIT;
	struct pth_err e;
	char *start, *end = NULL;

	unit("pth-record(5) names the places of a plan");
	pth_buf_addf(&path, "%s/man/pth-record.5", top != NULL ? top : ".");
	CHECK(pth_file_read(path.s, 1 << 20, &text, &e) == 0);
	start = strstr(text.s, "\n.Ss Placeholders");
	CHECK(start != NULL && (end = strstr(start + 1, "\n.Ss")) != NULL);
	if (end == NULL)
		return;
	*end = '\0';
	for (size_t i = 0; pth_places_name(i) != NULL; i++) {
		char mark[64];

		snprintf(mark, sizeof mark, ".It Li @{%s}", pth_places_name(i));
		if (strstr(start, mark) == NULL)
			printf("not in the page: %s\n", mark);
		CHECK(strstr(start, mark) != NULL);
	}
}

int
main(void)
{
	scanner();
	experiments();
	formats();
	expander();
	plans();
	page();
	return unit_done();
}
