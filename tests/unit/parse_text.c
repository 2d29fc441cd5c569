/* What is put into an experiment from outside: variables, files, the environment; and values
 * whose form no type tells. */
#include <fcntl.h>

#include "io/file.h"
#include "parsed.h"

static void
variables(void)
{
#define V(text) "services: {s: {environment: {V: '" text "'}}}"
#define IS "0.services.s.environment.V"
	static const struct row rows[] = {
		{ V("${PTH_T_SET}"), IS, "value" },
		{ V("a${PTH_T_SET}b${PTH_T_SET}"), IS, "avaluebvalue" },
		{ V("$PTH_T_SET {PTH_T_SET} $"), IS, "$PTH_T_SET {PTH_T_SET} $" },
		{ V("$${PTH_T_SET}"), IS, "${PTH_T_SET}" },
		{ V("${PTH_T_SET:-other}"), IS, "value" },
		{ V("${PTH_T_NONE:-other}"), IS, "other" },
		{ V("${PTH_T_NONE:-}"), IS, "''" },
		{ V("${PTH_T_EMPTY}"), IS, "''" },
		{ V("${PTH_T_EMPTY:-other}"), IS, "other" },
		{ V("${PTH_T_NONE:-${PTH_T_SET}!}"), IS, "value!" },
		{ V("${PTH_T_NONE:-${PTH_T_NONE:-deep}}"), IS, "deep" },
		{ V("${PTH_T_NONE}"), "said",
		    "error: ${PTH_T_NONE} is not set; write ${PTH_T_NONE:-default}, or $${ for a "
		    "plain ${" },
		{ V("${PTH_T_SET"), "said", "error: ${ without }; write $${ for a plain ${" },
		{ V("${oc.env:PTH_T_SET}"), IS, "value" },
		{ V("${oc.env:PTH_T_NONE,other}"), IS, "other" },
		{ V("${oc.env:PTH_T_SET,other}"), IS, "value" },
		{ V("${oc.env:paths.output_dir,other}"), IS, "other" },
		/* Another value of the experiment; the environment wins. */
		{ "{top: {paths: {output_dir: here}}, services: {s: {environment: {V: "
		  "'${paths.output_dir}'}}}}",
		    IS, "here" },
		{ V("${tests[0].name}"), IS, "t" },
		{ V("${tests.0.name}"), IS, "t" },
		{ "{top: {paths: {output_dir: '${paths.output_dir}'}}}", "said",
		    "error: ${...} leads to itself" },
		{ "{top: {paths: {output_dir: here}}, services: {s: {environment: {V: "
		  "'${paths}'}}}}",
		    "said", "error: ${paths} is not set; *" },
		/* Quotes are seen as they were: this is a text, and so it is no number. */
		{ "services: {s: {timeout: '${PTH_T_NUMBER}'}}", "0.services.s.timeout", "20" },
		{ "retries: '${PTH_T_SET}'", "said", "error: retries: string 'value'; *" },
		{ V("@{s:ip}"), IS, "'@{s:ip}'" },
		{ V("@{s:nose}"), "said", "error: placeholder @{s:nose}: the attribute must be *" },
		{ V("@{s:${PTH_T_SET}}"), "said",
		    "error: placeholder @{s:value}: the attribute must be *" },
	};
	static const char plain[] = "tests:\n- name: n\n  timeout: ${PTH_T_NUMBER}\n  services: "
	                            "{s: {implementation: {name: "
	                            "x}, protocol: {name: minip}, ports: [\"1:1\"]}}\n";
	char *said = NULL;
	json_t *list;

	setenv("PTH_T_SET", "value", 1);
	setenv("PTH_T_EMPTY", "", 1);
	setenv("PTH_T_NUMBER", "20", 1);
	unsetenv("PTH_T_NONE");
	unit("variables");
	ROWS(rows);
	/* Without quotes it has the type that it looks like. */
	list = records(plain, NULL, 0, &said);
	CHECK_INT(json_integer_value(pth_json_path(list, "0.timeout")), 20);
	CHECK_STR(said, "");
	json_decref(list);
	free(said);
}

