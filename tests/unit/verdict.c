/* The verdict on hand-made input. */
#include "verdict.h"

#include <sys/stat.h>

#include "collect/artifact.h"
#include "collect/metric.h"
#include "io/event.h"
#include "io/file.h"

static void
runs(void)
{
	unit("how a run ended");
	JUDGED("completed", STOPPED, EXIT(0), "", "passed ok: 2 rules held");
	JUDGED("failed", STOPPED, EXIT(3), "", "failed bad: exit client: exit code 3");
	JUDGED("crashed", SIGNAL, EXIT(1), "", "crashed bad: exit server: killed by SIGSEGV");
	JUDGED("timeout", STOPPED, LATE, "", "timeout bad: exit client: timeout");
	JUDGED("interrupted", STOPPED, STOPPED, "", "interrupted bad: the reason");
	JUDGED("skipped", STOPPED, STOPPED, "", "skipped bad: the reason");
	JUDGED("unsupported", STOPPED, STOPPED, "", "unsupported bad: the reason");
	JUDGED("error", STOPPED, STOPPED, "", "error bad: the reason");
	JUDGED("nonsense", STOPPED, STOPPED, "", "error bad: the reason");
	/* Something that no service shows, such as a command of setup. */
	JUDGED("failed", STOPPED, EXIT(0), "", "failed bad: the reason");
	JUDGED("completed", STOPPED, EXIT(0), "\"error\":{\"stage\":\"plan\",\"message\":\"no\"}",
	    "error bad: plan: no");
	JUDGED("completed", STOPPED, EXIT(0),
	    "\"error\":{\"stage\":\"plan\",\"message\":\"no\",\"status\":\"unsupported\"}",
	    "unsupported bad: plan: no");
	JUDGED("completed", STOPPED, EXIT(0),
	    "\"error\":{\"stage\":\"plan\",\"message\":\"no\",\"status\":\"passed\"}",
	    "error bad: plan: no");
	JUDGED("failed", STOPPED, EXIT(3),
	    "\"plan\":{\"services\":[{\"name\":\"client\",\"critical\":false}]}",
	    "failed bad: the reason");
}

static void
expectations(void)
{
	unit("expect.status");
	JUDGED("crashed", SIGNAL, EXIT(0), "\"expect\":{\"status\":\"crashed\"}",
	    "crashed ok expected-fail: exit server: killed by SIGSEGV");
	JUDGED("completed", STOPPED, EXIT(0), "\"expect\":{\"status\":\"failed\"}",
	    "passed bad unexpected-pass: passed, although it was expected not to");
	JUDGED("failed", STOPPED, EXIT(1), "\"expect\":{\"status\":[\"timeout\",\"failed\"]}",
	    "failed ok expected-fail: exit client: exit code 1");
	JUDGED("completed", STOPPED, EXIT(0), "\"expect\":{\"status\":\"great\"}",
	    "error bad: expect.status is not a status");
	JUDGED("failed", STOPPED, EXIT(1),
	    "\"expect\":{\"status\":\"failed\",\"exit\":{\"client\":2}}",
	    "failed bad: ended as expected, but exit client: exit code 1, 2 wanted");
	unit("expect.exit replaces the default");
	JUDGED("failed", STOPPED, EXIT(3), "\"expect\":{\"exit\":{\"client\":3}}",
	    "passed ok: 2 rules held");
	JUDGED("failed", STOPPED, EXIT(3), "\"expect\":{\"exit\":{\"client\":[1,3]}}",
	    "passed ok: 2 rules held");
	JUDGED("failed", STOPPED, EXIT(3), "\"expect\":{\"exit\":{\"client\":\"any\"}}",
	    "passed ok: 2 rules held");
	JUDGED("crashed", SIGNAL, EXIT(0), "\"expect\":{\"exit\":{\"server\":\"SIGSEGV\"}}",
	    "passed ok: 2 rules held");
	JUDGED("completed", STOPPED, EXIT(0), "\"expect\":{\"exit\":{\"client\":1}}",
	    "failed bad: exit client: exit code 0, 1 wanted");
	/* It speaks of one service; the other's end still counts. */
	JUDGED("failed", EXIT(1), EXIT(3), "\"expect\":{\"exit\":{\"client\":3}}",
	    "failed bad: exit server: exit code 1");
	unit("flaky");
	json_t *rec = parse("{\"id\":\"t\",\"result\":{\"status\":\"completed\",\"attempt\":2,"
	                    "\"services\":{}}}");
	struct pth_evidence none = { .dirfd = -1 };
	json_t *v = pth_verdict(rec, &none);
	CHECK_STR(json_string_value(pth_json_path(v, "marks.0")), "flaky");
	CHECK(pth_json_bool(v, "ok", false));
	json_decref(v);
	json_decref(rec);
	unit("not executed");
	rec = parse("{\"id\":\"t\"}");
	v = pth_verdict(rec, &none);
	CHECK_STR(pth_json_str(v, "status", ""), "error");
	CHECK_STR(pth_json_str(v, "summary", ""), "not executed");
	json_decref(v);
	json_decref(rec);
}

