/* The files of this folder share what is in this header. */
#ifndef PTH_PLAN_PRIV_H
#define PTH_PLAN_PRIV_H

#include "base/cleanup.h"
#include "io/record.h"
#include "link/config.h"
#include "plan/plan.h"
#include "plugin/plugin.h"

struct plan_with;

enum { PLAN_SAID = 4 };

struct plan_service {
	const char *key, *name;        /* in the experiment; name of directory and host */
	json_t *rec;                   /* its part of the record, borrowed */
	const json_t *said[PLAN_SAID]; /* of plan_said(), borrowed */
	struct pth_plugin *plugin, *protocol;
	const struct pth_ynode *view, *pview; /* with version and role applied */
	const char *version, *role;
	struct plan_service *target;
	json_t *params;  /* owned */
	json_t *pparams; /* the protocol's parameters, owned */
	json_t *info;    /* what others see as target.*, owned */
	json_t *vars;    /* of its templates, owned */
	json_t *served;  /* names below www/, owned */
	json_t *vfile;   /* the version file, with what the experiment says in its place, or NULL,
	                    owned */
	json_t *vgiven;  /* the experiment's part of it, or NULL, owned */
	json_t *section; /* its role's part of vfile, or NULL, owned */
	json_t *runtime; /* runtime_parameters that are variables of the program, or NULL, owned */
	json_t *asked;   /* its secondary endpoints that a placeholder asked for, or NULL, owned */
	char *address, *listen; /* owned */
	const char *beside;     /* the node whose network it shares, or NULL */
	char *address6;         /* of a service with a link, or NULL; owned */
	const char *cert_dir;   /* where certificates are, or NULL; borrowed */
	int64_t port;           /* 0: none */
	const char *transport;
	bool client, own_certs, port_given, port_usual;
	bool sound; /* nothing is wrong with it so far */
	int mark;   /* for the order: 0 new, 1 on the way, 2 done */
};

struct plan_exec {
	struct pth_plugin *plugin;
	const struct pth_ynode *view;
	json_t *params;
	const json_t *only; /* names of services, or NULL for all */
	size_t index;       /* in the experiment's list */
};

/* What links join: a service, or (s NULL) a router. */
struct plan_node {
	const char *name;
	struct plan_service *s;
	size_t wires;      /* that end there */
	json_t *addresses; /* of all of those, owned */
	bool seen;
};

/* A link. Its left end is the first: what goes up comes from there. */
struct plan_wire {
	const char *name; /* the experiment's; NULL: none */
	size_t node[2];
	char interface[2][16];
	json_t *addresses[2];        /* with prefixes, owned */
	json_t *config;              /* for pth-link, owned */
	json_t *timed;               /* what is counted from when the services are ready, owned */
	struct pth_link_config said; /* config, timed, and what steps have changed so far */
	const char *backend;         /* tc, auto; NULL: pth-link */
	json_t *commands;            /* of tc: those of both ends, owned, or NULL */
	json_t *later;               /* those of steps, in one list, owned, or NULL */
	json_t *now;                 /* config as steps have changed it so far, owned, or NULL */
	char *because;               /* why auto is pth-link already, owned, or NULL */
	size_t entry;                /* of `links` that it is made of */
	bool declared;               /* there is one */
};

struct plan {
	struct pth_plugins *ps;
	json_t *rec;
	struct pth_diags *d;
	size_t errors; /* of d at the start */
	bool failed;   /* by what an earlier stage has found wrong */
	struct pth_plugin *env;
	const struct pth_ynode *eview;
	json_t *eparams;
	struct plan_exec *execs;
	size_t nexecs;
	struct plan_service *services, **order;
	size_t nservices, nordered;
	struct plan_node *nodes; /* the services in their order, then the routers */
	size_t nnodes;
	struct plan_wire *wires;
	size_t nwires;
	json_t *infos; /* of services by name, once all have been looked at */
	json_t *service_names;
	json_t *test;     /* test.* of templates */
	const char *cell; /* text in d: why this combination of a matrix cannot be, or NULL */
};

/* plan/plan.c: a problem at the record's mark of `path` (or of the nearest path
 * above that has one). */
void plan_problem(struct plan *p, enum pth_severity s, const char *path, const char *fmt, ...)
    PTH_PRINTF(4, 5);
