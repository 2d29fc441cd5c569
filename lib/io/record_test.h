/* Keys of a test as pth-parse writes it. experiment/keys.c says what a user may
 * write of them, pth-experiment(5) what they mean; here are those that later
 * stages read. Included by io/record.h. */
#ifndef PTH_IO_RECORD_TEST_H
#define PTH_IO_RECORD_TEST_H

#include "io/record_key.h"

/* Tables: a row a key. */
/* clang-format off */

#define PTH_TEST_OBJECTS(O) \
	O(test, "a record of type test") \
	O(source, "test.source") \
	O(error, "test.error") \
	O(fallback, "test.fallback") \
	O(end, "the last record") \
	O(netenv, "test.network_environment") \
	O(exenv, "test.execution_environment[]") \
	O(given, "test.services.NAME") \
	O(impl, "given.implementation") \
	O(proto, "given.protocol") \
	O(net, "given.network") \
	O(volume, "given.volumes[], envparam.volumes[]") \
	O(content, "a file to be made: given.files[], svc.files[], plan.files[]") \
	O(limits, "test.limits, given.limits, svc.limits") \
	O(gcap, "test.capture, given.capture") \
	O(steps, "test.steps") \
	O(action, "steps.actions[]") \
	O(atlink, "action.link; the rest of it are conditions") \
	O(change, "atlink.changes[], of the plan") \
	O(act, "the value of action.exec, signal, restart, pause, resume") \
	O(await, "action.after, svc.after[]") \
	O(look, "test.assertions[]") \
	O(rules, "test.expect; with text: plan.verdict[], svc.verdict[]") \
	O(rulefile, "rules.files[]") \
	O(rulelog, "rules.log[]") \
	O(rulepackets, "rules.packets[]") \
	O(rulemetric, "rules.metrics[]") \
	O(settings, "test.settings") \
	O(metadata, "settings.metadata") \
	O(logging, "settings.logging") \
	O(paths, "settings.paths") \
	O(docker, "settings.docker, given.docker") \
	O(usermap, "docker.user_mapping") \
	O(shown, "settings.progress") \
	O(failing, "settings.fast_fail") \
	O(sampling, "settings.metrics") \
	O(observers, "settings.observers") \
	O(observer, "observers.logger, metrics, resource")

#define PTH_KEYS_test(X, o) \
	X(o, int, pth, 0) \
	X(o, str, type, "") \
	X(o, str, run, NULL) \
	X(o, str, id, "?") \
	X(o, int, index, 0) \
	X(o, int, of, 0) \
	X(o, str, name, "") \
	X(o, str, description, "") \
	X(o, obj, source, source) \
	X(o, any, error, error) \
	X(o, int, iteration, 1) \
	X(o, int, iterations, 1) \
	X(o, obj, matrix, plain) \
	X(o, obj, network_environment, netenv) \
	X(o, list, execution_environment, exenv) \
	X(o, map, services, given) \
	X(o, obj, steps, steps) \
	X(o, list, links, plain) \
	X(o, list, routers, plain) \
	X(o, list, assertions, look) \
	X(o, any, expect, rules) \
	X(o, any, timeout, plain) \
	X(o, int, retries, 0) \
	X(o, any, cpus, plain) \
	X(o, list, locks, plain) \
	X(o, any, seed, plain) \
	X(o, bool, continue_on_failure, false) \
	X(o, bool, collect_artifacts, true) \
	X(o, any, fast_fail_enabled, plain) \
	X(o, str, isolation, NULL) \
	X(o, bool, read_only, false) \
	X(o, list, shared, plain) \
	X(o, any, capture, gcap) \
	X(o, obj, limits, limits) \
	X(o, list, tags, plain) \
	X(o, bool, generate_new_certificates, false) \
	X(o, any, debug_environment, plain) \
	X(o, obj, settings, settings) \
	X(o, obj, marks, plain) \
	X(o, obj, plan, plan) \
	X(o, obj, compose, compose) \
	X(o, obj, fallback, fallback) \
	X(o, obj, result, result) \
	X(o, list, artifacts, artifact) \
	X(o, int, artifacts_omitted, 0) \
	X(o, int, artifacts_removed, 0) \
	X(o, obj, metrics, metrics) \
	X(o, obj, verdict, verdict)
