/* This file finds out where our own control groups lie, from two files of proc(5). */
#include "host/cgroup.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/words.h"

/* Blanks, newlines and backslashes are \ooo in mountinfo. */
static void
unescape(struct pth_buf *b, struct pth_word p)
{
	for (size_t i = 0; i < p.n; i++) {
		const char *s = p.s + i;

		if (p.n - i >= 4 && s[0] == '\\' && s[1] >= '0' && s[1] <= '3' && s[2] >= '0' &&
		    s[2] <= '7' && s[3] >= '0' && s[3] <= '7') {
			char c = (char)((s[1] - '0') << 6 | (s[2] - '0') << 3 | (s[3] - '0'));

			pth_buf_addc(b, c != '\0' ? c : '?');
			i += 3;
		} else {
			pth_buf_addc(b, *s);
		}
	}
}

/* "4:memory:/a/b": which hierarchy has the controller, and our path there. A
 * hierarchy of version 1 has it for itself. */
static void
read_self(
    const char *text, struct pth_word path[PTH_CG_KINDS], struct pth_cgroup_place p[PTH_CG_KINDS])
{
	struct pth_word all = pth_word_of(text), line, id, list;

	while (pth_word_next(&all, "\n", &line)) {
		if (!pth_word_next(&line, ":", &id) || !pth_word_next(&line, ":", &list) ||
		    line.s == NULL || line.n == 0 || *line.s != '/')
			continue;
		for (int k = 0; k < PTH_CG_KINDS; k++) {
			bool v2 = pth_word_is(id, "0") && list.n == 0;

			if ((!v2 || p[k].version != 0) &&
			    !pth_words_have(list, ",", pth_cgroup_controller(k)))
				continue;
			p[k].version = v2 ? 2 : 1;
			path[k] = line;
		}
	}
}

struct mount {
	struct pth_word root, point, type, options;
};

/* "41 31 0:38 /root /point rw,relatime shared:9 - cgroup2 cgroup2 rw" */
static bool
read_mount(struct pth_word line, struct mount *m)
{
	struct pth_word f;

	for (int i = 0; i < 6; i++) {
		if (!pth_word_next(&line, " ", &f))
			return false;
		if (i == 3)
			m->root = f;
		else if (i == 4)
			m->point = f;
	}
	while (pth_word_next(&line, " ", &f) && !pth_word_is(f, "-"))
		;
	return pth_word_next(&line, " ", &m->type) && pth_word_next(&line, " ", &f) &&
	    pth_word_next(&line, " ", &m->options);
}

/* Our group below the mount point. A mount that shows only a part we are not
 * in shows, in a container, just us. */
static void
place(struct pth_cgroup_place *p, const struct mount *m, struct pth_word path)
{
	pth_auto_buf top = PTH_BUF_INIT, own = PTH_BUF_INIT, root = PTH_BUF_INIT;
	size_t n;

	unescape(&top, m->point);
	unescape(&root, m->root);
	n = pth_word_is(m->root, "/") ? 0 : root.len;
	if (n > path.n ||
	    (n > 0 && (memcmp(root.s, path.s, n) != 0 || (n < path.n && path.s[n] != '/'))))
		n = path.n;
	pth_buf_adds(&own, top.s != NULL ? top.s : "");
	pth_buf_add(&own, path.s + n, path.n - n);
	while (own.len > top.len && own.s[own.len - 1] == '/')
		pth_buf_cut(&own, own.len - 1);
	p->own = pth_buf_take(&own);
	p->top = pth_buf_take(&top);
}

void
pth_cgroup_locate(const char *self, const char *mounts, struct pth_cgroup_place p[PTH_CG_KINDS])
{
	struct pth_word all = pth_word_of(mounts), line, path[PTH_CG_KINDS] = { { NULL, 0 } };
	struct mount m;

	memset(p, 0, PTH_CG_KINDS * sizeof *p);
	read_self(self, path, p);
	while (pth_word_next(&all, "\n", &line)) {
		if (!read_mount(line, &m))
			continue;
		for (int k = 0; k < PTH_CG_KINDS; k++)
			if (p[k].own == NULL &&
			    ((p[k].version == 2 && pth_word_is(m.type, "cgroup2")) ||
			        (p[k].version == 1 && pth_word_is(m.type, "cgroup") &&
			            pth_words_have(m.options, ",", pth_cgroup_controller(k)))))
				place(&p[k], &m, path[k]);
	}
	for (int k = 0; k < PTH_CG_KINDS; k++)
		if (p[k].own == NULL)
			p[k].version = 0;
}

void
pth_cgroup_places_release(struct pth_cgroup_place p[PTH_CG_KINDS])
{
	for (int k = 0; k < PTH_CG_KINDS; k++) {
		free(p[k].own);
		free(p[k].top);
	}
}
