/* This file finds what this machine lacks for a test before the test is run. */
#include "run/lack.h"

#include <net/if.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/strv.h"
#include "dissect/filter.h"
#include "host/elf.h"
#include "io/event.h"
#include "io/record.h"
#include "link/tc.h"
#include "supervise/supervisor.h"
#include "supervise/workdir.h"

struct look {
	const json_t *rec;
	const struct pth_supply *supply;
	const struct pth_places *places;
	const char *path; /* where programs are looked for */
	json_t *said;     /* an object: what was said to be missing; once is enough */
	struct pth_diags *d;
};

void
pth_supply_look(struct pth_supply *s)
{
	long pages = sysconf(_SC_PHYS_PAGES), size = sysconf(_SC_PAGESIZE);

	s->memory = pages > 0 && size > 0 ? (int64_t)pages * size : 0;
	s->cpus = sysconf(_SC_NPROCESSORS_ONLN);
}

static void warn(struct look *l, const char *path, const char *fmt, ...) PTH_PRINTF(3, 4);

static void
warn(struct look *l, const char *path, const char *fmt, ...)
{
	pth_auto_buf b = PTH_BUF_INIT;
	const char *file;
	unsigned line, col;
	va_list ap;

	va_start(ap, fmt);
	pth_buf_vaddf(&b, fmt, ap);
	va_end(ap);
	pth_rec_where(l->rec, path, &file, &line, &col);
	pth_diags_add(l->d, PTH_WARNING, line, col, "%s", b.s);
	pth_diags_place(l->d, file);
}

/* Was nothing said of it yet? */
static bool
is_new(json_t *said, const char *what)
{
	bool yes = json_object_get(said, what) == NULL;

	pth_json_set(said, what, json_true());
	return yes;
}

/* --- programs --- */

/* A program that the plan names; need: the descriptor's word about it, or NULL. */
static void
program(struct look *l, const char *at, const char *name, const json_t *need)
{
	const char *package = pth_need_package(need), *hint = pth_need_hint(need);
	pth_auto_buf b = PTH_BUF_INIT;
	pth_auto_str found = NULL;

	pth_places_expand(l->places, name, &b);
	found = b.len > 0 ? pth_which(b.s, l->path) : NULL;
	if (b.len == 0 || found != NULL || !is_new(l->said, b.s))
		return;
	if (package != NULL)
		warn(l, at, "this machine has no program %s; install the package %s", b.s, package);
	else
		warn(l, at, "this machine has no program %s; %s", b.s,
		    hint != NULL ? hint : "install it, or give its path");
}

static void
needs(struct look *l, const char *at, const json_t *list)
{
	json_t *need;
	size_t i;

	json_array_foreach((json_t *)(uintptr_t)list, i, need)
		program(l, at, pth_need_program(need), need);
}

/* May the program be one that the test makes before it runs it? */
static bool
is_made(const json_t *phases, const char *name)
{
	return strstr(name, "@{dir}") != NULL ||
	    (*name != '/' && *name != '@' && strchr(name, '/') != NULL) ||
	    json_array_size(pth_phases_pre_compile(phases)) > 0 ||
	    json_array_size(pth_phases_compile(phases)) > 0 ||
	    json_array_size(pth_phases_pre_run(phases)) > 0;
}

static void
command(struct look *l, const char *at, const json_t *argv)
{
	const char *name = json_string_value(json_array_get(argv, 0));

	if (name != NULL && strncmp(name, "@{dir}", 6) != 0 &&
	    (*name == '/' || *name == '@' || strchr(name, '/') == NULL))
		program(l, at, name, NULL);
}

static void
service(struct look *l, const json_t *s)
{
	const json_t *phases = pth_svc_phases(s), *argv = pth_cmd_argv(pth_phases_run(phases));
	const char *name = json_string_value(json_array_get(argv, 0)), *before = l->path,
	           *own = pth_json_str(pth_svc_environment(s), "PATH", NULL);
	pth_auto_buf at = PTH_BUF_INIT, path = PTH_BUF_INIT;

	pth_buf_addf(&at, "services.%s.implementation.name", pth_svc_name(s));
	needs(l, at.s, pth_svc_requires(s));
	if (own != NULL) {
		pth_places_expand(l->places, own, &path);
		l->path = path.s;
	}
	if (name != NULL && !is_made(phases, name))
		command(l, at.s, argv);
	l->path = before;
}

/* A directory of the experiment that is not there; one that the test makes is below its own. */
static void
directory(struct look *l, const char *at, const char *name)
{
	if (name != NULL && *name == '/' && strstr(name, "@{") == NULL && access(name, F_OK) != 0 &&
	    is_new(l->said, name))
		warn(l, at, "this machine has no directory %s", name);
}