#define PTH_KEYS_fallback(X, o) \
	X(o, str, from, "") \
	X(o, str, to, "") \
	X(o, str, reason, "") \
	X(o, obj, plan, plan) \
	X(o, obj, steps, steps)
#define PTH_KEYS_source(X, o) \
	X(o, str, file, NULL) \
	X(o, int, line, 0) \
	X(o, int, col, 0)
#define PTH_KEYS_error(X, o) \
	X(o, str, stage, "?") \
	X(o, str, status, "error") \
	X(o, str, category, NULL) \
	X(o, str, message, "no message") \
	X(o, str, file, NULL) \
	X(o, int, line, 0) \
	X(o, int, col, 0) \
	X(o, list, at, plain)
#define PTH_KEYS_end(X, o) \
	X(o, int, pth, 0) \
	X(o, str, type, "") \
	X(o, int, tests, -1) \
	X(o, str, incomplete, "")

/* The rest of it are parameters of the environment's descriptor. */
#define PTH_KEYS_netenv(X, o) \
	X(o, str, type, "localhost") \
	X(o, bool, enabled, true) \
	X(o, str, version, NULL) \
	X(o, bool, container, false) \
	X(o, any, config, plain) \
	X(o, any, plugin_config, plain) \
	X(o, list, critical_services, plain) \
	X(o, int, deploy_timeout, 0) \
	X(o, int, teardown_timeout, 0) \
	X(o, str, fallback, NULL) \
	X(o, bool, enable_background_monitoring, true) \
	X(o, int, monitoring_interval_seconds, 5) \
	X(o, int, failure_threshold_count, 0)
#define PTH_KEYS_exenv(X, o) \
	X(o, str, type, "") \
	X(o, bool, enabled, true) \
	X(o, any, config, plain) \
	X(o, any, plugin_config, plain)
#define PTH_KEYS_given(X, o) \
	X(o, str, name, "") \
	X(o, str, beside, NULL) \
	X(o, obj, implementation, impl) \
	X(o, obj, protocol, proto) \
	X(o, obj, network, net) \
	X(o, obj, environment, plain) \
	X(o, any, timeout, plain) \
	X(o, list, ports, plain) \
	X(o, list, volumes, volume) \
	X(o, bool, generate_new_certificates, false) \
	X(o, any, depends_on, await) \
	X(o, list, files, content) \
	X(o, any, finite, plain) \
	X(o, any, critical, plain) \
	X(o, any, capture, gcap) \
	X(o, obj, limits, limits) \
	X(o, any, command_override, plain) \
	X(o, str, working_directory, NULL) \
	X(o, str, user, "") \
	X(o, str, restart_policy, "no") \
	X(o, obj, docker, docker) \
	X(o, obj, plugin_config, plain) \
	X(o, obj, secondary_endpoints, plain)
/* The rest of it are parameters of the plugin. */
#define PTH_KEYS_impl(X, o) \
	X(o, str, name, "") \
	X(o, str, type, "iut") \
	X(o, str, version, "") \
	X(o, str, version_config, NULL)
#define PTH_KEYS_proto(X, o) \
	X(o, str, name, "") \
	X(o, str, version, "") \
	X(o, str, role, "server") \
	X(o, str, target, NULL)
#define PTH_KEYS_net(X, o) \
	X(o, str, interface, "") \
	X(o, int, port, 0) \
	X(o, str, host, NULL) \
	X(o, str, bind_address, NULL) \
	X(o, int, mtu, 0)
#define PTH_KEYS_volume(X, o) \
	X(o, str, local, "") \
	X(o, str, container, "") \
	X(o, str, mode, "rw")
#define PTH_KEYS_content(X, o) \
	X(o, str, path, "") \
	X(o, int, size, 0) \
	X(o, int, seed, 0) \
	X(o, str, text, NULL)
