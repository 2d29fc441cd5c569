/*
 * This file is the table of every key of an experiment file. Its order is the order in records
 * and in the manual. "*" stands for any key, "[]" for the items of a list. What is said of PANTHER
 * is what its files hold; see pth-experiment(5).
 */
#include "experiment/priv.h"

/* Types. */
#define NUM (T_INT | T_REAL)
#define ONE_OR_MORE (T_STR | T_LIST)
#define OPT_STR (T_STR | T_NULL)
#define OPT_MAP (T_MAP | T_NULL)
#define OPT_LIST (T_LIST | T_NULL)

/* Values, default and flags of a key that has not all of them. */
#define PLAIN NULL, NULL, 0
#define DEFAULT(text) NULL, text, 0
#define WITH(flags) NULL, NULL, flags
/* The same of a key whose default is written into records, and the reader of one without effect. */
#define KEPT(text) NULL, text, F_REC
#define IDLE(text) NULL, text, F_IDLE, NULL

/* Words. */
#define LEVELS "TRACE DEBUG INFO WARNING ERROR CRITICAL"
#define EXECUTIONS                                                                                 \
	"strace memcheck helgrind callgrind massif gdb gperf_cpu gperf_heap perf time iterations " \
	"gperf"
#define SIGNALS "HUP INT QUIT ABRT KILL USR1 USR2 PIPE ALRM TERM CONT STOP TSTP WINCH"

/* Where the keys below are. */
#define FAST "fast_fail."
#define MAPPING "docker.user_mapping."
#define OBS "observers."
#define TEST "tests[]."
#define NET TEST "network_environment."
#define EXECUTION TEST "execution_environment[]."
#define SERVICE TEST "services.*."
#define IMPL SERVICE "implementation."
#define STEPS TEST "steps."
#define ASSERT TEST "assertions[]."
#define EXPECT TEST "expect."

/* Each table has one row for each key. */
/* clang-format off */

/* Keys that all network environments share, and those nested in config: and plugin_config:. */
#define ENVIRONMENT(p) \
{ p ".enable_background_monitoring", T_BOOL, DEFAULT("true"), "exec", \
	"Watch the services while the test runs." }, \
{ p ".monitoring_interval_seconds", T_INT, "1..", "5", 0, "exec", \
	"Seconds between two looks at the services." }, \
{ p ".failure_threshold_count", T_INT, "1..", "1", 0, "exec", \
	"Failed looks before a service counts as lost." }, \
{ p ".allow_partial_deployment", T_BOOL, DEFAULT("false"), "exec", \
	"Go on when a service that is not critical cannot start." }, \
{ p ".critical_services", T_LIST, DEFAULT("[]"), "plan", \
	"Services whose failure ends the test; none named: all." }, \
{ p ".critical_services[]", T_STR, PLAIN, NULL, "A service." }, \
{ p ".enabled", T_BOOL, IDLE("true"), "Whether the environment is used; a test has no other." }, \
{ p ".priority", T_INT, IDLE("100"), "Order among plugins in PANTHER." }

/* Of the test and of a service. */
#define CAPTURE(p) \
{ p ".interface", T_STR, PLAIN, "plan", \
	"Interface to capture on; the network environment's without it." }, \
{ p ".snaplen", T_INT, "0..262144", NULL, 0, "plan", "Bytes kept of each packet; 0: all." }, \
{ p ".filter", T_STR, PLAIN, "plan", "Packets to capture, in the language of pcap-filter(7)." }, \
{ p ".max_size", T_SIZE, "0..", NULL, 0, "plan", \
	"Size of the file at which it ends; 0: none; without it 1 GiB in all captures." }, \
{ p ".ring", T_SIZE | T_MAP, "8192..", NULL, 0, "plan", \
	"Keep the newest packets only: bytes in all, in two files." }, \
{ p ".ring.files", T_INT, "2..1000", "2", F_REC, "plan", "Files that are kept." }, \
{ p ".ring.size", T_SIZE, "4096..", NULL, F_NEED, "plan", "Size of a file." }, \
{ p ".buffer", T_SIZE, "524288..1073741824", "8MiB", 0, "plan", \
	"Memory in the kernel for packets on their way to the file." }

/* Of a service, and of all services of a test. */
#define LIMITS(p, file, log) \
{ p ".cpu", NUM, "0.01..1024", NULL, 0, "exec", "Processors, 0.5 for half of one." }, \
{ p ".memory", T_SIZE, PLAIN, "exec", "Memory in bytes." }, \
{ p ".processes", T_INT, "1..", NULL, 0, "exec", "Processes and threads." }, \
{ p ".files", T_INT, "1..", NULL, 0, "exec", "Open files." }, \
{ p ".disk", T_SIZE, PLAIN, "exec", "Size of the largest file that " file "." }, \
{ p ".log", T_SIZE, DEFAULT("64MiB"), "exec", "Bytes kept of each " log "; 0: all." }

/* Of the network environment and of a service. */
#define VOLUME(p, local) \
{ p ".local", T_STR, WITH(F_NEED), "compose", local }, \
{ p ".container", T_STR, WITH(F_NEED), "compose", "Directory in the container." }, \
{ p ".mode", T_STR, "rw ro", "rw", 0, "compose", "Whether it may be written to." }

#define COMMANDS(name, meaning) \
{ STEPS name, OPT_LIST, WITH(F_OWN), "exec", meaning }, \
{ STEPS name "[]", ONE_OR_MORE, PLAIN, "exec", "A command: words, or text for sh." }, \
{ STEPS name "[][]", T_STR, PLAIN, "exec", "A word." }

#include "experiment/keys_link.h"