/* What only a test on this machine needs: directories, and the programs that its steps start
 * outside of its services. */
static void
local(struct look *l)
{
	pth_auto_buf at = PTH_BUF_INIT;
	json_t *v;
	const char *name;
	size_t i;

	json_object_foreach(pth_test_services(l->rec), name, v) {
		pth_buf_cut(&at, 0);
		pth_buf_addf(&at, "services.%s.working_directory", name);
		directory(l, at.s, pth_given_working_directory(v));
	}
	json_array_foreach(pth_test_shared(l->rec), i, v)
		directory(l, "shared", json_string_value(v));
	json_array_foreach(pth_steps_actions(pth_test_steps(l->rec)), i, v)
		command(l, "steps", pth_act_argv(pth_action_exec(v)));
}

/* Needs a rule on packets tshark, because its filter has more than fields of ours? */
static bool
needs_tshark(const json_t *rec)
{
	json_t *rule;
	size_t i;

	json_array_foreach(pth_rules_packets(pth_test_expect(rec)), i, rule) {
		const char *filter = pth_rulepackets_filter(rule);
		struct pth_filter *ours = filter != NULL ? pth_filter_new(filter, false) : NULL;

		if (filter != NULL && ours == NULL)
			return true;
		pth_filter_free(ours);
	}
	return false;
}

static void
programs(struct look *l, const json_t *plan)
{
	static const char *const lists[] = { PTH_KEY(steps, pre_commands),
		PTH_KEY(steps, post_commands) };
	json_t *s, *argv;
	size_t i;

	needs(l, "network_environment", pth_plan_requires(plan));
	json_array_foreach(pth_plan_services(plan), i, s)
		service(l, s);
	for (size_t k = 0; k < countof(lists); k++)
		json_array_foreach(json_object_get(pth_test_steps(l->rec), lists[k]), i, argv)
			command(l, "steps", argv);
	if (needs_tshark(l->rec)) {
		json_auto_t *need = json_pack("{s:s}", PTH_KEY(need, package), "tshark");

		program(l, "expect", "tshark", need);
	}
}

/* The interface that is captured: the host's, or what a network of the test's own has without
 * commands that make more of them. */
static void
interface(struct look *l, const json_t *plan)
{
	const json_t *cap = pth_plan_capture(plan);
	bool hosts = strcmp(pth_env_isolation(pth_plan_environment(plan)), "none") == 0;
	const char *name = pth_cap_interface(cap);

	if (!json_is_object(cap) || json_is_null(PTH_GET(cap, cap, file)) ||
	    json_array_size(pth_plan_links(plan)) > 0 || strcmp(name, "lo") == 0 ||
	    (hosts ? if_nametoindex(name) != 0 : json_array_size(pth_plan_setup(plan)) > 0))
		return;
	warn(l, "capture.interface", "%s has no interface %.60s, so that nothing can be captured",
	    hosts ? "this machine" : "the network of the test", name);
}

/* Disciplines that the kernel has not, for links that have no other backend. */
static void
disciplines(struct look *l, const json_t *plan)
{
	json_t *wire, *list;
	struct pth_err e;
	size_t i, k;

	json_array_foreach(pth_plan_links(plan), i, wire)
		json_array_foreach(pth_wire_commands(wire), k, list)
			if (strcmp(pth_wire_backend(wire), "tc") == 0 &&
			    pth_link_tc_probe(list, &e) != 0 && is_new(l->said, e.text))
				warn(l, pth_wire_place(wire), "backend: tc: %s", e.text);
}

/* What runs in Shadow: programs of this machine, which must not be static. */
static void
simulated(struct look *l, const json_t *plan)
{
	json_t *s;
	size_t i;

	programs(l, plan);
	json_array_foreach(pth_plan_services(plan), i, s) {
		const char *name = json_string_value(
		    json_array_get(pth_cmd_argv(pth_phases_run(pth_svc_phases(s))), 0));
		pth_auto_buf b = PTH_BUF_INIT, at = PTH_BUF_INIT;
		pth_auto_str found = NULL;

		pth_places_expand(l->places, name != NULL ? name : "", &b);
		found = b.len > 0 ? pth_which(b.s, l->path) : NULL;
		if (found == NULL || !pth_elf_is_static(found))
			continue;
		pth_buf_addf(&at, "services.%s.implementation.name", pth_svc_name(s));
		warn(l, at.s,
		    "%s is linked statically, and Shadow runs only what is not: it will fail",
		    found);
	}
}

