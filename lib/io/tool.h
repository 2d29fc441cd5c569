/*
 * The grammar of every tool's command line, pth(7). A tool declares its options as a
 * table; this file parses them, writes --help, --version and the usage line from the
 * same table, and reports mistakes in one form: a sentence, the usage line, exit 2.
 *
 *   const struct pth_option options[] = {
 *           { 'j', "jobs", "N", "run N tests at a time", .number = &jobs, .min = 1, .max = 256 },
 *           { 0, "strict", NULL, "take warnings as errors", .flag = &strict },
 *   };
 *   struct pth_tool tool = { "pth-x", "do something with tests", "[FILE]...", PTH_OPTIONS(options)
 * };
 *
 *   if ((code = pth_tool_parse(&tool, argc, argv)) >= 0)
 *           return code;
 *
 * Each tool also has -q, -v, --debug, --partial, -h and -V, which no table lists; of -v only the
 * name where its table has the letter.
 */
#ifndef PTH_IO_TOOL_H
#define PTH_IO_TOOL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/strv.h"
#include "io/rec.h"

struct pth_option {
	char letter;      /* '\0': it has only a name */
	const char *name; /* without "--" */
	const char *arg;  /* what its argument is called, NULL: it has none */
	const char *help; /* what it does, in one line */
	/* Where it is stored: exactly one of these is set. An argument of a flag or a
	 * word is one of the words of `arg`, "input|longest"; a word is stored as its index. */
	bool *flag;
	unsigned *word;
	const char **text;
	struct pth_strv *list; /* it may be given several times; caller frees */
	uint64_t *number;
	uint64_t min, max; /* of number, at most INT64_MAX */
	/* -1 with e: code PTH_USAGE and what is wrong with the argument. */
	int (*call)(void *to, char *arg, struct pth_err *e);
	void *to;
	bool required; /* of a text: it has to be given */
};

struct pth_tool {
	const char *name;
	const char *purpose;  /* one sentence without its full stop */
	const char *operands; /* "", "[X]", "X", "[X]..." or "X..." */
	const struct pth_option *options;
	size_t n;
	bool reads;       /* records or files: without operands stdin, which is no terminal */
	const char *more; /* further lines of --help, or NULL */
	/* Set by pth_tool_parse(): */
	bool quiet, partial;
	char **operand;
	int operand_count;
};

#define PTH_OPTIONS(table) .options = (table), .n = countof(table)

/* The first thing in main: -1, or the exit code when that is all, after --help, --version
 * or a mistake, which has been told. */
int pth_tool_parse(struct pth_tool *t, int argc, char **argv);
/* The command line is wrong: say why and write the usage line. PTH_USAGE. */
int pth_tool_mistake(const struct pth_tool *t, const char *fmt, ...) PTH_PRINTF(2, 3);
/* For .call of NAME=VALUE: cut arg into NAME and the VALUE that is returned, or NULL with e. */
const char *pth_tool_value(char *arg, struct pth_err *e);

/* Open the stream of operand i ("-": stdin), or without operands stdin. pth_rec_close()
 * closes it. 0 or -1 with e. */
int pth_tool_open(const struct pth_tool *t, int i, struct pth_rec_in *in, struct pth_err *e);
/* The loop of a stage: hand each record of all operands, or of stdin, to take(), which
 * borrows it. pass: then write it to stdout, and in the end the end record. 0 or -1 with e. */
int pth_tool_each(const struct pth_tool *t, bool pass, void (*take)(json_t *rec, void *arg),
    void *arg, struct pth_err *e);
/* Write the text to stdout now, and empty the buffer. 0 or -1 with e. */
int pth_tool_print(struct pth_buf *b, struct pth_err *e);

#endif