/* What stands without quotes is what the field is: a text stays as it is written. */
static void
plain(void)
{
#define VALUE "services.s.environment.V"
#define BEYOND "is not between -9223372036854775808 and 9223372036854775807; quote it when text *"
	static const struct {
		const char *line, *path, *want, *said;
	} rows[] = {
		{ "environment: {V: 7e12345}", VALUE, "'7e12345'", "" },
		{ "environment: {V: 12345678901234567890123}", VALUE, "'12345678901234567890123'",
		    "" },
		{ "environment: {V: .inf}", VALUE, "'.inf'", "" },
		{ "environment: {V: NO}", VALUE, "'NO'", "" },
		{ "environment: {V: off}", VALUE, "'off'", "" },
		{ "environment: {V: 0777}", VALUE, "'0777'", "" },
		{ "environment: {V: 1.10}", VALUE, "'1.10'", "" },
		{ "environment: {V: 0x10}", VALUE, "'0x10'", "" },
		{ "environment: {V: True}", VALUE, "'True'", "" },
		{ "command_override: [sleep, 0777, NO, 1.10]", "services.s.command_override",
		    "[sleep, '0777', 'NO', '1.10']", "" },
		{ "restart_policy: no", "services.s.restart_policy", "'no'", "" },
		{ "working_directory: 007", "services.s.working_directory", "'007'", "" },
		/* Where a number is wanted, it is none. */
		{ "timeout: 7e12345", "nothing", NULL,
		    "*error: 7e12345 is too large a number; quote it when text is meant" },
		{ "timeout: 12345678901234567890", "nothing", NULL,
		    "*error: 12345678901234567890 " BEYOND },
		{ "timeout: .inf", "nothing", NULL, "*error: .inf is not a number that *" },
		{ "timeout: 0060", "services.s.timeout", "60",
		    "*warning: 0060 is read as a decimal number (YAML 1.1 readers take it as *" },
		{ "timeout: 06s", "services.s.timeout", "6", "" },
		{ "critical: NO", "services.s.critical", "false",
		    "*warning: NO is read as false; write false, or quote it when text is meant" },
		/* Of parameters the descriptor knows the types. */
		{ "plugin_config: {V: NO}", "services.s.plugin_config.V", "false", "" },
		{ "plugin_config: {V: NO}", "marks.services.s.plugin_config.V", NULL, "" },
		{ "plugin_config: {V: 7e12345}", "services.s.plugin_config.V", "'7e12345'", "" },
	};
	pth_auto_buf b = PTH_BUF_INIT;

	unit("plain texts");
	for (size_t i = 0; i < countof(rows); i++) {
		json_auto_t *list = NULL,
		            *want = rows[i].want != NULL ? json_of(rows[i].want) : NULL;
		pth_auto_str said = NULL;
		const json_t *v;

		pth_buf_cut(&b, 0);
		pth_buf_addf(&b,
		    "tests:\n- name: t\n  services:\n    s:\n      implementation: {name: x}\n"
		    "      protocol: {name: minip}\n      ports: ['1:1']\n      %s\n",
		    rows[i].line);
		list = records(b.s, NULL, 0, &said);
		v = pth_json_path(json_array_get(list, 0), rows[i].path);
		said[strcspn(said, "\n")] = '\0';
		/* Of an error the record tells; its value is the default. */
		if (strstr(rows[i].said, "error: ") != NULL)
			v = NULL;
		if (!CHECK(want == NULL ? v == NULL : json_equal(v, want) != 0) ||
		    !CHECK(pth_glob(rows[i].said, said)))
			printf("    %s: %s\n", rows[i].line, said);
	}
	/* Actions of a list are texts, too; and so is what a matrix varies. */
	for (size_t i = 0; i < 2; i++) {
		static const char *const texts[][3] = {
			{ "steps: [{exec: [sleep, 007]}]", "0.steps.actions.0.exec.argv",
			    "[sleep, '007']" },
			{ "matrix: {services.s.environment.V: [NO]}", "0.name", "'t [NO]'" },
		};
		pth_auto_str said = NULL;
		json_auto_t *list = NULL, *want = json_of(texts[i][2]);

		pth_buf_cut(&b, 0);
		pth_buf_addf(&b,
		    "tests:\n- name: t\n  %s\n  services: {s: {implementation: {name: x}, "
		    "protocol: {name: minip}, ports: ['1:1']}}\n",
		    texts[i][0]);
		list = records(b.s, NULL, 0, &said);
		CHECK_STR(said, "");
		CHECK(json_equal(pth_json_path(list, texts[i][1]), want));
	}
}

