/* Fast fail: which failures end a run, of which category, and after how many of them. */
#include "run/fastfail.h"

#include <fcntl.h>
#include <unistd.h>

#include "io/event.h"
#include "io/json.h"
#include "io/record.h"
#include "unit.h"

#define S 1000000LL

static struct pth_fastfail f;

/* A finished test: status and category of its result; set: its settings.fast_fail; more: of the
 * record. */
static json_t *
finished(const char *status, const char *category, const char *set, const char *more)
{
	char text[1000];
	struct pth_err e = { 0 };
	json_t *v;

	snprintf(text, sizeof text,
	    "{\"id\":\"t\",\"settings\":{\"fast_fail\":{%s}},\"result\":{\"status\":\"%s\","
	    "\"reason\":\"why\"%s%s%s}%s}",
	    set, status, *category != '\0' ? ",\"category\":\"" : "", category,
	    *category != '\0' ? "\"" : "", more);
	v = pth_json_parse(text, strlen(text), &e);
	CHECK_STR(e.text, "");
	return v;
}

/* Does it end the run? */
static bool
note(const char *status, const char *category, const char *set, const char *more, int64_t now)
{
	json_t *rec = finished(status, category, set, more);
	bool r = pth_fastfail_note(&f, rec, now);

	CHECK(!r || f.triggered);
	json_decref(rec);
	return r;
}

static bool
alone(const char *status, const char *category, const char *set, const char *more)
{
	f = (struct pth_fastfail){ 0 };
	return note(status, category, set, more, S);
}

/* key: its switch, or NULL; many: how many make a cascade, or 0: the first one ends the run. */
static const struct {
	const char *category, *key;
	unsigned many;
} categories[] = {
	{ "docker_build", "docker_build_failures", 5 },
	{ "docker_runtime", "docker_runtime_failures", 5 },
	{ "network_setup", "network_setup_failures", 0 },
	{ "certificate", "certificate_failures", 0 },
	{ "tester_compilation", "ivy_compilation_failures", 5 },
	{ "resource", "resource_exhaustion", 0 },
	{ "plugin_load", "plugin_load_failures", 5 },
	{ "service_start", "service_start_failures", 3 },
	{ "port_conflict", "port_conflict_failures", 5 },
	{ "configuration", "configuration_failures", 5 },
	{ "dependency", "service_start_failures", 5 },
	{ "test_framework", NULL, 5 },
	{ "command_execution", NULL, 5 },
	{ "timeout", NULL, 3 },
	{ "test_execution", NULL, 4 },
};

static void
of_switches(void)
{
	char on[100], off[100], only[200];
	int criticals = 0;

	unit("each category: absent, true, false, true beside critical_only");
	for (size_t i = 0; i < countof(categories); i++) {
		const char *c = categories[i].category, *key = categories[i].key;
		bool first = categories[i].many == 0;
		bool critical = pth_category_weight(pth_category_of(c)) == PTH_WEIGHT_CRITICAL;

		snprintf(on, sizeof on, "\"%s\":true", key != NULL ? key : "x");
		snprintf(off, sizeof off, "\"%s\":false", key != NULL ? key : "x");
		snprintf(only, sizeof only, "%s,\"critical_only\":true", on);
		CHECK(alone("error", c, "", "") == first);
		CHECK(alone("error", c, on, "") == (key != NULL));
		CHECK(!alone("error", c, off, ""));
		CHECK(alone("error", c, only, "") == critical);
		CHECK(!alone("error", c, "\"enabled\":false", ""));
		CHECK(!alone("error", c, "", ",\"continue_on_failure\":true"));
		criticals += critical;
	}
	CHECK_INT(criticals, 6);
	CHECK_INT(countof(categories), PTH_CATEGORIES - 1);

	unit("what it says");
	CHECK(alone("error", "certificate", "", ""));
	CHECK_STR(f.reason, "fast fail: t: why");
	CHECK_INT(f.category, PTH_CAT_CERTIFICATE);
	{
		json_t *o = pth_fastfail_json(&f);

		CHECK(pth_failfast_triggered(o));
		CHECK_STR(pth_failfast_category(o), "certificate");
		CHECK_STR(pth_failfast_severity(o), "critical");
		CHECK_STR(pth_failfast_reason(o), "t: why");
		json_decref(o);
	}
	CHECK(!note("error", "resource", "", "", S)); /* once is enough */
	CHECK_INT(f.category, PTH_CAT_CERTIFICATE);
}

