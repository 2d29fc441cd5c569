/*
 * Every key of an experiment file. The order is the order in records and in
 * the manual. "*" stands for any key, "[]" for the items of a list. What is
 * said of PANTHER is what its files hold; see pth-experiment(5).
 */
#include "experiment/priv.h"

#define NUM (T_INT | T_REAL)
#define LEVELS "TRACE DEBUG INFO WARNING ERROR CRITICAL"
#define ONE_OR_MORE (T_STR | T_LIST)

/* Keys that all network environments share, and those nested in config: and plugin_config:. */
#define ENVIRONMENT(p) \
{ p ".enable_background_monitoring", T_BOOL, NULL, "true", 0, "exec", "Watch the services while the test runs." }, \
{ p ".monitoring_interval_seconds", T_INT, "1..", "5", 0, "exec", "Seconds between two looks at the services." }, \
{ p ".failure_threshold_count", T_INT, "1..", "1", 0, "exec", "Failed looks before a service counts as lost." }, \
{ p ".allow_partial_deployment", T_BOOL, NULL, "false", 0, "exec", "Go on when a service that is not critical cannot start." }, \
{ p ".critical_services", T_LIST, NULL, "[]", 0, "plan", "Services whose failure ends the test; none named: all." }, \
{ p ".critical_services[]", T_STR, NULL, NULL, 0, NULL, "A service." }, \
{ p ".enabled", T_BOOL, NULL, "true", F_IDLE, NULL, "Whether the environment is used; a test has no other." }, \
{ p ".priority", T_INT, NULL, "100", F_IDLE, NULL, "Order among plugins in PANTHER." }

/* Of the test and of a service. */
#define CAPTURE(p) \
{ p ".interface", T_STR, NULL, NULL, 0, "plan", "Interface to capture on; the network environment's without it." }, \
{ p ".snaplen", T_INT, "0..262144", NULL, 0, "plan", "Bytes kept of each packet; 0: all." }, \
{ p ".filter", T_STR, NULL, NULL, 0, "plan", "Packets to capture, in the language of pcap-filter(7)." }, \
{ p ".max_size", T_SIZE, "4096..", NULL, 0, "plan", "Size of the file at which the capture ends." }, \
{ p ".ring", T_SIZE | T_MAP, "8192..", NULL, 0, "plan", "Keep the newest packets only: bytes in all, in two files." }, \
{ p ".ring.files", T_INT, "2..1000", "2", F_REC, "plan", "Files that are kept." }, \
{ p ".ring.size", T_SIZE, "4096..", NULL, F_NEED, "plan", "Size of a file." }, \
{ p ".buffer", T_SIZE, "524288..1073741824", "8MiB", 0, "plan", "Memory in the kernel for packets on their way to the file." }

/* An observer of PANTHER. Two have something to say here, a third an interval;
 * the others (F_IDLE) ask for what is always done, or for what there is not. */
#define OBSERVER(p, idle, level, meaning) \
{ p, T_MAP | T_NULL, NULL, NULL, idle, (idle) ? NULL : "exec", meaning }, \
{ p ".enabled", T_BOOL, NULL, "true", 0, "exec", "Whether it is used." }, \
{ p ".priority", T_INT, NULL, "100", F_IDLE, NULL, "Order among observers in PANTHER." }, \
{ p ".auto_register", T_BOOL, NULL, "true", F_IDLE, NULL, "Register by itself in PANTHER." }, \
{ p ".log_level", T_STR, LEVELS, "INFO", F_CASE | level, (level) ? NULL : "all", "Least severe event that it shows." }

