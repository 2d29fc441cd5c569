/*
 * This file checks the shape of PANTHER's version files: which keys there are and what
 * their values may be.
 */
#include "plugin/plugin.h"

#include <string.h>

#include "base/text.h"

/* What a value may be. */
enum shape {
	TEXT,  /* one value; that of K() */
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

/* clang-format off */
#define K(key) { .name = #key }
#define OF(key, what, in) { .name = #key, .shape = what, .keys = in }
static const struct shape_key value_keys[] = { K(param), K(value), { .name = NULL } };
static const struct shape_key file_keys[] = {
	K(param), K(file), K(local_file), { .name = NULL },
};
static const struct shape_key qlog_keys[] = { K(param), K(path), { .name = NULL } };
static const struct shape_key protocol_keys[] = {
	OF(alpn, MAP, value_keys), K(additional_parameters), { .name = NULL },
};
static const struct shape_key binary_keys[] = { K(dir), K(name), { .name = NULL } };
static const struct shape_key network_keys[] = {
	OF(interface, PAIR, value_keys), K(port), OF(destination, PAIR, value_keys),
	OF(source, PAIR, value_keys), { .name = NULL },
};
static const struct shape_key certificates_keys[] = {
	OF(cert, MAP, file_keys), OF(key, MAP, file_keys), OF(root_cert, MAP, file_keys),
	K(cert_param), K(cert_file), K(cert_local_file), K(key_param), K(key_file),
	K(key_local_file), { .name = NULL },
};
static const struct shape_key logging_keys[] = {
	K(log_path), K(err_path), OF(qlog, MAP, qlog_keys), { .name = NULL },
};
static const struct shape_key section_keys[] = {
	K(initial_version), OF(protocol, MAP, protocol_keys), OF(binary, MAP, binary_keys),
	OF(network, MAP, network_keys), OF(certificates, MAP, certificates_keys),
	OF(ticket_file, MAP, file_keys), OF(logging, MAP, logging_keys), OF(tests, TREE, NULL),
	{ .name = NULL },
};
static const struct shape_key source_keys[] = { K(name), K(url), K(commit), { .name = NULL } };
static const struct shape_key given_keys[] = {
	OF(value, TREE, NULL), K(description), { .name = NULL },
};
static const struct shape_key whole_keys[] = {
	K(version), K(commit), OF(dependencies, MAPS, source_keys), OF(env, TEXTS, NULL),
	OF(parameters, NAMED, given_keys), OF(server, MAP, section_keys),
	OF(client, MAP, section_keys), OF(peer, MAP, section_keys), OF(mitm, MAP, section_keys),
	OF(tests, TREE, NULL), { .name = NULL },
};
/* clang-format on */

void
pth_desc_wrong(struct pth_diags *d, const struct pth_ynode *n, const char *what)
{
	pth_diags_add(d, PTH_ERROR, PTH_AT(n), "%s%smust be %s, not %s",
	    n->key != NULL ? n->key : "", n->key != NULL ? ": " : "", what, pth_ykind_a(n->kind));
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
		pth_diags_add(d, PTH_WARNING, PTH_AT_KEY(c), "unknown key '%s'%s%s%s", c->key,
		    PTH_DID_YOU_MEAN(near));
	}
}

static void
check_shape(
    const struct pth_ynode *n, enum shape shape, const struct shape_key *keys, struct pth_diags *d)
{
	bool map = n->kind == PTH_YMAP;
	enum shape below = shape == MAPS ? MAP : shape == TEXTS ? TEXT : PAIR;

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
				check_shape(c, below, keys, d);
}

void
pth_version_check(const struct pth_ynode *n, struct pth_diags *d)
{
	check_shape(n, MAP, whole_keys, d);
}
