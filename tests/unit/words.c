/* Words of lists, numbers in them, and the one hash. */
#include "base/words.h"

#include "base/hash.h"
#include "unit.h"

int
main(void)
{
	struct pth_word rest = pth_word_of("a::b,c:"), word;
	uint64_t n;

	unit("words");
	CHECK(pth_word_next(&rest, ":", &word) && pth_word_is(word, "a"));
	CHECK(pth_word_next(&rest, ":", &word) && pth_word_is(word, ""));
	CHECK(pth_word_next(&rest, ":,", &word) && pth_word_is(word, "b"));
	CHECK(pth_word_next(&rest, ":", &word) && pth_word_is(word, "c"));
	CHECK(pth_word_next(&rest, ":", &word) && word.n == 0 && rest.s == NULL);
	CHECK(!pth_word_next(&rest, ":", &word));
	rest = pth_word_of("");
	CHECK(pth_word_next(&rest, ":", &word) && word.n == 0);
	CHECK(!pth_word_next(&rest, ":", &word));
	rest = (struct pth_word){ "a\0b c", 5 };
	CHECK(pth_word_next(&rest, " \n", &word) && word.n == 3);

	unit("is it one of them");
	CHECK(pth_words_have(pth_word_of("cpu io\n"), " \n", "io"));
	CHECK(!pth_words_have(pth_word_of("cpuset io"), " ", "cpu"));
	CHECK(!pth_words_have(pth_word_of("a,,b"), ",", ""));

	unit("numbers");
	rest = pth_word_of(" \t12 -3 fF 99999999999999999999999 x");
	CHECK(pth_word_number(&rest, 10, &n) && n == 12);
	CHECK(pth_word_number(&rest, 10, &n) && n == 3);
	CHECK(pth_word_number(&rest, 16, &n) && n == 255);
	CHECK(pth_word_number(&rest, 10, &n) && n == UINT64_MAX);
	CHECK(!pth_word_number(&rest, 16, &n) && pth_word_is(rest, "x"));

	unit("hash");
	/* From the authors' own vectors. */
	CHECK(pth_hash_text(PTH_HASH_EMPTY, "") == 0xcbf29ce484222325u);
	CHECK(pth_hash_text(PTH_HASH_EMPTY, "a") == 0xaf63dc4c8601ec8cu);
	CHECK(pth_hash_text(PTH_HASH_EMPTY, "foobar") == 0x85944171f73967e8u);
	return unit_done();
}
