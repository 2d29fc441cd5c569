/* A configuration of a link, and the same text as a scenario, a trace and the value of each
 * condition. What is accepted is accepted again. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "link/config.h"
#include "link/trace.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void
as_values(const char *text)
{
	struct pth_link_conditions c;
	const char *name, *arg, *help;
	struct pth_err e;

	pth_link_conditions_init(&c);
	for (size_t i = 0; (name = pth_link_key(i, &arg, &help)) != NULL; i++) {
		if (strcmp(name, "trace") == 0) /* opens files */
			continue;
		if (pth_link_conditions_set(&c, name, text, &e) == 0 &&
		    pth_link_conditions_set(&c, name, text, &e) != 0)
			abort();
	}
	if (pth_link_conditions_check(&c, &e) == 0 && c.jitter > c.delay && c.distribution == 0)
		abort();
	pth_link_conditions_release(&c);
}

static void
as_trace(const char *text, size_t n)
{
	struct link_turn turn = { 0 };
	struct pth_err e;
	struct pth_link_trace *t = link_trace_parse(text, n, &e);
	int64_t now = 0, at;

	for (int i = 0; t != NULL && i < 100; i++, now = at) {
		at = link_trace_pass(t, &turn, now, 700);
		if (at < now)
			abort();
	}
	link_trace_free(t);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	pth_auto_str text = pth_xstrndup((const char *)data, n);
	struct pth_link_config c;
	struct pth_diags d;
	struct pth_err e;

	pth_link_config_init(&c);
	pth_diags_init(&d, "config");
	if (strstr(text, "trace") == NULL)
		pth_link_config_read(&c, text, strlen(text), &d);
	if (d.errors == 0 && pth_link_config_check(&c, &e) != 0 && c.steps + d.n > 0)
		abort();
	pth_diags_release(&d);
	pth_link_config_release(&c);
	pth_link_config_init(&c);
	pth_link_config_scenario(&c, text, &e);
	pth_link_config_release(&c);
	as_values(text);
	as_trace((const char *)data, n);
	return 0;
}
