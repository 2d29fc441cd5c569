/*
 * Containers for a planned test: the compose file, the images, and the plan
 * that pth-exec runs on this machine (create, start attached, remove), with
 * the plan of each container inside. Deterministic; nothing here talks to an
 * engine or looks at the machine.
 */
#ifndef PTH_CONTAINER_COMPOSE_H
#define PTH_CONTAINER_COMPOSE_H

#include <stdbool.h>

#include <jansson.h>

#include "base/buf.h"

/* Where things are inside a container. @{dir} of the plan is PTH_INSIDE_DIR. */
#define PTH_INSIDE_DIR "/app/test"
#define PTH_INSIDE_LOGS "/app/logs"
#define PTH_INSIDE_CERTS "/opt/certs"
#define PTH_INSIDE_LIBEXEC "/usr/local/libexec/pth"
#define PTH_INSIDE_SHARE "/usr/local/share/pth"
#define PTH_INSIDE_INIT "/pth/init"
#define PTH_INSIDE_PLAN "/pth/plan.json"
#define PTH_INSIDE_REST "--"  /* what follows is the command of the service */
#define PTH_INSIDE_ASK ".ask" /* in the service's directory */
#define PTH_INSIDE_NET ".net" /* there, too, when links join the containers */
/* The only container of a test whose services share one. */
#define PTH_COMPOSE_WHOLE "container"

/* Is this record one for us: planned, in containers? (With an error, it was planned in part.) */
bool pth_compose_wants(const json_t *rec);
/* Add "compose" to the record. -1 with e when the test cannot be run in
 * containers as it stands; the record is then as it was. All problems go to d, unless it is
 * NULL, the first to e. seen: names of images so far, an object kept between tests
 * (container/image.h). */
int pth_compose_test(
    json_t *rec, const char *share, json_t *seen, struct pth_diags *d, struct pth_err *e);
/* The compose file as YAML, placeholders inside: @{bin}, @{share}, @{net6}, @{dir} for a
 * Dockerfile; its other paths are relative to it; its first line says how to use it, if not "".
 * Appends to b. -1 with e. */
int pth_compose_yaml(struct pth_buf *b, const json_t *document, const char *how, struct pth_err *e);
/* A sentence for that line, with the command, THIS being the file: what ends when the record's
 * test does, if it has one client. Appends to b. */
void pth_compose_how(struct pth_buf *b, const json_t *rec, bool stack);
/* Run on this machine what the test's setup makes before there are containers: certificates, in
 * the directory that is in places. -1 with e, in the words of the command that failed. */
struct pth_places;
int pth_compose_prepare(const json_t *rec, const struct pth_places *places, struct pth_err *e);
/* The same document for docker stack deploy: without what a swarm refuses. New
 * reference. */
json_t *pth_compose_stack(const json_t *document);

#endif
