/*
 * What pth-compose makes of a planned test, as rows: what is changed in a plain test, and what
 * is then at a path of its record.
 */
#ifndef PTH_UNIT_COMPOSE_H
#define PTH_UNIT_COMPOSE_H

#include "container/compose.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "container/compose_priv.h"
#include "io/file.h"
#include "io/json.h"
#include "io/record.h"
#include "patched.h"
#include "quoted.h"
#include "unit.h"

/* Two services in containers; ' stands for ". */
static const char plain[] =
    "{'pth':1,'type':'test','run':'r','id':'001-A_b.c','services':{'server':{},'client':{}},"
    "'settings':{},'plan':{'environment':{'type':'docker_compose',"
    "'supported_by':['pth-compose'],'parameters':{'network_name':'net'}},'timeout_us':0,"
    "'setup':[],'capture':null,'order':['server','client'],'services':["
    "{'name':'server','plugin':'p','version':'v','role':'server','finite':false,'after':[],"
    "'address':'server','port':4443,'transport':'udp','phases':{'run':{'argv':['s']}},"
    "'ready':[],'stop':{'signal':'INT','grace_us':5000000},'timeout_us':0,"
    "'docker':{'image':'a:1'}},"
    "{'name':'client','plugin':'p','version':'v','role':'client','finite':true,"
    "'after':[{'service':'server','state':'ready'}],'address':'client','port':4443,"
    "'transport':'udp','phases':{'run':{'argv':['c']}},'ready':[],"
    "'stop':{'signal':'TERM','grace_us':1000000},'timeout_us':0,"
    "'docker':{'image':'a:1'}}]}}";

/* The test with changes: "'path': value, ...". */
static json_t *
changed(const char *changes)
{
	json_t *rec = json(plain), *v;
	pth_auto_buf b = PTH_BUF_INIT;
	json_auto_t *list = NULL;
	const char *key;

	pth_buf_addf(&b, "{%s}", changes);
	list = json(b.s);
	CHECK(list != NULL);
	json_object_foreach(list, key, v)
		set(rec, key, json_incref(v));
	return rec;
}

static const char *
share(void)
{
	static char path[4096];

	snprintf(path, sizeof path, "%s/share", getenv("TOP"));
	return path;
}

/* What is in the plan's file of that path; "{}" for none. New reference. */
static json_t *
file_of(const json_t *rec, const char *path)
{
	json_t *f;
	size_t i;

	json_array_foreach(pth_json_path(rec, "compose.plan.files"), i, f)
		if (strcmp(pth_content_path(f), path) == 0)
			return json(pth_content_text(f));
	return json_object();
}

/* What a path means in the record: "inner NAME PATH" is in what pth-init reads, "create NAME"
 * the words of docker create. New reference, or NULL. */
static json_t *
look(const json_t *rec, const char *path)
{
	char name[40], file[60];
	json_auto_t *inner = NULL;
	json_t *s;
	int n = 0;

	if (sscanf(path, "inner %39s %n", name, &n) == 1 && n > 0) {
		snprintf(file, sizeof file, "docker/%s.json", name);
		inner = file_of(rec, file);
		return json_incref(pth_json_path(inner, path + n));
	}
	if (sscanf(path, "create %39s", name) == 1) {
		s = pth_json_named(pth_json_path(rec, "compose.plan.services"), name);
		return json_incref(pth_json_path(s, "phases.pre_run.0.argv"));
	}
	return json_incref(pth_json_path(rec, path));
}

/* A text as it is, texts with a blank between, other values as JSON, nothing as "-". */
static void
show(struct pth_buf *b, const json_t *v)
{
	json_t *x;
	size_t i;

	json_array_foreach(v, i, x)
		if (!json_is_string(x))
			break;
	if (v == NULL)
		pth_buf_addc(b, '-');
	else if (json_is_string(v))
		pth_buf_adds(b, json_string_value(v));
	else if (!json_is_array(v) || i < json_array_size(v))
		pth_json_dump(b, v);
	else
		json_array_foreach(v, i, x)
			pth_buf_addf(b, "%s%s", i > 0 ? " " : "", json_string_value(x));
}

/* want: the whole; "* words": they are among them, lines taken as words; "! words": they are
 * not. */
static bool
fits(const char *got, const char *want)
{
	pth_auto_buf all = PTH_BUF_INIT, words = PTH_BUF_INIT;

	if ((*want != '*' && *want != '!') || want[1] != ' ')
		return strcmp(got, want) == 0;
	pth_buf_addf(&all, " %s ", got);
	for (size_t i = 0; i < all.len; i++)
		all.s[i] = all.s[i] == '\n' ? ' ' : all.s[i];
	pth_buf_addf(&words, " %s ", want + 2);
	return (strstr(all.s, words.s) != NULL) == (*want == '*');
}

struct row {
	const char *what; /* of this row and those that follow; NULL: as before */
	const char *changes, *path, *want;
};

/* Each row; more than one want may be looked at with the changes of the row before: NULL. */
static void
rows(const struct row *v, size_t n)
{
	json_t *rec = NULL;
	struct pth_err e = { 0 };
	int r = 0;

	for (size_t i = 0; i < n; i++) {
		pth_auto_buf got = PTH_BUF_INIT, want = PTH_BUF_INIT;
		json_auto_t *found = NULL;

		if (v[i].what != NULL)
			unit(v[i].what);
		if (v[i].changes != NULL) {
			json_auto_t *names = json_object();

			json_decref(rec);
			rec = changed(v[i].changes);
			r = pth_compose_test(rec, share(), names, NULL, &e);
		}
		for (const char *p = v[i].want; *p != '\0'; p++)
			pth_buf_addc(&want, *p == '\'' ? '"' : *p);
		if (strcmp(v[i].path, "error") == 0) {
			CHECK_INT(r, -1);
			CHECK_INT(e.code, PTH_INPUT);
			CHECK(pth_json_path(rec, "compose") == NULL);
			if (!CHECK(r != 0 && strstr(e.text, v[i].want) != NULL))
				printf("    row %zu: %s\n", i, r != 0 ? e.text : "no error");
			continue;
		}
		if (!CHECK(r == 0)) {
			printf("    row %zu: %s\n", i, e.text);
			continue;
		}
		found = look(rec, v[i].path);
		show(&got, found);
		if (!CHECK(fits(got.s != NULL ? got.s : "", want.s != NULL ? want.s : "")))
			printf("    row %zu: %s is\n    %s, not\n    %s\n", i, v[i].path,
			    got.s != NULL ? got.s : "", want.s != NULL ? want.s : "");
	}
	json_decref(rec);
}

#define DOC "compose.document."
#define SERVER DOC "services.server."
#define CLIENT DOC "services.client."
#define PARAM "'plan.environment.parameters."
#define SVC "'plan.services."
#define OUT "compose.plan.services."
#define DOCKER "'settings.docker': "

#endif
