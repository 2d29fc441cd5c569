/* Keys of what pth-exec and pth-collect add to a test, and of the samples;
 * pth-record(5) has the same list. Included by io/record.h. */
#ifndef PTH_IO_RECORD_RESULT_H
#define PTH_IO_RECORD_RESULT_H

#include "io/record_key.h"

/* Tables: a row a key. */
/* clang-format off */

#define PTH_RESULT_OBJECTS(O) \
	O(result, "test.result") \
	O(isolation, "result.isolation") \
	O(rcap, "result.capture, rsvc.capture") \
	O(timings, "result.timings") \
	O(rsvc, "result.services.NAME, rsvc.restarts[]") \
	O(rusage, "rsvc.rusage") \
	O(done, "rsvc.phases[], result.setup[], teardown[], pre_commands[], post_commands[]") \
	O(rlimits, "rsvc.limits") \
	O(rstep, "result.steps[]") \
	O(rlook, "result.assertions[]") \
	O(built, "result.images[]") \
	O(below, "built.below[]") \
	O(cloned, "built.sources[]") \
	O(attempt, "result.tries[]") \
	O(failfast, "result.fast_fail") \
	O(artifact, "test.artifacts[]") \
	O(metrics, "test.metrics") \
	O(gap, "metrics.incomplete[]") \
	O(msvc, "metrics.services.NAME") \
	O(capsum, "metrics.captures[]") \
	O(peak, "msvc.peak") \
	O(traffic, "msvc.traffic, a member of sample.net") \
	O(packetsum, "a member of metrics.protocols") \
	O(conns, "metrics.quic, metrics.tcp") \
	O(connend, "conns.client, conns.server") \
	O(ecn, "connend.ecn") \
	O(close, "conns.close, qlogsum.close") \
	O(httpsum, "conns.http") \
	O(transfer, "metrics.transfer") \
	O(qlogsum, "metrics.qlog.NAME") \
	O(linksum, "metrics.links.NAME") \
	O(linkway, "linksum.up, linksum.down") \
	O(linklost, "linkway.lost_by") \
	O(verdict, "test.verdict") \
	O(judged, "verdict.rules[]") \
	O(sample, "a line of metrics.jsonl") \
	O(used, "a member of sample.services")

#define PTH_KEYS_result(X, o) \
	X(o, str, status, "") \
	X(o, str, reason, "") \
	X(o, str, category, "") \
	X(o, str, program, "") \
	X(o, int, port, 0) \
	X(o, str, limit, "") \
	X(o, str, started, "") \
	X(o, str, ended, "") \
	X(o, int, duration_us, 0) \
	X(o, int, simulated_us, 0) \
	X(o, int, attempt, 1) \
	X(o, str, run_dir, NULL) \
	X(o, str, dir, NULL) \
	X(o, obj, isolation, isolation) \
	X(o, str, evidence, "") \
	X(o, any, capture, rcap) \
	X(o, obj, timings, timings) \
	X(o, map, services, rsvc) \
	X(o, list, steps, rstep) \
	X(o, list, assertions, rlook) \
	X(o, list, setup, done) \
	X(o, list, teardown, done) \
	X(o, list, pre_commands, done) \
	X(o, list, post_commands, done) \
	X(o, list, images, built) \
	X(o, list, degraded, plain) \
	X(o, list, conflicts, plain) \
	X(o, list, tries, attempt) \
	X(o, obj, fast_fail, failfast)
#define PTH_KEYS_built(X, o) \
	X(o, str, tag, "") \
	X(o, str, id, "") \
	X(o, str, hash, "") \
	X(o, list, below, below) \
	X(o, list, sources, cloned) \
	X(o, str, error, NULL)
#define PTH_KEYS_below(X, o) \
	X(o, str, name, "") \
	X(o, str, id, "") \
	X(o, str, digest, NULL)
#define PTH_KEYS_cloned(X, o) \
	X(o, str, repository, "") \
	X(o, str, revision, "") \
	X(o, str, commit, NULL)
#define PTH_KEYS_isolation(X, o) \
	X(o, list, used, plain) \
	X(o, list, missing, plain) \
	X(o, str, reason, "")
#define PTH_KEYS_rcap(X, o) \
	X(o, str, file, "") \
	X(o, list, files, plain) \
	X(o, str, interface, "") \
	X(o, bool, isolated, false) \
	X(o, int, packets, 0) \
	X(o, int, dropped, 0) \
	X(o, int, discarded, 0) \
	X(o, int, omitted, 0) \
	X(o, str, error, NULL)