const struct experiment_key experiment_keys[] = {
{ "", T_MAP, NULL, NULL, 0, "parse", "An experiment." },
{ "version", T_STR, NULL, "1.0", F_IDLE, NULL, "Version of the file's format; 1.0 is the only one." },
{ "include", ONE_OR_MORE, NULL, NULL, F_OWN, "parse", "Other files, relative to this one, whose content comes below what is written here; tests are put before ours." },
{ "include[]", T_STR, NULL, NULL, 0, "parse", "A file." },

{ "metadata", T_MAP | T_NULL, NULL, NULL, 0, "report", "What the experiment is." },
{ "metadata.name", T_STR, NULL, NULL, 0, "parse", "Name of the run; the file's name without it." },
{ "metadata.description", T_STR | T_NULL, NULL, NULL, 0, "report", "What is tested, and why." },
{ "metadata.author", T_STR | T_NULL, NULL, NULL, 0, "report", "Who wrote it." },
{ "metadata.version", T_STR | T_NULL, NULL, NULL, 0, "report", "Version of the experiment." },
{ "metadata.tags", T_LIST | T_NULL, NULL, NULL, 0, "report", "Words to find it by." },
{ "metadata.tags[]", T_STR, NULL, NULL, 0, "report", "A word." },
{ "metadata.created_at", T_STR | T_NULL, NULL, NULL, 0, "report", "When it was written." },
{ "metadata.modified_at", T_STR | T_NULL, NULL, NULL, 0, "report", "When it was changed last." },

{ "logging", T_MAP | T_NULL, NULL, "{}", F_REC, "all", "What is logged." },
{ "logging.level", T_STR, LEVELS, "INFO", F_REC | F_CASE, "all", "Least severe event that is shown on standard error: WARNING leaves out what is no failure, ERROR shows failures only." },
{ "logging.format", T_STR, NULL, "%(asctime)s [%(levelname)s] - %(module)s - %(message)s", F_IDLE, NULL, "Python logging format of PANTHER; events have their own form here." },
{ "logging.enable_colors", T_BOOL, NULL, "true", 0, "report", "Colours on a terminal." },
{ "logging.debug_file_logging", T_BOOL, NULL, "true", 0, "exec", "Keep all events in events.jsonl; false: only those that are shown." },
{ "logging.feature_levels", T_MAP | T_NULL, NULL, NULL, 0, "all", "Levels of single features, which win over level; any name is allowed." },
{ "logging.feature_levels.*", T_STR | T_NULL, LEVELS, NULL, F_CASE, "all", "Level of one feature." },
{ "logging.statistics", T_MAP | T_NULL, NULL, NULL, F_OPEN | F_IDLE, NULL, "Statistics of PANTHER's logger." },

{ "paths", T_MAP | T_NULL, NULL, "{}", F_REC, "exec", "Where things are kept." },
{ "paths.output_dir", T_STR, NULL, "outputs", F_REC, "exec", "Directory of the run directories." },
{ "paths.log_dir", T_STR, NULL, "outputs/logs", F_IDLE, NULL, "Logs of PANTHER; here logs are in the run directory." },
{ "paths.plugin_dir", T_STR, NULL, "panther/plugins", 0, "plan", "Directory of descriptors, searched after $PTH_PATH and before ours; that of PANTHER is passed over." },
{ "paths.cert_dir", T_STR | T_NULL, NULL, NULL, 0, "plan", "Absolute directory of cert.pem, key.pem and ca.pem to use instead of new ones." },
{ "paths.temp_dir", T_STR, NULL, "/tmp/panther", F_IDLE, NULL, "Temporary files of PANTHER." },
{ "paths.config_dir", T_STR, NULL, NULL, F_IDLE, NULL, "Directory of experiment files of PANTHER." },

{ "docker", T_MAP | T_NULL, NULL, "{}", F_REC, "compose", "Images and containers." },
{ "docker.force_build_docker_image", T_BOOL, NULL, "false", 0, "compose", "Build images once in each run, even when nothing that they are made of has changed." },
{ "docker.build_docker_image", T_BOOL, NULL, NULL, F_OWN, "compose", "Old name of force_build_docker_image." },
{ "docker.log_docker_image_build", T_BOOL, NULL, "true", 0, "compose", "Keep the output of image builds." },
{ "docker.user_mapping", T_MAP | T_NULL, NULL, NULL, 0, "compose", "User of the processes in containers." },
{ "docker.user_mapping.run_as_host_user", T_BOOL, NULL, "false", 0, "compose", "Run with the numbers of the user who runs us." },
{ "docker.user_mapping.custom_uid", T_INT | T_NULL, "0..65534", NULL, 0, "compose", "User number." },
{ "docker.user_mapping.custom_gid", T_INT | T_NULL, "0..65534", NULL, 0, "compose", "Group number." },
{ "docker.user_mapping.user_name", T_STR, NULL, "panther", 0, "compose", "Name of the user in the image." },
{ "docker.user_mapping.fallback_to_root", T_BOOL, NULL, "true", 0, "compose", "Run as root when the mapping cannot be made." },
{ "docker.registry", T_STR | T_NULL, NULL, NULL, 0, "compose", "Registry before the names of images that are not built here." },
{ "docker.cache_from", ONE_OR_MORE | T_NULL, NULL, NULL, 0, "compose", "Images whose layers may be reused." },
{ "docker.cache_from[]", T_STR, NULL, NULL, 0, "compose", "An image." },
{ "docker.build_args", T_MAP | T_NULL, NULL, NULL, 0, "compose", "Arguments of the build." },
{ "docker.build_args.*", T_STR | T_NULL, NULL, NULL, 0, "compose", "Value of one argument." },
{ "docker.network_mode", T_STR, "bridge host none overlay", "bridge", 0, "compose", "Driver of the network." },
{ "docker.use_buildx", T_BOOL, NULL, "true", 0, "compose", "Build with buildx." },
{ "docker.target_platform", T_STR | T_NULL, NULL, NULL, 0, "compose", "Platform of the images, as linux/amd64." },
{ "docker.buildx_builder", T_STR, NULL, "default", 0, "compose", "Builder of buildx." },
{ "docker.multi_platform", T_BOOL, NULL, "false", 0, "compose", "Build for several platforms." },
{ "docker.no_docker_cache", T_BOOL, NULL, "false", 0, "compose", "Build without the cache; implies force_build_docker_image." },
{ "docker.pull_policy", T_STR, "always missing never if_not_present build", "never", 0, "compose", "When images are fetched." },
{ "docker.remove_docker_network", T_BOOL, NULL, NULL, 0, "compose", "Remove the network after the test." },
{ "docker.remove_docker_volume", T_BOOL, NULL, NULL, 0, "compose", "Remove the volumes after the test." },
{ "docker.remove_containers_after", T_BOOL, NULL, NULL, 0, "compose", "Remove the containers after the test." },
{ "docker.remove_images_after", T_BOOL, NULL, NULL, 0, "compose", "Remove the images after each test; those that share one then run one after the other." },

{ "progress", T_MAP | T_NULL, NULL, NULL, 0, "exec", "What a terminal shows while tests run." },
{ "progress.enable_progress_bar", T_BOOL, NULL, "true", 0, "exec", "Show how far the run is." },
{ "progress.redirect_logging", T_BOOL, NULL, "true", F_IDLE, NULL, "Keep messages apart from the bar." },
{ "progress.show_spinner", T_BOOL, NULL, "true", 0, "exec", "Show that something is going on." },
{ "progress.show_test_status", T_BOOL, NULL, "true", 0, "exec", "Show each test's result." },
{ "progress.show_docker_events", T_BOOL, NULL, "false", F_IDLE, NULL, "Show what happens to containers." },
{ "progress.use_emojis", T_BOOL, NULL, "false", F_IDLE, NULL, "Pictures in PANTHER's messages." },
{ "progress.update_interval", NUM, "0.01..10", "0.1", 0, "exec", "Seconds between two updates." },

{ "fast_fail", T_MAP | T_NULL, NULL, "{}", F_REC, "exec", "When to stop the run early." },
{ "fast_fail.enabled", T_BOOL, NULL, "true", F_REC, "exec", "Whether anything below is used." },
{ "fast_fail.test_level", T_BOOL, NULL, "false", F_REC, "exec", "Let tests decide by fast_fail_enabled." },
{ "fast_fail.docker_build_failures", T_BOOL, NULL, NULL, 0, "exec", "Stop when an image cannot be built." },
{ "fast_fail.docker_runtime_failures", T_BOOL, NULL, NULL, 0, "exec", "Stop when a container fails." },
{ "fast_fail.plugin_load_failures", T_BOOL, NULL, NULL, 0, "exec", "Stop when a descriptor cannot be used." },
{ "fast_fail.service_start_failures", T_BOOL, NULL, NULL, 0, "exec", "Stop when a service cannot start." },
{ "fast_fail.network_setup_failures", T_BOOL, NULL, NULL, 0, "exec", "Stop when the network cannot be set up." },
{ "fast_fail.port_conflict_failures", T_BOOL, NULL, NULL, 0, "exec", "Stop when a port is taken." },
{ "fast_fail.ivy_compilation_failures", T_BOOL, NULL, NULL, 0, "exec", "Stop when a tester cannot be compiled." },
{ "fast_fail.resource_exhaustion", T_BOOL, NULL, NULL, 0, "exec", "Stop when memory, disk or processes run out." },
{ "fast_fail.certificate_failures", T_BOOL, NULL, NULL, 0, "exec", "Stop when certificates cannot be made." },
{ "fast_fail.configuration_failures", T_BOOL, NULL, NULL, 0, "exec", "Stop when a test is configured wrongly." },
{ "fast_fail.timeout_cascades", T_BOOL, NULL, NULL, 0, "exec", "Stop after several failures of one kind, such as timeouts." },
{ "fast_fail.timeout_cascade_threshold", T_INT, "1..100", NULL, 0, "exec", "Timeouts one after the other that are too many." },
{ "fast_fail.max_errors_before_fail", T_INT, "1..", NULL, 0, "exec", "Errors that are too many." },
{ "fast_fail.disk_space_threshold_gb", NUM, "0..", NULL, 0, "exec", "Least free space, in GB." },
{ "fast_fail.critical_only", T_BOOL, NULL, "false", F_REC, "exec", "Stop for critical errors only." },

{ "metrics", T_MAP | T_NULL, NULL, "{}", F_REC, "collect", "What is measured." },
{ "metrics.enabled", T_BOOL, NULL, "true", F_REC, "exec", "Take samples of what services use while they run." },
{ "metrics.collect_system_metrics", T_BOOL, NULL, "true", 0, "exec", "The same; false for either: no samples." },
{ "metrics.publish_interval", NUM, "0.1..3600", "1", 0, "exec", "Seconds between two samples." },
{ "metrics.export_format", T_STR, "json csv prometheus", "json", F_IDLE, NULL, "Form in which PANTHER exports metrics; here they are in records and metrics.jsonl." },
{ "metrics.retention_days", T_INT, "1..365", "30", F_IDLE, NULL, "Days that PANTHER keeps metrics." },

{ "observers", T_MAP | T_NULL, NULL, NULL, 0, "report", "Observers of PANTHER." },
OBSERVER("observers.logger", 0, 0, "What is shown of the events on standard error."),
{ "observers.logger.enable_colors", T_BOOL, NULL, NULL, 0, "exec", "Colours on a terminal." },
{ "observers.logger.correlation_tracking", T_BOOL, NULL, "true", F_IDLE, NULL, "Tie events of one cause together; they have run, test and service." },
{ "observers.logger.log_to_file", T_BOOL, NULL, "true", F_IDLE, NULL, "Write to a file; here always events.jsonl of the run directory." },
{ "observers.logger.log_to_console", T_BOOL, NULL, NULL, 0, "all", "Show events on standard error; errors always are." },
{ "observers.logger.file_rotation", T_BOOL, NULL, "false", F_IDLE, NULL, "Begin a new file at max_file_size." },
{ "observers.logger.max_file_size", T_SIZE, NULL, "10MB", F_IDLE, NULL, "Largest log file." },
{ "observers.logger.backup_count", T_INT, "0..", "5", F_IDLE, NULL, "Old files that are kept." },
{ "observers.logger.include_data", T_BOOL, NULL, "true", F_IDLE, NULL, "Show the event's data." },
{ "observers.logger.include_event_id", T_BOOL, NULL, "true", F_IDLE, NULL, "Show the event's number." },
{ "observers.logger.include_timestamp", T_BOOL, NULL, "true", F_IDLE, NULL, "Show the event's time." },
{ "observers.logger.output_file", T_STR | T_NULL, NULL, NULL, F_IDLE, NULL, "File to write to; here always events.jsonl of the run directory." },
{ "observers.logger.structured_output", T_BOOL, NULL, "false", F_IDLE, NULL, "Write JSON; here PTH_EVENTS chooses." },
{ "observers.logger.max_data_length", T_INT, "1..", "1000", F_IDLE, NULL, "Longest data that is shown." },
OBSERVER("observers.metrics", 0, F_IDLE, "Samples of what services use."),
{ "observers.metrics.collect_system_metrics", T_BOOL, NULL, NULL, 0, "exec", "The same as metrics.collect_system_metrics." },
{ "observers.metrics.publish_interval", NUM, "0.1..3600", NULL, 0, "exec", "In place of metrics.publish_interval." },
{ "observers.metrics.export_format", T_STR, "json csv prometheus", "json", F_IDLE, NULL, "Form of the exported metrics." },
{ "observers.metrics.export_path", T_STR | T_NULL, NULL, NULL, F_IDLE, NULL, "File to export to." },
{ "observers.metrics.include_histograms", T_BOOL, NULL, "false", F_IDLE, NULL, "Export histograms." },
{ "observers.metrics.include_percentiles", T_BOOL, NULL, "false", F_IDLE, NULL, "Export percentiles." },
{ "observers.metrics.percentiles", T_LIST, NULL, NULL, F_IDLE, NULL, "Which percentiles." },
{ "observers.metrics.percentiles[]", NUM, "0..100", NULL, 0, NULL, "A percentile." },
{ "observers.metrics.publish_metrics", T_BOOL, NULL, "true", F_IDLE, NULL, "Publish metrics; here they are in records, events and metrics.jsonl." },
{ "observers.metrics.enable_real_time_monitoring", T_BOOL, NULL, "true", F_IDLE, NULL, "Publish them while the test runs, as metrics.jsonl does." },
{ "observers.metrics.resource_collection_interval", NUM, "0.1..3600", NULL, 0, "exec", "Seconds between two samples; of several intervals the shortest counts." },
{ "observers.metrics.metric_collection_interval", NUM, "0.1..3600", "10", F_IDLE, NULL, "Seconds between two looks at PANTHER's own metrics." },
OBSERVER("observers.storage", F_IDLE, 0, "Where PANTHER keeps events; here they are in events.jsonl of the run directory."),
{ "observers.storage.storage_path", T_STR, NULL, "outputs/storage", 0, NULL, "Where events are kept." },
{ "observers.storage.enable_compression", T_BOOL, NULL, "false", 0, NULL, "Compress them." },
{ "observers.storage.retention_days", T_INT, "0..", "30", 0, NULL, "Days that they are kept." },
{ "observers.storage.storage_format", T_STR, NULL, "json", 0, NULL, "Form in which they are kept." },
{ "observers.storage.buffer_size", T_INT, "1..", "1000", 0, NULL, "Events held in memory." },
{ "observers.storage.flush_interval", NUM, "0..", "60", 0, NULL, "Seconds between two writes." },
{ "observers.storage.create_indexes", T_BOOL, NULL, NULL, 0, NULL, "Index what is stored." },
{ "observers.storage.auto_backup", T_BOOL, NULL, NULL, 0, NULL, "Make copies." },
{ "observers.storage.backup_interval", T_INT, "1..", "3600", 0, NULL, "Seconds between two copies." },
{ "observers.storage.max_storage_size", T_SIZE | T_NULL, NULL, NULL, 0, NULL, "Largest size; 0: no limit." },
{ "observers.storage.batch_size", T_INT, "1..", "100", 0, NULL, "Events written at once." },
{ "observers.storage.async_storage", T_BOOL, NULL, NULL, 0, NULL, "Write in the background." },
OBSERVER("observers.experiment", F_IDLE, 0, "What PANTHER notes of a run; here times, steps and errors are always in records and reports."),
{ "observers.experiment.track_timing", T_BOOL, NULL, NULL, 0, NULL, "Follow durations." },
{ "observers.experiment.track_steps", T_BOOL, NULL, NULL, 0, NULL, "Follow steps." },
{ "observers.experiment.generate_report", T_BOOL, NULL, NULL, 0, NULL, "Write a report." },
{ "observers.experiment.report_format", T_STR, NULL, "markdown", 0, NULL, "Form of the report." },
{ "observers.experiment.include_graphs", T_BOOL, NULL, NULL, 0, NULL, "Graphs in the report." },
{ "observers.experiment.capture_screenshots", T_BOOL, NULL, "false", 0, NULL, "Screenshots in the report." },
{ "observers.experiment.detailed_errors", T_BOOL, NULL, NULL, 0, NULL, "Errors in full." },
{ "observers.experiment.output_dir", T_STR | T_NULL, NULL, NULL, 0, NULL, "Where the report goes." },
{ "observers.experiment.test_name", T_STR | T_NULL, NULL, NULL, 0, NULL, "Name in the report." },
OBSERVER("observers.resource", 0, F_IDLE, "Samples of what services use."),
{ "observers.resource.monitor_interval", NUM, "0.01..3600", NULL, 0, "exec", "Seconds between two samples; of several intervals the shortest counts." },
{ "observers.resource.detailed_monitoring", T_BOOL, NULL, "true", F_IDLE, NULL, "Sample more than processor time and memory, as is done here." },
{ "observers.resource.auto_start", T_BOOL, NULL, "true", F_IDLE, NULL, "Start by itself." },
OBSERVER("observers.async_storage", F_IDLE, 0, "The same as storage."),
{ "observers.async_storage.monitor_interval", NUM, "0.01..3600", NULL, 0, NULL, "Seconds between two looks." },
{ "observers.async_storage.detailed_monitoring", T_BOOL, NULL, NULL, 0, NULL, "Look at more." },
{ "observers.async_storage.auto_start", T_BOOL, NULL, NULL, 0, NULL, "Start by itself." },
OBSERVER("observers.gui", F_IDLE, 0, "The graphical display of PANTHER."),
{ "features", T_MAP | T_NULL, NULL, NULL, F_OPEN | F_IDLE, NULL, "Switches of PANTHER's observers." },
{ "global", T_MAP | T_NULL, NULL, NULL, F_OPEN | F_IDLE, NULL, "Settings of an older PANTHER." },

{ "tests", T_LIST, NULL, NULL, F_NEED | F_OWN | F_LATER, "parse", "The tests." },
{ "tests[]", T_MAP, NULL, NULL, F_NEED, "parse", "A test." },
{ "tests[].name", T_STR, NULL, "unnamed_test", F_OWN, "all", "Its name: free text up to 200 bytes, unique in the file." },
{ "tests[].description", T_STR | T_NULL, NULL, "", F_OWN, "report", "What it tests." },
{ "tests[].include", ONE_OR_MORE, NULL, NULL, F_OWN, "parse", "Files with a map whose content comes below this test's." },
{ "tests[].include[]", T_STR, NULL, NULL, 0, "parse", "A file." },
{ "tests[].iterations", T_INT, "1..100000", "1", F_OWN, "parse", "How many separate tests are made of it." },
{ "tests[].matrix", T_MAP | T_NULL, NULL, NULL, F_OWN, "parse", "Dotted fields and the values that each takes: one test for each combination." },
{ "tests[].matrix.exclude", T_LIST | T_NULL, NULL, NULL, 0, "parse", "Combinations that are left out." },
{ "tests[].matrix.exclude[]", T_MAP, NULL, NULL, 0, "parse", "Fields and values; all must fit." },
{ "tests[].matrix.exclude[].*", T_ANY, NULL, NULL, 0, "parse", "The value of a field." },
{ "tests[].matrix.include", T_LIST | T_NULL, NULL, NULL, 0, "parse", "Maps of fields that vary together: each adds its fields to the combinations that have its values of the fields above, or is one more combination." },
{ "tests[].matrix.include[]", T_MAP, NULL, NULL, 0, "parse", "Fields and values; name replaces the name." },
{ "tests[].matrix.include[].*", T_ANY, NULL, NULL, 0, "parse", "The value of a field." },
{ "tests[].matrix.*", T_LIST, NULL, NULL, 0, "parse", "Values of a field." },
{ "tests[].matrix.*[]", T_ANY, NULL, NULL, 0, "parse", "A value." },

{ "tests[].network_environment", T_MAP | T_NULL, NULL, NULL, F_OPEN | F_OWN, "plan", "Where the services run." },
{ "tests[].network_environment.type", T_STR, "docker_compose shadow_ns localhost_single_container localhost", "docker_compose", F_REC | F_HINT, "plan", "Name of a network environment." },
ENVIRONMENT("tests[].network_environment"),
{ "tests[].network_environment.version", T_STR | T_NULL, NULL, "3.8", F_DOCKER, "compose", "Version of the compose file." },
{ "tests[].network_environment.service_prefix", T_STR | T_NULL, NULL, NULL, F_DOCKER, "compose", "Text before the names of containers." },
{ "tests[].network_environment.volumes", T_LIST | T_NULL, NULL, NULL, F_DOCKER, "compose", "Volumes of every service." },
{ "tests[].network_environment.volumes[]", T_STR | T_MAP, NULL, NULL, F_OPEN, "compose", "A volume." },
{ "tests[].network_environment.volumes[].local", T_STR, NULL, NULL, F_NEED, "compose", "Directory on this machine, or a name." },
{ "tests[].network_environment.volumes[].container", T_STR, NULL, NULL, F_NEED, "compose", "Directory in the container." },
{ "tests[].network_environment.volumes[].mode", T_STR, "rw ro", "rw", 0, "compose", "Whether it may be written to." },
{ "tests[].network_environment.environment", T_MAP | T_NULL, NULL, NULL, F_DOCKER, "compose", "Variables of every service." },
{ "tests[].network_environment.environment.*", T_STR | T_NULL, NULL, NULL, 0, "compose", "A variable." },
{ "tests[].network_environment.network_name", T_STR, NULL, "panther_network", F_DOCKER, "compose", "Name of the network." },
{ "tests[].network_environment.subnet", T_STR | T_NULL, NULL, NULL, F_DOCKER, "compose", "Its addresses, as 10.1.0.0/24." },
{ "tests[].network_environment.enable_ipv6", T_BOOL, NULL, "false", F_DOCKER, "compose", "Give it IPv6 too; names then have two addresses, and a server that is to be found under both needs network.bind_address \"::\"." },
{ "tests[].network_environment.deploy_timeout", T_SECS, "1..", NULL, 0, "exec", "Limit for setting up and starting, and for building images." },
{ "tests[].network_environment.container", T_BOOL, NULL, NULL, 0, "plan", "Of localhost: run all services in one container." },
{ "tests[].network_environment.image", T_ANY, NULL, NULL, 0, "compose", "With container: an image that has all services, instead of one that is built." },
{ "tests[].network_environment.general", T_MAP | T_NULL, NULL, NULL, F_SHADOW, "compose", "Section of the Shadow configuration." },
{ "tests[].network_environment.general.stop_time", T_SECS, "1..", "300", 0, "compose", "End of the simulation, in simulated time." },
{ "tests[].network_environment.general.model_unblocked_syscall_latency", T_BOOL, NULL, "false", 0, "compose", "Let busy loops pass simulated time." },
{ "tests[].network_environment.experimental", T_MAP | T_NULL, NULL, NULL, F_SHADOW | F_OPEN, "compose", "Section of the Shadow configuration." },
{ "tests[].network_environment.experimental.strace_logging_mode", T_STR, "off standard deterministic", "standard", 0, "compose", "How system calls are logged." },
{ "tests[].network_environment.network", T_MAP | T_NULL, NULL, NULL, F_SHADOW, "compose", "The simulated link." },
{ "tests[].network_environment.network.latency", NUM | T_DUR, "0..", "10", 0, "compose", "Delay in one direction; a bare number is in milliseconds." },
{ "tests[].network_environment.network.jitter", NUM | T_DUR, "0..", "10", 0, "compose", "Variation of the delay; a bare number is in milliseconds." },
{ "tests[].network_environment.network.packet_loss", NUM, "0..1", "0.0", 0, "compose", "Part of the packets that is lost, 0 to 1." },
{ "tests[].network_environment.host_option_defaults", T_MAP | T_NULL, NULL, NULL, F_SHADOW | F_OPEN, "compose", "Section of the Shadow configuration." },
{ "tests[].network_environment.host_option_defaults.pcap_enabled", T_BOOL, NULL, "true", 0, "compose", "Capture on every host." },
{ "tests[].network_environment.hosts", T_MAP | T_NULL, NULL, NULL, F_SHADOW, "compose", "The simulated hosts, server and client." },
{ "tests[].network_environment.hosts.*", T_MAP, NULL, NULL, 0, "compose", "A host." },
{ "tests[].network_environment.hosts.*.network_node_id", T_INT, "0..", "0", 0, "compose", "Its place in the graph." },
{ "tests[].network_environment.hosts.*.ip_addr", T_STR, NULL, NULL, 0, "compose", "Its address." },
{ "tests[].network_environment.hosts.*.start_time", T_SECS, "0..", NULL, 0, "compose", "When its service starts." },
{ "tests[].network_environment.incompatibility", T_LIST | T_NULL, NULL, "[strace, gperf]", F_SHADOW, "plan", "Execution environments that cannot be used with it." },
{ "tests[].network_environment.incompatibility[]", T_STR, NULL, NULL, 0, "plan", "An execution environment." },
{ "tests[].network_environment.config", T_MAP | T_NULL, NULL, NULL, F_OPEN | F_OWN, "parse", "Options, as if they were written one level above." },
ENVIRONMENT("tests[].network_environment.config"),
{ "tests[].network_environment.plugin_config", T_MAP | T_NULL, NULL, NULL, F_OPEN | F_OWN, "parse", "Options, as if they were written one level above." },
ENVIRONMENT("tests[].network_environment.plugin_config"),

{ "tests[].execution_environment", T_LIST | T_MAP | T_NULL, NULL, "[]", F_OPEN | F_OWN, "plan", "What the services run under: one, or a list." },
{ "tests[].execution_environment.type", T_STR, "strace memcheck helgrind gdb gperf_cpu gperf_heap perf iterations gperf", NULL, F_HINT | F_NEED, "plan", "Name of an execution environment." },
{ "tests[].execution_environment[]", T_MAP, NULL, NULL, F_OPEN, "plan", "An execution environment; its other keys are parameters of its descriptor." },
{ "tests[].execution_environment[].type", T_STR, "strace memcheck helgrind gdb gperf_cpu gperf_heap perf iterations gperf", NULL, F_HINT | F_NEED, "plan", "Name of an execution environment." },
{ "tests[].execution_environment[].enabled", T_BOOL, NULL, "true", F_REC, "plan", "Whether it is used." },
{ "tests[].execution_environment[].config", T_MAP | T_NULL, NULL, NULL, F_OPEN | F_OWN, "parse", "Parameters, as if they were written one level above." },
{ "tests[].execution_environment[].plugin_config", T_MAP | T_NULL, NULL, NULL, F_OPEN | F_OWN, "parse", "Parameters, as if they were written one level above." },

{ "tests[].services", T_MAP, NULL, NULL, F_NEED | F_OWN | F_NAME, "plan", "The services by name, at least one." },
{ "tests[].services.*", T_MAP, NULL, NULL, F_NEED, "plan", "A service: one implementation in one role." },
{ "tests[].services.*.name", T_STR, NULL, NULL, F_OWN, "parse", "Another name that targets may use; the key is the service's name." },
{ "tests[].services.*.include", ONE_OR_MORE, NULL, NULL, F_OWN, "parse", "Files with a map whose content comes below this service's." },
{ "tests[].services.*.include[]", T_STR, NULL, NULL, 0, "parse", "A file." },
{ "tests[].services.*.implementation", T_MAP, NULL, NULL, F_NEED | F_OPEN | F_OWN, "plan", "What runs; keys that are not listed here are parameters of its descriptor." },
{ "tests[].services.*.implementation.name", T_STR, NULL, NULL, F_NEED, "plan", "Name of an implementation or tester." },
{ "tests[].services.*.implementation.type", T_STR, "iut testers", "iut", F_REC | F_CASE, "plan", "Implementation under test, or tester." },
{ "tests[].services.*.implementation.version", T_STR | T_NULL | T_MAP, NULL, NULL, F_OPEN | F_TEXTS, "plan", "Its version when protocol.version is not given, or settings as in version_config." },
{ "tests[].services.*.implementation.version_config", T_STR | T_NULL | T_MAP, NULL, NULL, F_OPEN | F_TEXTS, "plan", "Settings as a version file of PANTHER has them, which win over that of the version: a map, a file with one (NAME.yaml), or the name of another version." },
{ "tests[].services.*.implementation.shadow_compatible", T_BOOL, NULL, "false", F_IDLE, NULL, "It runs under Shadow." },
{ "tests[].services.*.implementation.gperf_compatible", T_BOOL, NULL, "false", F_IDLE, NULL, "It runs under gperftools." },
{ "tests[].services.*.protocol", T_MAP, NULL, NULL, F_OWN, "plan", "What it speaks, and as whom." },
{ "tests[].services.*.protocol.name", T_STR, "quic minip bgp coap http https tcp", "unknown", F_REC | F_HINT, "plan", "Name of a protocol." },
{ "tests[].services.*.protocol.version", T_STR | T_NULL, NULL, NULL, 0, "plan", "Its version, as rfc9000." },
{ "tests[].services.*.protocol.role", T_STR, "server client peer mitm", "server", F_REC, "plan", "Its side of the conversation." },
{ "tests[].services.*.protocol.target", T_STR | T_NULL, NULL, NULL, F_OWN, "plan", "The service that it talks to; a client must have one." },
{ "tests[].services.*.network", T_MAP | T_NULL, NULL, NULL, F_OPEN, "plan", "Its end of the network." },
{ "tests[].services.*.network.interface", T_STR, NULL, "eth0", 0, "plan", "Interface." },
{ "tests[].services.*.network.port", T_INT, "1..65535", "4443", 0, "plan", "Port." },
{ "tests[].services.*.network.host", T_STR, NULL, "localhost", F_IDLE, NULL, "Host; the network environment gives the address." },
{ "tests[].services.*.network.bind_address", T_STR | T_NULL, NULL, NULL, 0, "plan", "Address to listen on." },
{ "tests[].services.*.network.mtu", T_INT | T_NULL, "68..65535", NULL, 0, "plan", "Largest packet." },
{ "tests[].services.*.environment", T_MAP | T_NULL, NULL, "{}", F_REC, "exec", "Variables of its processes." },
{ "tests[].services.*.environment.*", T_STR | T_NULL, NULL, NULL, 0, "exec", "A variable." },
{ "tests[].services.*.timeout", T_SECS, "1..86400", "60", F_REC, "exec", "Limit of its run command." },
{ "tests[].services.*.ports", T_LIST | T_NULL, NULL, NULL, F_OWN, "plan", "Ports as host:container, each 1 to 65535, with /udp or /tcp when wanted." },
{ "tests[].services.*.ports[]", T_STR, NULL, NULL, 0, "plan", "A port, 4443:4443." },
{ "tests[].services.*.volumes", T_LIST | T_NULL, NULL, "[]", F_REC, "compose", "Directories that a container sees." },
{ "tests[].services.*.volumes[]", T_STR | T_MAP, NULL, NULL, 0, "compose", "local:container, or both as a map." },
{ "tests[].services.*.volumes[].local", T_STR, NULL, NULL, F_NEED, "compose", "Directory on this machine." },
{ "tests[].services.*.volumes[].container", T_STR, NULL, NULL, F_NEED, "compose", "Directory in the container." },
{ "tests[].services.*.volumes[].mode", T_STR, "rw ro", "rw", 0, "compose", "Whether it may be written to." },
{ "tests[].services.*.generate_new_certificates", T_BOOL, NULL, "false", F_REC, "plan", "Make a key and a certificate for the test." },
{ "tests[].services.*.depends_on", T_LIST | T_MAP | T_NULL | T_STR, NULL, "[]", F_OWN, "plan", "Services that come first: names, or names with a state." },
{ "tests[].services.*.depends_on[]", T_STR, NULL, NULL, 0, "plan", "A service that must be ready." },
{ "tests[].services.*.depends_on.*", T_STR, "started running ready completed", NULL, 0, "plan", "The state that it must have reached." },
{ "tests[].services.*.files", T_LIST | T_NULL, NULL, "[]", F_REC, "exec", "Files made in the service's directory before it starts." },
{ "tests[].services.*.files[]", T_MAP, NULL, NULL, 0, "exec", "A file: with size and seed, or with text." },
{ "tests[].services.*.files[].path", T_STR, NULL, NULL, F_NEED, "exec", "Its path below the service's directory." },
{ "tests[].services.*.files[].size", T_SIZE, NULL, NULL, 0, "exec", "Bytes of pseudo-random content." },
{ "tests[].services.*.files[].seed", T_INT, "0..", NULL, 0, "exec", "Number that the content comes from." },
{ "tests[].services.*.files[].text", T_STR, NULL, NULL, 0, "exec", "The content itself." },
{ "tests[].services.*.finite", T_BOOL | T_NULL, NULL, NULL, 0, "plan", "It ends by itself; without it the descriptor says so." },
{ "tests[].services.*.critical", T_BOOL, NULL, NULL, 0, "exec", "The test ends when it fails." },
{ "tests[].services.*.capture", T_BOOL | T_MAP, NULL, NULL, 0, "plan", "A capture of this service's own packets; by default as capture.per_service says." },
CAPTURE("tests[].services.*.capture"),
{ "tests[].services.*.limits", T_MAP | T_NULL, NULL, NULL, F_OWN, "exec", "Limits of what it may use." },
{ "tests[].services.*.limits.cpu", NUM, "0.01..1024", NULL, 0, "exec", "Processors, 0.5 for half of one." },
{ "tests[].services.*.limits.memory", T_SIZE, NULL, NULL, 0, "exec", "Memory in bytes." },
{ "tests[].services.*.limits.processes", T_INT, "1..", NULL, 0, "exec", "Processes and threads." },
{ "tests[].services.*.limits.files", T_INT, "1..", NULL, 0, "exec", "Open files." },
{ "tests[].services.*.limits.disk", T_SIZE, NULL, NULL, 0, "exec", "Size of the largest file that it may write." },
{ "tests[].services.*.limits.log", T_SIZE, NULL, "64MiB", 0, "exec", "Bytes kept of each of its logs; 0: all." },
{ "tests[].services.*.command_override", T_STR | T_LIST | T_NULL, NULL, NULL, 0, "plan", "Command to run instead of the descriptor's." },
{ "tests[].services.*.command_override[]", T_STR, NULL, NULL, 0, "plan", "An argument." },
{ "tests[].services.*.working_directory", T_STR | T_NULL, NULL, NULL, 0, "plan", "Directory of its run command." },
{ "tests[].services.*.restart_policy", T_STR, "no always on-failure unless-stopped", "no", 0, "exec", "Whether it is started again when it has ended by itself." },
{ "tests[].services.*.docker", T_MAP | T_NULL, NULL, NULL, 0, "compose", "Its own settings for images; these win." },
{ "tests[].services.*.docker.force_build_docker_image", T_BOOL, NULL, NULL, 0, "compose", "As docker.force_build_docker_image, of this image." },
{ "tests[].services.*.docker.no_docker_cache", T_BOOL, NULL, NULL, 0, "compose", "Build without the cache." },
{ "tests[].services.*.docker.use_buildx", T_BOOL, NULL, NULL, 0, "compose", "Build with buildx." },
{ "tests[].services.*.docker.target_platform", T_STR | T_NULL, NULL, NULL, 0, "compose", "Platform of the image." },
{ "tests[].services.*.docker.build_args", T_MAP | T_NULL, NULL, NULL, 0, "compose", "Arguments of the build, added to the global ones." },
{ "tests[].services.*.docker.build_args.*", T_STR | T_NULL, NULL, NULL, 0, "compose", "Value of one argument." },
{ "tests[].services.*.plugin_config", T_MAP | T_NULL, NULL, NULL, F_OPEN, "plan", "Parameters as older files have them; those below implementation win." },
{ "tests[].services.*.secondary_endpoints", T_MAP | T_NULL, NULL, NULL, 0, "plan", "More addresses by name." },
{ "tests[].services.*.secondary_endpoints.*", T_STR, NULL, NULL, 0, "plan", "An address." },

{ "tests[].steps", T_MAP | T_LIST | T_INT | T_NULL, "1..86400", NULL, F_OWN, "exec", "What happens while the services run; a bare number is wait." },
{ "tests[].steps.wait", T_SECS, "1..86400", "60", F_OWN, "exec", "Limit of the run; the test ends earlier when its finite services have ended." },
{ "tests[].steps.pre_commands", T_LIST | T_NULL, NULL, NULL, F_OWN, "exec", "Commands before the services start." },
{ "tests[].steps.pre_commands[]", T_STR | T_LIST, NULL, NULL, 0, "exec", "A command: words, or text for sh." },
{ "tests[].steps.pre_commands[][]", T_STR, NULL, NULL, 0, "exec", "A word." },
{ "tests[].steps.post_commands", T_LIST | T_NULL, NULL, NULL, F_OWN, "exec", "Commands after they have ended." },
{ "tests[].steps.post_commands[]", T_STR | T_LIST, NULL, NULL, 0, "exec", "A command: words, or text for sh." },
{ "tests[].steps.post_commands[][]", T_STR, NULL, NULL, 0, "exec", "A word." },
{ "tests[].steps.record_pcap", T_BOOL | T_NULL, NULL, NULL, F_OWN, "parse", "The same as capture of the test." },
#define STEP(p) \
{ p ".exec", T_MAP | T_LIST | T_STR, NULL, NULL, F_OWN, "exec", "Run a command, in a service's namespace when it names one." }, \
{ p ".exec[]", T_STR, NULL, NULL, 0, "exec", "A word of the command." }, \
{ p ".exec.service", T_STR, NULL, NULL, 0, "exec", "The service." }, \
{ p ".exec.argv", T_LIST, NULL, NULL, F_NEED, "exec", "The command." }, \
{ p ".exec.argv[]", T_STR, NULL, NULL, 0, "exec", "A word of the command." }, \
{ p ".exec.critical", T_BOOL, NULL, "true", F_REC, "exec", "The test fails when it fails." }, \
{ p ".exec.timeout", T_SECS, "1..86400", "60", F_REC, "exec", "Its limit." }, \
{ p ".signal", T_MAP, NULL, NULL, F_OWN, "exec", "Send a signal to a service." }, \
{ p ".signal.service", T_STR, NULL, NULL, F_NEED, "exec", "The service." }, \
{ p ".signal.signal", T_STR, "HUP INT QUIT ABRT KILL USR1 USR2 PIPE ALRM TERM CONT STOP TSTP WINCH", NULL, F_NEED | F_CASE, "exec", "The signal's name without SIG." }, \
{ p ".restart", T_STR | T_MAP, NULL, NULL, F_OWN, "exec", "Stop a service and start it again." }, \
{ p ".restart.service", T_STR, NULL, NULL, F_NEED, "exec", "The service." }, \
{ p ".pause", T_STR | T_MAP, NULL, NULL, F_OWN, "exec", "Freeze a service." }, \
{ p ".pause.service", T_STR, NULL, NULL, F_NEED, "exec", "The service." }, \
{ p ".resume", T_STR | T_MAP, NULL, NULL, F_OWN, "exec", "Let a frozen service go on." }, \
{ p ".resume.service", T_STR, NULL, NULL, F_NEED, "exec", "The service." }, \
LINK(p ".link"), \
{ p ".at", T_SECS | T_DUR, "0..", NULL, F_OWN, "exec", "Time since the services were ready." }, \
{ p ".after", T_MAP, NULL, NULL, F_OWN, "exec", "What must have happened first." }, \
{ p ".after.service", T_STR, NULL, NULL, F_NEED, "exec", "A service." }, \
{ p ".after.state", T_STR, "started running ready completed stopped", "ready", F_REC, "exec", "Its state." }
#define LINK(p) \
{ p, T_MAP, NULL, NULL, F_OWN, "exec", "Conditions of the network." }, \
{ p ".between", T_LIST, NULL, NULL, 0, "exec", "The two services at its ends; none: every link of the test." }, \
{ p ".between[]", T_STR, NULL, NULL, 0, "exec", "A service." }, \
{ p ".direction", T_STR, "both forward backward", "both", F_REC, "exec", "From the first service to the second, or back." }, \
{ p ".latency", T_DUR, NULL, NULL, 0, "exec", "Delay in one direction, as 10ms." }, \
{ p ".jitter", T_DUR, NULL, NULL, 0, "exec", "Variation of the delay." }, \
{ p ".loss", T_PERCENT, "0..100", NULL, 0, "exec", "Packets lost, in percent." }, \
{ p ".duplicate", T_PERCENT, "0..100", NULL, 0, "exec", "Packets sent twice, in percent." }, \
{ p ".corrupt", T_PERCENT, "0..100", NULL, 0, "exec", "Packets with a wrong bit, in percent." }, \
{ p ".reorder", T_PERCENT, "0..100", NULL, 0, "exec", "Packets that overtake others, in percent." }, \
{ p ".rate", T_STR, NULL, NULL, 0, "exec", "Bits per second, as 10mbit." }, \
{ p ".limit", T_INT, "1..", NULL, 0, "exec", "Packets in the queue." }, \
{ p ".mtu", T_INT, "68..65535", NULL, 0, "exec", "Largest packet." }, \
{ p ".down", T_BOOL, NULL, NULL, 0, "exec", "Cut the link." }
STEP("tests[].steps"),
{ "tests[].steps[]", T_MAP, NULL, NULL, 0, "exec", "A step." },
{ "tests[].steps[].wait", T_SECS | T_DUR, "0..86400", NULL, F_OWN, "exec", "Pause before the next step." },
STEP("tests[].steps[]"),
{ "tests[].links", T_LIST | T_NULL, NULL, NULL, F_OWN, "exec", "Network conditions from the start." },
LINK("tests[].links[]"),

{ "tests[].assertions", T_LIST | T_NULL, NULL, "[]", F_REC, "exec", "What must hold during the run." },
{ "tests[].assertions[]", T_MAP, NULL, NULL, 0, "exec", "An assertion." },
{ "tests[].assertions[].type", T_STR, "service_responsive service_running output_contains port_open file_exists exit_code", NULL, F_NEED, "exec", "What kind it is." },
{ "tests[].assertions[].service", T_STR, NULL, NULL, 0, "exec", "The service that it is about." },
{ "tests[].assertions[].endpoint", T_STR, NULL, NULL, 0, "exec", "Port and path of a health check." },
{ "tests[].assertions[].expected_status", T_INT, "100..599", NULL, 0, "exec", "HTTP status of the answer." },
{ "tests[].assertions[].port", T_INT, "1..65535", NULL, 0, "exec", "The port." },
{ "tests[].assertions[].transport", T_STR, "tcp udp", NULL, 0, "exec", "Its transport." },
{ "tests[].assertions[].file", T_STR, NULL, NULL, 0, "exec", "File below the service's directory." },
{ "tests[].assertions[].text", T_STR, NULL, NULL, 0, "exec", "Text to be found." },
{ "tests[].assertions[].pattern", T_STR, NULL, NULL, 0, "exec", "Regular expression to be found." },
{ "tests[].assertions[].code", T_INT | T_LIST, "0..255", NULL, 0, "exec", "Exit code, or a list of allowed ones." },
{ "tests[].assertions[].code[]", T_INT, "0..255", NULL, 0, "exec", "An exit code." },
{ "tests[].assertions[].timeout", T_SECS, "0..86400", NULL, 0, "exec", "How long to wait for it." },

{ "tests[].expect", T_MAP | T_NULL, NULL, "{}", F_REC, "collect", "The verdict that the test deserves." },
{ "tests[].expect.status", T_STR, "passed failed timeout error crashed skipped unsupported interrupted", NULL, 0, "collect", "Status that counts as success." },
{ "tests[].expect.exit", T_MAP, NULL, NULL, 0, "collect", "Exit codes of services." },
{ "tests[].expect.exit.*", T_INT | T_LIST | T_STR, "0..255", NULL, F_OPEN, "collect", "A code, a list of codes, or any." },
{ "tests[].expect.exit.*[]", T_INT, "0..255", NULL, 0, "collect", "A code." },
{ "tests[].expect.files", T_LIST, NULL, NULL, 0, "collect", "Files that must be there." },
{ "tests[].expect.files[]", T_MAP, NULL, NULL, 0, "collect", "A file." },
{ "tests[].expect.files[].path", T_STR, NULL, NULL, F_NEED, "collect", "Its path below the test's directory." },
{ "tests[].expect.files[].same_as", T_STR, NULL, NULL, 0, "collect", "Another file with the same bytes." },
{ "tests[].expect.files[].min_size", T_SIZE, NULL, NULL, 0, "collect", "Least number of bytes." },
{ "tests[].expect.files[].max_size", T_SIZE, NULL, NULL, 0, "collect", "Largest number of bytes." },
{ "tests[].expect.files[].sha256", T_STR, NULL, NULL, 0, "collect", "Its digest." },
{ "tests[].expect.files[].exists", T_BOOL, NULL, NULL, 0, "collect", "false: it must not be there." },
{ "tests[].expect.log", T_LIST, NULL, NULL, 0, "collect", "Lines of logs." },
{ "tests[].expect.log[]", T_MAP, NULL, NULL, 0, "collect", "A rule." },
{ "tests[].expect.log[].service", T_STR, NULL, NULL, F_NEED, "collect", "The service." },
{ "tests[].expect.log[].file", T_STR, NULL, "stdout.log", 0, "collect", "File below its directory." },
{ "tests[].expect.log[].matches", T_STR, NULL, NULL, 0, "collect", "Extended regular expression that lines must match." },
{ "tests[].expect.log[].not_matches", T_STR, NULL, NULL, 0, "collect", "One that no line may match." },
{ "tests[].expect.log[].min", T_INT, "0..", NULL, 0, "collect", "Least number of lines." },
{ "tests[].expect.log[].max", T_INT, "0..", NULL, 0, "collect", "Largest number of lines." },
{ "tests[].expect.packets", T_LIST, NULL, NULL, 0, "collect", "Packets of the capture." },
{ "tests[].expect.packets[]", T_MAP, NULL, NULL, 0, "collect", "A rule." },
{ "tests[].expect.packets[].filter", T_STR, NULL, NULL, F_NEED, "collect", "Display filter of tshark." },
{ "tests[].expect.packets[].min", T_INT, "0..", NULL, 0, "collect", "Least number of packets." },
{ "tests[].expect.packets[].max", T_INT, "0..", NULL, 0, "collect", "Largest number of packets." },
{ "tests[].expect.metrics", T_LIST, NULL, NULL, 0, "collect", "Bounds of metrics." },
{ "tests[].expect.metrics[]", T_MAP, NULL, NULL, 0, "collect", "A rule." },
{ "tests[].expect.metrics[].name", T_STR, NULL, NULL, F_NEED, "collect", "Name of the metric, dotted." },
{ "tests[].expect.metrics[].min", NUM, NULL, NULL, 0, "collect", "Least value." },
{ "tests[].expect.metrics[].max", NUM, NULL, NULL, 0, "collect", "Largest value." },

{ "tests[].timeout", T_SECS | T_NULL, "1..86400", "null", F_REC, "plan", "Limit of the whole test; without it the services' timeouts and 30 s." },
{ "tests[].retries", T_INT, "0..100", "0", F_REC, "exec", "Further tries after a failure." },
{ "tests[].cpus", T_INT, "1..1024", NULL, 0, "plan", "How many of pth-exec's jobs it takes; 1 without it." },
{ "tests[].locks", T_LIST | T_NULL, NULL, NULL, 0, "plan", "Names of things that only one test at a time may use." },
{ "tests[].locks[]", T_STR, NULL, NULL, 0, "plan", "A name; any text." },
{ "tests[].seed", T_INT, "0..", "0", F_REC, "exec", "Number for everything random in the test." },
{ "tests[].continue_on_failure", T_BOOL, NULL, "false", F_REC, "exec", "Do not let its failure stop the run." },
{ "tests[].collect_artifacts", T_BOOL, NULL, "true", F_REC, "collect", "Keep its files." },
{ "tests[].fast_fail_enabled", T_BOOL | T_NULL, NULL, NULL, 0, "exec", "Fast fail of this test; needs fast_fail.test_level." },
{ "tests[].isolation", T_STR, "none net full", NULL, 0, "plan", "Namespaces of the test; full when not given." },
{ "tests[].read_only", T_BOOL, NULL, NULL, 0, "plan", "Let it write to nothing but its own directory and /tmp." },
{ "tests[].capture", T_BOOL | T_MAP, NULL, NULL, F_OWN, "plan", "Capture of packets; on by default." },
{ "tests[].capture.enabled", T_BOOL, NULL, "true", 0, "plan", "A capture of the whole test." },
{ "tests[].capture.per_service", T_BOOL, NULL, "false", 0, "plan", "A capture of each service's own packets too." },
CAPTURE("tests[].capture"),
{ "tests[].limits", T_MAP | T_NULL, NULL, NULL, F_OWN, "parse", "Limits of each service that does not set its own." },
{ "tests[].limits.cpu", NUM, "0.01..1024", NULL, 0, "exec", "Processors, 0.5 for half of one." },
{ "tests[].limits.memory", T_SIZE, NULL, NULL, 0, "exec", "Memory in bytes." },
{ "tests[].limits.processes", T_INT, "1..", NULL, 0, "exec", "Processes and threads." },
{ "tests[].limits.files", T_INT, "1..", NULL, 0, "exec", "Open files." },
{ "tests[].limits.disk", T_SIZE, NULL, NULL, 0, "exec", "Size of the largest file that may be written." },
{ "tests[].limits.log", T_SIZE, NULL, "64MiB", 0, "exec", "Bytes kept of each log; 0: all." },
{ "tests[].tags", T_LIST | T_NULL, NULL, NULL, 0, "report", "Words to select tests by." },
{ "tests[].tags[]", T_STR, NULL, NULL, 0, "report", "A word." },
{ "tests[].generate_new_certificates", T_BOOL | T_NULL, NULL, NULL, F_OWN, "parse", "Default of the services' key of that name." },
{ "tests[].debug_environment", T_LIST | T_MAP | T_NULL, NULL, NULL, F_OPEN | F_IDLE, NULL, "Never read by PANTHER." },
};

const size_t experiment_keys_n = countof(experiment_keys);
