/* This file runs the setup of a test for who runs its containers by hand. */
#include <string.h>

#include "base/cleanup.h"
#include "base/strv.h"
#include "base/text.h"
#include "base/words.h"
#include "container/compose.h"
#include "host/proc.h"
#include "io/placeholder.h"
#include "io/record.h"

#define WORDS_MAX 8192 /* of what a command says */

/* The last line of a text that says something. */
static const char *
last_line(struct pth_buf *b)
{
	char *line;

	while (b->len > 0 && strchr("\n \t\r", b->s[b->len - 1]) != NULL)
		pth_buf_cut(b, b->len - 1);
	line = b->len > 0 ? strrchr(b->s, '\n') : NULL;
	return line != NULL ? line + 1 : b->len > 0 ? b->s : "";
}

static int
run(const json_t *cmd, const struct pth_places *places, struct pth_err *e)
{
	struct pth_strv argv = { 0 };
	pth_auto_buf said = PTH_BUF_INIT;
	struct pth_exit x;
	char how[32];
	bool late;
	json_t *v;
	size_t i;

	json_array_foreach(pth_cmd_argv(cmd), i, v) {
		struct pth_buf word = PTH_BUF_INIT;

		pth_places_expand(places, json_string_value(v), &word);
		pth_strv_push(&argv, pth_buf_take(&word));
	}
	pth_auto_strv owned = argv.v;
	if (i == 0)
		return pth_err_set(e, PTH_INPUT, "the setup of the plan has an empty command");
	const struct pth_proc_req q = {
		.argv = (const char *const *)owned, .in = -1, .out = -1, .err = -1, .session = true
	};

	if (pth_proc_run(&q, pth_cmd_timeout_us(cmd), NULL, &said, WORDS_MAX, &x, &late, e) != 0)
		return pth_err_wrap(e, "setup");
	if (late)
		return pth_err_set(e, PTH_SYSTEM, "setup: %s took too long", owned[0]);
	if ((x.signaled || x.code != 0) && pth_cmd_critical(cmd))
		return pth_err_set(e, PTH_SYSTEM, "setup: %s ended with %s: %.300s", owned[0],
		    pth_exit_text(&x, how), last_line(&said));
	return 0;
}

int
pth_compose_prepare(const json_t *rec, const struct pth_places *places, struct pth_err *e)
{
	static const char *const readable[] = { "chmod", "-R", "a+rX", "@{dir}/certs" };
	json_t *setup = pth_plan_setup(pth_test_plan(rec)), *cmd;
	bool certs = false;
	size_t i;

	json_array_foreach(setup, i, cmd) {
		if (run(cmd, places, e) != 0)
			return -1;
		certs = certs || pth_category_of(pth_cmd_category(cmd)) == PTH_CAT_CERTIFICATE;
	}
	if (!certs)
		return 0;
	/* Others read them in their containers. */
	json_auto_t *o = json_object(), *argv = json_array();

	for (i = 0; i < countof(readable); i++)
		pth_json_push(argv, json_string(readable[i]));
	pth_cmd_set_critical(o, true);
	json_object_set(o, PTH_KEY(cmd, argv), argv);
	pth_cmd_set_timeout_us(o, 60000000);
	return run(o, places, e);
}