/* A wish, and whether these ends of the client are such: with 0, with 3, with -1, by SEGV, stopped
 * by a step with 0, by one with TERM, after its timeout. */
static const struct {
	const char *wish, *ends;
} wishes[] = {
	{ "0", "+---+--" },
	{ "3", "-+-----" },
	{ "[0,3]", "++--+--" },
	{ "[]", "-------" },
	{ "\"any\"", "+++-+--" },
	{ "[\"any\"]", "+++-+--" },
	{ "\"SEGV\"", "---+---" },
	{ "\"SIGSEGV\"", "---+---" },
	{ "\"TERM\"", "-----+-" },
	{ "[0,\"SIGTERM\"]", "+---++-" },
	{ "\"segv\"", "-------" },
	{ "\"\"", "-------" },
	{ "\"SIG\"", "-------" },
};

static void
exit_rules(void)
{
	static const char *const ends[] = { EXIT(0), EXIT(3), EXIT(-1), SIGNAL,
		"{\"reason\":\"stopped\",\"code\":0}",
		"{\"reason\":\"stopped\",\"code\":null,\"signal\":\"TERM\"}", LATE };

	unit("which ends of a service are as wished");
	for (size_t i = 0; i < countof(wishes); i++)
		for (size_t k = 0; k < countof(ends); k++) {
			char more[100], *got;
			bool ok;

			snprintf(more, sizeof more, "\"expect\":{\"exit\":{\"client\":%s}}",
			    wishes[i].wish);
			got = judged("completed", STOPPED, ends[k], more);
			ok = strncmp(got, "passed ok", 9) == 0;
			if (!CHECK(ok == (wishes[i].ends[k] == '+')))
				printf("    %s, %s: %s\n", wishes[i].wish, ends[k], got);
			free(got);
		}
	CHECK(countof(wishes) >= 12);
}

static void
wrong_rules(void)
{
	unit("rules that are wrong themselves are errors");
	JUDGED("completed", STOPPED, EXIT(0), "\"expect\":{\"packts\":[]}",
	    "error bad: packts: unknown rule; did you mean packets?");
	JUDGED("completed", STOPPED, EXIT(0), "\"expect\":{\"exit\":{\"klient\":0}}",
	    "error bad: exit klient: no such service in this test: klient");
	JUDGED("completed", STOPPED, EXIT(0), "\"expect\":{\"exit\":{\"client\":null}}",
	    "error bad: exit client: an exit rule is a code, a list of codes, a signal or any");
	JUDGED("completed", STOPPED, EXIT(0), "\"expect\":{\"log\":[{\"service\":\"client\"}]}",
	    "error bad: log client ?: the rule needs a service and matches or not_matches, not "
	    "both");
	JUDGED("completed", STOPPED, EXIT(0),
	    "\"expect\":{\"log\":[{\"service\":\"client\",\"matches\":\"a\",\"not_matches\":\"b\"}]"
	    "}",
	    "error bad: log client without a: the rule needs a service and matches or "
	    "not_matches, not both");
	JUDGED("completed", STOPPED, EXIT(0),
	    "\"expect\":{\"files\":{\"path\":\".\",\"exists\":\"false\"}}",
	    "error bad: file .: a value of the wrong type: exists");
	JUDGED("completed", STOPPED, EXIT(0),
	    "\"expect\":{\"files\":{\"path\":\"x\",\"sha256\":1}}",
	    "error bad: file x: a value of the wrong type: sha256");
	JUDGED("completed", STOPPED, EXIT(0),
	    "\"plan\":{\"services\":[{\"name\":\"client\"},{\"name\":\"third\"}]}",
	    "error bad: exit third: the result does not say how it ended");
	JUDGED("completed", STOPPED, EXIT(0),
	    "\"expect\":{\"log\":{\"service\":\"client\",\"matches\":\"(\"}}",
	    "error bad: log client (: not a regular expression: character 1: ( "
	    "without )");
	JUDGED("completed", STOPPED, EXIT(0),
	    "\"expect\":{\"files\":[{\"path\":\"x\",\"sice\":1}]}",
	    "error bad: file x: unknown key in the rule: sice");
	JUDGED("completed", STOPPED, EXIT(0), "\"expect\":{\"files\":[7]}",
	    "error bad: file ?: the rule must be a map");
	JUDGED("completed", STOPPED, EXIT(0),
	    "\"expect\":{\"packets\":{\"filter\":\"udp\",\"min\":\"many\"}},\"f\":{\"udp\":1}",
	    "error bad: packets udp: min and max must be numbers");
	JUDGED("completed", STOPPED, EXIT(0), "\"expect\":[]",
	    "error bad: expect: must be a map of rules");
	JUDGED("completed", STOPPED, EXIT(0),
	    "\"assertions\":[{\"type\":\"output_contains\",\"service\":\"client\"}]",
	    "error bad: assertions: 1 of 1 were not looked at");
}