static void
of_cascades(void)
{
	char off[100];

	unit("cascades: so many of one category, in a row or not, where they are wanted");
	for (size_t i = 0; i < countof(categories); i++) {
		const char *c = categories[i].category;
		bool last = false;

		f = (struct pth_fastfail){ 0 };
		for (unsigned n = 1; n < categories[i].many; n++) {
			CHECK(!note("error", c, "\"timeout_cascades\":true", "", S));
			CHECK(!note("completed", "", "\"timeout_cascades\":true", "", S));
		}
		last = note("error", c, "\"timeout_cascades\":true", "", S);
		CHECK(last);
		CHECK((strstr(f.reason, "cascade: ") != NULL) == (categories[i].many > 0));
		if (categories[i].many == 0)
			continue;
		snprintf(off, sizeof off, "\"timeout_cascades\":true,\"%s\":false",
		    categories[i].key != NULL ? categories[i].key : "x");
		f = (struct pth_fastfail){ 0 };
		for (unsigned n = 0; n < 10; n++) {
			last = note("error", c, off, "", S);
			CHECK(!last || categories[i].key == NULL);
			CHECK(!note("error", c, "", "", S));
			CHECK(!note(
			    "error", c, "\"timeout_cascades\":true,\"critical_only\":true", "", S));
		}
	}

	unit("cascades: within 300 seconds");
	for (int64_t late = 0; late < 2; late++) {
		f = (struct pth_fastfail){ 0 };
		CHECK(!note("error", "service_start", "", "", 100 * S));
		CHECK(!note("error", "service_start", "", "", 150 * S));
		CHECK(note("error", "service_start", "\"timeout_cascades\":true", "",
		          400 * S + late) == (late == 0));
	}

	unit("cascades: within the last ten failures");
	for (int others = 7; others < 9; others++) {
		f = (struct pth_fastfail){ 0 };
		CHECK(!note("error", "service_start", "", "", S));
		CHECK(!note("error", "service_start", "", "", S));
		for (int i = 0; i < others; i++)
			CHECK(!note("failed", "test_execution", "", "", S));
		CHECK(note("error", "service_start", "\"timeout_cascades\":true", "", S) ==
		    (others == 7));
	}

	unit("cascades: that of timeouts has a threshold of its own");
	for (int least = 1; least < 7; least++) {
		snprintf(off, sizeof off,
		    "\"timeout_cascades\":true,\"timeout_cascade_threshold\":%d", least);
		f = (struct pth_fastfail){ 0 };
		for (int n = 1; n <= least; n++)
			CHECK(note("timeout", "", off, "", S) == (n == least));
		f = (struct pth_fastfail){ 0 };
		for (int n = 1; n <= 3; n++)
			CHECK(note("error", "service_start", off, "", S) == (n == 3));
	}
	f = (struct pth_fastfail){ 0 };
	for (int n = 0; n < 10; n++)
		CHECK(!note("timeout", "",
		    "\"timeout_cascades\":true,\"timeout_cascade_threshold\":0", "", S));
}

