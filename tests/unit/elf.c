/* Which programs have no dynamic linker. */
#include "host/elf.h"

#include <elf.h>

#include "unit.h"

/* A head with these program headers, n bytes of it. */
static bool
is_static(unsigned type, const unsigned *headers, unsigned count, size_t n)
{
	unsigned char all[4096] = { 0 };
	Elf64_Ehdr h = { .e_type = (Elf64_Half)type,
		.e_phentsize = sizeof(Elf64_Phdr),
		.e_phnum = (Elf64_Half)count,
		.e_phoff = sizeof h };
	unsigned char *copy;
	bool is;

	memcpy(h.e_ident, ELFMAG, SELFMAG);
	h.e_ident[EI_CLASS] = ELFCLASS64;
	h.e_ident[EI_DATA] = ELFDATA2LSB;
	memcpy(all, &h, sizeof h);
	for (unsigned i = 0; i < count && i < 2; i++) {
		Elf64_Phdr p = { .p_type = headers[i] };

		memcpy(all + sizeof h + i * sizeof p, &p, sizeof p);
	}
	copy = unit_copy(all, n);
	is = pth_elf_is_static_head(copy, n);
	free(copy);
	return is;
}

int
main(void)
{
	static const unsigned dynamic[] = { PT_LOAD, PT_INTERP }, fixed[] = { PT_LOAD, PT_NOTE };
	static const unsigned char text[] =
	    "#!/bin/sh\necho this is a script, and no program of its own";

	unit("programs");
	CHECK(is_static(ET_EXEC, fixed, 2, 4096));
	CHECK(is_static(ET_DYN, fixed, 2, 4096));
	CHECK(!is_static(ET_EXEC, dynamic, 2, 4096));
	CHECK(!is_static(ET_REL, fixed, 2, 4096));
	unit("what is none");
	CHECK(!is_static(ET_EXEC, fixed, 2, 63));
	CHECK(!is_static(ET_EXEC, fixed, 2, 100));
	CHECK(!is_static(ET_EXEC, fixed, 0, 4096));
	CHECK(!is_static(ET_EXEC, fixed, 60000, 4096));
	CHECK(!pth_elf_is_static_head(text, sizeof text));
	CHECK(!pth_elf_is_static("/nonexistent/program"));
	CHECK(!pth_elf_is_static("/proc/self/exe"));
	return unit_done();
}