static void
numbers(void)
{
	unit("packets and metrics");
	JUDGED("completed", STOPPED, EXIT(0),
	    "\"expect\":{\"packets\":{\"filter\":\"udp\"}},\"f\":{\"udp\":1}",
	    "passed ok: 3 rules held");
	JUDGED("completed", STOPPED, EXIT(0),
	    "\"expect\":{\"packets\":{\"filter\":\"udp\",\"min\":2}},\"f\":{\"udp\":1}",
	    "failed bad: packets udp: 1 packet, at least 2 wanted");
	JUDGED("completed", STOPPED, EXIT(0),
	    "\"expect\":{\"packets\":{\"filter\":\"tcp\",\"max\":0}},\"f\":{\"tcp\":3}",
	    "failed bad: packets tcp: 3 packets, at most 0 wanted");
	JUDGED("completed", STOPPED, EXIT(0), "\"expect\":{\"packets\":{\"filter\":\"udp\"}}",
	    "error bad: packets udp: packets not counted: no capture");
	JUDGED("completed", STOPPED, EXIT(0),
	    "\"expect\":{\"packets\":{\"filter\":\"udp\"}},\"left\":1",
	    "unsupported bad: packets udp: packets not counted: no capture");
	JUDGED("completed", STOPPED, EXIT(0),
	    "\"expect\":{\"metrics\":{\"name\":\"handshake_us\","
	    "\"max\":10}},\"f\":{},\"m\":{\"quic\":{\"handshake_us\":9}}",
	    "passed ok: 3 rules held");
	JUDGED("completed", STOPPED, EXIT(0),
	    "\"expect\":{\"metrics\":{\"name\":\"quic.handshake_us\","
	    "\"max\":8}},\"f\":{},\"m\":{\"quic\":{\"handshake_us\":9}}",
	    "failed bad: metric quic.handshake_us: 9, at most 8 wanted");
	JUDGED("completed", STOPPED, EXIT(0),
	    "\"expect\":{\"metrics\":{\"name\":\"nope\",\"max\":8}},"
	    "\"f\":{},\"m\":{}",
	    "error bad: metric nope: was not measured");
}

