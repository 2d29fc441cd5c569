/* This file looks into the head of a program, elf(5). */
#include "host/elf.h"

#include <elf.h>
#include <endian.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/os.h"

enum { HEAD = 16384 }; /* the program headers are at its beginning */

bool
pth_elf_is_static_head(const unsigned char *p, size_t n)
{
	Elf64_Ehdr h;
	Elf64_Phdr ph;

	if (n < sizeof h)
		return false;
	memcpy(&h, p, sizeof h);
	if (memcmp(h.e_ident, ELFMAG, SELFMAG) != 0 || h.e_ident[EI_CLASS] != ELFCLASS64 ||
	    h.e_ident[EI_DATA] != (BYTE_ORDER == LITTLE_ENDIAN ? ELFDATA2LSB : ELFDATA2MSB) ||
	    h.e_phentsize != sizeof ph || h.e_phnum == 0 || h.e_phoff > n ||
	    (n - h.e_phoff) / sizeof ph < h.e_phnum)
		return false;
	for (size_t i = 0; i < h.e_phnum; i++) {
		memcpy(&ph, p + h.e_phoff + i * sizeof ph, sizeof ph);
		if (ph.p_type == PT_INTERP)
			return false;
	}
	return h.e_type == ET_EXEC || h.e_type == ET_DYN;
}

bool
pth_elf_is_static(const char *path)
{
	pth_auto_fd fd = pth_open_named(path, NULL);
	unsigned char head[HEAD];
	ssize_t n = fd >= 0 ? pth_read_all(fd, head, sizeof head) : -1;

	return n > 0 && pth_elf_is_static_head(head, (size_t)n);
}
