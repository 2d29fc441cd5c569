/*
 * Any bytes as a descriptor: checked, merged, and when it is good used in a
 * plan. What follows a NUL is the JSON of the implementation's parameters.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/json.h"
#include "plan/plan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static const char base_text[] =
    "plugin: service\nkind: service\nstop: {signal: TERM, grace: 5s}\n"
    "parameters: {port: {type: int, min: 1, max: 65535}, l: {type: list, default: [a, b]}}\n"
    "commands: {server: [a, '{{ port }}'], client: [b, '{{ host }}']}\nartifacts: ['*.log']\n"
    "protocol: p\nversions: {v1: {binary: x}}\n";
static const char protocol_text[] =
    "plugin: p\nkind: protocol\ntransport: udp\nport: 4443\n"
    "versions: {v1: }\nready: {server: {udp: '{{ port }}'}}\n"
    "setup: [{when: generate_certificates, argv: [c, '{{ service_names | join }}']}]\n";
static const char network_text[] = "plugin: localhost\nkind: network_environment\nisolation: full\n"
                                   "address: 127.0.0.1\ncapture: {interface: lo}\n";

static struct pth_ynode *
tree(struct pth_plugins *ps, const char *text, size_t n, struct pth_diags *d, const char *file)
{
	struct pth_ynode *root = pth_yaml_load(text, n, &ps->arena, d);

	return root != NULL && root->kind == PTH_YMAP ? pth_desc_copy(&ps->arena, root, file) :
	                                                NULL;
}

static struct pth_plugin *
add(struct pth_plugins *ps, enum pth_kind kind, const char *name, struct pth_ynode *root)
{
	struct pth_plugin *p = pth_arena_alloc(&ps->arena, sizeof *p);

	p->set = ps;
	p->kind = kind;
	p->name = p->stem = name;
	p->path = p->file = "x.yaml";
	p->root = root;
	p->state = 'y';
	ps->plugins = pth_xarray(ps->plugins, ps->nplugins + 1, sizeof *ps->plugins);
	ps->plugins[ps->nplugins++] = p;
	return p;
}

static void
plan(struct pth_plugins *ps, json_t *extra)
{
	json_t *rec = json_pack(
	    "{s:i, s:s, s:s, s:i, s:{s:s}, s:{s:s}, s:{s:{s:{s:s}, s:{s:s, s:s}}, "
	    "s:{s:{s:s}, s:{s:s, s:s, s:s}}}}",
	    "pth", 1, "type", "test", "id", "a", "index", 1, "source", "file", "e.yaml",
	    "network_environment", "type", "localhost", "services", "s", "implementation", "name",
	    "x", "protocol", "name", "p", "role", "server", "c", "implementation", "name", "x",
	    "protocol", "name", "p", "role", "client", "target", "s");
	struct pth_buf b = PTH_BUF_INIT;
	struct pth_diags d;

	if (json_is_object(extra))
		json_object_update_missing(pth_json_path(rec, "services.s.implementation"), extra);
	pth_diags_init(&d, "");
	if ((pth_plan_test(ps, rec, &(struct pth_plan_how){ false, false }, &d) == 0) !=
	        (json_object_get(rec, "error") == NULL) ||
	    (json_object_get(rec, "plan") == NULL) != !(json_object_get(rec, "error") == NULL))
		abort();
	pth_json_dump(&b, rec);
	pth_buf_release(&b);
	pth_diags_release(&d);
	json_decref(rec);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct pth_plugins ps = { 0 };
	const uint8_t *nul = memchr(data, 0, n);
	size_t len = nul != NULL ? (size_t)(nul - data) : n;
	struct pth_diags d;
	struct pth_err e;
	struct pth_ynode *base, *own, *raw;
	struct pth_buf shown = PTH_BUF_INIT;
	json_t *extra = nul != NULL ? pth_json_parse((const char *)nul + 1, n - len - 1, &e) : NULL;

	if (n > 1 << 16 || memmem(data, n, "template:", 9) != NULL) { /* that reads files */
		json_decref(extra);
		return 0;
	}
	pth_diags_init(&d, "x.yaml");
	base = tree(&ps, base_text, sizeof base_text - 1, &d, "base.yaml");
	add(&ps, PTH_PROTOCOL, "p",
	    tree(&ps, protocol_text, sizeof protocol_text - 1, &d, "p.yaml"));
	add(&ps, PTH_NETWORK, "localhost",
	    tree(&ps, network_text, sizeof network_text - 1, &d, "l.yaml"));
	raw = pth_yaml_load((const char *)data, len, &ps.arena, &d);
	if (raw != NULL && raw->kind == PTH_YMAP) {
		pth_desc_check(raw, PTH_IUT, &d);
		own = pth_desc_merge(&ps.arena, base, pth_desc_copy(&ps.arena, raw, "x.yaml"));
		if (d.errors == 0)
			pth_desc_check_whole(own, PTH_IUT, &d);
		pth_desc_show(&shown, own, true);
		if (d.errors == 0) {
			add(&ps, PTH_IUT, "x", own);
			plan(&ps, extra);
			plan(&ps, NULL); /* again, with compiled templates */
		}
	}
	pth_buf_release(&shown);
	pth_diags_release(&d);
	json_decref(extra);
	pth_plugins_close(&ps);
	return 0;
}
