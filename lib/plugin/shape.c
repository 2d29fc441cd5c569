/*
 * This file checks the shape of PANTHER's version files: which keys there are and what
 * their values may be.
 */
#include "plugin/plugin.h"

#include <string.h>

#include "base/text.h"

/* What a value may be. */
enum shape {
	TEXT,  /* one value */
	MAP,   /* of `keys` */
	PAIR,  /* of `keys`, or one value */
	TEXTS, /* any names to one value each */
	MAPS,  /* a list of maps of `keys` */
	NAMED, /* any names to PAIRs */
	TREE,  /* anything */
};

struct shape_key {
	const char *name;
	enum shape shape;
	const struct shape_key *keys;
};

static const struct shape_key value_keys[] = { { "param", TEXT, NULL }, { "value", TEXT, NULL },
	{ NULL, TEXT, NULL } };
static const struct shape_key file_keys[] = { { "param", TEXT, NULL }, { "file", TEXT, NULL },
	{ "local_file", TEXT, NULL }, { NULL, TEXT, NULL } };
static const struct shape_key qlog_keys[] = { { "param", TEXT, NULL }, { "path", TEXT, NULL },
	{ NULL, TEXT, NULL } };
static const struct shape_key protocol_keys[] = { { "alpn", MAP, value_keys },
	{ "additional_parameters", TEXT, NULL }, { NULL, TEXT, NULL } };
static const struct shape_key binary_keys[] = { { "dir", TEXT, NULL }, { "name", TEXT, NULL },
	{ NULL, TEXT, NULL } };
static const struct shape_key network_keys[] = { { "interface", PAIR, value_keys },
	{ "port", TEXT, NULL }, { "destination", PAIR, value_keys }, { "source", PAIR, value_keys },
	{ NULL, TEXT, NULL } };
static const struct shape_key certificates_keys[] = { { "cert", MAP, file_keys },
	{ "key", MAP, file_keys }, { "root_cert", MAP, file_keys }, { "cert_param", TEXT, NULL },
	{ "cert_file", TEXT, NULL }, { "cert_local_file", TEXT, NULL }, { "key_param", TEXT, NULL },
	{ "key_file", TEXT, NULL }, { "key_local_file", TEXT, NULL }, { NULL, TEXT, NULL } };
static const struct shape_key logging_keys[] = { { "log_path", TEXT, NULL },
	{ "err_path", TEXT, NULL }, { "qlog", MAP, qlog_keys }, { NULL, TEXT, NULL } };
static const struct shape_key section_keys[] = { { "initial_version", TEXT, NULL },
	{ "protocol", MAP, protocol_keys }, { "binary", MAP, binary_keys },
	{ "network", MAP, network_keys }, { "certificates", MAP, certificates_keys },
	{ "ticket_file", MAP, file_keys }, { "logging", MAP, logging_keys },
	{ "tests", TREE, NULL }, { NULL, TEXT, NULL } };
static const struct shape_key source_keys[] = { { "name", TEXT, NULL }, { "url", TEXT, NULL },
	{ "commit", TEXT, NULL }, { NULL, TEXT, NULL } };
static const struct shape_key given_keys[] = { { "value", TREE, NULL },
	{ "description", TEXT, NULL }, { NULL, TEXT, NULL } };
static const struct shape_key whole_keys[] = { { "version", TEXT, NULL }, { "commit", TEXT, NULL },
	{ "dependencies", MAPS, source_keys }, { "env", TEXTS, NULL },
	{ "parameters", NAMED, given_keys }, { "server", MAP, section_keys },
	{ "client", MAP, section_keys }, { "peer", MAP, section_keys },
	{ "mitm", MAP, section_keys }, { "tests", TREE, NULL }, { NULL, TEXT, NULL } };

void
pth_desc_wrong(struct pth_diags *d, const struct pth_ynode *n, const char *what)
{
	pth_diags_add(d, PTH_ERROR, n->line, n->col, "%s%smust be %s, not a %s",
	    n->key != NULL ? n->key : "", n->key != NULL ? ": " : "", what,
	    pth_ykind_name(n->kind));
}

static void check_shape(
    const struct pth_ynode *n, enum shape shape, const struct shape_key *keys, struct pth_diags *d);

/* An unknown key is kept: it is a variable all the same. */
static void
check_map(const struct pth_ynode *n, const struct shape_key *keys, struct pth_diags *d)
{
	const char *names[32], *near;
	size_t i, k;

	for (k = 0; keys[k].name != NULL; k++)
		names[k] = keys[k].name;
	pth_yaml_foreach(c, n) {
		for (i = 0; i < k && strcmp(c->key, names[i]) != 0; i++)
			;
		if (i < k && c->kind != PTH_YNULL)
			check_shape(c, keys[i].shape, keys[i].keys, d);
		if (i < k)
			continue;
		near = pth_nearest(c->key, names, k);
		pth_diags_add(d, PTH_WARNING, c->kline, c->kcol, "unknown key '%s'%s%s%s", c->key,
		    PTH_DID_YOU_MEAN(near));
	}
}

static void
check_shape(
    const struct pth_ynode *n, enum shape shape, const struct shape_key *keys, struct pth_diags *d)
{
	bool map = n->kind == PTH_YMAP;

	if (shape == TEXT && n->kind >= PTH_YSEQ)
		pth_desc_wrong(d, n, "one value");
	else if (shape == PAIR && n->kind == PTH_YSEQ)
		pth_desc_wrong(d, n, "one value or a map");
	else if (shape == MAPS && n->kind != PTH_YSEQ)
		pth_desc_wrong(d, n, "a list of maps");
	else if ((shape == MAP || shape == TEXTS || shape == NAMED) && !map)
		pth_desc_wrong(d, n, "a map");
	else if ((shape == MAP || shape == PAIR) && map)
		check_map(n, keys, d);
	else if (shape == MAPS || shape == TEXTS || shape == NAMED)
		pth_yaml_foreach(c, n)
			if (c->kind != PTH_YNULL)
				check_shape(c,
				    shape == MAPS      ? MAP :
				        shape == TEXTS ? TEXT :
				                         PAIR,
				    keys, d);
}

void
pth_version_check(const struct pth_ynode *n, struct pth_diags *d)
{
	check_shape(n, MAP, whole_keys, d);
}
