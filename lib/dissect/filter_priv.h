/* The tree of a display filter. */
#ifndef PTH_DISSECT_FILTER_PRIV_H
#define PTH_DISSECT_FILTER_PRIV_H

#include "base/arena.h"
#include "dissect/filter.h"

enum filter_kind { FILTER_EXISTS, FILTER_COMPARE, FILTER_NOT, FILTER_AND, FILTER_OR };
enum filter_op {
	FILTER_EQ,
	FILTER_NE,
	FILTER_LE,
	FILTER_GE,
	FILTER_LT,
	FILTER_GT,
	FILTER_CONTAINS,
	FILTER_IN
};

struct filter_value {
	struct filter_value *next, *last; /* last: of a range that begins here */
	union {
		uint64_t u;
		int64_t s;
	};
	const uint8_t *p; /* n bytes */
	size_t n;
	unsigned bits; /* of an address that are compared */
};

struct filter_node {
	enum filter_kind kind;
	struct filter_node *a, *b;
	struct pth_field_ref ref;
	bool slice;
	size_t from, count; /* count: SIZE_MAX is all of the rest */
	enum filter_op op;
	struct filter_value *values;
};

struct pth_filter {
	struct pth_arena arena;
	struct filter_node *root;
};

#endif