/* Of a step, and of the only step when `steps` is a map. */
#define STEP(p) \
{ p ".exec", T_MAP | T_LIST | T_STR, WITH(F_OWN | F_ACTION | F_OURS), "exec", \
	"Run a command, in a service's namespace when it names one." }, \
{ p ".exec.service", T_STR, PLAIN, "exec", "The service." }, \
{ p ".exec.argv", T_LIST, WITH(F_NEED), "exec", "The command." }, \
{ p ".exec.argv[]", T_STR, PLAIN, "exec", "A word of the command." }, \
{ p ".exec.critical", T_BOOL, KEPT("true"), "exec", "The test fails when it fails." }, \
{ p ".exec.timeout", T_SECS, "1..86400", "60", F_REC, "exec", "Its limit." }, \
{ p ".exec[]", T_STR, PLAIN, "exec", "A word of the command." }, \
{ p ".signal", T_MAP, WITH(F_OWN | F_ACTION | F_OURS), "exec", "Send a signal to a service." }, \
{ p ".signal.service", T_STR, WITH(F_NEED), "exec", "The service." }, \
{ p ".signal.signal", T_STR, SIGNALS, NULL, F_NEED | F_CASE, "exec", \
	"The signal's name without SIG." }, \
{ p ".restart", T_STR | T_MAP, WITH(F_OWN | F_ACTION | F_OURS), "exec", \
	"Stop a service and start it again." }, \
{ p ".restart.service", T_STR, WITH(F_NEED), "exec", "The service." }, \
{ p ".pause", T_STR | T_MAP, WITH(F_OWN | F_ACTION | F_OURS), "exec", \
	"Freeze a service." }, \
{ p ".pause.service", T_STR, WITH(F_NEED), "exec", "The service." }, \
{ p ".resume", T_STR | T_MAP, WITH(F_OWN | F_ACTION | F_OURS), "exec", \
	"Let a frozen service go on." }, \
{ p ".resume.service", T_STR, WITH(F_NEED), "exec", "The service." }, \
LINK(p ".link"), \
{ p ".at", T_SECS | T_DUR, "0..", NULL, F_OWN, "exec", "Time since the services were ready." }, \
{ p ".after", T_MAP, WITH(F_OWN | F_OURS), "exec", "What must have happened first." }, \
{ p ".after.service", T_STR, WITH(F_NEED), "exec", "A service." }, \
{ p ".after.state", T_STR, "started running ready completed stopped", "ready", F_REC, "exec", \
	"Its state." }

/* A kind of failure that ends the run. */
#define STOP(name, when) { FAST name, T_BOOL, PLAIN, "exec", "Stop when " when "." }

/* An observer of PANTHER. Two have something to say here, a third an interval;
 * the others (F_IDLE) ask for what is always done, or for what there is not. */
#define OBSERVER(p, idle, level, meaning) \
{ p, OPT_MAP, WITH(idle), (idle) ? NULL : "exec", meaning }, \
{ p ".enabled", T_BOOL, DEFAULT("true"), "exec", "Whether it is used." }, \
{ p ".priority", T_INT, IDLE("100"), "Order among observers in PANTHER." }, \
{ p ".auto_register", T_BOOL, IDLE("true"), "Register by itself in PANTHER." }, \
{ p ".log_level", T_STR, LEVELS, "INFO", F_CASE | level, (level) ? NULL : "all", \
	"Least severe event that it shows." }

/* Another name for a key of a service, as PANTHER's documents have it or its older files. */
#define MOVED(name, to) \
{ SERVICE name, T_ANY, to, NULL, F_OWN | F_MOVED, "parse", "The same as " to "." }

