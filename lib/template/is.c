/* What stands after `is`. */
#include "template/priv.h"

#define TEST(name) static struct val name(struct eval *x, struct call *c)
#define UNUSED (void)x

/* clang-format off */
TEST(t_defined) { UNUSED; return template_vbool(c->in.k != V_UNDEF); }
TEST(t_undefined) { UNUSED; return template_vbool(c->in.k == V_UNDEF); }
TEST(t_none) { UNUSED; return template_vbool(c->in.k == V_NONE); }
TEST(t_boolean) { UNUSED; return template_vbool(c->in.k == V_BOOL); }
TEST(t_true) { UNUSED; return template_vbool(c->in.k == V_BOOL && c->in.b); }
TEST(t_false) { UNUSED; return template_vbool(c->in.k == V_BOOL && !c->in.b); }
TEST(t_integer) { UNUSED; return template_vbool(c->in.k == V_INT); }
TEST(t_float) { UNUSED; return template_vbool(c->in.k == V_REAL); }
TEST(t_number) { UNUSED; return template_vbool(c->in.k >= V_BOOL && c->in.k <= V_REAL); }
TEST(t_string) { UNUSED; return template_vbool(c->in.k == V_STR); }
TEST(t_mapping) { UNUSED; return template_vbool(template_is_map(c->in)); }
/* clang-format on */

TEST(t_sequence)
{
	template_defined(x, c->in);
	return template_vbool(template_is_seq(c->in) || template_is_map(c->in) || c->in.k == V_STR);
}

/* clang-format off */
TEST(t_eq) { return template_vbool(template_equal(x, c->in, c->arg[0], 0)); }
TEST(t_ne) { return template_vbool(!template_equal(x, c->in, c->arg[0], 0)); }
TEST(t_lt) { return template_vbool(template_order(x, c->in, c->arg[0], 0) < 0); }
TEST(t_le) { return template_vbool(template_order(x, c->in, c->arg[0], 0) <= 0); }
TEST(t_gt) { return template_vbool(template_order(x, c->in, c->arg[0], 0) > 0); }
TEST(t_ge) { return template_vbool(template_order(x, c->in, c->arg[0], 0) >= 0); }
TEST(t_in) { return template_vbool(template_contains(x, c->arg[0], c->in)); }
/* clang-format on */

TEST(t_sameas)
{
	template_defined(x, c->arg[0]);
	return template_vbool(c->in.k == c->arg[0].k && template_equal(x, c->in, c->arg[0], 0));
}

static bool
zero(struct eval *x, struct val a, struct val b)
{
	struct val r = template_binary(x, E_MOD, a, template_defined(x, b));

	return !template_truth(x, r);
}

/* clang-format off */
TEST(t_divisible) { return template_vbool(zero(x, c->in, c->arg[0])); }
TEST(t_even) { return template_vbool(zero(x, c->in, template_vint(2))); }
TEST(t_odd) { return template_vbool(!zero(x, c->in, template_vint(2))); }
/* clang-format on */

static struct val
cased(struct eval *x, struct val v, int how)
{
	struct val s = template_str(x, v), t = template_case(x, s, how),
	           u = template_case(x, s, how ^ 'u' ^ 'l');

	/* as Python's islower: and there is a letter at all */
	return template_vbool(template_equal(x, s, t, 0) && !template_equal(x, t, u, 0));
}

TEST(t_lower)
{
	return cased(x, c->in, 'l');
}
TEST(t_upper)
{
	return cased(x, c->in, 'u');
}

TEST(t_filter)
{
	struct val s = template_str(x, c->in);

	return template_vbool(template_filter_find(s.s, s.n) != NULL);
}

TEST(t_test)
{
	struct val s = template_str(x, c->in);

	return template_vbool(template_test_find(s.s, s.n) != NULL);
}

const struct filter template_tests[] = {
	{ "defined", t_defined, "", 0, true },
	{ "undefined", t_undefined, "", 0, true },
	{ "none", t_none, "", 0, true },
	{ "boolean", t_boolean, "", 0, true },
	{ "true", t_true, "", 0, true },
	{ "false", t_false, "", 0, true },
	{ "integer", t_integer, "", 0, true },
	{ "float", t_float, "", 0, true },
	{ "number", t_number, "", 0, true },
	{ "string", t_string, "", 0, true },
	{ "mapping", t_mapping, "", 0, true },
	{ "sequence", t_sequence, "", 0, false },
	{ "iterable", t_sequence, "", 0, false },
	{ "eq", t_eq, "other", 1, false },
	{ "equalto", t_eq, "other", 1, false },
	{ "==", t_eq, "other", 1, false },
	{ "ne", t_ne, "other", 1, false },
	{ "!=", t_ne, "other", 1, false },
	{ "lt", t_lt, "other", 1, false },
	{ "lessthan", t_lt, "other", 1, false },
	{ "<", t_lt, "other", 1, false },
	{ "le", t_le, "other", 1, false },
	{ "<=", t_le, "other", 1, false },
	{ "gt", t_gt, "other", 1, false },
	{ "greaterthan", t_gt, "other", 1, false },
	{ ">", t_gt, "other", 1, false },
	{ "ge", t_ge, "other", 1, false },
	{ ">=", t_ge, "other", 1, false },
	{ "in", t_in, "seq", 1, false },
	{ "sameas", t_sameas, "other", 1, false },
	{ "divisibleby", t_divisible, "num", 1, false },
	{ "even", t_even, "", 0, false },
	{ "odd", t_odd, "", 0, false },
	{ "lower", t_lower, "", 0, false },
	{ "upper", t_upper, "", 0, false },
	{ "filter", t_filter, "", 0, false },
	{ "test", t_test, "", 0, false },
	{ NULL, NULL, NULL, 0, false },
};
