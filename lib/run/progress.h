/*
 * What a person sees on stderr while tests run, pth-exec(1): on a terminal a
 * block of lines that is drawn again and again, elsewhere one line for each
 * test that has ended.
 *
 * The cursor rests at the beginning of the block. So whoever writes a line
 * wipes the block first (io/event.h), and the block comes back with the next
 * drawing. The width is asked for at each drawing: no signal is needed when
 * the window changes.
 */
#ifndef PTH_RUN_PROGRESS_H
#define PTH_RUN_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "run/runner.h"

/* In the order of the words of --progress. */
enum pth_progress_mode {
	PTH_PROGRESS_AUTO, /* before pth_progress_open() only */
	PTH_PROGRESS_NONE,
	PTH_PROGRESS_PLAIN,
	PTH_PROGRESS_TTY,
};

struct pth_progress {
	enum pth_progress_mode mode;
	bool given; /* not AUTO: the experiment does not change it */
	bool ends;  /* a line for each test that has ended */
	bool colour, spinner;
	bool drawn;
	int64_t every, next; /* microseconds; monotonic */
	unsigned tick;
	long done, bad, total;
};

/* Find out what stderr is, and tell the events. */
void pth_progress_open(struct pth_progress *p, enum pth_progress_mode wanted);
/* The experiment's settings: progress.* and logging.enable_colors. */
void pth_progress_settings(struct pth_progress *p, const json_t *settings);
/* A test has come: the total may be known now. */
void pth_progress_total(struct pth_progress *p, const json_t *rec);
/* Tell of the tests that have ended since the last call, and draw when it is
 * time for it. */
void pth_progress_show(struct pth_progress *p, const struct pth_runner *r);
/* When the next drawing is due, monotonic; or PTH_NEVER. */
int64_t pth_progress_next(const struct pth_progress *p);
/* Wipe the block: it comes back with the next drawing. */
void pth_progress_wipe(struct pth_progress *p);

/* "[####....] ", of done of total; nothing when that is not known. */
void pth_progress_bar(struct pth_buf *b, long done, long total);
/* The room that a block on stderr has. */
void pth_progress_room(size_t *width, size_t *rows);
/* Append a block, whose lines are in text, as it is to be drawn. */
void pth_progress_draw(struct pth_progress *p, const struct pth_buf *text);
/* A figure that moves: less exact than pth_duration_show(). */
void pth_progress_time(struct pth_buf *b, int64_t us);

/* What is known of a running test. For pth_progress_line(), which is tested
 * by itself. Times in microseconds. */
struct pth_progress_test {
	const char *id, *stage;
	int attempt;
	int64_t elapsed, expected, limit; /* expected -1, limit 0: unknown */
};
/* One line of the block, of at most `width` columns. */
void pth_progress_line(struct pth_buf *b, const struct pth_progress_test *t, size_t width);

#endif