/* A rule that rests on something that is not whole: PASSED when what is there decides. */
static void
gaps(void)
{
#define GAP(of, least)                                                               \
	"\"m\":{\"packets\":5,\"services\":{\"a\":{\"peak\":{\"max_rss_kb\":5}}},"   \
	"\"quic\":{\"connections\":5,\"handshake_us\":5,\"http3_frames\":5},"        \
	"\"transfer\":{\"bytes\":5,\"goodput_bps\":5,\"measured\":\"capture\"},"     \
	"\"measures\":{\"a\":{\"n\":5,\"k\":5}},\"incomplete\":[{\"of\":\"" of "\"," \
	"\"least\":" least ",\"text\":\"why\"}]}"
#define COUNTED(filter, range, of, least)                                                 \
	"\"expect\":{\"packets\":{\"filter\":\"" filter "\"," range "}},\"f\":{\"" filter \
	"\":5}," GAP(of, least)
#define MEASURED(name, range, of, least) \
	"\"expect\":{\"metrics\":{\"name\":\"" name "\"," range "}},\"f\":{}," GAP(of, least)
	static const struct {
		const char *more, *status;
	} cases[] = {
		{ COUNTED("udp", "\"min\":5", "capture", "true"), "passed" },
		{ COUNTED("udp", "\"min\":6", "capture", "true"), "error" },
		{ COUNTED("udp", "\"max\":4", "capture", "true"), "failed" },
		{ COUNTED("udp", "\"max\":5", "capture", "true"), "error" },
		{ COUNTED("udp", "\"min\":1,\"max\":9", "capture", "true"), "error" },
		{ COUNTED("udp", "\"min\":1", "capture", "false"), "error" },
		{ COUNTED("udp", "\"max\":4", "capture", "false"), "error" },
		{ COUNTED("not udp", "\"min\":1", "capture", "true"), "error" },
		{ COUNTED("!(udp)", "\"min\":1", "capture", "true"), "error" },
		{ COUNTED("tcp.analysis.lost_segment", "\"min\":1", "capture", "true"), "error" },
		{ COUNTED("udp", "\"max\":9", "samples", "true"), "passed" },
		/* What keys would have shown. */
		{ COUNTED("udp.port == 4433 and quic", "\"max\":9", "contents", "true"), "passed" },
		{ COUNTED("quic.long.packet_type in {0, 1}", "\"max\":9", "contents", "true"),
		    "passed" },
		{ COUNTED("http3", "\"max\":9", "contents", "true"), "error" },
		{ COUNTED("http3", "\"min\":5", "contents", "true"), "passed" },
		{ COUNTED("udp && quic.frame_type == 6", "\"max\":9", "contents", "true"),
		    "error" },
		{ MEASURED("packets", "\"min\":5", "capture", "true"), "passed" },
		{ MEASURED("packets", "\"max\":5", "capture", "true"), "error" },
		{ MEASURED("packets", "\"max\":4", "capture", "true"), "failed" },
		{ MEASURED("handshake_us", "\"max\":9", "capture", "true"), "error" },
		{ MEASURED("handshake_us", "\"min\":1", "capture", "true"), "error" },
		{ MEASURED("quic.connections", "\"min\":1", "capture", "true"), "passed" },
		{ MEASURED("goodput_bps", "\"min\":1", "capture", "true"), "error" },
		{ MEASURED("transfer.bytes", "\"max\":9", "capture", "true"), "passed" },
		{ MEASURED("transfer.bytes", "\"max\":9", "artifacts", "true"), "error" },
		{ MEASURED("http3_frames", "\"max\":9", "contents", "true"), "error" },
		{ MEASURED("quic.connections", "\"max\":9", "contents", "true"), "passed" },
		{ MEASURED("services.a.peak.max_rss_kb", "\"max\":9", "samples", "true"), "error" },
		{ MEASURED("services.a.peak.max_rss_kb", "\"max\":4", "samples", "true"),
		    "failed" },
		{ MEASURED("n", "\"max\":9", "measures.a.n", "true"), "error" },
		{ MEASURED("a.n", "\"min\":5", "measures.a.n", "true"), "passed" },
		{ MEASURED("a.n", "\"min\":5", "measures.a.n", "false"), "error" },
		{ MEASURED("k", "\"max\":9", "measures.a.n", "true"), "passed" },
		{ MEASURED("n", "\"max\":9", "artifacts", "true"), "error" },
	};

	unit("what is not whole");
	for (size_t i = 0; i < countof(cases); i++) {
		char *got = judged("completed", STOPPED, EXIT(0), cases[i].more);
		size_t n = strlen(cases[i].status);

		if (strncmp(got, cases[i].status, n) != 0)
			printf("%s\n", cases[i].more);
		CHECK(strncmp(got, cases[i].status, n) == 0 && got[n] == ' ');
		free(got);
	}
}

