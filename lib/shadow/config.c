/* This file makes the configuration of a test: the document of shadow.yaml, and the record's
 * "compose". */
#include "shadow/priv.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "io/yaml.h"

#define USUAL_STOP_US (300 * PTH_SECOND_US)
/* Programs see what is written there and nothing of the caller's environment. */
#define PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

static void
problem(struct shadow *s, enum pth_severity severity, const char *path, const char *fmt, va_list ap)
{
	pth_auto_buf b = PTH_BUF_INIT;
	const char *file;
	unsigned line, col;

	pth_buf_vaddf(&b, fmt, ap);
	if (severity == PTH_ERROR) {
		if (!s->failed)
			pth_err_set(s->first, PTH_INPUT, "%s", b.s);
		s->failed = true;
	}
	if (pth_rec_was_wrong(s->rec, path))
		return;
	pth_rec_where(s->rec, path, &file, &line, &col);
	pth_diags_add(s->d, severity, line, col, "%s", b.s);
	pth_diags_categorize(s->d, PTH_CAT_CONFIGURATION);
	pth_diags_place(s->d, file);
}

void
shadow_error(struct shadow *s, const char *path, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	problem(s, PTH_ERROR, path, fmt, ap);
	va_end(ap);
}

void
shadow_warn(struct shadow *s, const char *path, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	problem(s, PTH_WARNING, path, fmt, ap);
	va_end(ap);
}

const json_t *
shadow_option(const struct shadow *s, const char *section, const char *key)
{
	return json_object_get(json_object_get(s->params, section), key);
}

/* --- sections */

static json_t *
time_json(int64_t us)
{
	pth_auto_buf b = PTH_BUF_INIT;

	shadow_time_show(&b, us * 1000);
	return json_string(b.s);
}

static json_t *
rate_json(int64_t bps)
{
	pth_auto_buf b = PTH_BUF_INIT;

	shadow_rate_show(&b, bps);
	return json_string(b.s);
}

/* A section as the experiment gives it; what it leaves open can be set. New reference. */
static json_t *
section(const struct shadow *s, const char *name)
{
	const json_t *given = json_object_get(s->params, name);

	return json_is_object(given) ? json_copy((json_t *)(uintptr_t)given) : json_object();
}

static void
set_usual(json_t *o, const char *key, json_t *take)
{
	if (json_object_get(o, key) == NULL)
		pth_json_set(o, key, take);
	else
		json_decref(take);
}

/* Shadow's seed has 32 bits. */
static json_t *
seed(const struct shadow *s)
{
	uint64_t v = (uint64_t)json_integer_value(pth_test_seed(s->rec));

	return json_integer((json_int_t)((v ^ (v >> 32)) & UINT32_MAX));
}

static json_t *
general(const struct shadow *s)
{
	json_t *o = section(s, "general");

	pth_json_set(o, "stop_time", time_json(s->stop_us));
	set_usual(o, "model_unblocked_syscall_latency", json_false());
	pth_json_set(o, "data_directory", json_string("@{dir}/" PTH_SHADOW_DATA));
	set_usual(o, "parallelism", json_integer(1));
	pth_json_set(o, "seed", seed(s));
	return o;
}

/* Simulations beside each other would fight for pinned cores. */
static json_t *
experimental(const struct shadow *s)
{
	json_t *o = section(s, "experimental");

	set_usual(o, "use_cpu_pinning", json_false());
	return o;
}

static json_t *
host_defaults(const struct shadow *s)
{
	json_t *o = section(s, "host_option_defaults");
	int64_t snap = pth_cap_snaplen(pth_plan_capture(s->plan));
	bool any = false;

	for (size_t i = 0; i < s->n; i++)
		any = any || s->hosts[i].pcap;
	pth_json_set(o, "pcap_enabled", json_boolean(any));
	if (snap > 0)
		pth_json_set(o, "pcap_capture_size", json_sprintf("%lld B", (long long)snap));
	return o;
}

static json_t *
network(const struct shadow *s)
{
	pth_auto_buf b = PTH_BUF_INIT;
	json_t *o;

	shadow_graph(s, &b);
	o = json_pack("{s:{s:s,s:s}}", "graph", "type", "gml", "inline", b.s);
	/* Else a packet would take a way over a third host, where that is shorter. */
	if (s->n > 2)
		pth_json_set(o, "use_shortest_path", json_false());
	return o;
}

/* --- hosts */

static void
add_variables(json_t *env, const json_t *given)
{
	const char *key;
	json_t *v;

	json_object_foreach((json_t *)(uintptr_t)given, key, v) {
		pth_auto_buf b = PTH_BUF_INIT;

		if (json_is_string(v)) {
			pth_json_set(env, key, json_incref(v));
			continue;
		}
		if (!json_is_null(v))
			pth_json_dump(&b, v);
		pth_json_set(env, key, json_string(b.s != NULL ? b.s : ""));
	}
}

static json_t *
environment(const struct shadow_host *h)
{
	json_t *env = json_object();

	pth_json_set(env, "HOME", json_sprintf("@{dir}/%s", pth_svc_name(h->svc)));
	pth_json_set(env, "LC_ALL", json_string("C.UTF-8"));
	pth_json_set(env, "PATH", json_string(PATH));
	pth_json_set(env, "TZ", json_string("UTC"));
	add_variables(env, pth_svc_environment(h->svc));
	add_variables(env, pth_cmd_env(pth_phases_run(pth_svc_phases(h->svc))));
	return env;
}