/* --- sizes --- */

/* The place of a limit: of the service, or of the test for all of them. */
static const char *
limit_place(const struct look *l, const char *service, const char *key, struct pth_buf *b)
{
	pth_buf_cut(b, 0);
	pth_buf_addf(b, "services.%s.limits.%s", service, key);
	if (json_object_get(pth_test_marks(l->rec), b->s) != NULL)
		return b->s;
	pth_buf_cut(b, 0);
	pth_buf_addf(b, "limits.%s", key);
	return b->s;
}

static void
size_of(
    struct look *l, const char *at, const char *what, double wanted, double there, const char *unit)
{
	if (there > 0 && wanted > there)
		warn(l, at, "%s: this machine has only %.3g%s", what, there, unit);
}

static void
sizes(struct look *l)
{
	const double gb = 1e9;
	pth_auto_buf at = PTH_BUF_INIT;
	const char *name;
	json_t *s;

	json_object_foreach(pth_test_services(l->rec), name, s) {
		const json_t *limits = pth_given_limits(s);

		size_of(l, limit_place(l, name, PTH_KEY(limits, memory), &at), "limits.memory",
		    (double)pth_limits_memory(limits) / gb, (double)l->supply->memory / gb, " GB");
		size_of(l, limit_place(l, name, PTH_KEY(limits, cpu), &at), "limits.cpu",
		    pth_limits_cpu(limits), (double)l->supply->cpus, " processors");
	}
	size_of(l, "cpus", "cpus", json_number_value(pth_test_cpus(l->rec)),
	    (double)l->supply->cpus, " processors");
}

void
pth_lack_test(const json_t *rec, const struct pth_supply *supply, const struct pth_places *places,
    json_t *said, struct pth_diags *d)
{
	const json_t *own = pth_test_plan(rec), *env = pth_plan_environment(own),
	             *composed = pth_compose_plan(pth_test_compose(rec));
	const char *unsupported = pth_steps_unsupported(rec);
	pth_auto_strv vars = pth_places_env(places, "/", NULL, NULL);
	struct look l = { rec, supply, places, NULL, said, d };

	d->file = pth_json_str(pth_test_source(rec), PTH_KEY(source, file), "experiment");
	for (char **p = vars; *p != NULL; p++)
		if (strncmp(*p, "PATH=", 5) == 0)
			l.path = *p + 5;
	if (unsupported == NULL)
		unsupported = pth_joins_unsupported(rec);
	if (unsupported != NULL && is_new(said, unsupported))
		warn(&l, "links", "%s; the test is not run", unsupported);
	sizes(&l);
	if (own == NULL)
		return;
	if (!pth_rec_plan_is_local(own) &&
	    !pth_json_has(pth_env_supported_by(env), "pth-compose")) {
		if (is_new(said, pth_env_type(env)))
			warn(&l, "network_environment.type",
			    "network environment %s cannot be run by this version; the test is not "
			    "run",
			    pth_env_type(env));
	} else if (pth_rec_plan_is_simulated(own))
		simulated(&l, own);
	else if (pth_rec_plan_is_local(own) || composed != NULL)
		programs(&l, composed != NULL ? composed : own);
	if (pth_rec_plan_is_local(own)) {
		interface(&l, own);
		disciplines(&l, own);
		local(&l);
	}
}

/* A combination of a matrix that cannot be is no error. */
static bool
is_wrong(const json_t *rec)
{
	const json_t *error = pth_test_error(rec);

	return error != NULL && pth_status_of_error(error) == PTH_S_ERROR;
}

int
pth_lack_check(
    struct pth_rec_in *from, struct pth_select *in, const struct pth_home *home, struct pth_err *e)
{
	const struct pth_places places = {
		.dir = "/", .share = home->share, .libexec = home->libexec, .bin = home->bin
	};
	json_auto_t *said = json_object();
	struct pth_supply supply;
	struct pth_diags d;
	int code = PTH_OK, r;
	json_t *rec;

	pth_supply_look(&supply);
	while ((r = pth_rec_read(from, &rec, e)) > 0) {
		if (pth_rec_is_test(rec)) {
			pth_diags_init(&d, "");
			pth_lack_test(rec, &supply, &places, said, &d);
			pth_diags_print(&d, 0);
			pth_diags_release(&d);
			pth_select_note(in, rec);
			code = is_wrong(rec) ? PTH_INPUT : code;
		}
		json_decref(rec);
	}
	if (r < 0 || pth_rec_whole(from, e) < 0)
		return -1;
	return code == PTH_OK && pth_select_check(in, e) < 0 ? -1 : code;
}
