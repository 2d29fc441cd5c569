/* The shapes of PANTHER's version files: each key that has one is given another. */
#include "loaded.h"
#include "unit.h"

#include "plugin/plugin.h"

#define ONE "must be one value, not a "
#define PAIR "must be one value or a map, not a list"
#define MAP "must be a map, not a "

/* The first problem of a version file, without its place; "" when there is none. */
static const char *
problem(const char *text)
{
	static char out[400];
	struct pth_diags d;

	pth_diags_init(&d, "x.yaml");
	pth_version_check(yaml(text), &d);
	pth_diags_sort(&d);
	snprintf(out, sizeof out, "%s", d.n != 0 ? d.v[0].text : "");
	pth_diags_release(&d);
	return out;
}

/* In the place of each @ in a key's line stands a value of each kind. */
static void
kinds(const char *line, const char *scalar, const char *list, const char *map)
{
	const char *const with[][2] = { { "x", scalar }, { "[x]", list }, { "{zzz: x}", map } };
	size_t before = strcspn(line, "@");
	char text[400];

	for (size_t i = 0; i < countof(with); i++) {
		snprintf(text, sizeof text, "%.*s%s%s", (int)before, line, with[i][0],
		    line + before + 1);
		if (!CHECK(strcmp(problem(text), with[i][1]) == 0))
			printf("    %s\n    is        %s\n    should be %s\n", text, problem(text),
			    with[i][1]);
	}
}

int
main(void)
{
	static const char *const sections[] = { "server", "client", "peer", "mitm" };
	static const char *const pairs[] = { "interface", "destination", "source" };
	static const char *const files[] = { "cert", "key", "root_cert" };
	char line[200];

	unit("the file itself");
	kinds("version: @", "", "version: " ONE "list", "version: " ONE "map");
	kinds("env: @", "env: " MAP "string", "env: " MAP "list", "");
	kinds("env: {A: @}", "", "A: " ONE "list", "A: " ONE "map");
	kinds("dependencies: @", "dependencies: must be a list of maps, not a string", MAP "string",
	    "dependencies: must be a list of maps, not a map");
	kinds("dependencies: [{url: @}]", "", "url: " ONE "list", "url: " ONE "map");
	kinds("parameters: @", "parameters: " MAP "string", "parameters: " MAP "list", "");
	kinds("parameters: {p: @}", "", "p: " PAIR, "unknown key 'zzz'");
	kinds("parameters: {p: {value: @}}", "", "", "");
	kinds("parameters: {p: {description: @}}", "", "description: " ONE "list",
	    "description: " ONE "map");
	kinds("tests: @", "", "", "");
	unit("a section for each role");
	for (size_t i = 0; i < countof(sections); i++) {
		char is[2][80];

		snprintf(line, sizeof line, "%s: @", sections[i]);
		snprintf(is[0], sizeof is[0], "%s: " MAP "string", sections[i]);
		snprintf(is[1], sizeof is[1], "%s: " MAP "list", sections[i]);
		kinds(line, is[0], is[1], "unknown key 'zzz'");
	}
	unit("what a section has");
	kinds("server: {binary: @}", "binary: " MAP "string", "binary: " MAP "list",
	    "unknown key 'zzz'");
	kinds("server: {protocol: {alpn: @}}", "alpn: " MAP "string", "alpn: " MAP "list",
	    "unknown key 'zzz'");
	kinds("server: {ticket_file: @}", "ticket_file: " MAP "string", "ticket_file: " MAP "list",
	    "unknown key 'zzz'");
	kinds("server: {logging: {qlog: @}}", "qlog: " MAP "string", "qlog: " MAP "list",
	    "unknown key 'zzz'");
	kinds("server: {tests: @}", "", "", "");
	for (size_t i = 0; i < countof(pairs); i++) {
		char is[80];

		snprintf(line, sizeof line, "client: {network: {%s: @}}", pairs[i]);
		snprintf(is, sizeof is, "%s: " PAIR, pairs[i]);
		kinds(line, "", is, "unknown key 'zzz'");
		snprintf(line, sizeof line, "client: {network: {%s: {param: @}}}", pairs[i]);
		kinds(line, "", "param: " ONE "list", "param: " ONE "map");
	}
	for (size_t i = 0; i < countof(files); i++) {
		char is[2][80];

		snprintf(line, sizeof line, "peer: {certificates: {%s: @}}", files[i]);
		snprintf(is[0], sizeof is[0], "%s: " MAP "string", files[i]);
		snprintf(is[1], sizeof is[1], "%s: " MAP "list", files[i]);
		kinds(line, is[0], is[1], "unknown key 'zzz'");
	}
	return unit_done();
}