const struct experiment_key experiment_keys[] = {
{ "", T_MAP, PLAIN, "parse", "An experiment." },
{ "version", T_STR, IDLE("1.0"), "Version of the file's format; 1.0 is the only one." },
{ "include", ONE_OR_MORE, WITH(F_OWN), "parse",
	"Other files, relative to this one, whose content comes below what is written here; "
	"tests are put before ours." },
{ "include[]", T_STR, PLAIN, "parse", "A file." },

{ "metadata", OPT_MAP, PLAIN, "report", "What the experiment is." },
{ "metadata.name", T_STR, PLAIN, "parse", "Name of the run; the file's name without it." },
{ "metadata.description", OPT_STR, PLAIN, "report", "What is tested, and why." },
{ "metadata.author", OPT_STR, PLAIN, "report", "Who wrote it." },
{ "metadata.version", OPT_STR, PLAIN, "report", "Version of the experiment." },
{ "metadata.tags", OPT_LIST, PLAIN, "report", "Words to find it by." },
{ "metadata.tags[]", T_STR, PLAIN, "report", "A word." },
{ "metadata.created_at", OPT_STR, PLAIN, "report", "When it was written." },
{ "metadata.modified_at", OPT_STR, PLAIN, "report", "When it was changed last." },

{ "logging", OPT_MAP, KEPT("{}"), "all", "What is logged." },
{ "logging.level", T_STR, LEVELS, "INFO", F_REC | F_CASE, "all",
	"Least severe event that is shown on standard error: WARNING leaves out what is no "
	"failure, ERROR shows failures only." },
{ "logging.format", T_STR, IDLE("%(asctime)s [%(levelname)s] - %(module)s - %(message)s"),
	"Python logging format of PANTHER; events have their own form here." },
{ "logging.enable_colors", T_BOOL, DEFAULT("true"), "report", "Colours on a terminal." },
{ "logging.debug_file_logging", T_BOOL, DEFAULT("true"), "exec",
	"Keep all events in events.jsonl; false: only those that are shown." },
{ "logging.feature_levels", OPT_MAP, PLAIN, "all",
	"Levels of single features, which win over level; any name is allowed." },
{ "logging.feature_levels.*", OPT_STR, LEVELS, NULL, F_CASE, "all", "Level of one feature." },
{ "logging.statistics", OPT_MAP, WITH(F_OPEN | F_IDLE), NULL, "Statistics of PANTHER's logger." },

{ "paths", OPT_MAP, KEPT("{}"), "exec", "Where things are kept." },
{ "paths.output_dir", T_STR, KEPT("outputs"), "exec", "Directory of the run directories." },
{ "paths.log_dir", T_STR, IDLE("outputs/logs"),
	"Logs of PANTHER; here logs are in the run directory." },
{ "paths.plugin_dir", T_STR, DEFAULT("panther/plugins"), "plan",
	"Directory of descriptors, here or beside the file, searched after $PTH_PATH and before "
	"ours; that of PANTHER is passed over." },
{ "paths.cert_dir", OPT_STR, PLAIN, "plan",
	"Absolute directory of cert.pem, key.pem and ca.pem to use instead of new ones." },
{ "paths.temp_dir", T_STR, IDLE("/tmp/panther"), "Temporary files of PANTHER." },
{ "paths.config_dir", T_STR, IDLE(NULL), "Directory of experiment files of PANTHER." },

{ "docker", OPT_MAP, KEPT("{}"), "compose", "Images and containers." },
{ "docker.force_build_docker_image", T_BOOL, DEFAULT("false"), "compose",
	"Build images once in each run, even when nothing that they are made of has changed." },
{ "docker.build_docker_image", T_BOOL, WITH(F_OWN), "compose",
	"Old name of force_build_docker_image." },
{ "docker.log_docker_image_build", T_BOOL, DEFAULT("true"), "compose",
	"Keep the output of image builds." },
{ "docker.user_mapping", OPT_MAP, PLAIN, "compose", "User of the processes in containers." },
{ MAPPING "run_as_host_user", T_BOOL, DEFAULT("false"), "compose",
	"Run with the numbers of the user who runs us." },
{ MAPPING "custom_uid", T_INT | T_NULL, "0..65534", NULL, 0, "compose", "User number." },
{ MAPPING "custom_gid", T_INT | T_NULL, "0..65534", NULL, 0, "compose", "Group number." },
{ MAPPING "user_name", T_STR, DEFAULT("panther"), "compose", "Name of the user in the image." },
{ MAPPING "fallback_to_root", T_BOOL, DEFAULT("true"), "compose",
	"Run as root when the mapping cannot be made." },
{ "docker.registry", OPT_STR, PLAIN, "compose",
	"Registry before the names of images that are not built here." },
{ "docker.cache_from", ONE_OR_MORE | T_NULL, PLAIN, "compose",
	"Images whose layers may be reused." },
{ "docker.cache_from[]", T_STR, PLAIN, "compose", "An image." },
{ "docker.build_args", OPT_MAP, PLAIN, "compose", "Arguments of the build." },
{ "docker.build_args.*", OPT_STR, PLAIN, "compose", "Value of one argument." },
{ "docker.network_mode", T_STR, "bridge host none overlay", "bridge", 0, "compose",
	"Driver of the network." },
{ "docker.use_buildx", T_BOOL, DEFAULT("true"), "compose", "Build with buildx." },
{ "docker.target_platform", OPT_STR, PLAIN, "compose", "Platform of the images, as linux/amd64." },
{ "docker.buildx_builder", T_STR, DEFAULT("default"), "compose", "Builder of buildx." },
{ "docker.multi_platform", T_BOOL, DEFAULT("false"), "compose", "Build for several platforms." },
{ "docker.no_docker_cache", T_BOOL, DEFAULT("false"), "compose",
	"Build without the cache; implies force_build_docker_image." },
{ "docker.pull_policy", T_STR, "always missing never if_not_present build", "never", 0, "compose",
	"When images are fetched." },
{ "docker.remove_docker_network", T_BOOL, PLAIN, "compose", "Remove the network after the test." },
{ "docker.remove_docker_volume", T_BOOL, PLAIN, "compose", "Remove the volumes after the test." },
{ "docker.remove_containers_after", T_BOOL, PLAIN, "compose",
	"Remove the containers after the test." },
{ "docker.remove_images_after", T_BOOL, PLAIN, "compose",
	"Remove the images after each test; those that share one then run one after the other." },

{ "progress", OPT_MAP, PLAIN, "exec", "What a terminal shows while tests run." },
{ "progress.enable_progress_bar", T_BOOL, DEFAULT("true"), "exec", "Show how far the run is." },
{ "progress.redirect_logging", T_BOOL, IDLE("true"), "Keep messages apart from the bar." },
{ "progress.show_spinner", T_BOOL, DEFAULT("true"), "exec", "Show that something is going on." },
{ "progress.show_test_status", T_BOOL, DEFAULT("true"), "exec", "Show each test's result." },
{ "progress.show_docker_events", T_BOOL, IDLE("false"), "Show what happens to containers." },
{ "progress.use_emojis", T_BOOL, IDLE("false"), "Pictures in PANTHER's messages." },
{ "progress.update_interval", NUM, "0.01..10", "0.1", 0, "exec", "Seconds between two updates." },

{ "fast_fail", OPT_MAP, KEPT("{}"), "exec", "When to stop the run early." },
{ FAST "enabled", T_BOOL, KEPT("true"), "exec", "Whether anything below is used." },
{ FAST "test_level", T_BOOL, KEPT("false"), "exec", "Let tests decide by fast_fail_enabled." },
STOP("docker_build_failures", "an image cannot be built"),
STOP("docker_runtime_failures", "a container fails"),
STOP("plugin_load_failures", "a descriptor cannot be used"),
STOP("service_start_failures", "a service cannot start"),
STOP("network_setup_failures", "the network cannot be set up"),
STOP("port_conflict_failures", "a port is taken"),
STOP("ivy_compilation_failures", "a tester cannot be compiled"),
STOP("resource_exhaustion", "memory, disk or processes run out"),
STOP("certificate_failures", "certificates cannot be made"),
STOP("configuration_failures", "a test is configured wrongly"),
{ FAST "timeout_cascades", T_BOOL, PLAIN, "exec",
	"Stop after several failures of one kind, such as timeouts." },
{ FAST "timeout_cascade_threshold", T_INT, "1..100", NULL, 0, "exec",
	"Timeouts one after the other that are too many." },
{ FAST "max_errors_before_fail", T_INT, "1..", NULL, 0, "exec", "Errors that are too many." },
{ FAST "disk_space_threshold_gb", NUM, "0..", NULL, 0, "exec", "Least free space, in GB." },
{ FAST "critical_only", T_BOOL, KEPT("false"), "exec", "Stop for critical errors only." },

{ "metrics", OPT_MAP, KEPT("{}"), "collect", "What is measured." },
{ "metrics.enabled", T_BOOL, KEPT("true"), "exec",
	"Take samples of what services use while they run." },
{ "metrics.collect_system_metrics", T_BOOL, DEFAULT("true"), "exec",
	"The same; false for either: no samples." },
{ "metrics.publish_interval", NUM, "0.1..3600", "1", 0, "exec", "Seconds between two samples." },
{ "metrics.export_format", T_STR, "json csv prometheus", "json", F_IDLE, NULL,
	"Form in which PANTHER exports metrics; here they are in records and metrics.jsonl." },
{ "metrics.retention_days", T_INT, "1..365", "30", F_IDLE, NULL,
	"Days that PANTHER keeps metrics." },

{ "observers", OPT_MAP, PLAIN, "report", "Observers of PANTHER." },
OBSERVER("observers.logger", 0, 0, "What is shown of the events on standard error."),
{ OBS "logger.enable_colors", T_BOOL, PLAIN, "exec", "Colours on a terminal." },
{ OBS "logger.correlation_tracking", T_BOOL, IDLE("true"),
	"Tie events of one cause together; they have run, test and service." },
{ OBS "logger.log_to_file", T_BOOL, IDLE("true"),
	"Write to a file; here always events.jsonl of the run directory." },
{ OBS "logger.log_to_console", T_BOOL, PLAIN, "all",
	"Show events on standard error; errors always are." },
{ OBS "logger.file_rotation", T_BOOL, IDLE("false"), "Begin a new file at max_file_size." },
{ OBS "logger.max_file_size", T_SIZE, IDLE("10MB"), "Largest log file." },
{ OBS "logger.backup_count", T_INT, "0..", "5", F_IDLE, NULL, "Old files that are kept." },
{ OBS "logger.include_data", T_BOOL, IDLE("true"), "Show the event's data." },
{ OBS "logger.include_event_id", T_BOOL, IDLE("true"), "Show the event's number." },
{ OBS "logger.include_timestamp", T_BOOL, IDLE("true"), "Show the event's time." },
{ OBS "logger.output_file", OPT_STR, IDLE(NULL),
	"File to write to; here always events.jsonl of the run directory." },
{ OBS "logger.structured_output", T_BOOL, IDLE("false"), "Write JSON; here PTH_EVENTS chooses." },
{ OBS "logger.max_data_length", T_INT, "1..", "1000", F_IDLE, NULL, "Longest data that is shown." },
OBSERVER("observers.metrics", 0, F_IDLE, "Samples of what services use."),
{ OBS "metrics.collect_system_metrics", T_BOOL, PLAIN, "exec",
	"The same as metrics.collect_system_metrics." },
{ OBS "metrics.publish_interval", NUM, "0.1..3600", NULL, 0, "exec",
	"In place of metrics.publish_interval." },
{ OBS "metrics.export_format", T_STR, "json csv prometheus", "json", F_IDLE, NULL,
	"Form of the exported metrics." },
{ OBS "metrics.export_path", OPT_STR, IDLE(NULL), "File to export to." },
{ OBS "metrics.include_histograms", T_BOOL, IDLE("false"), "Export histograms." },
{ OBS "metrics.include_percentiles", T_BOOL, IDLE("false"), "Export percentiles." },
{ OBS "metrics.percentiles", T_LIST, IDLE(NULL), "Which percentiles." },
{ OBS "metrics.percentiles[]", NUM, "0..100", NULL, 0, NULL, "A percentile." },
{ OBS "metrics.publish_metrics", T_BOOL, IDLE("true"),
	"Publish metrics; here they are in records, events and metrics.jsonl." },
{ OBS "metrics.enable_real_time_monitoring", T_BOOL, IDLE("true"),
	"Publish them while the test runs, as metrics.jsonl does." },
{ OBS "metrics.resource_collection_interval", NUM, "0.1..3600", NULL, 0, "exec",
	"Seconds between two samples; of several intervals the shortest counts." },
{ OBS "metrics.metric_collection_interval", NUM, "0.1..3600", "10", F_IDLE, NULL,
	"Seconds between two looks at PANTHER's own metrics." },
OBSERVER("observers.storage", F_IDLE, 0,
	"Where PANTHER keeps events; here they are in events.jsonl of the run directory."),
{ OBS "storage.storage_path", T_STR, DEFAULT("outputs/storage"), NULL, "Where events are kept." },
{ OBS "storage.enable_compression", T_BOOL, DEFAULT("false"), NULL, "Compress them." },
{ OBS "storage.retention_days", T_INT, "0..", "30", 0, NULL, "Days that they are kept." },
{ OBS "storage.storage_format", T_STR, DEFAULT("json"), NULL, "Form in which they are kept." },
{ OBS "storage.buffer_size", T_INT, "1..", "1000", 0, NULL, "Events held in memory." },
{ OBS "storage.flush_interval", NUM, "0..", "60", 0, NULL, "Seconds between two writes." },
{ OBS "storage.create_indexes", T_BOOL, PLAIN, NULL, "Index what is stored." },
{ OBS "storage.auto_backup", T_BOOL, PLAIN, NULL, "Make copies." },
{ OBS "storage.backup_interval", T_INT, "1..", "3600", 0, NULL, "Seconds between two copies." },
{ OBS "storage.max_storage_size", T_SIZE | T_NULL, PLAIN, NULL, "Largest size; 0: no limit." },
{ OBS "storage.batch_size", T_INT, "1..", "100", 0, NULL, "Events written at once." },
{ OBS "storage.async_storage", T_BOOL, PLAIN, NULL, "Write in the background." },
OBSERVER("observers.experiment", F_IDLE, 0,
	"What PANTHER notes of a run; here times, steps and errors are always in records and "
	"reports."),
{ OBS "experiment.track_timing", T_BOOL, PLAIN, NULL, "Follow durations." },
{ OBS "experiment.track_steps", T_BOOL, PLAIN, NULL, "Follow steps." },
{ OBS "experiment.generate_report", T_BOOL, PLAIN, NULL, "Write a report." },
{ OBS "experiment.report_format", T_STR, DEFAULT("markdown"), NULL, "Form of the report." },
{ OBS "experiment.include_graphs", T_BOOL, PLAIN, NULL, "Graphs in the report." },
{ OBS "experiment.capture_screenshots", T_BOOL, DEFAULT("false"), NULL,
	"Screenshots in the report." },
{ OBS "experiment.detailed_errors", T_BOOL, PLAIN, NULL, "Errors in full." },
{ OBS "experiment.output_dir", OPT_STR, PLAIN, NULL, "Where the report goes." },
{ OBS "experiment.test_name", OPT_STR, PLAIN, NULL, "Name in the report." },
OBSERVER("observers.resource", 0, F_IDLE, "Samples of what services use."),
{ OBS "resource.monitor_interval", NUM, "0.01..3600", NULL, 0, "exec",
	"Seconds between two samples; of several intervals the shortest counts." },
{ OBS "resource.detailed_monitoring", T_BOOL, IDLE("true"),
	"Sample more than processor time and memory, as is done here." },
{ OBS "resource.auto_start", T_BOOL, IDLE("true"), "Start by itself." },
OBSERVER("observers.async_storage", F_IDLE, 0, "The same as storage."),
{ OBS "async_storage.monitor_interval", NUM, "0.01..3600", NULL, 0, NULL,
	"Seconds between two looks." },
{ OBS "async_storage.detailed_monitoring", T_BOOL, PLAIN, NULL, "Look at more." },
{ OBS "async_storage.auto_start", T_BOOL, PLAIN, NULL, "Start by itself." },
OBSERVER("observers.gui", F_IDLE, 0, "The graphical display of PANTHER."),
{ "features", OPT_MAP, WITH(F_OPEN | F_IDLE), NULL, "Switches of PANTHER's observers." },
{ "global", OPT_MAP, WITH(F_OPEN | F_IDLE), NULL, "Settings of an older PANTHER." },

{ "tests", T_LIST, WITH(F_NEED | F_OWN | F_LATER), "parse", "The tests." },
{ "tests[]", T_MAP, WITH(F_NEED), "parse", "A test." },
{ TEST "name", T_STR, NULL, "unnamed_test", F_OWN, "all",
	"Its name: free text up to 200 bytes, unique in the file." },
{ TEST "description", OPT_STR, NULL, "", F_OWN, "report", "What it tests." },
{ TEST "include", ONE_OR_MORE, WITH(F_OWN), "parse",
	"Files with a map whose content comes below this test's." },
{ TEST "include[]", T_STR, PLAIN, "parse", "A file." },
{ TEST "iterations", T_INT, "1..100000", "1", F_OWN, "parse",
	"How many separate tests are made of it." },
{ TEST "matrix", OPT_MAP, WITH(F_OWN), "parse",
	"Dotted fields and the values that each takes: one test for each combination." },
{ TEST "matrix.exclude", OPT_LIST, PLAIN, "parse", "Combinations that are left out." },
{ TEST "matrix.exclude[]", T_MAP, PLAIN, "parse", "Fields and values; all must fit." },
{ TEST "matrix.exclude[].*", T_ANY, PLAIN, "parse", "The value of a field." },
{ TEST "matrix.include", OPT_LIST, PLAIN, "parse",
	"Maps of fields that vary together: each adds its fields to the combinations that have "
	"its values of the fields above, or is one more combination." },
{ TEST "matrix.include[]", T_MAP, PLAIN, "parse", "Fields and values; name replaces the name." },
{ TEST "matrix.include[].*", T_ANY, PLAIN, "parse", "The value of a field." },
{ TEST "matrix.*", T_LIST, PLAIN, "parse", "Values of a field." },
{ TEST "matrix.*[]", T_ANY, PLAIN, "parse", "A value; 0..19 without quotes: twenty of them." },
{ TEST "seeds", OPT_LIST, WITH(F_OWN), "parse",
	"Values of seed, as [0..19]: one test for each, as a matrix would make them." },
{ TEST "seeds[]", T_ANY, PLAIN, "parse", "A whole number from 0, or a range of them." },

{ TEST "network_environment", OPT_MAP, WITH(F_OPEN | F_OWN), "plan", "Where the services run." },
{ NET "type", T_STR, "docker_compose shadow_ns localhost_single_container localhost link",
	"docker_compose", F_REC | F_HINT | F_CASE, "plan", "Name of a network environment." },
ENVIRONMENT(TEST "network_environment"),
{ NET "version", OPT_STR, NULL, "3.8", F_DOCKER, "compose", "Version of the compose file." },
{ NET "service_prefix", OPT_STR, WITH(F_DOCKER), "compose",
	"Text before the names of containers." },
{ NET "volumes", OPT_LIST, WITH(F_DOCKER), "compose", "Volumes of every service." },
{ NET "volumes[]", T_STR | T_MAP, PLAIN, "compose", "A volume." },
VOLUME(NET "volumes[]", "Directory on this machine, or a name."),
{ NET "environment", OPT_MAP, WITH(F_DOCKER), "compose", "Variables of every service." },
{ NET "environment.*", OPT_STR, PLAIN, "compose", "A variable." },
{ NET "network_name", T_STR, NULL, "panther_network", F_DOCKER, "compose", "Name of the network." },
{ NET "subnet", OPT_STR, WITH(F_DOCKER), "compose", "Its addresses, as 10.1.0.0/24." },
{ NET "enable_ipv6", T_BOOL, NULL, "false", F_DOCKER, "compose",
	"Give it IPv6 too; names then have two addresses, and a server that is to be found "
	"under both needs network.bind_address \"::\"." },
{ NET "deploy_timeout", T_SECS, "1..", NULL, 0, "exec",
	"Limit for setting up and starting, and for building images." },
{ NET "teardown_timeout", T_SECS, "1..", NULL, 0, "exec",
	"Limit for what is done when a test has ended: its containers and network are removed." },
{ NET "fallback", T_STR, NULL, NULL, 0, "plan",
	"The network environment to use where no container engine answers: localhost." },
{ NET "container", T_BOOL, PLAIN, "plan", "Of localhost: run all services in one container." },
{ NET "image", T_ANY, PLAIN, "compose",
	"With container: an image that has all services, instead of one that is built." },
{ NET "general", OPT_MAP, WITH(F_SHADOW), "compose", "Section of the Shadow configuration." },
{ NET "general.stop_time", T_SECS, "1..", "300", 0, "compose",
	"End of the simulation, in simulated time." },
{ NET "general.model_unblocked_syscall_latency", T_BOOL, DEFAULT("false"), "compose",
	"Let busy loops pass simulated time." },
{ NET "experimental", OPT_MAP, WITH(F_SHADOW | F_OPEN), "compose",
	"Section of the Shadow configuration." },
{ NET "experimental.strace_logging_mode", T_STR, "off standard deterministic", "standard", 0,
	"compose", "How system calls are logged." },
{ NET "network", OPT_MAP, PLAIN, "plan", "What all links are like." },
{ NET "network.latency", NUM | T_DUR, "0..", "10", 0, "compose",
	"Delay in one direction; a bare number is in milliseconds." },
{ NET "network.jitter", NUM | T_DUR, "0..", "10", 0, "compose",
	"Variation of the delay; a bare number is in milliseconds." },
{ NET "network.packet_loss", NUM, "0..1", "0.0", 0, "compose",
	"Part of the packets that is lost, 0 to 1." },
{ NET "network.bandwidth", T_STR, PLAIN, "compose",
	"Bits per second in each direction, as 100 Mbit; in Shadow of each host." },
{ NET "host_option_defaults", OPT_MAP, WITH(F_SHADOW | F_OPEN), "compose",
	"Section of the Shadow configuration." },
{ NET "host_option_defaults.pcap_enabled", T_BOOL, DEFAULT("true"), "compose",
	"Capture on every host." },
{ NET "hosts", OPT_MAP, WITH(F_SHADOW), "compose", "The simulated hosts, by service or role." },
{ NET "hosts.*", T_MAP, PLAIN, "compose", "A host." },
{ NET "hosts.*.network_node_id", T_INT, "0..", "0", 0, "compose", "Its place in the graph." },
{ NET "hosts.*.ip_addr", T_STR, PLAIN, "compose", "Its address." },
{ NET "hosts.*.start_time", T_SECS, "0..", NULL, 0, "compose", "When its service starts." },
{ NET "incompatibility", OPT_LIST, NULL, "[strace, gperf]", F_SHADOW, "plan",
	"Execution environments that cannot be used with it." },
{ NET "incompatibility[]", T_STR, PLAIN, "plan", "An execution environment." },
{ NET "config", OPT_MAP, WITH(F_OPEN | F_OWN), "parse",
	"Options, as if they were written one level above." },
ENVIRONMENT(NET "config"),
{ NET "plugin_config", OPT_MAP, WITH(F_OPEN | F_OWN), "parse",
	"Options, as if they were written one level above." },
ENVIRONMENT(NET "plugin_config"),

{ TEST "execution_environment", T_LIST | T_MAP | T_NULL, NULL, "[]", F_OPEN | F_OWN, "plan",
	"What the services run under: one, or a list." },
{ TEST "execution_environment.type", T_STR, EXECUTIONS, NULL, F_HINT | F_NEED | F_CASE, "plan",
	"Name of an execution environment." },
{ TEST "execution_environment[]", T_MAP, WITH(F_OPEN), "plan",
	"An execution environment; its other keys are parameters of its descriptor." },
{ EXECUTION "type", T_STR, EXECUTIONS, NULL, F_HINT | F_NEED | F_CASE, "plan",
	"Name of an execution environment." },
{ EXECUTION "enabled", T_BOOL, KEPT("true"), "plan", "Whether it is used." },
{ EXECUTION "config", OPT_MAP, WITH(F_OPEN | F_OWN), "parse",
	"Parameters, as if they were written one level above." },
{ EXECUTION "plugin_config", OPT_MAP, WITH(F_OPEN | F_OWN), "parse",
	"Parameters, as if they were written one level above." },

{ TEST "services", T_MAP | T_LIST, WITH(F_NEED | F_OWN | F_NAME), "plan",
	"The services by name, at least one; or a list of services that have a name." },
{ TEST "services[]", T_MAP, WITH(F_OPEN), "parse", "A service: name, and the keys below." },
{ TEST "services.*", T_MAP, WITH(F_NEED), "plan", "A service: one implementation in one role." },
{ SERVICE "name", T_STR, WITH(F_OWN), "parse",
	"Another name that targets may use; the key is the service's name." },
{ SERVICE "include", ONE_OR_MORE, WITH(F_OWN), "parse",
	"Files with a map whose content comes below this service's." },
{ SERVICE "include[]", T_STR, PLAIN, "parse", "A file." },
{ SERVICE "implementation", T_MAP, WITH(F_NEED | F_OPEN | F_OWN), "plan",
	"What runs; keys that are not listed here are parameters of its descriptor." },
{ IMPL "name", T_STR, WITH(F_NEED), "plan", "Name of an implementation or tester." },
{ IMPL "type", T_STR, "iut testers tester", "iut", F_REC | F_CASE, "plan",
	"Implementation under test, or tester." },
{ IMPL "version", T_STR | T_NULL | T_MAP, WITH(F_OPEN | F_TEXTS), "plan",
	"Its version when protocol.version is not given, or settings as in version_config." },
{ IMPL "version_config", T_STR | T_NULL | T_MAP, WITH(F_OPEN | F_TEXTS), "plan",
	"Settings as a version file of PANTHER has them, which win over that of the version: a "
	"map, a file with one (NAME.yaml), or the name of another version." },
{ IMPL "shadow_compatible", T_BOOL, IDLE("false"), "It runs under Shadow." },
{ IMPL "gperf_compatible", T_BOOL, IDLE("false"), "It runs under gperftools." },
{ SERVICE "protocol", T_MAP | T_STR, WITH(F_OWN), "plan",
	"What it speaks, and as whom; a text is its name." },
{ SERVICE "protocol.name", T_STR, "quic minip bgp coap http https tcp", "unknown",
	F_REC | F_HINT | F_CASE,
	"plan", "Name of a protocol." },
{ SERVICE "protocol.version", OPT_STR, PLAIN, "plan", "Its version, as rfc9000." },
{ SERVICE "protocol.role", T_STR, "server client peer both mitm", "server", F_REC | F_CASE, "plan",
	"Its side of the conversation; both: a server and a client in one program, as peer." },
{ SERVICE "protocol.target", OPT_STR, WITH(F_OWN), "plan",
	"The service that it talks to; a client must have one." },
{ SERVICE "network", OPT_MAP, PLAIN, "plan", "Its end of the network." },
{ SERVICE "network.interface", T_STR, DEFAULT("eth0"), "plan", "Interface." },
{ SERVICE "network.port", T_INT, "1..65535", "4443", 0, "plan", "Port." },
{ SERVICE "network.host", T_STR, IDLE("localhost"),
	"Host; the network environment gives the address." },
{ SERVICE "network.bind_address", OPT_STR, PLAIN, "plan",
	"Address to listen on, where clients look for it when it is a loopback address." },
{ SERVICE "network.mtu", T_INT | T_NULL, "68..65535", NULL, 0, "plan", "Largest packet." },
{ SERVICE "environment", OPT_MAP, KEPT("{}"), "exec", "Variables of its processes." },
{ SERVICE "environment.*", OPT_STR, PLAIN, "exec", "A variable." },
{ SERVICE "timeout", T_SECS, "1..86400", "60", F_REC, "exec", "Limit of its run command." },
{ SERVICE "ports", OPT_LIST, WITH(F_OWN), "plan",
	"Ports as host:container, each 1 to 65535, with /udp or /tcp; without any the usual one." },
{ SERVICE "ports[]", T_STR, PLAIN, "plan", "A port, 4443:4443." },
{ SERVICE "volumes", OPT_LIST, KEPT("[]"), "compose", "Directories that a container sees." },
{ SERVICE "volumes[]", T_STR | T_MAP, PLAIN, "compose", "local:container, or both as a map." },
VOLUME(SERVICE "volumes[]", "Directory on this machine."),
{ SERVICE "generate_new_certificates", T_BOOL, KEPT("false"), "plan",
	"Make a key and a certificate even when some are given; they are made when none are." },
{ SERVICE "depends_on", T_LIST | T_MAP | T_NULL | T_STR, NULL, "[]", F_OWN, "plan",
	"Services that come first: names, or names with a state." },
{ SERVICE "depends_on[]", T_STR, PLAIN, "plan", "A service that must be ready." },
{ SERVICE "depends_on.*", T_STR, "started running ready completed", NULL, 0, "plan",
	"The state that it must have reached." },
{ SERVICE "files", OPT_LIST, NULL, "[]", F_REC | F_OURS, "exec",
	"Files made in the service's directory before it starts." },
{ SERVICE "files[]", T_MAP, PLAIN, "exec", "A file: with size and seed, or with text." },
{ SERVICE "files[].path", T_STR, WITH(F_NEED), "exec", "Its path below the service's directory." },
{ SERVICE "files[].size", T_SIZE, PLAIN, "exec", "Bytes of pseudo-random content." },
{ SERVICE "files[].seed", T_INT, "0..", NULL, 0, "exec", "Number that the content comes from." },
{ SERVICE "files[].text", T_STR, PLAIN, "exec", "The content itself." },
{ SERVICE "finite", T_BOOL | T_NULL, PLAIN, "plan",
	"It ends by itself; without it the descriptor says so." },
{ SERVICE "critical", T_BOOL, PLAIN, "exec", "The test ends when it fails." },
{ SERVICE "capture", T_BOOL | T_MAP, WITH(F_OURS), "plan",
	"A capture of this service's own packets; by default as capture.per_service says." },
CAPTURE(SERVICE "capture"),
{ SERVICE "limits", OPT_MAP, WITH(F_OWN | F_OURS), "exec", "Limits of what it may use." },
LIMITS(SERVICE "limits", "it may write", "of its logs"),
{ SERVICE "command_override", T_STR | T_LIST | T_NULL, PLAIN, "plan",
	"Command to run instead of the descriptor's." },
{ SERVICE "command_override[]", T_STR, PLAIN, "plan", "An argument." },
{ SERVICE "working_directory", OPT_STR, PLAIN, "plan",
	"Directory of its run command; a relative one is below the service's own." },
{ SERVICE "user", T_STR, "root", NULL, 0, "plan",
	"root: all rights over the test's own network and nothing else; without it none." },
{ SERVICE "restart_policy", T_STR, "no always on-failure unless-stopped", "no", 0, "exec",
	"Whether it is started again when it has ended by itself." },
{ SERVICE "docker", OPT_MAP, PLAIN, "compose", "Its own settings for images; these win." },
{ SERVICE "docker.force_build_docker_image", T_BOOL, PLAIN, "compose",
	"As docker.force_build_docker_image, of this image." },
{ SERVICE "docker.no_docker_cache", T_BOOL, PLAIN, "compose", "Build without the cache." },
{ SERVICE "docker.use_buildx", T_BOOL, PLAIN, "compose", "Build with buildx." },
{ SERVICE "docker.target_platform", OPT_STR, PLAIN, "compose", "Platform of the image." },
{ SERVICE "docker.build_args", OPT_MAP, PLAIN, "compose",
	"Arguments of the build, added to the global ones." },
{ SERVICE "docker.build_args.*", OPT_STR, PLAIN, "compose", "Value of one argument." },
{ SERVICE "plugin_config", OPT_MAP, WITH(F_OPEN), "plan",
	"Parameters as older files have them; those below implementation win." },
MOVED("service_name", "name"),
MOVED("service_type", "implementation.type"),
MOVED("role", "protocol.role"),
MOVED("target", "protocol.target"),
MOVED("protocol_version", "protocol.version"),
MOVED("environment_variables", "environment"),
MOVED("configuration", "implementation"),
MOVED("implementation_args", "implementation.implementation_args"),
MOVED("logging_level", "implementation.logging_level"),
MOVED("output_format", "implementation.output_format"),
MOVED("bind_address", "implementation.bind_address"),
MOVED("binary_name", "implementation.binary_name"),
MOVED("debug_level", "implementation.debug_level"),
MOVED("performance_mode", "implementation.performance_mode"),
MOVED("runtime_parameters", "implementation.runtime_parameters"),
MOVED("certificate_config", "implementation.certificate_config"),
MOVED("custom_options", "implementation.custom_options"),
MOVED("base_image_override", "implementation.base_image_override"),
MOVED("implementation.protocol_version", "protocol.version"),
MOVED("implementation.environment_variables", "environment"),
MOVED("implementation.test_scenarios", "test_scenarios"),
MOVED("implementation.validation_rules", "validation_rules"),
{ SERVICE "test_scenarios", OPT_LIST, WITH(F_OWN), "parse",
	"Names of tests for a tester: one test each, with that value of the parameter test." },
{ SERVICE "test_scenarios[]", T_STR, PLAIN, "parse", "A name." },
{ SERVICE "validation_rules", OPT_MAP | T_LIST, WITH(F_OWN | F_OPEN), "parse",
	"Rules as in expect, added to those of the test: a map, or a list of maps." },
{ SERVICE "secondary_endpoints", OPT_MAP, PLAIN, "plan", "More addresses by name." },
{ SERVICE "secondary_endpoints.*", T_STR, PLAIN, "plan", "An address." },

{ TEST "steps", T_MAP | T_LIST | T_INT | T_NULL, "1..86400", NULL, F_OWN, "exec",
	"What happens while the services run; a bare number is wait." },
{ STEPS "wait", T_SECS, "1..86400", "60", F_OWN, "exec",
	"Limit of the run; the test ends earlier when its finite services have ended." },
COMMANDS("pre_commands", "Commands before the services start."),
COMMANDS("post_commands", "Commands after they have ended."),
{ STEPS "record_pcap", T_BOOL | T_NULL, WITH(F_OWN), "parse", "The same as capture of the test." },
STEP(TEST "steps"),
{ TEST "steps[]", T_MAP, WITH(F_OURS), "exec", "A step." },
{ TEST "steps[].wait", T_SECS | T_DUR, "0..86400", NULL, F_OWN | F_ACTION, "exec",
	"Pause before the next step." },
STEP(TEST "steps[]"),
{ TEST "links", OPT_LIST, WITH(F_OWN), "exec", "Network conditions from the start." },
LINK(TEST "links[]"),
LINK_ENDS(TEST "links[]"),
{ TEST "routers", OPT_LIST, WITH(F_OURS), "exec", "Names of routers that links may join." },
{ TEST "routers[]", T_STR, PLAIN, "exec", "A name." },

{ TEST "assertions", OPT_LIST, KEPT("[]"), "exec", "What must hold during the run." },
{ TEST "assertions[]", T_MAP, PLAIN, "exec", "An assertion." },
{ ASSERT "type", T_STR,
	"service_responsive service_running output_contains port_open file_exists exit_code", NULL,
	F_NEED, "exec", "What kind it is." },
{ ASSERT "service", T_STR, PLAIN, "exec", "The service that it is about." },
{ ASSERT "endpoint", T_STR, PLAIN, "exec", "Port and path of a health check." },
{ ASSERT "expected_status", T_INT, "100..599", NULL, 0, "exec", "HTTP status of the answer." },
{ ASSERT "port", T_INT, "1..65535", NULL, 0, "exec", "The port." },
{ ASSERT "transport", T_STR, "tcp udp", NULL, 0, "exec", "Its transport." },
{ ASSERT "file", T_STR, PLAIN, "exec", "File below the service's directory." },
{ ASSERT "text", T_STR, PLAIN, "exec", "Text to be found." },
{ ASSERT "pattern", T_STR, PLAIN, "exec", "Regular expression to be found." },
{ ASSERT "code", T_INT | T_LIST, "0..255", NULL, 0, "exec",
	"Exit code, or a list of allowed ones." },
{ ASSERT "code[]", T_INT, "0..255", NULL, 0, "exec", "An exit code." },
{ ASSERT "timeout", T_SECS, "0..86400", NULL, 0, "exec", "How long to wait for it." },

{ TEST "expect", OPT_MAP, NULL, "{}", F_REC | F_OURS, "collect",
	"The verdict that the test deserves." },
{ EXPECT "status", T_STR, "passed failed timeout error crashed skipped unsupported interrupted",
	NULL, 0, "collect", "Status that counts as success." },
{ EXPECT "exit", T_MAP, PLAIN, "collect", "Exit codes of services." },
{ EXPECT "exit.*", T_INT | T_LIST | T_STR, "0..255", NULL, F_OPEN, "collect",
	"A code, a list of codes, or any." },
{ EXPECT "exit.*[]", T_INT, "0..255", NULL, 0, "collect", "A code." },
{ EXPECT "files", T_LIST, PLAIN, "collect", "Files that must be there." },
{ EXPECT "files[]", T_MAP, PLAIN, "collect", "A file." },
{ EXPECT "files[].path", T_STR, WITH(F_NEED), "collect", "Its path below the test's directory." },
{ EXPECT "files[].same_as", T_STR, PLAIN, "collect", "Another file with the same bytes." },
{ EXPECT "files[].min_size", T_SIZE, PLAIN, "collect", "Least number of bytes." },
{ EXPECT "files[].max_size", T_SIZE, PLAIN, "collect", "Largest number of bytes." },
{ EXPECT "files[].sha256", T_STR, PLAIN, "collect", "Its digest." },
{ EXPECT "files[].exists", T_BOOL, PLAIN, "collect", "false: it must not be there." },
{ EXPECT "log", T_LIST, PLAIN, "collect", "Lines of logs." },
{ EXPECT "log[]", T_MAP, PLAIN, "collect", "A rule." },
{ EXPECT "log[].service", T_STR, WITH(F_NEED), "collect", "The service." },
{ EXPECT "log[].file", T_STR, DEFAULT("stdout.log"), "collect", "File below its directory." },
{ EXPECT "log[].matches", T_STR, PLAIN, "collect",
	"Extended regular expression that lines must match." },
{ EXPECT "log[].not_matches", T_STR, PLAIN, "collect", "One that no line may match." },
{ EXPECT "log[].unless", T_STR, PLAIN, "collect",
	"The rule does not apply when a line of stdout.log or stderr.log matches this." },
{ EXPECT "log[].min", T_INT, "0..", NULL, 0, "collect", "Least number of lines." },
{ EXPECT "log[].max", T_INT, "0..", NULL, 0, "collect", "Largest number of lines." },
{ EXPECT "packets", T_LIST, PLAIN, "collect", "Packets of the capture." },
{ EXPECT "packets[]", T_MAP, PLAIN, "collect", "A rule." },
{ EXPECT "packets[].filter", T_STR, WITH(F_NEED), "collect", "Display filter of tshark." },
{ EXPECT "packets[].min", T_INT, "0..", NULL, 0, "collect", "Least number of packets." },
{ EXPECT "packets[].max", T_INT, "0..", NULL, 0, "collect", "Largest number of packets." },
{ EXPECT "metrics", T_LIST, PLAIN, "collect", "Bounds of metrics." },
{ EXPECT "metrics[]", T_MAP, PLAIN, "collect", "A rule." },
{ EXPECT "metrics[].name", T_STR, WITH(F_NEED), "collect", "Name of the metric, dotted." },
{ EXPECT "metrics[].min", NUM, PLAIN, "collect", "Least value." },
{ EXPECT "metrics[].max", NUM, PLAIN, "collect", "Largest value." },

{ TEST "timeout", T_SECS | T_NULL, "1..86400", "null", F_REC, "plan",
	"Limit of the whole test; without it the services' timeouts and 30 s." },
{ TEST "retries", T_INT, "0..100", "0", F_REC, "exec", "Further tries after a failure." },
{ TEST "cpus", T_INT, "1..1024", NULL, 0, "plan",
	"How many of pth-exec's jobs it takes; 1 without it." },
{ TEST "locks", OPT_LIST, PLAIN, "plan", "Names of things that only one test at a time may use." },
{ TEST "locks[]", T_STR, PLAIN, "plan", "A name; any text." },
{ TEST "seed", T_INT, "0..", "0", F_REC, "exec", "Number for everything random in the test." },
{ TEST "continue_on_failure", T_BOOL, KEPT("false"), "exec",
	"Do not let its failure stop the run." },
{ TEST "collect_artifacts", T_BOOL, KEPT("true"), "collect",
	"Keep its files; false: only logs and results." },
{ TEST "fast_fail_enabled", T_BOOL | T_NULL, PLAIN, "exec",
	"Fast fail of this test; needs fast_fail.test_level." },
{ TEST "isolation", T_STR, "none net full", NULL, 0, "plan",
	"Namespaces of the test; full when not given." },
{ TEST "read_only", T_BOOL, PLAIN, "plan",
	"Tell when services could write more than their own directories and /tmp." },
{ TEST "shared", OPT_LIST, PLAIN, "plan",
	"What services may write besides: directories on this machine." },
{ TEST "shared[]", T_STR, PLAIN, "plan", "A path, absolute or from where pth-exec runs." },
{ TEST "capture", T_BOOL | T_MAP, WITH(F_OWN | F_OURS), "plan",
	"Capture of packets; on by default." },
{ TEST "capture.enabled", T_BOOL, DEFAULT("true"), "plan", "A capture of the whole test." },
{ TEST "capture.per_service", T_BOOL, DEFAULT("false"), "plan",
	"A capture of each service's own packets too." },
CAPTURE(TEST "capture"),
{ TEST "limits", OPT_MAP, WITH(F_OWN | F_OURS), "parse",
	"Limits of each service that does not set its own." },
LIMITS(TEST "limits", "may be written", "log"),
{ TEST "tags", OPT_LIST, PLAIN, "report", "Words to select tests by." },
{ TEST "tags[]", T_STR, PLAIN, "report", "A word." },
{ TEST "generate_new_certificates", T_BOOL | T_NULL, WITH(F_OWN), "parse",
	"Default of the services' key of that name." },
{ TEST "debug_environment", T_LIST | T_MAP | T_NULL, WITH(F_OPEN | F_IDLE), NULL,
	"Never read by PANTHER." },
};
/* clang-format on */

const size_t experiment_keys_n = countof(experiment_keys);