static void
of_counts(void)
{
	unit("--fail-fast N counts every failure, whatever the experiment says");
	for (unsigned max = 1; max < 4; max++) {
		f = (struct pth_fastfail){ .max = max };
		CHECK(!note("completed", "", "", "", S));
		for (unsigned n = 1; n < max; n++)
			CHECK(!note("failed", "", "\"enabled\":false", "", S));
		CHECK(note("failed", "", "\"enabled\":false", ",\"continue_on_failure\":true", S));
		CHECK(strstr(f.reason, " failures, --fail-fast ") != NULL);
	}

	unit("max_errors_before_fail");
	f = (struct pth_fastfail){ 0 };
	CHECK(!note("failed", "", "\"max_errors_before_fail\":2", "", S));
	CHECK(note("failed", "", "\"max_errors_before_fail\":2", "", S));
	CHECK_STR(f.reason, "fast fail: 2 failures, max_errors_before_fail");
	CHECK(!alone("failed", "", "\"max_errors_before_fail\":1,\"enabled\":false", ""));
	CHECK(!alone("failed", "", "\"max_errors_before_fail\":0", ""));
	CHECK(
	    !alone("failed", "", "\"max_errors_before_fail\":1", ",\"continue_on_failure\":true"));

	unit("test_level: what the test itself says of it comes first");
	for (int i = 0; i < 2; i++) {
		static const char *const own[] = { ",\"fast_fail_enabled\":false",
			",\"fast_fail_enabled\":true" };

		CHECK(alone("failed", "", "\"test_level\":true", own[i]) == (i == 1));
		CHECK(alone("error", "certificate", "\"test_level\":true", own[i]) == (i == 1));
		CHECK(!alone("failed", "", "\"test_level\":false", own[i]));
		CHECK(alone("error", "certificate", "\"test_level\":false", own[i]));
		CHECK(!alone("failed", "", "\"test_level\":true,\"enabled\":false", own[i]));
	}
	CHECK(alone("error", "certificate", "\"test_level\":true", ""));
	CHECK(!alone("failed", "", "\"test_level\":true", ""));
}

/* more: of the record. want: the category of the failure, "none" when it is none. */
static const struct {
	const char *status, *category, *more, *want;
} faults[] = {
	{ "completed", "", "", "none" },
	{ "skipped", "", "", "none" },
	{ "unsupported", "", "", "none" },
	{ "interrupted", "", "", "none" },
	{ "failed", "", "", "test_execution" },
	{ "crashed", "", "", "test_execution" },
	{ "timeout", "", "", "timeout" },
	{ "error", "", "", "test_execution" },
	{ "error", "resource", "", "resource" },
	{ "failed", "resource", "", "resource" },
	{ "error", "no such thing", "", "test_execution" },
	/* As it should be. */
	{ "failed", "", ",\"expect\":{\"status\":\"failed\"}", "none" },
	{ "timeout", "timeout", ",\"expect\":{\"status\":\"timeout\"}", "none" },
	{ "crashed", "", ",\"expect\":{\"status\":\"failed\"}", "test_execution" },
	{ "completed", "", ",\"expect\":{\"status\":\"failed\"}", "none" },
	/* The error of an earlier stage is the fault, when that is why. */
	{ "error", "resource", ",\"error\":{\"category\":\"plugin_load\"}", "plugin_load" },
	{ "error", "resource", ",\"error\":{\"message\":\"x\"}", "configuration" },
	{ "failed", "resource", ",\"error\":{\"category\":\"plugin_load\"}", "resource" },
};

static void
of_faults(void)
{
	unit("the category of a failure");
	for (size_t i = 0; i < countof(faults); i++) {
		json_t *rec = finished(faults[i].status, faults[i].category, "", faults[i].more);

		CHECK_STR(pth_category_name(pth_fault_of(rec)), faults[i].want);
		json_decref(rec);
	}
	CHECK(countof(faults) >= 15);
}

static bool
disk(const char *set)
{
	int fd = open(".", O_RDONLY | O_DIRECTORY);
	json_t *rec = finished("completed", "", set, "");
	bool r = pth_fastfail_disk(&f, rec, fd);

	json_decref(rec);
	close(fd);
	return r;
}

static void
of_disks(void)
{
	unit("disk_space_threshold_gb");
	f = (struct pth_fastfail){ 0 };
	CHECK(disk("") && disk("\"disk_space_threshold_gb\":0"));
	CHECK(disk("\"disk_space_threshold_gb\":0.000000001"));
	CHECK(disk("\"disk_space_threshold_gb\":1e9,\"enabled\":false"));
	CHECK(!f.triggered);
	CHECK(!disk("\"disk_space_threshold_gb\":1e9"));
	CHECK(f.triggered);
	CHECK_INT(f.category, PTH_CAT_RESOURCE);
	CHECK(strstr(f.reason, "disk_space_threshold_gb is 1000000000.00") != NULL);
	CHECK(disk("\"disk_space_threshold_gb\":1e9"));
}

int
main(void)
{
	setenv("PTH_EVENTS", "none", 1);
	pth_event_init("fastfail");
	of_switches();
	of_cascades();
	of_counts();
	of_faults();
	of_disks();
	return unit_done();
}