/* The same: an error of a category other than configuration. */
void plan_error(struct plan *p, enum pth_category c, const char *path, const char *fmt, ...)
    PTH_PRINTF(4, 5);
/* A mark's path "services.KEY.what". */
const char *plan_path(struct pth_buf *b, const struct plan_service *s, const char *what);
/* An error at this mark of a service. */
void plan_wrong(struct plan *p, const struct plan_service *s, const char *what, const char *fmt,
    ...) PTH_PRINTF(4, 5);
/* plan/cell.c: what cannot be together. An error, but in a combination that a matrix has made,
 * which is unsupported: a warning, and the plan has failed. */
void plan_cannot(struct plan *p, struct plan_service *s, const char *what, const char *fmt, ...)
    PTH_PRINTF(4, 5);
void plan_conflict(struct plan *p, const char *path, const char *fmt, ...) PTH_PRINTF(3, 4);
const char *plan_cell_reason(const struct plan *p); /* of p->cell, which is not NULL */
bool plan_failed(const struct plan *p);
/* Load a plugin. One that is missing (NULL) or not usable is a problem at path, and false is
 * returned. what: the kind, for people. */
bool plan_usable(struct plan *p, struct pth_plugin *x, enum pth_kind kind, const char *what,
    const char *name, const char *path);
/* Microseconds of a number of seconds above 0; def for anything else. */
int64_t plan_us(const json_t *v, int64_t def);
struct plan_service *plan_find(struct plan *p, const char *name);
/* For each service s of a plan, in the experiment's order. */
#define plan_foreach(s, p) \
	for (struct plan_service *s = (p)->services; s < (p)->services + (p)->nservices; s++)

/* plan/service.c: first look at each service: plugin, version, parameters. */
void plan_service_look(struct plan *p, struct plan_service *s);
void plan_service_release(struct plan_service *s);
/* The maps of the experiment that hold parameters, PLAN_SAID of them, the strongest first; what
 * is the path below the service. The map may be NULL. */
const json_t *plan_said(const struct plan_service *s, unsigned i, const char **what);
/* plan/emit.c: its part of the plan, once all are known. */
json_t *plan_service_emit(struct plan *p, struct plan_service *s);

/* plan/param.c: values for a descriptor's parameters; given and more are
 * objects or NULL, given wins. Unknown names in given: `unknown` severity, in
 * more: a warning. New object. */
struct plan_given {
	const json_t *map;
	const char *path;          /* of its marks */
	enum pth_severity unknown; /* what is nearly a parameter, in an environment a slip of one */
	const char *const *skip;   /* names that are no parameters, NULL-ended */
};
json_t *plan_params(struct plan *p, const struct pth_plugin *x, const struct pth_ynode *view,
    const struct plan_given *given, size_t n);
/* A value of the experiment for a program that reads text: what YAML made of 0777 and 1.10 is not
 * what somebody wrote; words: NO and off are not, either. path: of its marks. New. */
json_t *plan_written(const struct plan *p, const char *path, const json_t *v, bool words);
/* `from:` and `template:` once the variables are there. */
int plan_params_late(const struct plan_with *w, struct plan_service *s);

/*
 * plan/version.c: what a version file says to the role, with every name that
 * PANTHER's templates read. file: into vfile and vgiven; needs the view. look:
 * into section, and into the parameters that the experiment leaves open.
 * vars: its variables. for_file: those of a template in a file, where `target`
 * is a text; a new object. env: variables of the environment that the
 * experiment's part asks for, or NULL. docker: its commits, into the plan's
 * `docker`. params: values of parameters that the experiment's part gives; new.
 */
void plan_version_file(struct plan *p, struct plan_service *s);
json_t *plan_version_params(const struct plan_service *s);
const json_t *plan_version_env(const struct plan_service *s);
void plan_version_docker(const struct plan_service *s, json_t *docker);
void plan_version_look(struct plan *p, struct plan_service *s);
void plan_version_vars(const struct plan_service *s, json_t *vars);
json_t *plan_version_for_file(const struct plan_service *s);

/*
 * plan/usual.c: the parameters that every implementation has (services/base/service.yaml), and
 * what they mean for one whose descriptor does not use them itself. mentions: does the view
 * speak of this name, in a command template, too? words: implementation_args and
 * custom_options, appended to `extra`. argv: `extra` and binary_name in the program's own
 * command line. given: certificate_config as parameters, a new object or NULL.
 */
