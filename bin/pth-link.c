/* pth-link runs a command behind a link that behaves as it is told, pth-link(1). */
#include <fcntl.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "io/event.h"
#include "io/file.h"
#include "io/tool.h"
#include "link/config.h"
#include "link/run.h"

#define CONFIG_MAX ((size_t)16 << 20)
#define CONDITIONS 32 /* options that are keys of conditions, at most */

struct link {
	struct pth_link_config config;
	struct pth_link_run run;
	struct pth_strv left, right;
	const char *changes, *interface, *capture;
	char *files[2]; /* in that directory */
	bool between;
	/* An option for each key: what it is called with. */
	struct key {
		struct link *link;
		const char *name;
		char option[24];
	} key[CONDITIONS];
};

static int
usage(int r, struct pth_err *e)
{
	e->code = PTH_INPUT;
	return r;
}

static int
set_key(void *to, char *arg, struct pth_err *e)
{
	const struct key *k = to;

	return usage(pth_link_config_set(&k->link->config, PTH_LINK_BOTH, k->name, arg, e), e);
}

static int
set_way(struct link *x, unsigned way, char *arg, struct pth_err *e)
{
	const char *value = pth_tool_value(arg, e);

	if (value == NULL)
		return -1;
	return usage(pth_link_config_set(&x->config, way, arg, value, e), e);
}

static int
set_up(void *to, char *arg, struct pth_err *e)
{
	return set_way(to, PTH_LINK_UPWARD, arg, e);
}

static int
set_down(void *to, char *arg, struct pth_err *e)
{
	return set_way(to, PTH_LINK_DOWNWARD, arg, e);
}

static int
set_scenario(void *to, char *arg, struct pth_err *e)
{
	struct link *x = to;

	return usage(pth_link_config_scenario(&x->config, arg, e), e);
}

static int
read_config(void *to, char *path, struct pth_err *e)
{
	struct link *x = to;
	pth_auto_buf b = PTH_BUF_INIT;
	struct pth_diags d;
	int code;

	if (pth_file_read(path, CONFIG_MAX, &b, e) != 0)
		return -1;
	pth_diags_init(&d, path);
	pth_link_config_read(&x->config, b.s != NULL ? b.s : "", b.len, &d);
	code = pth_diags_print(&d, false);
	pth_diags_release(&d);
	if (code != PTH_OK)
		exit(code);
	return 0;
}

/* The options of the tool, and behind them one for each key of conditions. How many. */
static size_t
table(struct link *x, struct pth_option *to, const struct pth_option *own, size_t n)
{
	const char *name, *arg, *help;

	memcpy(to, own, n * sizeof *own);
	for (size_t i = 0; (name = pth_link_key(i, &arg, &help)) != NULL && i < CONDITIONS; i++) {
		struct key *k = &x->key[i];

		*k = (struct key){ .link = x, .name = name };
		snprintf(k->option, sizeof k->option, "%s", name);
		for (char *c = k->option; *c != '\0'; c++)
			*c = *c == '_' ? '-' : *c;
		to[n++] = (struct pth_option){
			.name = k->option, .arg = arg, .help = help, .call = set_key, .to = k
		};
	}
	return n;
}

static int
open_changes(const char *path)
{
	int fd = strcmp(path, "-") == 0 ? STDIN_FILENO :
	                                  open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0)
		pth_die(PTH_SYSTEM, "%s:", path);
	return fd;
}

static void
release(struct link *x)
{
	pth_link_config_release(&x->config);
	free(x->files[0]);
	free(x->files[1]);
	pth_strv_free(x->left.v);
	pth_strv_free(x->right.v);
}

/* left.pcapng and right.pcapng in a directory, which is made. */
static void
name_captures(struct link *x)
{
	static const char *const names[] = { "left", "right" };
	struct pth_err e;

	if (x->capture == NULL)
		return;
	pth_must(pth_mkdirs(AT_FDCWD, x->capture, &e), &e);
	for (size_t i = 0; i < countof(names); i++) {
		struct pth_buf b = PTH_BUF_INIT;

		pth_buf_addf(&b, "%s/%s.pcapng", x->capture, names[i]);
		x->files[i] = pth_buf_take(&b);
	}
	x->run.captures = (const char *const *)x->files;
}

