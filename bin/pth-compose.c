/* pth-compose reads planned tests and adds "compose" to those in containers and in Shadow,
 * pth-compose(1). */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/os.h"
#include "container/compose.h"
#include "container/image.h"
#include "host/run_id.h"
#include "io/event.h"
#include "io/file.h"
#include "io/tool.h"
#include "plan/fill.h"
#include "shadow/shadow.h"

#define INIT_MAX ((size_t)64 << 20)

/* One of print, dir and images, or none: then it is a filter. */
struct options {
	const char *dir;
	bool print, images, stack;
};

struct work {
	struct options opt;
	struct pth_home home;
	struct pth_places places; /* in home */
	json_t *names;            /* of images so far */
	json_t *seen;             /* tags already listed */
	unsigned long shown;
	bool bad;
};

static bool
is_simulated(const json_t *rec)
{
	return pth_rec_plan_is_simulated(pth_test_plan(rec));
}

/* The compose file, as it is or for a swarm, with its placeholders replaced; or Shadow's
 * configuration. */
static void
yaml_of(const struct work *w, const json_t *rec, const struct pth_places *places, struct pth_buf *b)
{
	json_t *doc = pth_compose_document(pth_test_compose(rec));
	struct pth_err e;

	if (is_simulated(rec)) {
		pth_must(pth_shadow_yaml(b, doc, &e), &e);
		return;
	}
	json_auto_t *stack = w->opt.stack ? pth_compose_stack(doc) : json_incref(doc);
	pth_auto_buf how = PTH_BUF_INIT, text = PTH_BUF_INIT;

	pth_compose_how(&how, rec, w->opt.stack);
	pth_must(pth_compose_yaml(&text, stack, how.s, &e), &e);
	pth_places_expand(places, text.s, b);
}

static void
print(struct work *w, const json_t *rec)
{
	struct pth_buf b = PTH_BUF_INIT;
	char unique[PTH_UNIQUE_SIZE];
	struct pth_places p = w->places;
	pth_auto_str here = realpath(".", NULL);
	struct pth_err e;

	pth_run_id_unique("", pth_rec_id(rec), unique);
	p.unique = unique;
	p.dir = here; /* where somebody may put what is written */
	yaml_of(w, rec, &p, &b);
	if (w->shown++ > 0)
		fputs("---\n", stdout);
	pth_must(pth_tool_print(&b, &e), &e);
}

/* One line per image: its name, its builder, its Dockerfile, its hash. */
static void
list_images(struct work *w, const json_t *rec)
{
	pth_auto_buf hash = PTH_BUF_INIT;
	struct pth_buf text = PTH_BUF_INIT;
	struct pth_err e;
	json_t *v;
	size_t i;

	json_array_foreach(pth_compose_images(pth_test_compose(rec)), i, v) {
		const char *tag = pth_img_tag(v);
		json_auto_t *line = NULL;

		if (json_object_get(w->seen, tag) != NULL)
			continue;
		pth_json_set(w->seen, tag, json_true());
		line = json_deep_copy(v);
		if (pth_img_argv(v) != NULL) {
			pth_buf_cut(&hash, 0);
			pth_must(pth_image_hash(v, &w->places, &hash, &e), &e);
			pth_json_set(line, "hash", json_string(hash.s));
		}
		json_object_del(line, PTH_KEY(img, argv));
		pth_rec_line(&text, line);
		pth_must(pth_tool_print(&text, &e), &e);
	}
}

/* A directory, made where it is missing; no link leads out of top. */
static int
make_dir(int top, const char *name)
{
	struct pth_err e;
	int fd;

	pth_must(pth_mkdirs(top, name, &e), &e);
	if ((fd = pth_open_dir(top, name)) < 0)
		pth_die(PTH_SYSTEM, "%s:", name);
	return fd;
}

/* Process 1 of the containers beside the compose file. */
static void
copy_init(const struct work *w, int fd)
{
	pth_auto_buf from = PTH_BUF_INIT, program = PTH_BUF_INIT;
	struct pth_err e;
	pth_auto_fd to = -1;

	pth_buf_addf(&from, "%s/pth-init", w->home.bin);
	pth_must(pth_file_read_named(from.s, INIT_MAX, &program, &e), &e);
	pth_must(pth_file_write(fd, "docker/pth-init", program.s, program.len, &e), &e);
	if ((to = pth_open_regular(fd, "docker/pth-init", NULL)) < 0 || fchmod(to, 0755) != 0)
		pth_die(PTH_SYSTEM, "docker/pth-init:");
}

/* The directory of a service, with what is to be there. */
static void
fill_service(int fd, const json_t *service, const struct pth_places *places)
{
	pth_auto_fd sub = make_dir(fd, pth_svc_name(service));
	struct pth_err e;

	pth_must(pth_plan_fill(sub, service, places, &e), &e);
}

/* The compose file, with the pth-init that it mounts. The directory can be moved: what the file
 * mounts is in it. */
static void
write_compose(
    struct work *w, const json_t *rec, const struct pth_places *places, int fd, const char *file)
{
	struct pth_places beside = *places;
	pth_auto_buf yaml = PTH_BUF_INIT;
	struct pth_err e;

	beside.bin = "./docker";
	yaml_of(w, rec, &beside, &yaml);
	pth_must(pth_file_write(fd, file, yaml.s, yaml.len, &e), &e);
	copy_init(w, fd);
	pth_must(pth_compose_prepare(rec, places, &e), &e);
}