bool plan_mentions(const struct pth_plugin *x, const struct pth_ynode *view, const char *name);
/* Does the service use the name in its role, or the experiment in what it says of it? */
bool plan_mentions_in_role(const struct plan_service *s, const char *name);
void plan_usual_words(struct plan *p, struct plan_service *s);
void plan_usual_argv(const struct plan_service *s, const json_t *params, json_t *argv);
/* runtime_parameters that the descriptor has, a new object or NULL; the others into runtime. */
json_t *plan_usual_runtime(const struct plan *p, struct plan_service *s, struct pth_buf *path);
json_t *plan_usual_certificates(const struct plan_service *s, struct pth_buf *path);
/* The parameter as the experiment gives it, borrowed, or NULL; with the path of its mark. */
const json_t *plan_usual_given(
    const struct plan_service *s, const char *name, struct pth_buf *path);

/*
 * plan/link.c: the links of the test, when it has any: who is at their ends, addresses, what
 * pth-link is told. Before plan_net(). steps: what those say of links, into the record.
 * emit: what is executed. plan/route.c: the ways from each node to the others. plan/condition.c:
 * what an entry of `links` or a step says, for pth-link.
 */
void plan_links(struct plan *p);
/* plan/contained.c: what containers cannot have is said. False: there can be no links. */
bool plan_links_contained(struct plan *p);
/* plan/shaped.c: does the environment say what links are like (latency, jitter, packet_loss,
 * bandwidth)? And, after plan_links(): where it has no links, that is said. */
bool plan_is_shaped(const struct plan *p);
void plan_shaped_check(struct plan *p);
void plan_links_steps(struct plan *p);
void plan_links_emit(struct plan *p, json_t *out);
void plan_links_release(struct plan *p);
/* Each service can reach its target, and is on a link. */
/* "10.0.0.1/24" or "fd00::1/64": its bytes in a, how many. 0: it is none. */
size_t plan_address(const char *s, unsigned char a[16]);
/* plan/backend.c: who makes the conditions of a wire, and by which commands. */
void plan_backend(struct plan *p, size_t wire);
void plan_backend_emit(struct plan_wire *w, json_t *out);
void plan_backend_release(struct plan_wire *w);
/* A step changes it: the commands of both ends, new; NULL: pth-link does, or it is wrong. */
json_t *plan_backend_change(
    struct plan *p, struct plan_wire *w, const json_t *config, const char *path);
/* Are its networks made by pth-exec, and not by an engine or simulator? */
bool plan_is_local(const struct plan *p);
/* plan/cross.c: of a scenario with cross traffic, what is left of it for the link. False: it is
 * wrong, which was said. */
bool plan_cross_rewrite(struct plan *p, const char *path, struct pth_buf *text);
/* The services that are that traffic come to those of the record. */
void plan_cross(struct plan *p);
void plan_routes_check(struct plan *p);
json_t *plan_routes(struct plan *p, size_t node);
/* An entry's conditions (path: of its marks) into config and, when they are counted from the time
 * when the services are ready, into timed. turned: it speaks of the wire's ends the other way
 * round; flipped: the wire's client is at the right. Problems are said. */
void plan_conditions(struct plan *p, const json_t *entry, const char *path, bool turned,
    bool flipped, json_t *config, json_t *timed);
/* Those of the environment's descriptor. */
void plan_conditions_plugin(
    struct plan *p, const struct pth_plugin *x, const char *path, bool flipped, json_t *config);
/* The same of the parameters of the environment, as PANTHER's environments have them. */
void plan_conditions_usual(struct plan *p, const json_t *params, json_t *config);
/* The scenario of those. */
void plan_conditions_scenario(struct plan *p, bool flipped, json_t *timed);
/* What is said of a link comes to what was said before: can that be? */
void plan_conditions_take(
    struct plan *p, struct pth_link_config *c, const json_t *config, const char *path);
/* The same of all that a wire begins with; and is with each condition what it goes with? */
void plan_conditions_begin(struct plan *p, struct plan_wire *w, const char *path);

/* plan/net.c: addresses, ports, targets */
void plan_net(struct plan *p);

