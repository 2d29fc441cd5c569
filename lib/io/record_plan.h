/* Keys of a plan, of what pth-compose adds, and of what runs in containers;
 * pth-record(5) has the same list. Included by io/record.h. */
#ifndef PTH_IO_RECORD_PLAN_H
#define PTH_IO_RECORD_PLAN_H

#include "io/record_key.h"

/* Tables: a row a key. */
/* clang-format off */

#define PTH_PLAN_OBJECTS(O) \
	O(plan, "test.plan, compose.plan, inside.plan") \
	O(env, "plan.environment") \
	O(envparam, "env.parameters, those that we read") \
	O(sched, "plan.schedule") \
	O(cap, "plan.capture, svc.capture") \
	O(ring, "cap.ring, gcap.ring") \
	O(svc, "plan.services[]") \
	O(phases, "svc.phases") \
	O(cmd, "plan.setup[], plan.teardown[], the lists of phases, phases.run, inner.wait, " \
	       "inner.stop") \
	O(ready, "svc.ready[]") \
	O(stop, "svc.stop") \
	O(wire, "plan.links[]") \
	O(wireend, "wire.ends[]") \
	O(node, "plan.nodes[]") \
	O(route, "node.routes[]") \
	O(need, "plan.requires[], svc.requires[]") \
	O(ccache, "svc.compile_cache") \
	O(want, "svc.artifacts[]") \
	O(measure, "svc.metrics[]") \
	O(own, "svc.events[]") \
	O(inner, "svc.inner") \
	O(user, "svc.user, inside.user") \
	O(recipe, "svc.docker, those that we read") \
	O(gotten, "recipe.dependencies[]") \
	O(compose, "test.compose") \
	O(img, "compose.images[]") \
	O(inside, "the file docker/NAME.json, for process 1 of a container") \
	O(insideend, "the file svc.inner.file, of process 1") \
	O(samples, "plan.metrics") \
	O(sim, "the file shadow.json, for pth-shadow") \
	O(simhost, "sim.services[]")

#define PTH_KEYS_plan(X, o) \
	X(o, obj, environment, env) \
	X(o, int, timeout_us, 0) \
	X(o, int, wait_us, 0) \
	X(o, obj, schedule, sched) \
	X(o, list, setup, cmd) \
	X(o, list, requires, need) \
	X(o, any, capture, cap) \
	X(o, list, order, plain) \
	X(o, list, services, svc) \
	X(o, list, verdict, rules) \
	X(o, list, dirs, plain) \
	X(o, list, files, content) \
	X(o, list, teardown, cmd) \
	X(o, bool, inside, false) \
	X(o, str, announce, NULL) \
	X(o, obj, metrics, samples) \
	X(o, int, hold, 0) \
	X(o, list, links, wire) \
	X(o, list, nodes, node)
#define PTH_KEYS_wire(X, o) \
	X(o, str, name, "") \
	X(o, list, ends, wireend) \
	X(o, obj, config, plain) \
	X(o, obj, timed, plain) \
	X(o, str, log, "link.jsonl") \
	X(o, str, backend, "pth-link") \
	X(o, str, because, NULL) \
	X(o, str, place, NULL) \
	X(o, list, commands, plain) \
	X(o, int, capture_max, 0)
#define PTH_KEYS_wireend(X, o) \
	X(o, str, node, "") \
	X(o, str, interface, "eth0") \
	X(o, list, addresses, plain) \
	X(o, str, capture, NULL) \
	X(o, bool, stands, false) \
	X(o, obj, options, cap)
#define PTH_KEYS_node(X, o) \
	X(o, str, name, "") \
	X(o, bool, router, false) \
	X(o, list, routes, route)
#define PTH_KEYS_route(X, o) \
	X(o, str, to, "") \
	X(o, str, via, "") \
	X(o, str, interface, "") \
	X(o, str, use, "")
#define PTH_KEYS_env(X, o) \
	X(o, str, type, "localhost") \
	X(o, str, plugin, "") \
	X(o, str, isolation, "full") \
	X(o, bool, read_only, false) \
	X(o, list, shared, plain) \
	X(o, str, address, "") \
	X(o, list, supported_by, plain) \
	X(o, obj, parameters, envparam) \
	X(o, list, resources, plain) \
	X(o, int, deploy_timeout_us, 0) \
	X(o, int, teardown_timeout_us, 0)