/* Which of two rules decides. D: of a descriptor, E: of expect. */
static void
certain_or_not(void)
{
#define FAULT "\"files\":{\"path\":\"no.bin\"}"
#define UNKNOWN "\"log\":{\"service\":\"nobody\",\"matches\":\"x\"}"
#define D(rules) "\"plan\":{\"verdict\":[" rules "]}"
#define E(rules) "\"expect\":{" rules "}"
	unit("what cannot be told, and what is certain");
	JUDGED("completed", STOPPED, EXIT(0), D("{" UNKNOWN "}"),
	    "error bad: log nobody x: 0 lines, at least 1 wanted (cannot be told: stdout.log: "
	    "there is no such log; stderr.log: there is no such log)");
	JUDGED("completed", STOPPED, EXIT(0), D("{" UNKNOWN "},{" FAULT "}"),
	    "failed bad: file no.bin: there is no such file");
	JUDGED("completed", STOPPED, EXIT(0), E(UNKNOWN "," FAULT),
	    "failed bad: file no.bin: there is no such file");
	/* Crashed weighs more than what is certain: the status is open. */
	char *text = judged(
	    "completed", STOPPED, EXIT(0), D("{" UNKNOWN ",\"status\":\"crashed\"},{" FAULT "}"));
	CHECK(strncmp(text, "error bad: log nobody", 21) == 0);
	free(text);
	unit("an error that was expected is not one of ours");
	text = judged(
	    "completed", STOPPED, EXIT(0), D("{" UNKNOWN "}") "," E("\"status\":\"error\""));
	CHECK(strncmp(text, "error bad: log nobody", 21) == 0);
	free(text);
	text = judged(
	    "completed", STOPPED, EXIT(0), E(UNKNOWN ",\"status\":[\"passed\",\"error\"]"));
	CHECK(strncmp(text, "error bad: log nobody", 21) == 0);
	free(text);
	JUDGED("completed", STOPPED, EXIT(0), D("{\"fils\":{}}") "," E("\"status\":\"error\""),
	    "error bad: fils: unknown rule; did you mean files?");
	JUDGED("nonsense", STOPPED, EXIT(0), E("\"status\":\"error\""), "error bad: the reason");
	unit("a failure that was expected");
	text = judged("failed", STOPPED, EXIT(1), E(UNKNOWN ",\"status\":\"failed\""));
	CHECK(strncmp(text, "error bad: ended as expected, but log nobody", 44) == 0);
	free(text);
	/* Whatever the log says, the test has failed. */
	JUDGED("failed", STOPPED, EXIT(1), D("{" UNKNOWN "}") "," E("\"status\":\"failed\""),
	    "failed ok expected-fail: exit client: exit code 1");
	unit("how a service ended is not known");
	JUDGED("completed", STOPPED, "{\"reason\":\"lost\"}", E("\"exit\":{\"client\":0}"),
	    "error bad: exit client: lost, 0 wanted");
	JUDGED("failed", STOPPED, "{\"reason\":\"not started\"}", E("\"exit\":{\"client\":0}"),
	    "failed bad: exit client: not started, 0 wanted");
}

/* What pth-exec has looked at, or not. */
static void
looks(void)
{
#define LOOKED(result)                                                                       \
	"{\"reason\":\"exit\",\"code\":0}},\"category\":\"test_framework\",\"assertions\":[" \
	"{\"type\":\"file_exists\"," result "}],\"x\":{\"y\":0"
	unit("assertions and steps");
	JUDGED("error", STOPPED, LOOKED("\"ok\":false,\"unknown\":true,\"text\":\"no way\""),
	    E("\"status\":\"error\""), "error bad: file_exists: no way");
	JUDGED("failed", STOPPED, LOOKED("\"ok\":false,\"text\":\"not there\""), "",
	    "failed bad: file_exists: not there");
	JUDGED("completed", STOPPED, EXIT(0),
	    "\"steps\":{\"actions\":[{\"wait_us\":1},{\"wait_us\":2}]}",
	    "error bad: steps: 2 of 2 were not looked at");
}

static void
put(const char *path, const char *text, size_t n)
{
	struct pth_err e;

	CHECK(pth_file_write(AT_FDCWD, path, text, n, &e) == 0);
}

static void
put_more(const char *path, const char *text, size_t n)
{
	int fd = open(path, O_WRONLY | O_APPEND);

	CHECK(fd >= 0 && write(fd, text, n) == (ssize_t)n);
	close(fd);
}

