/*
 * TLS keys in captures: key logs (draft-ietf-tls-keylogfile) are put into pcapng files as a
 * Decryption Secrets Block (draft-ietf-opsawg-pcapng, 4.7) behind the section's header, so that
 * whoever opens the file sees what is encrypted.
 */
#ifndef PTH_COLLECT_SECRETS_H
#define PTH_COLLECT_SECRETS_H

#include "base/buf.h"
#include "io/json.h"

/*
 * Put the keys into the pcapng at path below dirfd. The file is replaced as a whole, in one step;
 * one that has secrets already stays as it is. 0, or -1 with e and the file untouched: PTH_INPUT
 * when it is no pcapng.
 */
int collect_secrets_put(int dirfd, const char *path, const struct pth_buf *keys, struct pth_err *e);

/* Are there TLS secrets in the pcapng at path? 1, 0, or -1 when it cannot be read as one. */
int collect_secrets_look(int dirfd, const char *path);

/* Append to b the lines of a key log that are well-formed and not yet in
 * seen (an object used as a set). */
void collect_keylog_merge(struct pth_buf *b, json_t *seen, const char *text, size_t n);

#endif
