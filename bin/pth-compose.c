/*
 * pth-compose: planned tests in, those in containers with "compose" out,
 * pth-compose(1).
 */
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/os.h"
#include "container/compose.h"
#include "container/image.h"
#include "host/run_id.h"
#include "io/event.h"
#include "io/file.h"
#include "io/rec.h"
#include "plan/fill.h"

static const char usage_text[] =
    "usage: pth-compose [--images | -n [--stack] | -o DIR [--stack]] [FILE]...\n";

struct options {
	enum { FILTER, PRINT, WRITE, IMAGES } mode;
	const char *dir;
	bool stack;
};

struct work {
	struct options opt;
	struct pth_home home;
	struct pth_rec_out out;
	json_t *names; /* of images so far */
	json_t *seen;  /* tags already listed */
	unsigned long shown;
	bool bad;
};

static void
usage(FILE *fp, int code)
{
	fputs(usage_text, fp);
	exit(code);
}

static void
parse_options(struct options *o, int argc, char **argv)
{
	static const struct option longs[] = { { "images", no_argument, NULL, 'i' },
		{ "print", no_argument, NULL, 'n' }, { "output", required_argument, NULL, 'o' },
		{ "stack", no_argument, NULL, 's' }, { "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' }, { NULL, 0, NULL, 0 } };
	int c;

	while ((c = getopt_long(argc, argv, "no:hV", longs, NULL)) != -1) {
		switch (c) {
		case 'i': o->mode = IMAGES; break;
		case 'n': o->mode = PRINT; break;
		case 'o':
			o->mode = WRITE;
			o->dir = optarg;
			break;
		case 's': o->stack = true; break;
		case 'h': usage(stdout, PTH_OK); break;
		case 'V': puts("pth-compose " PTH_VERSION); exit(PTH_OK);
		default: usage(stderr, PTH_USAGE);
		}
	}
	if (o->stack && o->mode != PRINT && o->mode != WRITE)
		usage(stderr, PTH_USAGE);
}

static void
check(int r, const struct pth_err *e)
{
	if (r != 0)
		pth_die(e->code, "%s", e->text);
}

/* The compose file, as it is or for a swarm. */
static void
yaml_of(const struct work *w, const json_t *rec, struct pth_buf *b)
{
	json_t *doc = pth_json_path(rec, "compose.document"), *stack = NULL;
	struct pth_buf how = PTH_BUF_INIT;
	struct pth_err e;

	if (w->opt.stack)
		doc = stack = pth_compose_stack(doc);
	pth_compose_how(&how, rec, w->opt.stack);
	check(pth_compose_yaml(b, doc, how.s, &e), &e);
	pth_buf_release(&how);
	json_decref(stack);
}

static void
print(struct work *w, const json_t *rec)
{
	struct pth_buf b = PTH_BUF_INIT;

	yaml_of(w, rec, &b);
	if (w->shown++ > 0)
		fputs("---\n", stdout);
	fwrite(b.s, 1, b.len, stdout);
	if (fflush(stdout) != 0)
		pth_die(PTH_SYSTEM, "stdout:");
	pth_buf_release(&b);
}

/* One line per image: its name, its builder, its Dockerfile, its hash. */
static void
list_images(struct work *w, const json_t *rec)
{
	struct pth_places p = {
		.share = w->home.share, .libexec = w->home.libexec, .bin = w->home.bin, .owner = ""
	};
	struct pth_buf hash = PTH_BUF_INIT;
	struct pth_err e;
	json_t *v;
	size_t i;

	json_array_foreach(pth_json_path(rec, "compose.images"), i, v) {
		const char *tag = pth_json_str(v, "tag", "");
		json_t *line;

		if (json_object_get(w->seen, tag) != NULL)
			continue;
		pth_json_set(w->seen, tag, json_true());
		line = json_deep_copy(v);
		if (json_object_get(v, "argv") != NULL) {
			pth_buf_cut(&hash, 0);
			check(pth_image_hash(v, &p, &hash, &e), &e);
			pth_json_set(line, "hash", json_string(hash.s));
		}
		json_object_del(line, "argv");
		if (json_dumpf(line, stdout, JSON_COMPACT) != 0 || putchar('\n') == EOF ||
		    fflush(stdout) != 0)
			pth_die(PTH_SYSTEM, "stdout:");
		json_decref(line);
	}
	pth_buf_release(&hash);
}

/* Everything that pth-exec would put into the test's directory, for use by
 * hand: DIR/ID/docker-compose.yml and what it mounts. */
static void
write_files(struct work *w, const json_t *rec)
{
	json_t *plan = json_deep_copy(pth_json_path(rec, "compose.plan")), *v;
	char *base, *owner = pth_run_id_text(), unique[PTH_UNIQUE_SIZE];
	struct pth_buf dir = PTH_BUF_INIT, yaml = PTH_BUF_INIT;
	struct pth_places p = { .share = w->home.share,
		.libexec = w->home.libexec,
		.bin = w->home.bin,
		.owner = owner,
		.unique = unique };
	struct pth_err e;
	size_t i;
	int fd;

	check(pth_mkdirs(AT_FDCWD, w->opt.dir, &e), &e);
	if ((base = realpath(w->opt.dir, NULL)) == NULL)
		pth_die(PTH_SYSTEM, "%s:", w->opt.dir);
	pth_buf_addf(&dir, "%s/%s", base, pth_rec_id(rec));
	check(pth_mkdirs(AT_FDCWD, dir.s, &e), &e);
	pth_run_id_unique(owner, dir.s, unique);
	p.dir = dir.s;
	if (w->opt.stack) {
		yaml_of(w, rec, &yaml);
		pth_json_push(json_object_get(plan, "files"),
		    json_pack("{s:s,s:s}", "path", "docker-stack.yml", "text", yaml.s));
	}
	if ((fd = open(dir.s, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0)
		pth_die(PTH_SYSTEM, "%s:", dir.s);
	check(pth_plan_fill(fd, plan, &p, &e), &e);
	json_array_foreach(json_object_get(plan, "services"), i, v) {
		const char *name = pth_json_str(v, "name", "");
		int sub;

		check(pth_mkdirs(fd, name, &e), &e);
		if ((sub = openat(fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)) < 0)
			pth_die(PTH_SYSTEM, "%s:", name);
		check(pth_plan_fill(sub, v, &p, &e), &e);
		close(sub);
	}
	close(fd);
	json_array_foreach(pth_json_path(rec, "compose.images"), i, v)
		if (json_object_get(v, "argv") != NULL)
			check(pth_image_fill(v, &p, &e), &e);
	printf("%s/docker-%s.yml\n", dir.s, w->opt.stack ? "stack" : "compose");
	if (fflush(stdout) != 0)
		pth_die(PTH_SYSTEM, "stdout:");
	json_decref(plan);
	pth_buf_release(&dir);
	pth_buf_release(&yaml);
	free(base);
	free(owner);
}

/* The test with its "compose", or with the reason why it has none. */
static void
compose(struct work *w, json_t *rec)
{
	const json_t *source = json_object_get(rec, "source");
	struct pth_err e;

	pth_event_settings(json_object_get(rec, "settings"));
	pth_event_run(pth_json_str(rec, "run", NULL));
	pth_event_test(pth_rec_id(rec));
	if (pth_compose_test(rec, w->home.share, w->names, &e) == 0) {
		pth_event("test.composed", "{s:s,s:i}", "project",
		    pth_json_str(json_object_get(rec, "compose"), "project", ""), "images",
		    (int)json_array_size(pth_json_path(rec, "compose.images")));
	} else {
		w->bad = true;
		pth_complain("%s: %s", pth_rec_id(rec), e.text);
		pth_rec_error(rec, "compose", pth_category_err(&e, PTH_CAT_CONFIGURATION),
		    pth_json_str(source, "file", NULL), (unsigned)pth_json_int(source, "line", 0),
		    (unsigned)pth_json_int(source, "col", 0), "%s", e.text);
	}
	pth_event_test(NULL);
}

static int
take(json_t *rec, void *arg, struct pth_err *e)
{
	struct work *w = arg;

	if (pth_rec_is_test(rec) && pth_compose_wants(rec))
		compose(w, rec);
	if (w->opt.mode == FILTER)
		return pth_rec_write(&w->out, rec, e);
	if (json_object_get(rec, "compose") == NULL)
		return 0;
	switch (w->opt.mode) {
	case PRINT: print(w, rec); break;
	case IMAGES: list_images(w, rec); break;
	default: write_files(w, rec); break;
	}
	return 0;
}

int
main(int argc, char **argv)
{
	struct work w = { .out = { stdout, 0 }, .seen = json_object(), .names = json_object() };
	struct pth_err e;

	pth_event_init("pth-compose");
	parse_options(&w.opt, argc, argv);
	check(pth_home_find(&w.home, &e), &e);
	check(pth_rec_each(argv + optind, argc - optind, take, &w, &e), &e);
	if (w.opt.mode == FILTER)
		check(pth_rec_end(&w.out, &e), &e);
	pth_home_release(&w.home);
	json_decref(w.seen);
	json_decref(w.names);
	return w.opt.mode != FILTER && w.bad ? PTH_INPUT : PTH_OK;
}
