/* The keys of links, of a test and of its steps: a part of the table of keys.c, which includes this
 * behind its words for types and defaults. */
#ifndef PTH_EXPERIMENT_KEYS_LINK_H
#define PTH_EXPERIMENT_KEYS_LINK_H

/* clang-format off */
/* Of a step, and of the test from its start. lib/link/conditions.c has what they may be. */
#define LINK(p) \
{ p, T_MAP, WITH(F_OWN | F_ACTION | F_OURS), "exec", "Conditions of the network, pth-link(1)." }, \
{ p ".name", T_STR, PLAIN, "exec", \
	"What the link is called, so that steps can mean it among several of the same two." }, \
{ p ".between", T_LIST, PLAIN, "exec", \
	"The two services or routers at its ends; none: every link of the test." }, \
{ p ".between[]", T_STR, PLAIN, "exec", "A service." }, \
{ p ".direction", T_STR, "both forward backward", "both", F_REC, "exec", \
	"From the first service to the second, or back." }, \
{ p ".profile", T_STR, PLAIN, "plan", \
	"Name of a network environment with conditions, as lte; the other keys count more." }, \
{ p ".latency", T_DUR, PLAIN, "exec", "Delay in one direction, as 10ms." }, \
{ p ".delay", T_DUR, PLAIN, "exec", "The same as latency." }, \
{ p ".jitter", T_DUR, PLAIN, "exec", "Variation of the delay." }, \
{ p ".distribution", T_STR, "uniform normal pareto paretonormal", "uniform", 0, "exec", \
	"Of the jitter." }, \
{ p ".order", T_STR, "keep free", "keep", 0, "exec", \
	"Whether packets may overtake by jitter." }, \
{ p ".loss", T_PERCENT | T_STR, "0..100", NULL, 0, "exec", \
	"Packets lost, in percent; or gemodel and its four." }, \
{ p ".burst", T_INT, "0..", NULL, 0, "exec", "Packets lost in a row, at most." }, \
{ p ".drop", T_INT | T_STR | T_LIST, PLAIN, "exec", \
	"Exactly these packets are lost, from 1 on." }, \
{ p ".drop[]", T_INT | T_STR, PLAIN, "exec", "A number, or 10-12." }, \
{ p ".only", T_STR, "any udp tcp", "any", 0, "exec", "Protocol that is lost and changed." }, \
{ p ".duplicate", T_PERCENT, "0..100", NULL, 0, "exec", "Packets sent twice, in percent." }, \
{ p ".corrupt", T_PERCENT, "0..100", NULL, 0, "exec", "Packets with a wrong byte, in percent." }, \
{ p ".checksum", T_STR, "right wrong", "right", 0, "exec", "That of corrupted packets." }, \
{ p ".reorder", T_PERCENT, "0..100", NULL, 0, "exec", \
	"Packets that overtake others, in percent." }, \
{ p ".gap", T_INT, "0..", NULL, 0, "exec", "Of so many packets one overtakes, at most." }, \
{ p ".rate", T_STR, PLAIN, "exec", "Bits per second, as 10Mbit." }, \
{ p ".trace", T_STR, PLAIN, "exec", "File of a capacity that changes, as mahimahi has it." }, \
{ p ".limit", T_INT, "1..", NULL, 0, "exec", "Packets in the queue." }, \
{ p ".queue", T_INT | T_STR, PLAIN, "exec", "Packets in the queue, or bytes as 64kB." }, \
{ p ".aqm", T_STR, "droptail codel fq_codel", "droptail", 0, "exec", "Discipline of the queue." }, \
{ p ".target", T_DUR, PLAIN, "exec", "Of CoDel." }, \
{ p ".interval", T_DUR, PLAIN, "exec", "Of CoDel." }, \
{ p ".flows", T_INT, "1..", NULL, 0, "exec", "Of FQ-CoDel." }, \
{ p ".quantum", T_INT, "1..", NULL, 0, "exec", "Of FQ-CoDel." }, \
{ p ".aqm_ecn", T_BOOL, PLAIN, "exec", "CoDel marks what it can." }, \
{ p ".blackhole", T_STR | T_LIST, PLAIN, "exec", \
	"Windows in which all is lost, since the services were ready." }, \
{ p ".blackhole[]", T_STR, PLAIN, "exec", "A window, as 2s-4s or 2s+2s." }, \
{ p ".mtu", T_INT, "68..65535", NULL, 0, "exec", "Largest packet." }, \
{ p ".too_big", T_STR, "icmp silent", "icmp", 0, "exec", \
	"Whether senders of larger ones are told." }, \
{ p ".ecn", T_STR, PLAIN, "exec", "bleach, or mark and a share." }, \
{ p ".rebind", T_STR | T_LIST, PLAIN, "exec", \
	"When a NAT gives the first end another port or address, as 5s address." }, \
{ p ".rebind[]", T_STR, PLAIN, "exec", "A time, and what." }, \
{ p ".link_down", T_STR | T_LIST, PLAIN, "exec", \
	"Windows in which the link is cut, since the services were ready." }, \
{ p ".link_down[]", T_STR, PLAIN, "exec", "A window." }, \
{ p ".scenario", T_STR, PLAIN, "exec", "A scenario of quic-network-simulator." }, \
{ p ".down", T_BOOL, PLAIN, "exec", "Cut the link." }

/* What a link has from its start. */
#define LINK_ENDS(p) \
{ p ".backend", T_STR, "pth-link tc auto", "pth-link", 0, "exec", \
	"Who makes the conditions: pth-link(1), or the kernel by tc(8)." }, \
{ p ".left", T_STR | T_LIST, PLAIN, "exec", "Addresses of the first end, as 10.0.0.1/24." }, \
{ p ".left[]", T_STR, PLAIN, "exec", "An address." }, \
{ p ".right", T_STR | T_LIST, PLAIN, "exec", "Addresses of the second one." }, \
{ p ".right[]", T_STR, PLAIN, "exec", "An address." }
/* clang-format on */

#endif