#define PTH_KEYS_timings(X, o) \
	X(o, int, setup_us, 0) \
	X(o, int, ready_us, 0) \
	X(o, int, run_us, 0) \
	X(o, int, stop_us, 0) \
	X(o, int, build_us, 0)
#define PTH_KEYS_rsvc(X, o) \
	X(o, str, host, NULL) \
	X(o, str, state, "") \
	X(o, str, reason, "") \
	X(o, int, code, -1) \
	X(o, str, signal, NULL) \
	X(o, bool, core, false) \
	X(o, bool, killed, false) \
	X(o, int, pid, 0) \
	X(o, int, started_us, 0) \
	X(o, int, ready_us, 0) \
	X(o, int, ended_us, 0) \
	X(o, obj, rusage, rusage) \
	X(o, list, phases, done) \
	X(o, obj, limits, rlimits) \
	X(o, int, oom_kills, 0) \
	X(o, any, capture, rcap) \
	X(o, obj, logs_cut, plain) \
	X(o, list, restarts, rsvc) \
	X(o, str, error, "") \
	X(o, str, category, "") \
	X(o, str, program, "") \
	X(o, int, port, 0) \
	X(o, str, limit, "")
#define PTH_KEYS_rusage(X, o) \
	X(o, int, user_us, 0) \
	X(o, int, sys_us, 0) \
	X(o, int, max_rss_kb, 0) \
	X(o, int, minflt, 0) \
	X(o, int, majflt, 0) \
	X(o, int, nvcsw, 0) \
	X(o, int, nivcsw, 0)
#define PTH_KEYS_done(X, o) \
	X(o, str, phase, "?") \
	X(o, int, index, 0) \
	X(o, str, argv0, "?") \
	X(o, int, code, -1) \
	X(o, str, signal, NULL) \
	X(o, bool, timeout, false) \
	X(o, int, duration_us, 0) \
	X(o, str, log, "") \
	X(o, str, error, NULL) \
	X(o, bool, cached, false)
#define PTH_KEYS_rlimits(X, o) \
	X(o, str, cpu, NULL) \
	X(o, str, memory, NULL) \
	X(o, str, processes, NULL) \
	X(o, str, files, NULL) \
	X(o, str, disk, NULL)
#define PTH_KEYS_rstep(X, o) \
	X(o, str, step, "?") \
	X(o, str, state, "") \
	X(o, str, service, "") \
	X(o, int, at_us, 0) \
	X(o, int, duration_us, 0) \
	X(o, bool, ok, false) \
	X(o, bool, critical, true) \
	X(o, str, text, "")
#define PTH_KEYS_rlook(X, o) \
	X(o, str, type, "?") \
	X(o, str, service, "") \
	X(o, bool, ok, false) \
	X(o, bool, unknown, false) \
	X(o, str, text, "")
#define PTH_KEYS_attempt(X, o) \
	X(o, int, attempt, 0) \
	X(o, str, status, "") \
	X(o, str, reason, "") \
	X(o, str, category, "") \
	X(o, int, duration_us, 0) \
	X(o, str, dir, NULL)
#define PTH_KEYS_failfast(X, o) \
	X(o, bool, triggered, false) \
	X(o, str, category, "") \
	X(o, str, severity, "") \
	X(o, str, reason, "")

#define PTH_KEYS_artifact(X, o) \
	X(o, str, path, "") \
	X(o, str, service, NULL) \
	X(o, str, kind, "file") \
	X(o, int, bytes, 0) \
	X(o, str, sha256, "") \
	X(o, str, unread, NULL)
#define PTH_KEYS_metrics(X, o) \
	X(o, int, duration_us, 0) \
	X(o, map, services, msvc) \
	X(o, int, packets, 0) \
	X(o, int, bytes, 0) \
	X(o, int, captured_us, 0) \
	X(o, list, captures, capsum) \
	X(o, map, protocols, packetsum) \
	X(o, obj, quic, conns) \
	X(o, obj, tcp, conns) \
	X(o, map, qlog, qlogsum) \
	X(o, map, links, linksum) \
	X(o, int, dropped, 0) \
	X(o, int, omitted, 0) \
	X(o, int, discarded, 0) \
	X(o, bool, truncated, false) \
	X(o, list, incomplete, gap) \
	X(o, any, transfer, transfer) \
	X(o, map, measures, plain) \
	X(o, str, error, "")
