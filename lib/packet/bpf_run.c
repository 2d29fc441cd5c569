/*
 * This file runs filters on packets that do not come by a socket of the kernel: the machine of
 * classic BPF (McCanne and Jacobson, 1993; linux/filter.h), whose programs pth_bpf_compile() makes.
 */
#include "packet/bpf.h"

#include <stdint.h>

#include "base/text.h"

struct machine {
	uint32_t a, x, memory[BPF_MEMWORDS];
	const uint8_t *packet;
	size_t n;
};

static bool
jump_ok(const struct sock_filter *i, size_t left)
{
	if (BPF_OP(i->code) == BPF_JA)
		return i->k < left;
	return i->jt < left && i->jf < left;
}

/* All that there are. */
static const uint16_t codes[] = { BPF_LD | BPF_W | BPF_ABS, BPF_LD | BPF_H | BPF_ABS,
	BPF_LD | BPF_B | BPF_ABS, BPF_LD | BPF_W | BPF_IND, BPF_LD | BPF_H | BPF_IND,
	BPF_LD | BPF_B | BPF_IND, BPF_LD | BPF_IMM, BPF_LD | BPF_MEM, BPF_LD | BPF_W | BPF_LEN,
	BPF_LDX | BPF_IMM, BPF_LDX | BPF_MEM, BPF_LDX | BPF_W | BPF_LEN, BPF_LDX | BPF_B | BPF_MSH,
	BPF_ST, BPF_STX, BPF_JMP | BPF_JA, BPF_RET | BPF_K, BPF_RET | BPF_A, BPF_MISC | BPF_TAX,
	BPF_MISC | BPF_TXA };

static bool
code_ok(uint16_t code)
{
	unsigned class = BPF_CLASS(code), op = BPF_OP(code);

	if (class == BPF_ALU)
		return code < 0x100 && op <= BPF_XOR && (code != (BPF_ALU | BPF_NEG | BPF_X));
	if (class == BPF_JMP && op != BPF_JA)
		return code < 0x100 && op <= BPF_JSET;
	for (size_t i = 0; i < countof(codes); i++)
		if (code == codes[i])
			return true;
	return false;
}

/* left: instructions behind it. */
static bool
instruction_ok(const struct sock_filter *i, size_t left)
{
	unsigned class = BPF_CLASS(i->code), op = BPF_OP(i->code);

	if (!code_ok(i->code))
		return false;
	if (class == BPF_ST || class == BPF_STX ||
	    (class <= BPF_LDX && BPF_MODE(i->code) == BPF_MEM))
		return i->k < BPF_MEMWORDS;
	if (class == BPF_ALU && (op == BPF_DIV || op == BPF_MOD) && BPF_SRC(i->code) == BPF_K)
		return i->k != 0;
	return class != BPF_JMP || jump_ok(i, left);
}

bool
pth_bpf_valid(const struct pth_bpf *f)
{
	if (f->n == 0 || f->n > BPF_MAXINSNS || BPF_CLASS(f->v[f->n - 1].code) != BPF_RET)
		return false;
	for (unsigned i = 0; i < f->n; i++)
		if (!instruction_ok(&f->v[i], f->n - 1 - i))
			return false;
	return true;
}

/* Big-endian; false: it is not in the packet. */
static bool
fetch(const struct machine *m, uint64_t at, size_t size, uint32_t *to)
{
	if (at + size > m->n)
		return false;
	*to = 0;
	for (size_t i = 0; i < size; i++)
		*to = *to << 8 | m->packet[at + i];
	return true;
}

static bool
load(struct machine *m, const struct sock_filter *i, uint32_t *to)
{
	size_t size = BPF_SIZE(i->code) == BPF_W ? 4 : BPF_SIZE(i->code) == BPF_H ? 2 : 1;

	switch (BPF_MODE(i->code)) {
	case BPF_IMM: *to = i->k; return true;
	case BPF_LEN: *to = (uint32_t)m->n; return true;
	case BPF_MEM: *to = m->memory[i->k]; return true;
	case BPF_ABS: return fetch(m, i->k, size, to);
	case BPF_IND: return fetch(m, (uint64_t)m->x + i->k, size, to);
	default:
		if (!fetch(m, i->k, 1, to))
			return false;
		*to = (*to & 15) * 4;
		return true;
	}
}

/* False: a division by zero. */
static bool
calculate(struct machine *m, const struct sock_filter *i)
{
	uint32_t k = BPF_SRC(i->code) == BPF_X ? m->x : i->k;

	switch (BPF_OP(i->code)) {
	case BPF_ADD: m->a += k; break;
	case BPF_SUB: m->a -= k; break;
	case BPF_MUL: m->a *= k; break;
	case BPF_OR: m->a |= k; break;
	case BPF_AND: m->a &= k; break;
	case BPF_XOR: m->a ^= k; break;
	case BPF_LSH: m->a = k < 32 ? m->a << k : 0; break;
	case BPF_RSH: m->a = k < 32 ? m->a >> k : 0; break;
	case BPF_NEG: m->a = 0 - m->a; break;
	default:
		if (k == 0)
			return false;
		m->a = BPF_OP(i->code) == BPF_DIV ? m->a / k : m->a % k;
	}
	return true;
}

/* How many instructions are left out. */
static size_t
jump(const struct machine *m, const struct sock_filter *i)
{
	uint32_t k = BPF_SRC(i->code) == BPF_X ? m->x : i->k;
	bool yes;

	switch (BPF_OP(i->code)) {
	case BPF_JA: return i->k;
	case BPF_JEQ: yes = m->a == k; break;
	case BPF_JGT: yes = m->a > k; break;
	case BPF_JGE: yes = m->a >= k; break;
	default: yes = (m->a & k) != 0;
	}
	return yes ? i->jt : i->jf;
}

unsigned
pth_bpf_run(const struct pth_bpf *f, const void *frame, size_t n)
{
	struct machine m = { .packet = frame, .n = n };
	const struct sock_filter *i = f->v;

	for (;; i++) {
		switch (BPF_CLASS(i->code)) {
		case BPF_LD:
			if (!load(&m, i, &m.a))
				return 0;
			break;
		case BPF_LDX:
			if (!load(&m, i, &m.x))
				return 0;
			break;
		case BPF_ST: m.memory[i->k] = m.a; break;
		case BPF_STX: m.memory[i->k] = m.x; break;
		case BPF_ALU:
			if (!calculate(&m, i))
				return 0;
			break;
		case BPF_JMP: i += jump(&m, i); break;
		case BPF_RET: return BPF_RVAL(i->code) == BPF_A ? m.a : i->k;
		default:
			if (BPF_MISCOP(i->code) == BPF_TAX)
				m.x = m.a;
			else
				m.a = m.x;
		}
	}
}