/*
 * plan/capture.c: the plan's "capture", or json null; those of services go
 * into their parts of the plan (services, in the order of p->order). NULL with
 * e when a descriptor cannot be read.
 */
json_t *plan_capture(struct plan *p, json_t *services, struct pth_err *e);
/* What is captured at a service of the plan `out`: its own options, or those of the test; NULL:
 * nothing is. */
const json_t *plan_capture_look(const char *service, const json_t *out);
/* Of those what a link knows, for its end. */
void plan_capture_options(const json_t *look, json_t *end);

/* plan/order.c: order the services; problems to p->d. */
void plan_order(struct plan *p);
/* Who must be where before s starts: [{"service","state"}]. */
json_t *plan_after(struct plan *p, const struct plan_service *s);

/*
 * plan/files.c: the files of the experiment, and those of the descriptor that
 * it does not replace: with the same path, or anything below www/ when it
 * brings its own there. served: what a program may ask this service for.
 */
json_t *plan_served(struct plan *p, struct plan_service *s);
json_t *plan_files(const struct plan_with *w, struct plan_service *s);

/*
 * plan/docker.c: out.docker, where images are built. Paths of files (files,
 * patches, dockerfile, local repositories) are absolute, and the files are
 * there; docker.at has the position of each key: {"patches": "x.yaml:3:4"}.
 */
int plan_docker(const struct plan_with *w, struct plan_service *s, json_t *out);

/* plan/vars.c; test.* of templates */
json_t *plan_test_vars(const json_t *rec);
json_t *plan_vars(struct plan *p, struct plan_service *s);
/* Does it end by itself? */
bool plan_finite(const struct plan_service *s);

/*
 * plan/value.c: a descriptor's values with templates filled in, with these variables
 * and with e for what goes wrong. Text goes to b; `args` appends words to out; a tree
 * is any value. Before p->infos is there, placeholders stay.
 */
struct plan_with {
	struct plan *p;
	json_t *vars;
	struct pth_err *e;
};
int plan_text(const struct plan_with *w, const struct pth_ynode *n, struct pth_buf *b);
/* The value of a node's expression, which is this text at each call; new, or NULL with w->e. */
json_t *plan_expression(const struct plan_with *w, const struct pth_ynode *n, const char *text);
/* A duration; *us stays when there is none. */
int plan_duration(const struct plan_with *w, const struct pth_ynode *n, int64_t *us);
/* A `when:` expression: 1 (also when n is NULL), 0, or -1 with e. */
int plan_truth(const struct plan_with *w, const struct pth_ynode *n);
int plan_args(const struct plan_with *w, const struct pth_ynode *n, json_t *out);
/* All commands of a list, appended to out. */
int plan_cmds(
    const struct plan_with *w, const struct pth_ynode *list, int64_t timeout_us, json_t *out);
json_t *plan_tree(const struct plan_with *w, const struct pth_ynode *n);
/* List of trees, appended to out; NULL list is nothing. */
int plan_list(const struct plan_with *w, const struct pth_ynode *list, json_t *out);
/* One item of such a list; `each` makes several of it. */
int plan_item(const struct plan_with *w, const struct pth_ynode *n, json_t *out);
/* The path of a file beside the descriptor that the value n came from. To free. */
char *plan_beside(const struct pth_plugin *x, const struct pth_ynode *n, const char *file);
/* Text of a scalar JSON value, for arguments. */
void plan_scalar(struct pth_buf *b, const json_t *v);
/* A text of the experiment's (not of a descriptor) as a template. In a command line
 * the end of the line after a tag stays, since it is all that may stand between two
 * words. */
int plan_user_text(
    const struct plan_with *w, const char *name, const char *text, bool line, struct pth_buf *b);

/* plan/reference.c: @{service:attribute[secondary]:format} in b from `at` on. */
int plan_names(struct plan *p, struct pth_buf *b, size_t at, struct pth_err *e);
/* The same in all texts of a value of the experiment; path: of its marks, where a problem is
 * said. now: nobody looks at what is left, which only who runs in a container can tell. New. */
json_t *plan_names_in(struct plan *p, const json_t *v, struct pth_buf *path, bool now);
/* In the words of the test's steps, which are changed. */
void plan_names_steps(struct plan *p);
/* A warning for each secondary endpoint that none has asked for. */
void plan_names_end(struct plan *p);

#endif
