/*
 * This file writes out what a matrix has in short: 0..19 among the values of a field is the twenty
 * whole numbers, and `seeds` of a test are the values of its field seed.
 */
#include "experiment/priv.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"

#define NUMBERS_MAX 100000 /* of one range: more tests are not made of one anyway */

/* Is it "A..B", without quotes? */
static bool
is_range(const struct pth_ynode *v, long long *first, long long *last)
{
	const char *dots = v->kind == PTH_YSTR && v->plain ? strstr(v->text, "..") : NULL;
	char from[24];

	if (dots == NULL || (size_t)(dots - v->text) >= sizeof from)
		return false;
	snprintf(from, sizeof from, "%.*s", (int)(dots - v->text), v->text);
	return pth_int(from, INT64_MIN, INT64_MAX, first) &&
	    pth_int(dots + 2, INT64_MIN, INT64_MAX, last);
}

static struct pth_ynode *
number(struct pth_arena *a, const struct pth_ynode *range, long long i)
{
	struct pth_ynode *v = experiment_copy(a, range);
	char text[24];

	snprintf(text, sizeof text, "%lld", i);
	v->kind = PTH_YINT;
	v->i = i;
	v->text = pth_arena_str(a, text);
	v->len = strlen(text);
	return v;
}

/* Can so many tests be made of it? */
static bool
is_right(struct pth_experiment *x, const struct pth_ynode *range, long long first, long long last)
{
	if (last < first)
		experiment_error(x, range, "%s: no number is in it", range->text);
	else if ((uint64_t)last - (uint64_t)first >= NUMBERS_MAX)
		experiment_error(x, range, "%s: more than %d numbers", range->text, NUMBERS_MAX);
	else
		return true;
	return false;
}

/* The list with its ranges written out. */
static struct pth_ynode *
numbers(struct pth_experiment *x, const struct pth_ynode *list)
{
	struct pth_ynode *out = experiment_copy(&x->a, list), **tail = &out->child;
	long long first, last;

	out->n = 0;
	pth_yaml_foreach(v, list) {
		bool range = is_range(v, &first, &last),
		     right = range && is_right(x, v, first, last);

		for (long long i = right ? first : 0; i <= (right ? last : 0); i++) {
			*tail = right ? number(&x->a, v, i) : experiment_copy(&x->a, v);
			(*tail)->bad = (*tail)->bad || range != right; /* that was said */
			tail = &(*tail)->next;
			out->n++;
			if (i == INT64_MAX)
				break;
		}
	}
	*tail = NULL;
	return out;
}

/* The matrix with the numbers of its fields. */
static struct pth_ynode *
fields(struct pth_experiment *x, const struct pth_ynode *matrix)
{
	struct pth_ynode *out = experiment_copy(&x->a, matrix), **tail = &out->child;

	pth_yaml_foreach(c, matrix) {
		bool field = strcmp(c->key, "include") != 0 && strcmp(c->key, "exclude") != 0;

		*tail = experiment_copy(&x->a, field && c->kind == PTH_YSEQ ? numbers(x, c) : c);
		tail = &(*tail)->next;
	}
	*tail = NULL;
	return out;
}

/* The matrix with one more field, the last: seed. */
static const struct pth_ynode *
with_seeds(struct pth_experiment *x, const struct pth_ynode *matrix, const struct pth_ynode *seeds)
{
	struct pth_ynode *axis = experiment_copy(&x->a, seeds), *map;

	if (seeds->kind != PTH_YSEQ)
		return matrix; /* it is said where it is looked at */
	if (pth_yaml_get(matrix, "seed") != NULL) {
		experiment_key_error(x, seeds, "seeds: matrix varies seed, too");
		return matrix;
	}
	axis->key = "seed";
	axis->next = NULL;
	map = experiment_copy(&x->a, seeds);
	map->kind = PTH_YMAP;
	map->key = "matrix";
	map->child = axis;
	map->n = 1;
	return matrix != NULL ? experiment_merge(&x->a, matrix, map) : map;
}

const struct pth_ynode *
experiment_ranges(struct pth_experiment *x, const struct pth_ynode *test)
{
	const struct pth_ynode *matrix = pth_yaml_get(test, "matrix");
	const struct pth_ynode *seeds = pth_yaml_get(test, "seeds");

	if (!experiment_given(matrix))
		matrix = NULL;
	if (matrix != NULL && matrix->kind != PTH_YMAP)
		return test; /* it is said where it is looked at */
	if (experiment_given(seeds))
		matrix = with_seeds(x, matrix, seeds);
	return matrix != NULL ? experiment_set(&x->a, test, "matrix", fields(x, matrix)) : test;
}