#define PTH_KEYS_limits(X, o) \
	X(o, num, cpu, 0) \
	X(o, int, memory, 0) \
	X(o, int, processes, 0) \
	X(o, int, files, 0) \
	X(o, int, disk, 0) \
	X(o, int, log, PTH_LOG_LIMIT)
#define PTH_KEYS_gcap(X, o) \
	X(o, bool, enabled, true) \
	X(o, bool, per_service, false) \
	X(o, str, interface, NULL) \
	X(o, int, snaplen, 0) \
	X(o, str, filter, NULL) \
	X(o, int, max_size, 0) \
	X(o, any, ring, ring) \
	X(o, int, buffer, 0)

#define PTH_KEYS_steps(X, o) \
	X(o, any, wait, plain) \
	X(o, list, pre_commands, plain) \
	X(o, list, post_commands, plain) \
	X(o, bool, record_pcap, true) \
	X(o, list, actions, action)
#define PTH_KEYS_action(X, o) \
	X(o, int, at_us, 0) \
	X(o, obj, after, await) \
	X(o, int, wait_us, 0) \
	X(o, obj, exec, act) \
	X(o, obj, signal, act) \
	X(o, obj, restart, act) \
	X(o, obj, pause, act) \
	X(o, obj, resume, act) \
	X(o, obj, link, atlink)
#define PTH_KEYS_atlink(X, o) \
	X(o, str, name, NULL) \
	X(o, list, between, plain) \
	X(o, list, changes, change)
#define PTH_KEYS_change(X, o) \
	X(o, int, wire, 0) \
	X(o, obj, config, plain) \
	X(o, list, commands, plain)
#define PTH_KEYS_act(X, o) \
	X(o, str, service, NULL) \
	X(o, list, argv, plain) \
	X(o, bool, critical, true) \
	X(o, int, timeout, PTH_STEP_LIMIT_S) \
	X(o, str, signal, "")
#define PTH_KEYS_await(X, o) \
	X(o, str, service, "") \
	X(o, str, state, "ready")
#define PTH_KEYS_look(X, o) \
	X(o, str, type, "") \
	X(o, str, service, NULL) \
	X(o, str, endpoint, NULL) \
	X(o, int, expected_status, 0) \
	X(o, int, port, 0) \
	X(o, str, transport, NULL) \
	X(o, str, file, NULL) \
	X(o, str, text, NULL) \
	X(o, str, pattern, NULL) \
	X(o, any, code, plain) \
	X(o, int, timeout, -1)
#define PTH_KEYS_rules(X, o) \
	X(o, any, status, plain) \
	X(o, any, exit, plain) \
	X(o, any, files, rulefile) \
	X(o, any, log, rulelog) \
	X(o, any, packets, rulepackets) \
	X(o, any, metrics, rulemetric) \
	X(o, str, text, NULL) \
	X(o, any, exits, plain) \
	X(o, any, file, rulefile) \
	X(o, any, logs, rulelog) \
	X(o, any, packet, rulepackets) \
	X(o, any, metric, rulemetric)
#define PTH_KEYS_rulefile(X, o) \
	X(o, str, path, NULL) \
	X(o, str, service, NULL) \
	X(o, bool, exists, true) \
	X(o, str, same_as, NULL) \
	X(o, any, size, plain) \
	X(o, any, min_size, plain) \
	X(o, any, max_size, plain) \
	X(o, str, sha256, NULL)
#define PTH_KEYS_rulelog(X, o) \
	X(o, str, service, NULL) \
	X(o, str, file, NULL) \
	X(o, str, matches, NULL) \
	X(o, str, not_matches, NULL) \
	X(o, str, unless, NULL) \
	X(o, any, min, plain) \
	X(o, any, max, plain)
#define PTH_KEYS_rulepackets(X, o) \
	X(o, str, filter, NULL) \
	X(o, any, min, plain) \
	X(o, any, max, plain)
#define PTH_KEYS_rulemetric(X, o) \
	X(o, str, name, NULL) \
	X(o, any, min, plain) \
	X(o, any, max, plain)