static void
logs_and_files(void)
{
	static const char raw[] = "first line\nsecond \xff line\nnul \0 here\nlast";
	char *big = malloc(200001);

	unit("logs");
	mkdir("client", 0755);
	put("client/stdout.log", raw, sizeof raw - 1);
	put("client/stderr.log", "", 0);
#define LOG(rule) "\"expect\":{\"log\":{\"service\":\"client\"," rule "}}"
	JUDGED("completed", STOPPED, EXIT(0), LOG("\"matches\":\"^first\""),
	    "passed ok: 3 rules held");
	JUDGED("completed", STOPPED, EXIT(0), LOG("\"matches\":\"^second .* line$\""),
	    "passed ok: 3 rules held");
	JUDGED(
	    "completed", STOPPED, EXIT(0), LOG("\"matches\":\"here$\""), "passed ok: 3 rules held");
	JUDGED("completed", STOPPED, EXIT(0), LOG("\"matches\":\"^last$\",\"min\":1,\"max\":1"),
	    "passed ok: 3 rules held");
	JUDGED("completed", STOPPED, EXIT(0), LOG("\"matches\":\"^line\""),
	    "failed bad: log client ^line: 0 lines, at least 1 wanted");
	JUDGED("completed", STOPPED, EXIT(0), LOG("\"not_matches\":\"line\""),
	    "failed bad: log client without line: 2 lines, at most 0 wanted");
	JUDGED("completed", STOPPED, EXIT(0), LOG("\"file\":\"no.log\",\"matches\":\"x\""),
	    "error bad: log client x: 0 lines, at least 1 wanted (cannot be told: no.log: there is "
	    "no such log)");
	JUDGED("completed", STOPPED, EXIT(0), LOG("\"file\":\"no.log\",\"not_matches\":\"x\""),
	    "error bad: log client without x: 0 lines, at most 0 wanted (cannot be told: no.log: "
	    "there is no such log)");
	JUDGED("completed", STOPPED, EXIT(0),
	    LOG("\"file\":\"../../etc/passwd\",\"matches\":\"root\""),
	    "error bad: log client root: 0 lines, at least 1 wanted (cannot be told: "
	    "../../etc/passwd: Invalid cross-device link)");
	JUDGED("completed", STOPPED,
	    "{\"reason\":\"exit\",\"code\":0,\"logs_cut\":{\"stdout.log\":9}}",
	    LOG("\"not_matches\":\"absent\""),
	    "error bad: log client without absent: 0 lines, at most 0 wanted (cannot be told: "
	    "stdout.log: it was cut at its limit)");
	JUDGED("completed", STOPPED,
	    "{\"reason\":\"exit\",\"code\":0,\"logs_cut\":{\"stdout.log\":9}}",
	    LOG("\"matches\":\"first\""), "passed ok: 3 rules held");
	/* One of its two outputs has gone: what is in the other is not all. */
	unlink("client/stderr.log");
	JUDGED("completed", STOPPED, EXIT(0), LOG("\"not_matches\":\"absent\""),
	    "error bad: log client without absent: 0 lines, at most 0 wanted (cannot be told: "
	    "stderr.log: there is no such log)");
	JUDGED("completed", STOPPED, EXIT(0), LOG("\"matches\":\"absent\",\"max\":0"),
	    "error bad: log client absent: 0 lines, at most 0 wanted (cannot be told: "
	    "stderr.log: there is no such log)");
	JUDGED("completed", STOPPED, EXIT(0), LOG("\"not_matches\":\"first\""),
	    "failed bad: log client without first: 1 line, at most 0 wanted (stderr.log: there "
	    "is no such log)");
	unit("long lines");
	memset(big, 'a', 200000);
	memcpy(big + 199990, "\nneedle\n", 8);
	put("client/stderr.log", big, 200000);
	JUDGED("completed", STOPPED, EXIT(0), LOG("\"matches\":\"^needle$\""),
	    "passed ok: 3 rules held");
	/* It comes in pieces, and is looked at as one. */
	JUDGED("completed", STOPPED, EXIT(0), LOG("\"not_matches\":\"ab\""),
	    "passed ok: 3 rules held");
	JUDGED("completed", STOPPED, EXIT(0), LOG("\"not_matches\":\"^a{1000}.*a$\""),
	    "failed bad: log client without ^a{1000}.*a$: 1 line, at most 0 wanted");
	memset(big, 'a', 200000);
	put("client/stderr.log", big, 200000);
	JUDGED("completed", STOPPED, EXIT(0),
	    LOG("\"file\":\"stderr.log\",\"matches\":\"^a\",\"max\":1"), "passed ok: 3 rules held");
	JUDGED("completed", STOPPED, EXIT(0), LOG("\"file\":\"stderr.log\",\"matches\":\"^a+$\""),
	    "passed ok: 3 rules held");
	/* One that is too long even for that. */
	memset(big, 'a', 200000);
	put("client/stderr.log", big, 200000);
	for (int i = 0; i < 340; i++)
		put_more("client/stderr.log", big, 200000);
	JUDGED("completed", STOPPED, EXIT(0), LOG("\"file\":\"stderr.log\",\"not_matches\":\"b\""),
	    "error bad: log client without b: 0 lines, at most 0 wanted (cannot be told: 1 line "
	    "longer than 64 MiB)");
	free(big);
	unit("files");
#define FILES(rule) "\"expect\":{\"files\":{" rule "}}"
	put("empty.bin", "", 0);
	put("a.bin", "same bytes", 10);
	put("b.bin", "same bytes", 10);
	put("c.bin", "same bytex", 10);
	JUDGED("completed", STOPPED, EXIT(0), FILES("\"path\":\"a.bin\",\"same_as\":\"b.bin\""),
	    "passed ok: 3 rules held");
	JUDGED("completed", STOPPED, EXIT(0), FILES("\"path\":\"a.bin\",\"same_as\":\"c.bin\""),
	    "failed bad: file a.bin: a.bin (10 bytes) differs from c.bin (10 bytes) at byte 9");
	JUDGED("completed", STOPPED, EXIT(0), FILES("\"path\":\"empty.bin\",\"same_as\":\"a.bin\""),
	    "failed bad: file empty.bin: empty.bin (0 bytes) differs from a.bin (10 bytes) at byte "
	    "0");
	JUDGED("completed", STOPPED, EXIT(0), FILES("\"path\":\"a.bin\",\"min_size\":\"1KB\""),
	    "failed bad: file a.bin: 10 bytes, at least 1000 wanted");
	JUDGED("completed", STOPPED, EXIT(0), FILES("\"path\":\"a.bin\",\"size\":10"),
	    "passed ok: 3 rules held");
	JUDGED("completed", STOPPED, EXIT(0), FILES("\"path\":\"x.bin\""),
	    "failed bad: file x.bin: there is no such file");
	JUDGED("completed", STOPPED, EXIT(0), FILES("\"path\":\"x.bin\",\"exists\":false"),
	    "passed ok: 3 rules held");
	JUDGED("completed", STOPPED, EXIT(0),
	    FILES("\"path\":\"a.bin\",\"sha256\":"
	          "\"b00f1b5372ed0ad07ba7e7d2c0ec35e17b8f5e2ac8d5c1a6ad2c3bb2d1f2ba11\""),
	    "failed bad: file a.bin: SHA-256 is "
	    "58100dc8fc06562ce3e578231dc948e083520ee49c4b4ee5a5a28bb4b4003feb");
	unit("descriptor rules are relative to their service");
	put("client/got.bin", "same bytes", 10);
	JUDGED("completed", STOPPED, EXIT(0),
	    "\"plan\":{\"services\":[{\"name\":\"client\",\"verdict\":[{"
	    "\"files\":{\"path\":\"got.bin\",\"same_as\":\"@{dir}/c.bin\"},\"status\":\"error\","
	    "\"text\":\"bad luck\"}]}]}",
	    "error bad: file got.bin: bad luck: client/got.bin (10 bytes)"
	    " differs from c.bin (10 bytes) at byte 9");
}

static void
artifacts(void)
{
	unit("kinds of artifacts");
	CHECK_STR(pth_artifact_kind_of("server/stdout.log"), "log");
	CHECK_STR(pth_artifact_kind_of("server/phases/pre_run.stderr.log"), "log");
	CHECK_STR(pth_artifact_kind_of("server/keys.log"), "keylog");
	CHECK_STR(pth_artifact_kind_of("capture.pcapng"), "capture");
	CHECK_STR(pth_artifact_kind_of("client/downloads/a/b.log"), "download");
	CHECK_STR(pth_artifact_kind_of("client/qlog/x.sqlog"), "qlog");
	CHECK_STR(pth_artifact_kind_of("server/core.17"), "core");
	CHECK_STR(pth_artifact_kind_of("certs/key.pem"), "certificate");
	CHECK_STR(pth_artifact_kind_of("server/callgrind.out.7"), "profile");
	CHECK_STR(pth_artifact_kind_of("server/www/data.bin"), "file");
}

int
main(void)
{
	pth_event_init("unit");
	runs();
	expectations();
	exit_rules();
	wrong_rules();
	numbers();
	gaps();
	certain_or_not();
	looks();
	logs_and_files();
	artifacts();
	return unit_done();
}
