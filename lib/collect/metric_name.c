/* This file says, before anything is run, which names of metrics can be meant. */
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "collect/metric.h"
#include "io/record.h"

/* A row of a table of keys (io/record_key.h), as text. of: the object that is in it. */
struct row {
	const char *type, *key, *of;
};

#define ROW(o, type, key, d) { #type, #key, #d },
#define ROWS(o)                                  \
	{                                        \
#o, (const struct row[])         \
		{                                \
			PTH_KEYS_##o(ROW, o)     \
			{                        \
				NULL, NULL, NULL \
			}                        \
		}                                \
	}

static const struct {
	const char *name;
	const struct row *rows;
} objects[] = { ROWS(metrics), ROWS(msvc), ROWS(peak), ROWS(traffic), ROWS(packetsum), ROWS(conns),
	ROWS(connend), ROWS(ecn), ROWS(close), ROWS(httpsum), ROWS(transfer), ROWS(qlogsum),
	ROWS(linksum), ROWS(linkway), ROWS(linklost) };

/* The names that are made, as keys of an object, so that each is there once. */
struct names {
	const json_t *rec;
	const char *asked; /* a name of which a map has anything: protocols.X.packets */
	json_t *all;
};

static void of_object(struct names *n, const char *object, const char *prefix);

static void
of_links(struct names *n, const char *prefix)
{
	json_t *wire;
	size_t i;

	json_array_foreach(pth_plan_links(pth_test_plan(n->rec)), i, wire) {
		pth_auto_buf b = PTH_BUF_INIT;

		pth_buf_addf(&b, "%s.%s", prefix, pth_wire_name(wire));
		of_object(n, "linksum", b.s);
	}
}

/* The members of a map are of services, but those of `links`, and of `protocols`, whose names a
 * capture brings. */
static void
of_map(struct names *n, const struct row *r, const char *prefix)
{
	size_t len = strlen(prefix);
	pth_auto_buf b = PTH_BUF_INIT;
	const char *service;
	json_t *v;

	if (strcmp(r->of, "linksum") == 0) {
		of_links(n, prefix);
	} else if (strcmp(r->of, "packetsum") != 0) {
		json_object_foreach(pth_test_services(n->rec), service, v) {
			pth_buf_cut(&b, 0);
			pth_buf_addf(&b, "%s.%s", prefix, service);
			of_object(n, r->of, b.s);
		}
	} else if (strncmp(n->asked, prefix, len) == 0 && n->asked[len] == '.') {
		pth_buf_add(&b, n->asked, len + 1 + strcspn(n->asked + len + 1, "."));
		of_object(n, r->of, b.s);
	}
}

static void
of_row(struct names *n, const struct row *r, const char *prefix)
{
	pth_auto_buf b = PTH_BUF_INIT;

	pth_buf_addf(&b, "%s%s%s", prefix, *prefix != '\0' ? "." : "", r->key);
	if (strcmp(r->type, "int") == 0 || strcmp(r->type, "num") == 0)
		pth_json_set(n->all, b.s, json_true());
	else if (strcmp(r->type, "obj") == 0 || strcmp(r->type, "any") == 0)
		of_object(n, r->of, b.s);
	else if (strcmp(r->type, "map") == 0)
		of_map(n, r, b.s);
}

static void
of_object(struct names *n, const char *object, const char *prefix)
{
	for (size_t i = 0; i < countof(objects); i++)
		if (strcmp(objects[i].name, object) == 0)
			for (const struct row *r = objects[i].rows; r->key != NULL; r++)
				of_row(n, r, prefix);
}

/* What descriptors measure: SERVICE.NAME, and NAME. */
static void
of_measures(struct names *n)
{
	json_t *service, *spec;
	size_t i, k;

	json_array_foreach(pth_rec_services(n->rec), i, service)
		json_array_foreach(pth_svc_metrics(service), k, spec) {
			const char *name = pth_measure_name(spec);
			pth_auto_buf b = PTH_BUF_INIT;

			if (name == NULL)
				continue;
			pth_json_set(n->all, name, json_true());
			pth_buf_addf(&b, "%s.%s", pth_svc_name(service), name);
			pth_json_set(n->all, b.s, json_true());
			pth_buf_cut(&b, 0);
			pth_buf_addf(&b, "measures.%s.%s", pth_svc_name(service), name);
			pth_json_set(n->all, b.s, json_true());
		}
}

bool
pth_metric_known(const json_t *rec, const char *name, struct pth_buf *near)
{
	json_auto_t *all = json_object();
	struct names n = { rec, name, all };
	pth_auto_free const char **names = NULL;
	const char *key, *nearest;
	size_t count = 0;
	json_t *v;

	/* Those of a connection and of a transfer can be named alone, see pth_metric_find(). */
	of_object(&n, "metrics", "");
	of_object(&n, "conns", "");
	of_object(&n, "transfer", "");
	of_measures(&n);
	if (json_object_get(all, name) != NULL)
		return true;
	names = pth_xarray(NULL, json_object_size(all), sizeof *names);
	json_object_foreach(all, key, v)
		names[count++] = key;
	nearest = pth_nearest(name, names, count);
	pth_buf_addf(near, "%s%s%s", PTH_DID_YOU_MEAN(nearest));
	return false;
}