static json_t *
process(const struct shadow_host *h)
{
	const json_t *run = pth_phases_run(pth_svc_phases(h->svc));
	json_auto_t *args = json_deep_copy(pth_cmd_argv(run));
	const char *cwd = pth_cmd_cwd(run);
	json_t *o = json_object();

	/* Shadow would run it in the directory of its host, where none of its files are. */
	json_array_insert_new(args, 0,
	    cwd != NULL && (*cwd == '/' || *cwd == '@') ?
	        json_string(cwd) :
	        json_sprintf("@{dir}/%s%s%s", pth_svc_name(h->svc), cwd != NULL ? "/" : "",
	            cwd != NULL ? cwd : ""));
	json_array_insert_new(args, 0, json_string("-C"));
	json_array_insert_new(args, 0, json_string("/usr/bin/env"));
	json_object_set(o, "path", json_array_get(args, 0));
	json_array_remove(args, 0);
	pth_json_set(o, "args", pth_take(&args));
	pth_json_set(o, "environment", environment(h));
	pth_json_set(o, "start_time", time_json(h->start_us));
	if (h->shutdown_us > 0) {
		pth_json_set(o, "shutdown_time", time_json(h->shutdown_us));
		pth_json_set(o, "shutdown_signal", json_string("SIGKILL"));
	}
	pth_json_set(o, "expected_final_state",
	    pth_svc_finite(h->svc) ? json_pack("{s:i}", "exited", 0) : json_string("running"));
	return o;
}

static json_t *
hosts(const struct shadow *s)
{
	json_t *all = json_object();

	for (size_t i = 0; i < s->n; i++) {
		const struct shadow_host *h = &s->hosts[i];
		json_t *o = json_object();

		pth_json_set(o, "network_node_id", json_integer(h->node));
		pth_json_set(o, "ip_addr", json_string(pth_svc_address(h->svc)));
		if (h->rate_bps > 0) {
			pth_json_set(o, "bandwidth_down", rate_json(h->rate_bps));
			pth_json_set(o, "bandwidth_up", rate_json(h->rate_bps));
		}
		if (!h->pcap)
			pth_json_set(o, "host_options", json_pack("{s:b}", "pcap_enabled", 0));
		pth_json_set(o, "processes", json_pack("[o]", process(h)));
		pth_json_set(all, h->name, o);
	}
	return all;
}

json_t *
shadow_document(const struct shadow *s)
{
	return json_pack("{s:o,s:o,s:o,s:o,s:o}", "general", general(s), "experimental",
	    experimental(s), "host_option_defaults", host_defaults(s), "network", network(s),
	    "hosts", hosts(s));
}

/* --- the record */

/* A record may come from anywhere: checks that what is read of it later is there. */
static int
check_record(const struct shadow *s, struct pth_err *e)
{
	const json_t *list = pth_plan_services(s->plan), *v;
	size_t i;

	if ((json_array_size(list) == 0 && pth_test_error(s->rec) == NULL) ||
	    pth_plan_setup(s->plan) == NULL)
		return pth_err_set(e, PTH_INPUT, "the record's plan is not one of pth-plan");
	json_array_foreach((json_t *)(uintptr_t)list, i, v)
		if (!pth_name_ok(pth_svc_name(v)) ||
		    !json_is_string(
		        json_array_get(pth_cmd_argv(pth_phases_run(pth_svc_phases(v))), 0)))
			return pth_err_set(e, PTH_INPUT,
			    "service %zu of the record's plan is not one of pth-plan", i + 1);
	return 0;
}

/* The end of the simulation: what the experiment says, else how long the test lasts. */
static void
stop_time(struct shadow *s)
{
	const json_t *given = json_object_get(
	    json_object_get(pth_test_network_environment(s->rec), "general"), "stop_time");
	int64_t wait = pth_plan_wait_us(s->plan), ns;

	s->stop_us = USUAL_STOP_US;
	if (given == NULL && wait > 0)
		s->stop_us = wait;
	else if (shadow_time(shadow_option(s, "general", "stop_time"), PTH_SECOND_US * 1000, &ns))
		s->stop_us = ns / 1000;
}

static void
release(struct shadow *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->hosts[i].name);
	free(s->hosts);
	free(s->pairs);
}

int
pth_shadow_yaml(struct pth_buf *b, const json_t *document, struct pth_err *e)
{
	pth_buf_adds(b, "# Generated by pth-compose(1). By hand: shadow THIS\n");
	return pth_yaml_dump(b, document, e);
}

static int
build(struct shadow *s, struct pth_err *e)
{
	pth_auto_buf yaml = PTH_BUF_INIT;
	json_auto_t *doc = NULL;

	stop_time(s);
	shadow_hosts(s);
	shadow_links(s);
	shadow_check(s);
	if (s->failed)
		return -1;
	doc = shadow_document(s);
	if (pth_shadow_yaml(&yaml, doc, e) != 0)
		return -1;
	pth_test_set_compose(s->rec,
	    json_pack("{s:s,s:O,s:[],s:o}", PTH_KEY(compose, project), PTH_SHADOW_WHOLE,
	        PTH_KEY(compose, document), doc, PTH_KEY(compose, images), PTH_KEY(compose, plan),
	        shadow_plan(s, yaml.s)));
	return 0;
}

int
pth_shadow_test(json_t *rec, struct pth_diags *d, struct pth_err *e)
{
	const json_t *plan = pth_test_plan(rec);
	struct shadow s = { .rec = rec,
		.plan = plan,
		.params = pth_env_parameters(pth_plan_environment(plan)),
		.d = d,
		.first = e };
	int r = check_record(&s, e);

	if (r != 0)
		shadow_error(&s, "", "%s", e->text);
	else
		r = build(&s, e);
	release(&s);
	return r;
}
