/*
 * What planning cannot do without: walk the events of FILE with libyaml, and
 * write the records of RECORDS with jansson. Prints the
 * microseconds of processor time of both.
 * Reading and parsing RECORDS is not counted.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <jansson.h>
#include <yaml.h>

static long long
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return t.tv_sec * 1000000LL + t.tv_nsec / 1000;
}

static void
events(const char *path)
{
	FILE *fp = fopen(path, "r");
	yaml_parser_t p;
	yaml_event_t ev;
	int more = 1;

	if (!fp || !yaml_parser_initialize(&p))
		exit(4);
	yaml_parser_set_input_file(&p, fp);
	while (more) {
		if (!yaml_parser_parse(&p, &ev))
			exit(4);
		more = ev.type != YAML_STREAM_END_EVENT;
		yaml_event_delete(&ev);
	}
	yaml_parser_delete(&p);
	fclose(fp);
}

int
main(int argc, char **argv)
{
	long long t0 = now(), dump = 0;
	FILE *in, *out = fopen("/dev/null", "w");
	char *line = NULL;
	size_t cap = 0;

	if (argc != 3 || !out || !(in = fopen(argv[2], "r")))
		return 2;
	events(argv[1]);
	t0 = now() - t0;
	while (getline(&line, &cap, in) > 0) {
		json_t *v = json_loads(line, 0, NULL);
		long long t1 = now();

		if (!v || json_dumpf(v, out, JSON_COMPACT) || fputc('\n', out) < 0 || fflush(out))
			return 4;
		dump += now() - t1;
		json_decref(v);
	}
	printf("%lld %lld\n", t0, dump);
	return 0;
}
