/*
 * Any bytes as the log of Shadow, in pieces of any size: what they mean for a test is JSON that can
 * be written, and a pass only when Shadow ended well and nothing is said of a process. The same
 * bytes as a program.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "host/elf.h"
#include "io/json.h"
#include "io/record.h"
#include "shadow/outcome.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static const char spec[] =
    "{\"pth\":1,\"stop_us\":9,\"services\":[{\"name\":\"s\",\"host\":\"s\",\"critical\":true},"
    "{\"name\":\"c\",\"host\":\"c\",\"finite\":true,\"shutdown_us\":5,\"critical\":true}]}";

static void
judge(const struct shadow_log *log, const json_t *o, int code)
{
	bool started[] = { true, true };
	json_t *captures[] = { NULL, NULL };
	struct pth_exit x = { .code = code };
	const struct shadow_facts f = { .spec = o,
		.exit = &x,
		.complete = true,
		.started = started,
		.captures = captures,
		.log = log };
	json_auto_t *result = shadow_result(&f), *back = NULL;
	pth_auto_buf b = PTH_BUF_INIT;
	bool passed = strcmp(pth_result_status(result), "completed") == 0;
	struct pth_err e;

	pth_json_dump(&b, result);
	back = pth_json_parse(b.s, b.len, &e);
	if (back == NULL || (passed && code == 0 && (log->n > 0 || log->wrong > 0)) ||
	    (passed && code != 0 && log->wrong != (int64_t)log->n))
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct pth_err e;
	json_auto_t *o = pth_json_parse(spec, sizeof spec - 1, &e);
	size_t step = n > 0 ? data[0] % 50 + 1u : 1;
	struct shadow_log log;

	shadow_log_init(&log);
	for (size_t i = 0; i < n; i += step)
		shadow_log_add(&log, (const char *)data + i, n - i < step ? n - i : step);
	shadow_log_end(&log);
	for (int code = 0; code < 2; code++)
		judge(&log, o, code);
	shadow_log_release(&log);
	pth_elf_is_static_head(data, n);
	return 0;
}