static void
forms(void)
{
#define COMPOSE(more) "network_environment: {type: docker_compose, " more "}"
#define SUBNET(s) "error: subnet: '" s "'; expected an IPv4 network with room for *"
	static const struct row rows[] = {
		{ COMPOSE("subnet: 10.0.0.0/29"), "said", "" },
		{ COMPOSE("subnet: 10.0.0.0/30"), "said", SUBNET("10.0.0.0/30") },
		{ COMPOSE("subnet: 10.0.0.0/1"), "said", "" },
		{ COMPOSE("subnet: 10.0.0.0/0"), "said", SUBNET("10.0.0.0/0") },
		{ COMPOSE("subnet: 10.0.0/24"), "said", SUBNET("10.0.0/24") },
		{ "network_environment: {type: mine, subnet: x}", "said", "" },
		{ COMPOSE("network_name: a.b-c_D9"), "said", "" },
		{ COMPOSE("network_name: _a"), "said",
		    "error: network_name: '_a'; expected letters, digits, '.', '_' and '-'" },
		{ COMPOSE("network_name: a b"), "said", "error: network_name: 'a b'; *" },
		{ COMPOSE("network_name: ''"), "said", "" },
		{ COMPOSE("service_prefix: -a"), "said", "error: service_prefix: '-a'; *" },
		{ COMPOSE("volumes: ['a:/b', './a:/b:ro', {local: a, container: /b}]"), "said",
		    "" },
		{ COMPOSE("volumes: ['a:b']"), "said",
		    "error: volumes: 'b' in the container; expected a path that begins with /" },
		{ COMPOSE("volumes: [':/b']"), "said",
		    "error: volumes: ':/b'; expected LOCAL:INSIDE or LOCAL:INSIDE:ro" },
		{ COMPOSE("volumes: [a]"), "said", "error: volumes: 'a'; expected *" },
		{ COMPOSE("volumes: [{local: a, container: b}]"), "said",
		    "error: volumes: 'b' in the container; *" },
		{ COMPOSE("environment: {A: 1, '': 2}"), "said",
		    "error: environment: '' cannot be the name of a variable" },
		{ COMPOSE("environment: {A=B: 1}"), "said",
		    "error: environment: 'A=B' cannot be the name of a variable" },
		{ "services: {s: {environment: {A=B: 1}}}", "said",
		    "error: environment: 'A=B' cannot be the name of a variable" },
		{ "services: {s: {volumes: [a]}}", "said",
		    "warning: *\nerror: volumes: 'a'; expected *" },
	};

	unit("forms of values");
	ROWS(rows);
}

static void
put(const char *path, const char *text)
{
	struct pth_err e;
	pth_auto_str dir = pth_xstrdup(path);

	if (strchr(dir, '/') != NULL) {
		*strrchr(dir, '/') = '\0';
		CHECK_INT(pth_mkdirs(AT_FDCWD, dir, &e), 0);
	}
	CHECK_INT(pth_file_write(AT_FDCWD, path, text, strlen(text), &e), 0);
}