#define PTH_KEYS_settings(X, o) \
	X(o, obj, metadata, metadata) \
	X(o, obj, logging, logging) \
	X(o, obj, paths, paths) \
	X(o, obj, docker, docker) \
	X(o, obj, progress, shown) \
	X(o, obj, fast_fail, failing) \
	X(o, obj, metrics, sampling) \
	X(o, obj, observers, observers)
#define PTH_KEYS_metadata(X, o) \
	X(o, str, name, "") \
	X(o, str, description, "") \
	X(o, str, author, "") \
	X(o, str, version, "") \
	X(o, list, tags, plain) \
	X(o, str, created_at, "") \
	X(o, str, modified_at, "")
#define PTH_KEYS_logging(X, o) \
	X(o, str, level, NULL) \
	X(o, bool, enable_colors, true) \
	X(o, bool, debug_file_logging, true) \
	X(o, obj, feature_levels, plain)
#define PTH_KEYS_paths(X, o) \
	X(o, str, output_dir, "outputs") \
	X(o, str, plugin_dir, "") \
	X(o, str, cert_dir, "")
#define PTH_KEYS_docker(X, o) \
	X(o, bool, force_build_docker_image, false) \
	X(o, bool, log_docker_image_build, true) \
	X(o, obj, user_mapping, usermap) \
	X(o, str, registry, NULL) \
	X(o, any, cache_from, plain) \
	X(o, obj, build_args, plain) \
	X(o, str, network_mode, "bridge") \
	X(o, bool, use_buildx, true) \
	X(o, str, target_platform, NULL) \
	X(o, str, buildx_builder, "default") \
	X(o, bool, multi_platform, false) \
	X(o, bool, no_docker_cache, false) \
	X(o, str, pull_policy, "never") \
	X(o, bool, remove_docker_network, true) \
	X(o, bool, remove_docker_volume, true) \
	X(o, bool, remove_containers_after, true) \
	X(o, bool, remove_images_after, false)
#define PTH_KEYS_usermap(X, o) \
	X(o, bool, run_as_host_user, false) \
	X(o, any, custom_uid, plain) \
	X(o, any, custom_gid, plain) \
	X(o, str, user_name, "panther") \
	X(o, bool, fallback_to_root, true)
#define PTH_KEYS_shown(X, o) \
	X(o, bool, enable_progress_bar, true) \
	X(o, bool, show_spinner, true) \
	X(o, bool, show_test_status, true) \
	X(o, num, update_interval, 0)
#define PTH_KEYS_failing(X, o) \
	X(o, bool, enabled, true) \
	X(o, bool, test_level, false) \
	X(o, bool, docker_build_failures, false) \
	X(o, bool, docker_runtime_failures, false) \
	X(o, bool, plugin_load_failures, false) \
	X(o, bool, service_start_failures, false) \
	X(o, bool, network_setup_failures, false) \
	X(o, bool, port_conflict_failures, false) \
	X(o, bool, ivy_compilation_failures, false) \
	X(o, bool, resource_exhaustion, false) \
	X(o, bool, certificate_failures, false) \
	X(o, bool, configuration_failures, false) \
	X(o, bool, timeout_cascades, false) \
	X(o, int, timeout_cascade_threshold, 0) \
	X(o, int, max_errors_before_fail, 0) \
	X(o, num, disk_space_threshold_gb, 0) \
	X(o, bool, critical_only, false)
#define PTH_KEYS_sampling(X, o) \
	X(o, bool, enabled, true) \
	X(o, bool, collect_system_metrics, true) \
	X(o, num, publish_interval, 1)
#define PTH_KEYS_observers(X, o) \
	X(o, obj, logger, observer) \
	X(o, obj, metrics, observer) \
	X(o, obj, resource, observer)
#define PTH_KEYS_observer(X, o) \
	X(o, bool, enabled, true) \
	X(o, str, log_level, NULL) \
	X(o, bool, log_to_console, true) \
	X(o, bool, enable_colors, true) \
	X(o, bool, collect_system_metrics, true) \
	X(o, num, publish_interval, 0) \
	X(o, num, resource_collection_interval, 0) \
	X(o, num, monitor_interval, 0)
/* clang-format on */

PTH_TEST_OBJECTS(PTH_ACCESSORS)

#endif
