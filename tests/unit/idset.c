/* A set of texts, before and after it has grown. */
#include "run/idset.h"

#include <stdio.h>

#include "unit.h"

int
main(void)
{
	struct pth_idset s = { NULL, 0, 0 };
	unsigned twice = 0, lost = 0;
	char text[32];

	CHECK(pth_idset_add(&s, ""));
	CHECK(!pth_idset_add(&s, ""));
	for (unsigned i = 0; i < 20000; i++) {
		snprintf(text, sizeof text, "%03u-test", i);
		twice += !pth_idset_add(&s, text);
	}
	for (unsigned i = 0; i < 20000; i++) {
		snprintf(text, sizeof text, "%03u-test", i);
		lost += pth_idset_add(&s, text);
	}
	CHECK(twice == 0 && lost == 0 && s.n == 20001);
	pth_idset_release(&s);
	CHECK(pth_idset_add(&s, "") && s.n == 1);
	pth_idset_release(&s);
	return unit_done();
}
