/* Dockerfiles of somebody's own, before an engine reads them. */
#include "container/dockerfile.h"

#include <string.h>

#include "unit.h"

static void
texts(void)
{
	static const struct {
		const char *text, *error; /* "": it is right */
	} rows[] = {
		{ "FROM debian\n", "" },
		{ "FROM debian", "" },
		{ "# comment\n\nfrom debian\nrun true\n", "" },
		{ "ARG V=12\nFROM debian:$V AS a\nFROM a\nCMD [\"x\"]\n", "" },
		{ "FROM a\r\nRUN true\r\n", "" },
		{ "FROM a\nRUN a \\\n  # comment\n\n  && FORM b \\\n  c\nUSER x\n", "" },
		{ "# escape=`\nFROM a\nRUN a `\n  FORM\nUSER x\n", "" },
		{ "FROM a\nRUN <<EOF\nFORM x\nEOF\nUSER x\n", "" },
		{ "FROM a\nCOPY <<-\"ONE\" <<TWO /x/\nFORM\nONE\nFORM\nTWO\nUSER x\n", "" },
		{ "", "no FROM" },
		{ "# only this\n", "no FROM" },
		{ "ARG V\n", "no FROM" },
		{ "RUN true\nFROM a\n", "line 1: RUN before FROM" },
		{ "\nFORM debian\n", "line 2: no instruction 'FORM'; did you mean 'FROM'?" },
		{ "FROM a\nRUNN true\n", "line 2: no instruction 'RUNN'; did you mean 'RUN'?" },
		{ "FROM a\napt-get install x\n", "line 2: no instruction 'APT-GET'" },
		{ "FROM a\nRUN\n", "line 2: RUN with nothing behind it" },
		{ "FROM a\nWORKDIR \t\n", "line 2: WORKDIR with nothing behind it" },
		{ "FROM a\nRUN a \\\n b\nFORM\n",
		    "line 4: no instruction 'FORM'; did you mean 'FROM'?" },
		/* The directive counts only before everything else, and `\` no more with it. */
		{ "FROM a\n# escape=`\nRUN a `\n  FORM x\n",
		    "line 4: no instruction 'FORM'; did you mean 'FROM'?" },
		{ "# escape=`\nFROM a\nRUN a \\\n  FORM x\n",
		    "line 4: no instruction 'FORM'; did you mean 'FROM'?" },
		{ "FROM a\nRUN <<EOF\nFORM x\nEOF\nFORM b\n",
		    "line 5: no instruction 'FORM'; did you mean 'FROM'?" },
		/* ENV has no here-document. */
		{ "FROM a\nENV x <<EOF\nFORM x\nEOF\n",
		    "line 3: no instruction 'FORM'; did you mean 'FROM'?" },
	};

	unit("texts of Dockerfiles");
	for (size_t i = 0; i < countof(rows); i++) {
		struct pth_err e = { 0 };
		int r = container_dockerfile_check(rows[i].text, strlen(rows[i].text), &e);

		CHECK_INT(r, *rows[i].error != '\0' ? -1 : 0);
		CHECK_STR(r != 0 ? e.text : "", rows[i].error);
	}
}

int
main(void)
{
	texts();
	return unit_done();
}
