/* pth-shadow runs the services of a test in the Shadow simulator, pth-shadow(1). */
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "host/sig.h"
#include "io/event.h"
#include "io/file.h"
#include "io/tool.h"
#include "shadow/simulate.h"

#define SPEC_MAX ((size_t)16 << 20)

int
main(int argc, char **argv)
{
	const char *program = "shadow";
	const struct pth_option table[] = {
		{ 0, "program", "PROGRAM", "the simulator (default: shadow)", .text = &program },
	};
	struct pth_tool tool = { "pth-shadow", "Run the services of a test in Shadow", "SPEC",
		PTH_OPTIONS(table) };
	pth_auto_buf spec = PTH_BUF_INIT, dir = PTH_BUF_INIT;
	pth_auto_str whole = NULL;
	const char *path;
	struct pth_err e;
	int code, sigfd;

	if ((code = pth_tool_parse(&tool, argc, argv)) >= 0)
		return code;
	path = tool.operand[0];
	pth_must(pth_file_read_named(path, SPEC_MAX, &spec, &e), &e);
	pth_buf_add(&dir, path, (size_t)(pth_base_name(path) - path));
	if ((whole = realpath(dir.len > 0 ? dir.s : ".", NULL)) == NULL)
		pth_die(PTH_SYSTEM, "%s:", dir.s);
	if ((sigfd = pth_sig_open()) < 0)
		pth_die(PTH_SYSTEM, "signalfd:");
	if (pth_shadow_simulate(program, whole, spec.s != NULL ? spec.s : "", sigfd, &e) != 0) {
		pth_err_wrap(&e, "%s", path);
		pth_die(e.code, "%s", e.text);
	}
	return pth_finish(PTH_OK);
}
