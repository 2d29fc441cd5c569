/* This file prepares a container from inside: its command, its places, whose runs it is for. */
#include "container/start.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/os.h"
#include "container/compose.h"
#include "host/iface.h"
#include "io/event.h"
#include "io/file.h"
#include "io/record.h"

#define BY_HAND ".by-hand" /* in a directory of a service that no run of pth-exec has */

int
pth_start_command(json_t *inside, char **words, int n, struct pth_err *e)
{
	json_t *services = pth_plan_services(pth_inside_plan(inside)), *argv;
	json_t *run = pth_phases_run(pth_svc_phases(json_array_get(services, 0)));

	if (n > 0 && (pth_inside_whole(inside) || run == NULL))
		return pth_err_set(
		    e, PTH_USAGE, "the plan has no place for a command: %.80s", words[0]);
	if (n > 0) {
		argv = json_array();
		for (int i = 0; i < n; i++)
			pth_json_push(argv, pth_json_text(words[i], strlen(words[i])));
		pth_json_set(run, PTH_KEY(cmd, argv), argv);
	}
	if (!pth_inside_whole(inside) && json_array_size(pth_cmd_argv(run)) == 0)
		return pth_err_set(e, PTH_USAGE, "the container has no command");
	return 0;
}

static bool
is_there(int dirfd, const char *name)
{
	return faccessat(dirfd, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

/* Has pth-exec run the test, or does it? */
static bool
has_run(int dirfd, int home)
{
	return is_there(dirfd, "result.json") || is_there(home, "inner.json") ||
	    is_there(home, "stdout.log") || is_there(home, PTH_INSIDE_ASK);
}

int
pth_start_by_hand(int dirfd, const json_t *inside, struct pth_err *e)
{
	const char *name = pth_inside_service(inside);
	static const char *const left[] = { "stdout.log", "stderr.log", "phases" };
	pth_auto_fd home = pth_open_dir(dirfd, name), fd = -1;

	if (pth_inside_net(inside) != NULL)
		return pth_err_set(e, PTH_INPUT,
		    "%s: the links of its test are made by pth-exec(1): by hand it would have no "
		    "network",
		    name);
	if (home < 0)
		return pth_err_set(e, PTH_SYSTEM, "%s:", name);
	if (!is_there(home, BY_HAND) && has_run(dirfd, home))
		return pth_err_set(e, PTH_INPUT,
		    "%s: what pth-exec has recorded here stays as it is; a directory to run the "
		    "test by hand is made by pth-compose -o DIR",
		    name);
	fd = openat(home, BY_HAND, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0666);
	if (fd < 0)
		return pth_err_set(e, PTH_SYSTEM, "%s/" BY_HAND ":", name);
	for (size_t i = 0; i < countof(left); i++)
		pth_rmtree(home, left[i], NULL);
	return 0;
}

void
pth_start_links(const json_t *links)
{
	const char *name, *to;
	json_t *v;

	json_object_foreach((json_t *)(uintptr_t)links, name, v) {
		to = json_is_string(v) ? json_string_value(v) : "";
		if (unlink(name) != 0 && errno != ENOENT)
			rmdir(name);
		if (symlink(to, name) != 0)
			pth_warn("%s, which is to be %s:", name, to);
	}
}

void
pth_start_capture(const json_t *plan)
{
	static const char *const offload[] = { "tx-udp-segmentation", "tx-tcp-segmentation",
		"tx-tcp6-segmentation", "tx-generic-segmentation" };
	const json_t *capture = pth_plan_capture(plan);

	if (json_is_object(capture) &&
	    pth_iface_features_off(pth_cap_interface(capture), offload, countof(offload)) != 0)
		pth_warn("capture: packets may be longer than on the wire: "
		         "segmentation offload of %s:",
		    pth_cap_interface(capture));
}
