/* Any bytes as a display filter, which is asked of a packet with fields of all types. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/text.h"
#include "dissect/filter.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* Two values of each field. Bytes are as many as their type has, in memory of their own. */
static struct pth_value *
all_fields(size_t *n)
{
	static const uint8_t length[] = { [PTH_FT_BYTES] = 9,
		[PTH_FT_STRING] = 5,
		[PTH_FT_IPV4] = 4,
		[PTH_FT_IPV6] = 16,
		[PTH_FT_ETHER] = 6 };
	struct pth_value *v = pth_xarray(NULL, PTH_NFIELDS * 2, sizeof *v);

	*n = 0;
	for (int k = 0; k < 2; k++)
		for (int i = 0; i < PTH_NFIELDS; i++) {
			struct pth_value *x = &v[(*n)++];
			enum pth_field_type type = pth_field_type((enum pth_field)i);

			*x = (struct pth_value){ .field = (enum pth_field)i };
			x->u = k == 0 ? 443 : UINT64_MAX;
			if (type >= PTH_FT_BYTES) {
				x->n = k == 0             ? length[type] :
				    type <= PTH_FT_STRING ? 0 :
				                            length[type];
				x->p = memset(pth_xmalloc(x->n + (x->n == 0)), 'a' + k, x->n);
			}
		}
	return v;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static struct pth_value *v;
	static size_t nv;
	char *text = pth_xstrndup((const char *)data, n);
	struct pth_filter *exact = pth_filter_new(text, true), *f = pth_filter_new(text, false);
	bool takes;

	if (v == NULL)
		v = all_fields(&nv);
	/* What is ours in the strict sense is ours. */
	if (exact != NULL && f == NULL)
		abort();
	if (f != NULL) {
		takes = pth_filter_takes(f, v, nv);
		if (exact != NULL && pth_filter_takes(exact, v, nv) != takes)
			abort();
		pth_filter_takes(f, v, 0);
		/* Not the opposite of itself. */
		struct pth_buf b = PTH_BUF_INIT;
		struct pth_filter * not ;

		pth_buf_addf(&b, "not (%s)", text);
		not = pth_filter_new(b.s, false);
		if (not != NULL && pth_filter_takes(not, v, nv) == takes)
			abort();
		pth_filter_free(not );
		pth_buf_release(&b);
	}
	pth_filter_free(exact);
	pth_filter_free(f);
	free(text);
	return 0;
}
