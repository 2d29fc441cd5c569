/* The program of a regular expression: regex.c makes it, regex_match.c runs it. */
#ifndef BASE_REGEX_PRIV_H
#define BASE_REGEX_PRIV_H

#include "base/regex.h"

enum regex_op {
	REGEX_BYTE,  /* arg: the byte */
	REGEX_SET,   /* x: number of the set of bytes */
	REGEX_FOUND, /* those before and this one are where a thread waits for a byte */
	REGEX_AT,    /* arg: enum regex_at; on at x, as with all that follow */
	REGEX_SAVE,  /* arg: 0 begin, 1 end of the first group */
	REGEX_SPLIT, /* then at y */
	REGEX_JUMP,
};

enum regex_at {
	REGEX_LINE_BEGIN,
	REGEX_LINE_END,
	REGEX_TEXT_BEGIN,
	REGEX_TEXT_END,
	REGEX_WORD_BEGIN,
	REGEX_WORD_END,
	REGEX_WORD_EDGE,
	REGEX_NO_WORD_EDGE,
};

/* One step. x and y of SPLIT and JUMP are relative, so that a part can be moved and copied. */
struct regex_step {
	uint8_t op, arg;
	int16_t x, y;
};

struct regex_set {
	bool has[256];
};

/* A place in the program that the text read so far can have led to, from where in the text,
 * and what the first group took. */
struct regex_thread {
	uint32_t pc, from, begin, end;
};

struct regex_list {
	struct regex_thread *v;
	size_t n;
};

struct pth_regex {
	unsigned flags, groups;
	struct regex_step *steps;
	size_t n, cap;
	struct regex_set *sets;
	size_t nsets;
	/* Behind the first byte of a text a match begins with one of these bytes, or may be
	 * empty. */
	bool first[256];
	bool empty;
	/* While it runs: the threads at a byte and at the next, those still to be followed,
	 * and for each step the round in which a thread came there. */
	struct regex_list now, next;
	struct regex_thread *stack;
	uint64_t *seen, round;
	bool no_begin, no_end; /* the text is a part of one */
};

#endif