#define PTH_KEYS_gap(X, o) \
	X(o, str, of, "") \
	X(o, bool, least, false) \
	X(o, str, text, "")
#define PTH_KEYS_msvc(X, o) \
	X(o, int, user_us, 0) \
	X(o, int, sys_us, 0) \
	X(o, int, max_rss_kb, 0) \
	X(o, int, dropped, 0) \
	X(o, obj, peak, peak) \
	X(o, obj, traffic, traffic)
#define PTH_KEYS_peak(X, o) \
	X(o, int, samples, 0) \
	X(o, int, max_rss_kb, -1) \
	X(o, int, max_threads, -1) \
	X(o, int, max_fds, -1) \
	X(o, int, max_processes, -1) \
	X(o, num, max_cpu_percent, 0) \
	X(o, num, mean_cpu_percent, 0)
#define PTH_KEYS_traffic(X, o) \
	X(o, int, sent_packets, -1) \
	X(o, int, sent_bytes, -1) \
	X(o, int, received_packets, -1) \
	X(o, int, received_bytes, -1)
#define PTH_KEYS_capsum(X, o) \
	X(o, str, service, "") \
	X(o, int, packets, 0)
#define PTH_KEYS_packetsum(X, o) \
	X(o, int, packets, 0) \
	X(o, int, bytes, 0)
#define PTH_KEYS_conns(X, o) \
	X(o, int, connections, 0) \
	X(o, int, handshake_us, 0) \
	X(o, int, handshakes, 0) \
	X(o, int, confirmed_us, 0) \
	X(o, list, versions, plain) \
	X(o, int, first_byte_us, 0) \
	X(o, int, stream_goodput_bps, 0) \
	X(o, int, http3_frames, 0) \
	X(o, int, handshake_packets, 0) \
	X(o, int, handshake_bytes, 0) \
	X(o, int, early_packets, 0) \
	X(o, int, early_bytes, 0) \
	X(o, int, retries, 0) \
	X(o, int, version_negotiations, 0) \
	X(o, num, amplification, 0) \
	X(o, int, migrations, 0) \
	X(o, int, path_challenges, 0) \
	X(o, int, path_responses, 0) \
	X(o, int, datagram_frames, 0) \
	X(o, int, retransmissions, 0) \
	X(o, int, tls, 0) \
	X(o, list, sni, plain) \
	X(o, list, alpn, plain) \
	X(o, obj, close, close) \
	X(o, obj, http, httpsum) \
	X(o, obj, client, connend) \
	X(o, obj, server, connend)
#define PTH_KEYS_connend(X, o) \
	X(o, int, packets, 0) \
	X(o, int, bytes, 0) \
	X(o, int, datagrams, 0) \
	X(o, int, largest_datagram, 0) \
	X(o, int, stream_bytes, 0) \
	X(o, int, retransmitted_bytes, 0) \
	X(o, int, lost, 0) \
	X(o, int, undecrypted, 0) \
	X(o, int, key_updates, 0) \
	X(o, int, retransmissions, 0) \
	X(o, int, out_of_order, 0) \
	X(o, int, zero_windows, 0) \
	X(o, int, resets, 0) \
	X(o, int, rtt_min_us, 0) \
	X(o, int, rtt_us, 0) \
	X(o, int, rtt_p95_us, 0) \
	X(o, int, rtt_smoothed_us, 0) \
	X(o, int, spin_rtt_us, 0) \
	X(o, int, ack_delay_us, 0) \
	X(o, obj, ecn, ecn)
#define PTH_KEYS_ecn(X, o) \
	X(o, int, ect0, 0) \
	X(o, int, ect1, 0) \
	X(o, int, ce, 0)
#define PTH_KEYS_close(X, o) \
	X(o, int, code, 0) \
	X(o, bool, application, false) \
	X(o, str, reason, "")
#define PTH_KEYS_httpsum(X, o) \
	X(o, int, requests, 0) \
	X(o, int, responses, 0) \
	X(o, int, bytes, 0) \
	X(o, map, status, plain) \
	X(o, int, unread, 0)
#define PTH_KEYS_transfer(X, o) \
	X(o, int, files, 0) \
	X(o, int, bytes, 0) \
	X(o, int, duration_us, 0) \
	X(o, int, goodput_bps, 0) \
	X(o, str, measured, "")
