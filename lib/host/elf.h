/* What can be seen of a program's file, elf(5). */
#ifndef PTH_HOST_ELF_H
#define PTH_HOST_ELF_H

#include <stdbool.h>
#include <stddef.h>

/* Is the file a program that is started without a dynamic linker? False for all that is no ELF
 * file of 64 bits in this machine's order, or cannot be read. */
bool pth_elf_is_static(const char *path);
/* The same of the first bytes of a file. */
bool pth_elf_is_static_head(const unsigned char *p, size_t n);

#endif
