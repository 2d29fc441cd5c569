/* Placeholders of a deployment, as far as no name server is asked. */
#include "container/resolve.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "io/json.h"
#include "unit.h"

static void
texts(void)
{
	static const char *const v[][2] = {
		{ "plain", "plain" },
		{ "@{server:hostname}:80", "server:80" },
		{ "@{server:service_name}", "server" },
		{ "@{server:ip:hostname}", "server" },
		{ "a@{x:hostname}b@{y:hostname}c", "axbyc" },
		/* What is for others, or for nobody. */
		{ "@{dir}/x", "@{dir}/x" },
		{ "@{server:port}", "@{server:port}" },
		{ "@{a b:hostname}", "@{a b:hostname}" },
		{ "", "" },
	};

	unit("names of services");
	for (size_t i = 0; i < countof(v); i++) {
		struct pth_buf b = PTH_BUF_INIT;
		struct pth_err e;

		CHECK_INT(pth_resolve_expand(&b, v[i][0], &e), 0);
		CHECK_STR(b.s != NULL ? b.s : "", v[i][1]);
		pth_buf_release(&b);
	}
}

static void
values(void)
{
	static const char text[] = "{\"a\":[\"@{s:hostname}\",{\"b\":\"x @{t:hostname}\"}],"
	                           "\"n\":7,\"plain\":\"@\"}";
	struct pth_buf b = PTH_BUF_INIT;
	struct pth_err e;
	json_t *v = pth_json_parse(text, sizeof text - 1, &e), *env;

	unit("every text of a value, in place");
	CHECK_INT(pth_resolve_expand_all(v, &e), 0);
	pth_json_dump(&b, v);
	CHECK_STR(b.s, "{\"a\":[\"s\",{\"b\":\"x t\"}],\"n\":7,\"plain\":\"@\"}");
	pth_buf_release(&b);
	json_decref(v);

	unit("the environment");
	setenv("PTH_TEST_A", "@{s:hostname}=x", 1);
	setenv("PTH_TEST_B", "", 1);
	env = pth_resolve_environ(&e);
	CHECK(env != NULL);
	CHECK_STR(pth_json_str(env, "PTH_TEST_A", NULL), "s=x");
	CHECK_STR(pth_json_str(env, "PTH_TEST_B", NULL), "");
	json_decref(env);
}

int
main(void)
{
	texts();
	values();
	return unit_done();
}
