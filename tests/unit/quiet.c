/* Which connections are given up. */
#include "dissect/quiet.h"

#include <stdlib.h>
#include <string.h>

#include "unit.h"

/* Connections as "NUMBER" of the last packet, with a + when it has ended; who goes as "-". */
static void
is(const char *connections, const char *goes, bool lost)
{
	struct quiet v[16] = { { 0 } };
	uint32_t *places;
	char got[17] = "";
	size_t n = 0, stay = 0;
	const char *limit = NULL;

	for (const char *p = connections; *p != '\0'; n++) {
		char *end;

		v[n].last = strtoull(p, &end, 10);
		v[n].over = *end == '+';
		p = end + (*end == '+');
		p += *p == ' ';
	}
	places = dissect_quiet_places(v, n, &limit);
	CHECK((limit != NULL) == lost);
	for (size_t i = 0; i < n; i++) {
		got[i] = places[i] == QUIET_GONE ? '-' : '.';
		if (places[i] != QUIET_GONE)
			CHECK_INT(places[i], stay++);
	}
	CHECK_STR(got, goes);
	free(places);
}

int
main(void)
{
	unit("those that have ended");
	is("1 2+ 3 4", ".-..", false);
	is("9+", "-", false);
	is("1+ 2+ 3+", "---", false);
	unit("few have ended: the quiet half, too");
	is("5 1 4+ 2 3", ".----", true);
	is("7", "-", true);
	is("1 1 1 1", "----", true);
	is("8 1 7 2", ".-.-", true);
	return unit_done();
}
