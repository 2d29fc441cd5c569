/*
 * Which packets of several captures are the same one. A packet is known by its bytes; where the
 * captures were made at one place (one interface), by its time, too. Between places, as at the two
 * ends of a link, its times differ a little: there the captures are compared by how often each has
 * these bytes within a second or two. The most that one of them has is how many there were, so
 * that what was sent twice counts twice, and what both ends saw counts once. Private to this
 * folder.
 */
#ifndef PTH_PACKET_SIGHTING_H
#define PTH_PACKET_SIGHTING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct packet_sightings;

/* Of so many captures. apart: they were made at different places. */
struct packet_sightings *packet_sightings_new(size_t captures, bool apart);
/* Capture number i has a packet: n bytes of it, len on the wire. True: another one has had it
 * before. To be called by time; ns since the epoch. */
bool packet_sighting_is_known(
    struct packet_sightings *s, size_t i, uint64_t ns, const void *p, size_t n, uint32_t len);
void packet_sightings_free(struct packet_sightings *s);

#endif
