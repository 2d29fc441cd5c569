/* These are the tests that stand after `is`. */
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
TEST(number, c->in.kind >= V_BOOL && c->in.kind <= V_REAL)
TEST(string, c->in.kind == V_STR)
TEST(mapping, template_is_map(c->in))

TEST(sequence, template_is_seq(c->in) || template_is_map(c->in) || c->in.kind == V_STR)
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

static struct val
cased(struct eval *x, struct val v, int how)
{
	struct val s = template_str(x, v), t = template_case(x, s, how),
	           u = template_case(x, s, how ^ 'u' ^ 'l');

	/* as Python's islower: and there is a letter at all */
	return template_vbool(template_equal(x, s, t, 0) && !template_equal(x, t, u, 0));
}

FILTER_IS(t_lower, cased(x, c->in, 'l'))
FILTER_IS(t_upper, cased(x, c->in, 'u'))

static const struct filter *
find_by(struct eval *x, struct val name, const struct filter *(*find)(const char *, size_t))
{
	struct val s = template_str(x, name);

	return find(s.s, s.n);
}

TEST(filter, find_by(x, c->in, template_filter_find) != NULL)
TEST(test, find_by(x, c->in, template_test_find) != NULL)

/* Of undefined values too. */
#define STATE(name)                          \
	{                                    \
#name, t_##name, "", 0, true \
	}
#define PLAIN(name)                           \
	{                                     \
#name, t_##name, "", 0, false \
	}
#define COMPARES(name, test)                      \
	{                                         \
		name, t_##test, "other", 1, false \
	}

/* clang-format off */
const struct filter template_tests[] = {
	STATE(defined), STATE(undefined), STATE(none), STATE(boolean), STATE(true), STATE(false),
	STATE(integer), STATE(float), STATE(number), STATE(string), STATE(mapping),
	PLAIN(sequence), { "iterable", t_sequence, "", 0, false },
	COMPARES("eq", eq), COMPARES("equalto", eq), COMPARES("==", eq),
	COMPARES("ne", ne), COMPARES("!=", ne),
	COMPARES("lt", lt), COMPARES("lessthan", lt), COMPARES("<", lt),
	COMPARES("le", le), COMPARES("<=", le),
	COMPARES("gt", gt), COMPARES("greaterthan", gt), COMPARES(">", gt),
	COMPARES("ge", ge), COMPARES(">=", ge),
	{ "in", t_in, "seq", 1, false }, COMPARES("sameas", sameas),
	{ "divisibleby", t_divisible, "num", 1, false }, PLAIN(even), PLAIN(odd),
	PLAIN(lower), PLAIN(upper), PLAIN(filter), PLAIN(test),
	{ NULL, NULL, NULL, 0, false },
};
/* clang-format on */