static void
files(void)
{
#define TEST(name, more)                                                                       \
	"{name: " name ", services: {s: {implementation: {name: x}, protocol: {name: minip}, " \
	"ports: ['1:1']" more "}}}"
	static const struct row rows[] = {
		/* What is written here wins; maps merge; tests of the others come first. */
		{ "top: {include: in/a.yaml, paths: {cert_dir: /own}}",
		    "0.settings.paths.output_dir", "from-a" },
		{ "top: {include: in/a.yaml, paths: {output_dir: own}}",
		    "0.settings.paths.output_dir", "own" },
		{ "top: {include: in/a.yaml}", "0.name", "of a" },
		{ "top: {include: in/a.yaml}", "1.name", "t" },
		{ "top: {include: [in/a.yaml, in/b.yaml]}", "1.name", "of b" },
		{ "top: {include: [in/a.yaml, in/b.yaml]}", "2.name", "t" },
		{ "top: {include: [in/a.yaml, in/b.yaml]}", "0.settings.paths.output_dir",
		    "from-b" },
		{ "top: {include: [in/b.yaml, in/a.yaml]}", "0.settings.paths.output_dir",
		    "from-a" },
		/* One that includes another, which lies beside it. */
		{ "top: {include: in/outer.yaml}", "0.name", "of a" },
		{ "top: {include: in/outer.yaml}", "0.settings.paths.output_dir", "from-outer" },
		{ "top: {include: in/outer.yaml}", "0.source.file", "in/a.yaml" },
		{ "top: {include: 5}", "said", "error: include: 5: No such file or directory" },
		{ "top: {include: }", "said",
		    "warning: include: the key has no value and counts as not given" },
		{ "top: {include: {a: b}}", "said", "error: include: a map; expected *" },
		{ "top: {include: [5]}", "said", "error: include: 5: No such file or directory" },
		{ "top: {include: [[a]]}", "said", "error: include: expected the name of a file" },
		{ "top: {include: in/list.yaml}", "said",
		    "error: an included file must be a map, not a list" },
		{ "top: {include: in/self.yaml}", "said",
		    "error: too many files included, or a file that includes itself" },
		{ "top: {include: in/deep1.yaml}", "0.name", "of a" },
		{ "top: {include: in/deep0.yaml}", "said",
		    "error: too many files included, or a file that includes itself" },
		/* In a test, in a service, and a version file. */
		{ "include: in/test.yaml", "0.timeout", "77" },
		{ "{include: in/test.yaml, timeout: 66}", "0.timeout", "66" },
		{ "include: in/test.yaml", "0.services.s.timeout", "55" },
		{ "services: {s: {include: in/service.yaml}}", "0.services.s.timeout", "44" },
		{ "services: {s: {include: in/service.yaml, timeout: 33}}", "0.services.s.timeout",
		    "33" },
		{ "services: {s: {implementation: {version_config: in/version.yaml}}}",
		    "0.services.s.implementation.version_config.commit", "abc" },
		{ "services: {s: {implementation: {version_config: version}}}",
		    "0.services.s.implementation.version_config", "version" },
	};
	char name[40], text[60];

	put("in/a.yaml", "paths: {output_dir: from-a}\ntests: [" TEST("of a", "") "]\n");
	put("in/b.yaml", "paths: {output_dir: from-b}\ntests: [" TEST("of b", "") "]\n");
	put("in/outer.yaml", "include: a.yaml\npaths: {output_dir: from-outer}\n");
	put("in/list.yaml", "[a]\n");
	put("in/self.yaml", "include: self.yaml\n");
	put("in/test.yaml", "timeout: 77\nservices: {s: {timeout: 55}}\n");
	put("in/service.yaml", "timeout: 44\n");
	put("in/version.yaml", "commit: abc\n");
	/* Sixteen deep, not more. */
	for (int i = 0; i < 15; i++) {
		snprintf(name, sizeof name, "in/deep%d.yaml", i);
		snprintf(text, sizeof text, "include: deep%d.yaml\n", i + 1);
		put(name, text);
	}
	put("in/deep15.yaml", "include: a.yaml\n");
	unit("files that are included");
	ROWS(rows);
}

/* Options beat variables, these the file; PTH_ beats PANTHER_. */
static void
overrides(void)
{
	static const char *const names[][3] = { { "LOG_LEVEL", "logging.level", "ERROR" },
		{ "OUTPUT_DIR", "paths.output_dir", "x" },
		{ "PLUGIN_DIR", "paths.plugin_dir", "y" },
		{ "BUILD_IMAGES", "docker.force_build_docker_image", "true" },
		{ "FAST_FAIL", "fast_fail.enabled", "false" } };
	static const char text[] = "tests: [" TEST("t", "") "]\n";
	char name[40], path[80];

	unit("variables of the environment");
	for (size_t i = 0; i < countof(names); i++)
		for (int form = 0; form < 4; form++) {
			struct pth_override o = { names[i][1], names[i][2] };
			struct pth_experiment *x;
			const json_t *v;
			pth_auto_buf b = PTH_BUF_INIT;

			snprintf(name, sizeof name, "PTH_%s", names[i][0]);
			if (form == 0)
				setenv(name, names[i][2], 1);
			if (form == 3)
				setenv(name, "5", 1);
			snprintf(name, sizeof name, "PANTHER_%s", names[i][0]);
			if (form == 0 || form == 2)
				setenv(name, form == 0 ? "[wrong]" : "", 1);
			if (form == 1)
				setenv(name, names[i][2], 1);
			x = pth_experiment_parse(
			    "e.yaml", text, strlen(text), &o, form == 3 ? 1 : 0, true);
			snprintf(path, sizeof path, "%s", names[i][1]);
			v = pth_json_path(pth_experiment_settings(x), path);
			if (json_is_string(v))
				pth_buf_adds(&b, json_string_value(v));
			else
				pth_json_dump(&b, v);
			if (form == 2) /* an empty one is as if it were not there */
				CHECK(b.len == 0 || strcmp(b.s, names[i][2]) != 0);
			else
				CHECK_STR(b.s, names[i][2]);
			pth_experiment_free(x);
			unsetenv(name);
			snprintf(name, sizeof name, "PTH_%s", names[i][0]);
			unsetenv(name);
		}
}

int
main(void)
{
	variables();
	plain();
	forms();
	files();
	overrides();
	return unit_done();
}
