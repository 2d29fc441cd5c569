/* The files that make a compose file and its plan share what is in this header. */
#ifndef PTH_CONTAINER_COMPOSE_PRIV_H
#define PTH_CONTAINER_COMPOSE_PRIV_H

#include "base/cleanup.h"
#include "container/argv.h"
#include "container/compose.h"
#include "container/image.h"
#include "io/record.h"

#define PTH_COMPOSE_MTU "com.docker.network.driver.mtu"
#define PTH_COMPOSE_NET6 "@{net6}"

struct compose {
	json_t *rec, *plan;   /* borrowed */
	const json_t *params; /* of the environment */
	const json_t *docker; /* settings.docker */
	json_t *own_docker;   /* owned: that, changed; or NULL */
	const char *share;
	json_t *seen;  /* names of images so far, or NULL */
	char *project; /* with @{unique}: that of the network on the engine, too */
	const char *network_key;
	const char *subnet;    /* or NULL */
	int64_t mtu;           /* the smallest that a service wants, or 0 */
	bool multi;            /* images for several platforms: */
	const char *platforms; /* these, or NULL: the usual ones */
	bool certs;            /* the test makes certificates */
	bool whole;            /* one container for all services */
	bool linked;           /* links join the containers, which have no network else */
	json_t *units;         /* services as containers have them: those of the plan, or one */
	json_t *unit_given;    /* whole: its part of the record */
	json_t *services;      /* of the document, by name */
	json_t *volumes;       /* named volumes of the document */
	json_t *images;        /* distinct ones, in order */
	json_t *resources;     /* of the host */
	struct pth_err *e;
	struct pth_err *first; /* of the problems */
	struct pth_diags *d;   /* all of them, or NULL */
	bool failed;
};

/* container/service.c: one service of the document; NULL with c->e. given: its
 * part of the record. */
json_t *container_service(
    struct compose *c, const json_t *service, const json_t *given, size_t index);
json_t *container_labels(const struct compose *c);

/* Are the containers in a network that the engine makes for them? */
static inline bool
container_networked(const struct compose *c)
{
	return !c->whole && !c->linked;
}
/* The address of the service with this index in the subnet; false without one. */
bool container_address(const struct compose *c, size_t index, char to[16]);

/* container/linked.c: names of all services and their addresses, "server:198.18.0.2". */
json_t *container_hosts(const struct compose *c);

/* container/document.c: the compose file of all services. */
json_t *container_document(const struct compose *c);

/* container/create.c: the argv of docker create for a service of the document. */
json_t *container_create(const struct compose *c, const char *name, const json_t *doc);

/* container/inner.c: the plan that pth-init runs inside. */
json_t *container_inner(struct compose *c, const json_t *service);
/* How many steps need the container of this service, even when its process has ended. 0 where
 * other services wait for that end, which they see by the end of the container. */
int64_t container_hold(const struct compose *c, const char *service);
/* Does a step for this service mention the placeholder? */
bool container_step_mentions(const struct compose *c, const char *service, const char *mark);
/* What is captured in the container of a planned service; NULL: nothing. */
const json_t *container_capture(const struct compose *c, const json_t *service);
/* A value with every @{dir}, @{libexec} and @{share} replaced by its place inside. */
json_t *container_inside(const json_t *v);
/* Is mark, a placeholder and what follows it, in any text of v? */
bool container_mentions(const json_t *v, const char *mark);

/* container/whole.c: all services as the only unit. -1 with c->e. */
int container_whole(struct compose *c);
/* The directories and files of all services, seen from the test's directory. */
void container_whole_fill(const struct compose *c, json_t *dirs, json_t *files);
/* The test itself into what pth-init reads, which has its plan already. */
void container_whole_inner(const struct compose *c, json_t *root);

/* container/plan.c: what pth-exec runs. Steals nothing. */
json_t *container_plan(struct compose *c);

#endif
