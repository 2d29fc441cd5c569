/* Any bytes as the log of a link. */
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "collect/links.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	pth_auto_fd fd = memfd_create("log", MFD_CLOEXEC);
	pth_auto_buf series = PTH_BUF_INIT, lack = PTH_BUF_INIT;
	json_auto_t *o = NULL;
	bool sure;

	if (write(fd, data, n) != (ssize_t)n || lseek(fd, 0, SEEK_SET) != 0)
		abort();
	o = collect_links_of(fd, "a-b", &series, &lack, &sure);
	if (!json_is_object(o) || (lack.len == 0 && !sure))
		abort();
	return 0;
}
