/* Huffman's code of HPACK, and field sections of HTTP/3. */
#include "dissect/qpack.h"

#include "capture.h"
#include "dissect/huffman.h"
#include "unit.h"

/* Examples of RFC 7541, C.4 and C.6, and what is at the edges of the code. */
static void
huffman(void)
{
	static const struct {
		const char *hex, *text; /* NULL: no such code */
	} v[] = {
		{ "", "" }, { "f1e3 c2e5 f23a 6ba0 ab90 f4ff", "www.example.com" },
		{ "a8eb 1064 9cbf", "no-cache" }, { "25a8 49e9 5ba9 7d7f", "custom-key" },
		{ "25a8 49e9 5bb8 e8b4 bf", "custom-value" }, { "6402", "302" },
		{ "640e ff", "307" }, { "aec3 771a 4b", "private" },
		{ "d07a be94 1054 d444 a820 0595 040b 8166 e082 a62d 1bff",
		    "Mon, 21 Oct 2013 20:13:21 GMT" },
		{ "d07a be94 1054 d444 a820 0595 040b 8166 e084 a62d 1bff",
		    "Mon, 21 Oct 2013 20:13:22 GMT" },
		{ "9d29 ad17 1863 c78f 0b97 c8e9 ae82 ae43 d3", "https://www.example.com" },
		{ "94e7 821d d7f2 e6c7 b335 dfdf cd5b 3960 d5af 2708 7f36 72c1 ab27 0fb5 291f 9587 "
		  "3160 65c0 03ed 4ee5 b106 3d50 07",
		    "foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1" },
		{ "07", "0" },           /* 00000 and three ones */
		{ "1f", "a" },           /* 00011 111 */
		{ "fe3f", "!" },         /* 1111111000, ones to the end of a byte */
		{ "ff", NULL },          /* eight ones: padding has at most seven (5.2) */
		{ "1fff", NULL },        /* a, and more than seven */
		{ "18", NULL },          /* a, and zeroes as padding */
		{ "ffff ffff", NULL },   /* EOS */
		{ "ffff fffc", NULL },   /* EOS, and padding that is wrong */
		{ "07ff ffff ff", NULL } /* EOS within */
	};

	for (size_t i = 0; i < countof(v); i++) {
		struct pth_buf b = PTH_BUF_INIT;
		char out[100] = "";
		int n;

		put_hex(&b, v[i].hex);
		n = dissect_huffman_read((const uint8_t *)b.s, b.len, out, sizeof out - 1);
		CHECK_INT(n, v[i].text != NULL ? (int)strlen(v[i].text) : -1);
		if (n >= 0 && v[i].text != NULL) {
			out[n] = '\0';
			CHECK_STR(out, v[i].text);
			/* Of a text that is too long, its begin. */
			if (n > 3) {
				memset(out, 'x', 5);
				CHECK_INT(
				    dissect_huffman_read((const uint8_t *)b.s, b.len, out, 3), 3);
				CHECK(memcmp(out, v[i].text, 3) == 0 && out[3] == 'x');
			}
		}
		pth_buf_release(&b);
	}
}

/* "method path status", and "?" when something was not read. */
static void
is(const char *hex, const char *want)
{
	struct pth_buf b = PTH_BUF_INIT, text = PTH_BUF_INIT;
	struct qpack_head h;

	put_hex(&b, hex);
	dissect_qpack_read((struct cursor){ (uint8_t *)b.s, (uint8_t *)b.s + b.len }, &h);
	pth_buf_addf(&text, "%s %s %u%s", h.method, h.path, h.status, h.unread ? " ?" : "");
	if (!CHECK(strcmp(text.s, want) == 0))
		printf("    %s is \"%s\", not \"%s\"\n", hex, text.s, want);
	pth_buf_release(&b);
	pth_buf_release(&text);
}

static void
sections(void)
{
	/* RFC 9204, B.1: a literal with the name :path of the static table. */
	is("0000 510b 2f69 6e64 6578 2e68 746d 6c", " /index.html 0");
	/* B.2: :authority and :path are behind the base, in the dynamic table. */
	is("0381 1011", "  0 ?");
	/* B.4: of the dynamic table, of the static one, of the dynamic one. */
	is("0500 80c1 81", " / 0 ?");
	/* All of the static table that is wanted. */
	is("0000 d1 c1", "GET / 0");
	is("0000 cf", "CONNECT  0");
	is("0000 d0", "DELETE  0");
	is("0000 d2", "HEAD  0");
	is("0000 d3", "OPTIONS  0");
	is("0000 d4", "POST  0");
	is("0000 d5", "PUT  0");
	is("0000 d8", "  103");
	is("0000 d9", "  200");
	is("0000 da", "  304");
	is("0000 db", "  404");
	is("0000 dc", "  503");
	is("0000 ff00", "  100");
	is("0000 ff01", "  204");
	is("0000 ff02", "  206");
	is("0000 ff03", "  302");
	is("0000 ff04", "  400");
	is("0000 ff05", "  403");
	is("0000 ff06", "  421");
	is("0000 ff07", "  425");
	is("0000 ff08", "  500");
	/* Others are of no interest: content-type, and one that the table has not. */
	is("0000 ed ff80 01", "  0");
	/* A literal with a name of the table; never indexed; in Huffman's code: 302. */
	is("0000 5f09 8264 02", "  302");
	is("0000 7f09 0332 3031", "  201");
	is("0000 5f00 0450 4f53 54", "POST  0"); /* name 15, :method */
	/* A literal name, of 7 bytes: ":status", as it is and in Huffman's code. */
	is("0000 2700 3a73 7461 7475 7303 3430 34", "  404");
	is("0000 2db8 848d 36a3 0334 3034", "  404");
	is("0000 2578 2d61 6263 0131", "  0"); /* x-abc: 1 */
	/* Behind the base, indexed and as the name of a literal. */
	is("0000 10 d1", "GET  0 ?");
	is("0000 0001 61 d1", "GET  0");
	/* A status that is none. */
	is("0000 5f09 0331 6130", "  0");
	is("0000 5f09 0431 3030 30", "  0");
	is("0000 5f09 00", "  0");
	/* A method that is too long is cut. */
	is("0000 5f00 1441 4243 4445 4647 4849 4a4b 4c4d 4e4f 5051 5253 54", "ABCDEFGHIJKLMNO  0");
	unit("field sections that break off, or lie");
	is("", "  0 ?");
	is("00", "  0 ?");
	is("0000", "  0");
	is("ff", "  0 ?");
	is("0000 ff", "  0 ?");
	is("0000 d1 5f09 0332", "GET  0 ?");
	is("0000 d1 51", "GET  0 ?");
	is("0000 d1 2f", "GET  0 ?");
	is("0000 d1 27", "GET  0 ?");
	is("0000 d1 51 81ff", "GET  0 ?"); /* no Huffman code */
	is("0000 d1 ff8080 8080 8080 8080 8001", "GET  0 ?");
	is("0000 d1 51 7fff ffff ffff ffff ff7f", "GET  0 ?");
}

int
main(void)
{
	unit("Huffman's code");
	huffman();
	unit("field sections");
	sections();
	return unit_done();
}