#define PTH_KEYS_envparam(X, o) \
	X(o, bool, capture, true) \
	X(o, list, critical_services, plain) \
	X(o, list, incompatibility, plain) \
	X(o, bool, allow_partial_deployment, true) \
	X(o, int, deploy_timeout, 600) \
	X(o, str, service_prefix, "") \
	X(o, list, volumes, volume) \
	X(o, obj, environment, plain) \
	X(o, str, network_name, "panther_network") \
	X(o, str, subnet, NULL) \
	X(o, bool, enable_ipv6, false) \
	X(o, bool, container, false) \
	X(o, str, image, "")
#define PTH_KEYS_sched(X, o) \
	X(o, int, cpus, 1) \
	X(o, list, locks, plain)
#define PTH_KEYS_cap(X, o) \
	X(o, str, interface, "lo") \
	X(o, str, file, PTH_CAPTURE_FILE) \
	X(o, int, snaplen, 0) \
	X(o, str, filter, "") \
	X(o, list, bpf, plain) \
	X(o, obj, ring, ring) \
	X(o, int, max_size, 0) \
	X(o, int, buffer, 0) \
	X(o, list, keylogs, plain) \
	X(o, list, decode, plain)
#define PTH_KEYS_ring(X, o) \
	X(o, int, files, 0) \
	X(o, int, size, 0)

#define PTH_KEYS_svc(X, o) \
	X(o, str, name, "") \
	X(o, str, plugin, "") \
	X(o, str, kind, "") \
	X(o, str, protocol, "") \
	X(o, str, version, "") \
	X(o, str, role, "") \
	X(o, bool, finite, false) \
	X(o, str, target, NULL) \
	X(o, list, after, await) \
	X(o, bool, critical, true) \
	X(o, str, restart, "no") \
	X(o, obj, limits, limits) \
	X(o, str, address, "127.0.0.1") \
	X(o, str, address6, NULL) \
	X(o, str, beside, NULL) \
	X(o, int, port, 0) \
	X(o, str, transport, "tcp") \
	X(o, list, dirs, plain) \
	X(o, list, files, content) \
	X(o, obj, environment, plain) \
	X(o, bool, root, false) \
	X(o, obj, phases, phases) \
	X(o, obj, compile_cache, ccache) \
	X(o, list, ready, ready) \
	X(o, obj, stop, stop) \
	X(o, int, timeout_us, 0) \
	X(o, list, requires, need) \
	X(o, list, tools, need) \
	X(o, list, keylogs, plain) \
	X(o, list, artifacts, want) \
	X(o, list, metrics, measure) \
	X(o, list, events, own) \
	X(o, list, verdict, rules) \
	X(o, any, capture, cap) \
	X(o, any, docker, recipe) \
	X(o, obj, inner, inner) \
	X(o, obj, user, user)
#define PTH_KEYS_phases(X, o) \
	X(o, list, pre_compile, cmd) \
	X(o, list, compile, cmd) \
	X(o, list, post_compile, cmd) \
	X(o, list, pre_run, cmd) \
	X(o, obj, run, cmd) \
	X(o, list, post_run, cmd)
#define PTH_KEYS_cmd(X, o) \
	X(o, list, argv, plain) \
	X(o, bool, critical, true) \
	X(o, int, timeout_us, PTH_PHASE_LIMIT_US) \
	X(o, str, cwd, NULL) \
	X(o, obj, env, plain) \
	X(o, str, category, NULL) \
	X(o, str, name, NULL) \
	X(o, bool, beside, false)
#define PTH_KEYS_ready(X, o) \
	X(o, str, kind, "") \
	X(o, int, port, 0) \
	X(o, str, path, "") \
	X(o, str, matches, "") \
	X(o, str, file, "stdout.log") \
	X(o, list, argv, plain) \
	X(o, int, us, 0) \
	X(o, int, timeout_us, PTH_READY_LIMIT_US)
#define PTH_KEYS_stop(X, o) \
	X(o, str, signal, "TERM") \
	X(o, int, grace_us, PTH_STOP_GRACE_US)
#define PTH_KEYS_need(X, o) \
	X(o, str, program, "") \
	X(o, str, package, NULL) \
	X(o, str, hint, NULL) \
	X(o, str, status, NULL)
#define PTH_KEYS_ccache(X, o) \
	X(o, list, inputs, plain) \
	X(o, list, outputs, plain) \
	X(o, list, environment, plain)
#define PTH_KEYS_want(X, o) \
	X(o, str, path, NULL) \
	X(o, str, kind, NULL)