static int
run(struct link *x, const struct pth_tool *tool)
{
	struct pth_err e;
	int code = 0;

	if (x->between && tool->operand_count != 2)
		return pth_tool_mistake(tool, "--between wants two namespaces");
	if (x->between && (x->run.peer != NULL || x->run.port != 0))
		return pth_tool_mistake(tool, "--peer and --wait go with a command");
	if (x->between)
		x->run.between = (const char *const *)tool->operand;
	else
		x->run.command = tool->operand;
	pth_must(pth_link_config_check(&x->config, &e), &e);
	pth_must(pth_link_config_idle(&x->config, &e), &e);
	name_captures(x);
	x->run.changes = x->changes != NULL ? open_changes(x->changes) : -1;
	pth_must(pth_link_run(&x->run, &code, &e), &e);
	return code;
}

int
main(int argc, char **argv)
{
	PTH_CLEANUP(release)
	struct link x = { .run = { .changes = -1, .answers = STDOUT_FILENO }, .interface = "eth0" };
	struct key seed = { &x, "seed", "" }, rebind = { &x, "rebind", "" },
	           down = { &x, "link_down", "" };
	uint64_t port = 0;
	const struct pth_option own[] = {
		{ 'p', "peer", "COMMAND", "what the shell runs at the other end",
		    .text = &x.run.peer },
		{ 'w', "wait", "PORT", "begin when the peer serves this port", .number = &port,
		    .min = 1, .max = 65535 },
		{ 'b', "between", NULL, "link two namespaces that are there", .flag = &x.between },
		{ 's', "seed", "N", "what chance begins with; 1 if it is not given",
		    .call = set_key, .to = &seed },
		{ 0, "up", "KEY=VALUE", "a condition from the command to its peer", .call = set_up,
		    .to = &x },
		{ 0, "down", "KEY=VALUE", "a condition from the peer to the command",
		    .call = set_down, .to = &x },
		{ 0, "rebind", "TIME", "the NAT gives another port, or address, from then on",
		    .call = set_key, .to = &rebind },
		{ 0, "link-down", "WINDOW", "the cable is out", .call = set_key, .to = &down },
		{ 0, "scenario", "TEXT", "as quic-network-simulator has it", .call = set_scenario,
		    .to = &x },
		{ 'c', "config", "FILE", "conditions and steps in YAML or JSON",
		    .call = read_config, .to = &x },
		{ 0, "changes", "FILE", "read lines of configuration while it runs",
		    .text = &x.changes },
		{ 'l', "log", "FILE", "what becomes of each packet", .text = &x.run.log },
		{ 0, "capture", "DIR", "left.pcapng and right.pcapng", .text = &x.capture },
		{ 0, "interface", "NAME", "of the link in both namespaces; eth0",
		    .text = &x.interface },
		{ 0, "left", "ADDRESS", "an address of the command's end, with its prefix",
		    .list = &x.left },
		{ 0, "right", "ADDRESS", "an address of the peer's end", .list = &x.right },
	};
	struct pth_option options[countof(own) + CONDITIONS];
	struct pth_tool tool = { "pth-link",
		"Run a command behind a link that behaves as it is told", "COMMAND...",
		.options = options };
	int code;

	pth_link_config_init(&x.config);
	tool.n = table(&x, options, own, countof(own));
	if ((code = pth_tool_parse(&tool, argc, argv)) >= 0)
		return code;
	x.run.config = &x.config;
	x.run.interface[0] = x.run.interface[1] = x.interface;
	x.run.port = (uint16_t)port;
	x.run.address[0] = &x.left;
	x.run.address[1] = &x.right;
	return pth_finish(run(&x, &tool));
}
