/* This file runs the program of a regular expression over a text. */
#include <string.h>

#include "base/regex_priv.h"
#include "base/text.h"

#define NOWHERE UINT32_MAX

static bool
is_word(char c)
{
	return pth_is_alnum(c) || c == '_';
}

/* Does an anchor hold before byte i? */
static bool
holds(const struct pth_regex *re, enum regex_at at, const char *s, size_t n, size_t i)
{
	bool lines = (re->flags & PTH_REGEX_LINES) != 0, before, behind;

	switch (at) {
	case REGEX_LINE_BEGIN: return i == 0 ? !re->no_begin : lines && s[i - 1] == '\n';
	case REGEX_LINE_END: return i == n ? !re->no_end : lines && s[i] == '\n';
	case REGEX_TEXT_BEGIN: return i == 0 && !re->no_begin;
	case REGEX_TEXT_END: return i == n && !re->no_end;
	default: break;
	}
	before = i > 0 && is_word(s[i - 1]);
	behind = i < n && is_word(s[i]);
	return at == REGEX_WORD_BEGIN ? !before && behind :
	    at == REGEX_WORD_END      ? before && !behind :
	    at == REGEX_WORD_EDGE     ? before != behind :
	                                before == behind;
}

/* Add to `to` the steps before byte i that take one, or end, to which t leads without taking
 * any; the first thread that comes to a step goes on from there. */
static inline void
follow(struct pth_regex *re, struct regex_list *to, struct regex_thread t, const char *s, size_t n,
    size_t i)
{
	size_t left = 0;

	for (;;) {
		const struct regex_step *step = re->steps + t.pc;
		bool on = re->seen[t.pc] != re->round;

		re->seen[t.pc] = re->round;
		if (on && step->op <= REGEX_FOUND) {
			to->v[to->n++] = t;
			on = false;
		} else if (on && step->op == REGEX_AT) {
			on = holds(re, step->arg, s, n, i);
		} else if (on && step->op == REGEX_SAVE && step->arg == 0) {
			t.begin = (uint32_t)i;
			t.end = NOWHERE;
		} else if (on && step->op == REGEX_SAVE) {
			t.end = (uint32_t)i;
		} else if (on && step->op == REGEX_SPLIT) {
			re->stack[left] = t;
			re->stack[left++].pc += (uint32_t)step->y;
		}
		if (on)
			t.pc += (uint32_t)step->x;
		else if (left > 0)
			t = re->stack[--left];
		else
			break;
	}
}

static bool
takes(const struct pth_regex *re, const struct regex_step *step, char c)
{
	return step->op == REGEX_BYTE ? step->arg == (unsigned char)c :
	                                re->sets[step->x].has[(unsigned char)c];
}

/* Go from byte i to the next with all threads of `now`, which are in the order of where they
 * began. One at the end is a match, the better one when it begins before best or, from the same
 * place, ends behind it; pc is of no use in best. */
static void
advance(struct pth_regex *re, const char *s, size_t n, size_t i, struct regex_thread *best,
    uint32_t *best_end)
{
	struct regex_list spent = re->now;

	re->next.n = 0;
	re->round++;
	for (size_t k = 0; k < re->now.n && re->now.v[k].from <= best->from; k++) {
		struct regex_thread t = re->now.v[k];
		const struct regex_step *step = re->steps + t.pc;

		if (step->op == REGEX_FOUND) {
			if (t.from < best->from || i > *best_end) {
				*best = t;
				*best_end = (uint32_t)i;
			}
		} else if (i < n && takes(re, step, s[i])) {
			t.pc++;
			follow(re, &re->next, t, s, n, i + 1);
		}
	}
	re->now = re->next;
	re->next = spent;
}

/* From byte `from` on; `any`: whatever match there is will do. */
static bool
run(struct pth_regex *re, const char *s, size_t n, size_t from, bool any,
    struct pth_regex_span at[2])
{
	struct regex_thread best = { 0, NOWHERE, NOWHERE, NOWHERE };
	uint32_t end = 0;

	n = n < NOWHERE ? n : NOWHERE - 1;
	re->now.n = 0;
	for (size_t i = from; i <= n; i++) {
		struct regex_thread t = { 0, (uint32_t)i, NOWHERE, NOWHERE };
		bool begins = i == 0 || re->empty || (i < n && re->first[(unsigned char)s[i]]);

		if (best.from != NOWHERE && (any || re->now.n == 0))
			break;
		if (re->now.n == 0 && !begins)
			continue;
		if (re->now.n == 0)
			re->round++; /* what came to nothing elsewhere may be right here */
		if (best.from == NOWHERE && begins)
			follow(re, &re->now, t, s, n, i);
		advance(re, s, n, i, &best, &end);
	}
	at[0] = at[1] = (struct pth_regex_span){ SIZE_MAX, SIZE_MAX };
	if (best.from != NOWHERE)
		at[0] = (struct pth_regex_span){ best.from, end };
	if (best.end != NOWHERE)
		at[1] = (struct pth_regex_span){ best.begin, best.end };
	return best.from != NOWHERE;
}

bool
pth_regex_match(struct pth_regex *re, const char *s, size_t n)
{
	struct pth_regex_span at[2];

	return run(re, s, n, 0, true, at);
}

bool
pth_regex_match_part(struct pth_regex *re, const char *s, size_t n, bool has_begin, bool has_end)
{
	bool found;

	re->no_begin = !has_begin;
	re->no_end = !has_end;
	found = pth_regex_match(re, s, n);
	re->no_begin = re->no_end = false;
	return found;
}

bool
pth_regex_find(struct pth_regex *re, const char *s, size_t n, struct pth_regex_span at[2])
{
	return run(re, s, n, 0, false, at);
}

bool
pth_regex_find_from(
    struct pth_regex *re, const char *s, size_t n, size_t from, struct pth_regex_span at[2])
{
	return run(re, s, n, from, false, at);
}
