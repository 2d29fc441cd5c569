#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/buf.h"
#include "unit.h"

static void
buffers(void)
{
	struct pth_buf b = PTH_BUF_INIT;
	char *s;

	unit("an empty buffer is an empty text");
	s = pth_buf_take(&b);
	CHECK_STR(s, "");
	free(s);

	unit("adding keeps the NUL behind the text");
	pth_buf_add(&b, "a\0b", 3);
	CHECK_INT(b.len, 3);
	CHECK(memcmp(b.s, "a\0b", 4) == 0);
	pth_buf_adds(&b, "cd");
	pth_buf_addc(&b, 'e');
	CHECK_INT(b.len, 6);
	CHECK_STR(b.s + 2, "bcde");
	pth_buf_cut(&b, 2);
	CHECK_INT(b.len, 2);
	CHECK(b.s[2] == '\0');
	pth_buf_cut(&b, 100);
	CHECK_INT(b.len, 2);
	pth_buf_release(&b);
	CHECK(b.s == NULL && b.len == 0 && b.cap == 0);

	unit("printing grows as far as needed");
	pth_buf_addf(&b, "%d-", 7);
	pth_buf_addf(&b, "%0500d", 1);
	CHECK_INT(b.len, 502);
	CHECK(b.s[0] == '7' && b.s[501] == '1' && b.s[502] == '\0');
	pth_buf_release(&b);
	for (int i = 70; i < 90; i++) { /* round the size of the first try */
		pth_buf_addf(&b, "%0*d", i, 3);
		CHECK_INT(b.len, i);
		CHECK(b.s[i - 1] == '3' && b.s[i] == '\0');
		pth_buf_release(&b);
	}

	unit("many single characters");
	for (int i = 0; i < 100000; i++)
		pth_buf_addc(&b, (char)('a' + i % 26));
	CHECK_INT(b.len, 100000);
	CHECK(b.s[99999] == 'a' + 99999 % 26 && b.s[100000] == '\0');

	unit("take hands the memory over");
	s = pth_buf_take(&b);
	CHECK(strlen(s) == 100000 && b.s == NULL && b.len == 0);
	free(s);

	unit("room is what the caller fills");
	memcpy(pth_buf_room(&b, 5), "hello", 5);
	b.len += 5;
	pth_buf_add(&b, "", 0);
	CHECK_STR(b.s, "hello");
	pth_buf_release(&b);
}

static void
arenas(void)
{
	struct pth_arena a = { .head = NULL };
	char *big, *s, *first;
	bool aligned = true, zeroed = true, same = true;
	static char *spilled[9000];
	size_t total;

	unit("an arena gives aligned, zeroed memory");
	for (size_t i = 1; i < 2000; i++) {
		char *p = pth_arena_alloc(&a, i);

		aligned &= (size_t)p % _Alignof(max_align_t) == 0;
		for (size_t j = 0; j < i; j++)
			zeroed &= p[j] == 0;
		memset(p, 0xff, i);
	}
	CHECK(aligned);
	CHECK(zeroed);
	CHECK(a.total >= 1999 * 1000);

	unit("an arena copies texts and takes large blocks");
	first = pth_arena_str(&a, "first");
	big = pth_arena_alloc(&a, 3 << 20);
	memset(big, 1, 3 << 20);
	s = pth_arena_strn(&a, "second and more", 6);
	CHECK_STR(first, "first");
	CHECK_STR(s, "second");
	CHECK(pth_arena_alloc(&a, 0) != NULL);

	unit("what is more than a limit lies in a file, and stays what it is");
	pth_arena_release(&a);
	a.spill_from = 1 << 20;
	for (size_t i = 0; i < countof(spilled); i++) {
		spilled[i] = pth_arena_alloc(&a, i == 5000 ? 5 << 20 : 1000);
		CHECK(spilled[i][999] == '\0');
		memset(spilled[i], (int)(i % 251), 1000);
	}
	CHECK(a.spill > 0);
	pth_arena_rest(&a);
	for (size_t i = 0; i < countof(spilled); i++)
		same &= spilled[i][0] == (char)(i % 251) && spilled[i][999] == (char)(i % 251);
	CHECK(same);

	unit("a large block does not hide the room that is left");
	pth_arena_release(&a);
	CHECK(pth_arena_alloc(&a, 16) != NULL);
	CHECK(pth_arena_alloc(&a, 1 << 20) != NULL);
	total = a.total;
	CHECK(pth_arena_alloc(&a, 16) != NULL);
	CHECK_INT(a.total, total);
	CHECK(pth_arena_alloc(&a, 1 << 20) != NULL);
	CHECK(a.total > total + (1 << 20) - 1 && a.total < total + (1 << 20) + 1024);
	pth_arena_release(&a);
	CHECK(a.head == NULL);
	CHECK_INT(a.total, 0);
}

int
main(void)
{
	buffers();
	arenas();
	return unit_done();
}
