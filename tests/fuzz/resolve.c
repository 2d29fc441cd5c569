/*
 * Text with placeholders up to a NUL, then what the name server answers: any
 * bytes. Text without placeholders stays as it is; only an address can fail.
 */
#include <arpa/nameser.h>
#include <netinet/in.h>
#include <resolv.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "container/resolve.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static const uint8_t *reply;
static size_t reply_len;

/* In place of the C library's: no network here. As there, more may have come
 * than had room. */
int
res_query(const char *name, int class, int type, unsigned char *answer, int room)
{
	(void)name;
	if (class != ns_c_in || type != ns_t_a || room < NS_PACKETSZ)
		abort();
	if (reply_len == 0)
		return -1;
	memcpy(answer, reply, reply_len < (size_t)room ? reply_len : (size_t)room);
	return (int)reply_len;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	const uint8_t *end = n != 0 ? memchr(data, '\0', n) : NULL;
	size_t len = end != NULL ? (size_t)(end - data) : n;
	char *text = malloc(len + 1);
	struct pth_buf b = PTH_BUF_INIT;
	struct pth_err e = { .code = 0 };
	json_t *v;

	memcpy(text, data, len);
	text[len] = '\0';
	reply_len = end != NULL ? n - len - 1 : 0;
	reply = malloc(reply_len != 0 ? reply_len : 1); /* its end is watched */
	memcpy((uint8_t *)reply, data + n - reply_len, reply_len);
	if (pth_resolve_expand(&b, text, &e) != 0) {
		if (e.code == 0 || strstr(text, ":ip") == NULL)
			abort();
	} else if (strstr(text, "@{") == NULL &&
	    (b.len != len || (len != 0 && memcmp(b.s, text, len) != 0))) {
		abort();
	}
	v = json_pack("{s:[s%],s:i}", "a", text, (int)len, "b", 1);
	if (v != NULL && pth_resolve_expand_all(v, &e) == 0 &&
	    json_array_size(json_object_get(v, "a")) != 1)
		abort();
	json_decref(v);
	pth_buf_release(&b);
	free((uint8_t *)reply);
	free(text);
	return 0;
}
