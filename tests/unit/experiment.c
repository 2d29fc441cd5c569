/* The table of keys: each that nobody reads says so, and is warned about. */
#include "experiment/priv.h"

#include "unit.h"

/* Is the key, or a map that it is in, without effect? */
static bool
idle(const struct experiment_key *k)
{
	for (size_t i = 0; i < experiment_keys_n; i++) {
		const char *path = experiment_keys[i].path;
		size_t n = strlen(path);

		if (n != 0 && strncmp(path, k->path, n) == 0 && strchr(".[", k->path[n]) != NULL &&
		    (experiment_keys[i].flags & F_IDLE) != 0)
			return true;
	}
	return false;
}

int
main(void)
{
	char what[300];

	unit("every key has a reader or a warning");
	CHECK(experiment_keys_n > 300);
	for (size_t i = 0; i < experiment_keys_n; i++) {
		const struct experiment_key *k = &experiment_keys[i];
		/* an item or a key of any name belongs to what it is in */
		bool part = k->path[0] != '\0' &&
		    strchr("*]", k->path[strlen(k->path) - 1]) != NULL;

		if ((k->reader == NULL) != ((k->flags & F_IDLE) != 0 || idle(k)) && !part &&
		    !(k->reader != NULL && idle(k))) {
			snprintf(what, sizeof what, "%s: read by %s, but flags %x", k->path,
			    k->reader != NULL ? k->reader : "nobody", k->flags);
			CHECK_STR("", what);
		}
	}
	return unit_done();
}
