/*
 * The other backend: conditions as queueing disciplines of the kernel, which the program tc(8)
 * makes: netem, tbf, and codel or fq_codel. What those cannot do is refused, with the condition's
 * name. A direction is the discipline of the interface that it leaves by.
 */
#ifndef PTH_LINK_TC_H
#define PTH_LINK_TC_H

#include <jansson.h>

#include "link/config.h"

/* The commands, lists of words, that make the conditions of a direction those of the interface,
 * whatever it had before. Appended to `commands`. -1 with e ("drop: ..."): they cannot. */
int pth_link_tc(const struct pth_link_conditions *c, const char *interface, json_t *commands,
    struct pth_err *e);
/* Is there something in a configuration that has no direction, and no discipline either? -1 with
 * e, in the same way. */
int pth_link_tc_whole(const struct pth_link_config *c, struct pth_err *e);
/* Appends a command, "tc" and the words of the text. */
void pth_link_tc_command(json_t *commands, const char *fmt, ...) PTH_PRINTF(2, 3);
/* Runs the commands in a network namespace. -1 with e: what tc has said. */
int pth_link_tc_run(int netns, const json_t *commands, struct pth_err *e);
/* Does the kernel have the disciplines of the commands? They are asked for in a network namespace
 * of its own. -1 with e, which names the module: "no sch_netem in this kernel"; or there is no
 * program tc. */
int pth_link_tc_probe(const json_t *commands, struct pth_err *e);

#endif
