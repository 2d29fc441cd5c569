/* This file has the tests that stand after `is`. */
#include "template/priv.h"

/* A test that is one expression. */
#define TEST(name, value) FILTER_IS(t_##name, template_vbool(value))

TEST(defined, c->in.kind != V_UNDEF)
TEST(undefined, c->in.kind == V_UNDEF)
TEST(none, c->in.kind == V_NONE)
TEST(boolean, c->in.kind == V_BOOL)
TEST(true, c->in.kind == V_BOOL && c->in.b)
TEST(false, c->in.kind == V_BOOL && !c->in.b)
TEST(integer, c->in.kind == V_INT)
TEST(float, c->in.kind == V_REAL)
TEST(number, template_is_number(c->in))
TEST(string, c->in.kind == V_STR)
TEST(mapping, template_is_map(c->in))

/* What is undefined counts as Python counts an object of Jinja2's class Undefined. */
TEST(callable, c->in.kind == V_MACRO || c->in.kind == V_UNDEF)
TEST(sequence,
    template_is_seq(c->in) || template_is_map(c->in) || c->in.kind == V_STR ||
        c->in.kind == V_UNDEF)
TEST(eq, template_equal(x, c->in, c->arg[0], 0))
TEST(ne, !template_equal(x, c->in, c->arg[0], 0))
TEST(lt, template_order(x, c->in, c->arg[0], 0) < 0)
TEST(le, template_order(x, c->in, c->arg[0], 0) <= 0)
TEST(gt, template_order(x, c->in, c->arg[0], 0) > 0)
TEST(ge, template_order(x, c->in, c->arg[0], 0) >= 0)
TEST(in, template_contains(x, c->arg[0], c->in))

FILTER(t_sameas)
{
	template_defined(x, c->arg[0]);
	return template_vbool(
	    c->in.kind == c->arg[0].kind && template_equal(x, c->in, c->arg[0], 0));
}

static bool
zero(struct eval *x, struct val a, struct val b)
{
	struct val r = template_binary(x, E_MOD, a, template_defined(x, b));

	return !template_truth(x, r);
}

TEST(divisible, zero(x, c->in, c->arg[0]))
TEST(even, zero(x, c->in, template_vint(2)))
TEST(odd, !zero(x, c->in, template_vint(2)))

/* As Python's islower: in this case, and there is a letter at all. */
static struct val
cased(struct eval *x, struct val s, int how, int other)
{
	struct val t = template_case(x, s, how), u = template_case(x, s, other);

	return template_vbool(template_equal(x, s, t, 0) && !template_equal(x, t, u, 0));
}

PUBLIC_IS(template_is_lower, cased(x, c->in, 'l', 'u'))
PUBLIC_IS(template_is_upper, cased(x, c->in, 'u', 'l'))

TEST(filter, template_find('f', c->in.s, c->in.n) != NULL)
TEST(test, template_find('t', c->in.s, c->in.n) != NULL)

/* clang-format off */
#define OTHER "v,other:v"
const struct filter template_tests[] = {
	{ "defined", t_defined, "u" }, { "undefined", t_undefined, "u" }, { "none", t_none, "u" },
	{ "boolean", t_boolean, "u" }, { "true", t_true, "u" }, { "false", t_false, "u" },
	{ "integer", t_integer, "u" }, { "float", t_float, "u" }, { "number", t_number, "u" },
	{ "string", t_string, "u" }, { "mapping", t_mapping, "u" }, { "callable", t_callable, "u" },
	{ "sequence", t_sequence, "v" }, { "iterable", t_sequence, "v" },
	{ "eq", t_eq, OTHER }, { "equalto", t_eq, OTHER }, { "==", t_eq, OTHER },
	{ "ne", t_ne, OTHER }, { "!=", t_ne, OTHER },
	{ "lt", t_lt, OTHER }, { "lessthan", t_lt, OTHER }, { "<", t_lt, OTHER },
	{ "le", t_le, OTHER }, { "<=", t_le, OTHER },
	{ "gt", t_gt, OTHER }, { "greaterthan", t_gt, OTHER }, { ">", t_gt, OTHER },
	{ "ge", t_ge, OTHER }, { ">=", t_ge, OTHER },
	{ "in", t_in, "v,seq:v" }, { "sameas", t_sameas, OTHER },
	{ "divisibleby", t_divisible, "v,num:v" }, { "even", t_even, "v" }, { "odd", t_odd, "v" },
	{ "lower", template_is_lower, "s" }, { "upper", template_is_upper, "s" },
	{ "filter", t_filter, "s" }, { "test", t_test, "s" },
	{ NULL, NULL, NULL },
};
/* clang-format on */