#define PTH_KEYS_measure(X, o) \
	X(o, str, name, NULL) \
	X(o, str, file, "stdout.log") \
	X(o, str, matches, NULL) \
	X(o, str, json, NULL) \
	X(o, str, reduce, "last") \
	X(o, num, scale, 1)
#define PTH_KEYS_own(X, o) \
	X(o, str, name, NULL) \
	X(o, str, file, "stdout.log") \
	X(o, str, matches, NULL) \
	X(o, str, json, NULL)
#define PTH_KEYS_inner(X, o) \
	X(o, str, file, NULL) \
	X(o, bool, simulated, false) \
	X(o, str, ask, NULL) \
	X(o, str, net, NULL) \
	X(o, obj, wait, cmd) \
	X(o, obj, stop, cmd)
#define PTH_KEYS_user(X, o) \
	X(o, int, uid, 0) \
	X(o, int, gid, 0) \
	X(o, str, name, NULL) \
	X(o, bool, owner_first, false) \
	X(o, bool, fallback_to_root, true)

/* plugin/key.c says what a descriptor may have. */
#define PTH_KEYS_recipe(X, o) \
	X(o, str, builder, "base") \
	X(o, str, base, PTH_IMAGE_BASE) \
	X(o, str, build_base, "") \
	X(o, str, image, "") \
	X(o, str, dockerfile, "") \
	X(o, list, packages, plain) \
	X(o, str, repository, "") \
	X(o, str, revision, "") \
	X(o, bool, submodules, false) \
	X(o, str, directory, NULL) \
	X(o, list, copy, plain) \
	X(o, list, dependencies, gotten) \
	X(o, list, build, plain) \
	X(o, obj, args, plain) \
	X(o, obj, environment, plain) \
	X(o, list, expose, plain) \
	X(o, list, capabilities, plain) \
	X(o, str, platform, NULL) \
	X(o, list, files, plain) \
	X(o, list, patches, plain) \
	X(o, obj, at, plain)
#define PTH_KEYS_gotten(X, o) \
	X(o, str, name, "") \
	X(o, str, repository, "") \
	X(o, str, revision, "") \
	X(o, bool, submodules, false) \
	X(o, list, build, plain)

#define PTH_KEYS_compose(X, o) \
	X(o, str, project, "") \
	X(o, obj, document, plain) \
	X(o, list, images, img) \
	X(o, obj, plan, plan)
#define PTH_KEYS_img(X, o) \
	X(o, str, tag, "") \
	X(o, str, plugin, "") \
	X(o, str, builder, "") \
	X(o, str, dockerfile, "") \
	X(o, str, directory, "") \
	X(o, list, argv, plain) \
	X(o, obj, args, plain) \
	X(o, str, context, NULL)
#define PTH_KEYS_inside(X, o) \
	X(o, int, pth, 0) \
	X(o, str, dir, NULL) \
	X(o, str, service, NULL) \
	X(o, obj, user, user) \
	X(o, list, open, plain) \
	X(o, map, links, plain) \
	X(o, obj, settings, settings) \
	X(o, obj, plan, plan) \
	X(o, str, ask, NULL) \
	X(o, str, net, NULL) \
	X(o, obj, network_environment, netenv) \
	X(o, map, services, given) \
	X(o, obj, steps, steps) \
	X(o, list, assertions, look) \
	X(o, bool, whole, false)
#define PTH_KEYS_insideend(X, o) \
	X(o, int, pth, 0) \
	X(o, int, zero_us, 0) \
	X(o, str, status, "") \
	X(o, str, reason, "") \
	X(o, bool, oom, false) \
	X(o, obj, service, rsvc) \
	X(o, any, capture, rcap) \
	X(o, obj, result, result)
#define PTH_KEYS_samples(X, o) \
	X(o, str, file, "metrics.jsonl")
#define PTH_KEYS_sim(X, o) \
	X(o, int, pth, 0) \
	X(o, int, stop_us, 0) \
	X(o, list, services, simhost)
#define PTH_KEYS_simhost(X, o) \
	X(o, str, name, "") \
	X(o, str, host, "") \
	X(o, bool, finite, false) \
	X(o, bool, critical, true) \
	X(o, int, start_us, 0) \
	X(o, int, shutdown_us, 0) \
	X(o, int, code, 0) \
	X(o, bool, pcap, false)
/* clang-format on */

PTH_PLAN_OBJECTS(PTH_ACCESSORS)

#endif