#define PTH_KEYS_qlogsum(X, o) \
	X(o, int, files, 0) \
	X(o, int, traces, 0) \
	X(o, int, events, 0) \
	X(o, int, groups, 0) \
	X(o, list, formats, plain) \
	X(o, str, vantage_point, "") \
	X(o, int, traced_us, 0) \
	X(o, int, packets_sent, 0) \
	X(o, int, packets_received, 0) \
	X(o, int, packets_lost, 0) \
	X(o, int, packets_dropped, 0) \
	X(o, int, spurious_losses, 0) \
	X(o, int, rtt_min_us, 0) \
	X(o, int, rtt_us, 0) \
	X(o, int, rtt_p95_us, 0) \
	X(o, int, rtt_smoothed_us, 0) \
	X(o, int, congestion_window_max, 0) \
	X(o, int, congestion_window, 0) \
	X(o, int, bytes_in_flight_max, 0) \
	X(o, int, connection_state_changes, 0) \
	X(o, int, congestion_state_changes, 0) \
	X(o, int, key_updates, 0) \
	X(o, list, versions, plain) \
	X(o, list, alpn, plain) \
	X(o, obj, close, close)
#define PTH_KEYS_linksum(X, o) \
	X(o, obj, up, linkway) \
	X(o, obj, down, linkway)
#define PTH_KEYS_linkway(X, o) \
	X(o, int, packets, 0) \
	X(o, int, delivered, 0) \
	X(o, int, bytes, 0) \
	X(o, int, lost, 0) \
	X(o, num, loss_percent, 0) \
	X(o, obj, lost_by, linklost) \
	X(o, int, under_way, 0) \
	X(o, int, duplicates, 0) \
	X(o, int, reordered, 0) \
	X(o, int, corrupted, 0) \
	X(o, int, marked, 0) \
	X(o, int, rebound, 0) \
	X(o, int, delay_us, 0) \
	X(o, int, delay_p95_us, 0) \
	X(o, int, delay_p99_us, 0) \
	X(o, int, delay_max_us, 0) \
	X(o, int, queue_packets, 0) \
	X(o, int, queue_p95_packets, 0) \
	X(o, int, queue_max_packets, 0) \
	X(o, int, queue_bytes, 0) \
	X(o, int, queue_p95_bytes, 0) \
	X(o, int, queue_max_bytes, 0) \
	X(o, int, rate_bps, 0)
#define PTH_KEYS_linklost(X, o) \
	X(o, int, link_down, 0) \
	X(o, int, drop_list, 0) \
	X(o, int, blackhole, 0) \
	X(o, int, loss, 0) \
	X(o, int, too_big, 0) \
	X(o, int, queue_full, 0) \
	X(o, int, codel, 0) \
	X(o, int, old_mapping, 0) \
	X(o, int, overload, 0)
#define PTH_KEYS_verdict(X, o) \
	X(o, str, status, NULL) \
	X(o, bool, ok, false) \
	X(o, bool, expected, false) \
	X(o, list, marks, plain) \
	X(o, str, summary, "") \
	X(o, list, rules, judged)
#define PTH_KEYS_judged(X, o) \
	X(o, str, rule, "?") \
	X(o, bool, ok, false) \
	X(o, bool, unknown, false) \
	X(o, str, status, NULL) \
	X(o, str, category, NULL) \
	X(o, bool, expect, false) \
	X(o, str, by, NULL) \
	X(o, str, text, "")

#define PTH_KEYS_sample(X, o) \
	X(o, int, at_us, 0) \
	X(o, int, interval_us, 0) \
	X(o, map, services, used) \
	X(o, map, net, traffic)
#define PTH_KEYS_used(X, o) \
	X(o, int, processes, 0) \
	X(o, int, threads, 0) \
	X(o, int, fds, 0) \
	X(o, int, rss_kb, 0) \
	X(o, int, cpu_us, 0) \
	X(o, num, cpu_percent, 0) \
	X(o, int, voluntary, 0) \
	X(o, int, involuntary, 0) \
	X(o, int, sent_packets, 0) \
	X(o, int, sent_bytes, 0) \
	X(o, int, received_packets, 0) \
	X(o, int, received_bytes, 0)
/* clang-format on */

PTH_RESULT_OBJECTS(PTH_ACCESSORS)

#endif