/* Everything that pth-exec would put into the test's directory, for use by
 * hand: DIR/ID/docker-compose.yml and what it mounts. */
static void
write_files(struct work *w, const json_t *rec)
{
	const json_t *composed = pth_test_compose(rec), *plan = pth_compose_plan(composed);
	pth_auto_str base = NULL;
	pth_auto_str owner = pth_run_id_text();
	pth_auto_buf dir = PTH_BUF_INIT;
	struct pth_buf path = PTH_BUF_INIT;
	char unique[PTH_UNIQUE_SIZE];
	const char *file = is_simulated(rec) ? PTH_SHADOW_YAML :
	    w->opt.stack                     ? "docker-stack.yml" :
	                                       "docker-compose.yml";
	struct pth_places p = w->places;
	pth_auto_fd top = -1, fd = -1;
	struct pth_err e;
	json_t *v;
	size_t i;

	pth_must(pth_mkdirs(AT_FDCWD, w->opt.dir, &e), &e);
	if ((base = realpath(w->opt.dir, NULL)) == NULL ||
	    (top = open(base, O_PATH | O_DIRECTORY | O_CLOEXEC)) < 0)
		pth_die(PTH_SYSTEM, "%s:", w->opt.dir);
	pth_buf_addf(&dir, "%s/%s", base, pth_rec_id(rec));
	fd = make_dir(top, pth_rec_id(rec));
	pth_run_id_unique(owner, dir.s, unique);
	p.dir = dir.s;
	p.owner = owner;
	p.unique = unique;
	pth_must(pth_plan_fill(fd, plan, &p, &e), &e);
	json_array_foreach(pth_plan_services(plan), i, v)
		fill_service(fd, v, &p);
	json_array_foreach(pth_compose_images(composed), i, v)
		if (pth_img_argv(v) != NULL)
			pth_must(pth_image_fill(v, &p, &e), &e);
	if (!is_simulated(rec))
		write_compose(w, rec, &p, fd, file);
	pth_buf_addf(&path, "%s/%s\n", dir.s, file);
	pth_must(pth_tool_print(&path, &e), &e);
}

/* The record takes the first error with it. */
static void
mark(json_t *rec, const struct pth_diags *d)
{
	const struct pth_diag *v = d->v, *end = v + d->n;

	while (v < end && v->severity != PTH_ERROR)
		v++;
	if (v < end)
		pth_rec_error(rec, "compose", (enum pth_category)v->category, v->file, v->line,
		    v->col, "%s", v->text);
}

/* The test with its "compose", or with the reason why it has none. */
static void
compose(struct work *w, json_t *rec)
{
	const json_t *composed;
	struct pth_diags d;
	struct pth_err e;

	pth_event_settings(pth_test_settings(rec));
	pth_event_run(pth_test_run(rec));
	pth_event_test(pth_rec_id(rec));
	pth_diags_init(&d, "");
	if (is_simulated(rec) ? pth_shadow_test(rec, &d, &e) == 0 :
	                        pth_compose_test(rec, w->home.share, w->names, &d, &e) == 0) {
		composed = pth_test_compose(rec);
		pth_event("test.composed", "{s:s,s:i}", "project", pth_compose_project(composed),
		    "images", (int)json_array_size(pth_compose_images(composed)));
	} else {
		w->bad = true;
		mark(rec, &d);
	}
	pth_diags_print(&d, 0);
	pth_diags_release(&d);
	pth_event_test(NULL);
}

static void
take(json_t *rec, void *arg)
{
	struct work *w = arg;

	if (pth_rec_is_test(rec) && pth_compose_wants(rec))
		compose(w, rec);
	if (pth_test_compose(rec) == NULL || pth_test_error(rec) != NULL)
		return;
	if (w->opt.print)
		print(w, rec);
	else if (w->opt.images)
		list_images(w, rec);
	else if (w->opt.dir != NULL)
		write_files(w, rec);
}

int
main(int argc, char **argv)
{
	json_auto_t *seen = json_object(), *names = json_object();
	struct work w = { .seen = seen, .names = names };
	struct options *o = &w.opt;
	const struct pth_option table[] = {
		{ 'n', "print", NULL, "write the compose files instead of records",
		    .flag = &o->print },
		{ 'o', "output", "DIR", "write all files of each test below DIR", .text = &o->dir },
		{ 0, "stack", NULL, "with -n or -o: for docker stack deploy", .flag = &o->stack },
		{ 0, "images", NULL, "write a record for each image", .flag = &o->images },
	};
	struct pth_tool tool = { "pth-compose", "Turn planned tests into containers", "[FILE]...",
		PTH_OPTIONS(table), .reads = true };
	struct pth_err e;
	bool filter;
	int code;

	if ((code = pth_tool_parse(&tool, argc, argv)) >= 0)
		return code;
	if (o->print + o->images + (o->dir != NULL) > 1)
		return pth_tool_mistake(&tool, "only one of -n, -o and --images is possible");
	if (o->stack && !o->print && o->dir == NULL)
		return pth_tool_mistake(&tool, "--stack goes with -n or -o");
	filter = !o->print && !o->images && o->dir == NULL;
	pth_must(pth_home_find(&w.home, &e), &e);
	w.places = (struct pth_places){
		.share = w.home.share, .libexec = w.home.libexec, .bin = w.home.bin, .owner = ""
	};
	pth_must(pth_tool_each(&tool, filter, take, &w, &e), &e);
	pth_home_release(&w.home);
	return !filter && w.bad ? PTH_INPUT : PTH_OK;
}
