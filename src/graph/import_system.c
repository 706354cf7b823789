/* SPDX-License-Identifier: MIT */
/* Headers of the C library: ISO C, POSIX and what Linux adds under sys/. */
#include <stdlib.h>

#include "graph/linker.h"

/* in byte order */
static const char *const headers[] = {
	"aio.h", "arpa/inet.h", "assert.h", "complex.h", "cpio.h", "ctype.h", "dirent.h",
	"dlfcn.h", "errno.h", "fcntl.h", "fenv.h", "float.h", "fmtmsg.h", "fnmatch.h", "ftw.h",
	"getopt.h", "glob.h", "grp.h", "iconv.h", "inttypes.h", "iso646.h", "langinfo.h",
	"libgen.h", "limits.h", "locale.h", "malloc.h", "math.h", "memory.h", "monetary.h",
	"net/if.h", "netdb.h", "netinet/in.h", "netinet/tcp.h", "nl_types.h", "poll.h",
	"pthread.h", "pwd.h", "regex.h", "sched.h", "search.h", "semaphore.h", "setjmp.h",
	"signal.h", "spawn.h", "stdalign.h", "stdarg.h", "stdatomic.h", "stdbool.h", "stddef.h",
	"stdint.h", "stdio.h", "stdlib.h", "stdnoreturn.h", "string.h", "strings.h", "stropts.h",
	"sys/epoll.h", "sys/file.h", "sys/inotify.h", "sys/ioctl.h", "sys/ipc.h", "sys/mman.h",
	"sys/mount.h", "sys/msg.h", "sys/param.h", "sys/prctl.h", "sys/queue.h", "sys/random.h",
	"sys/resource.h", "sys/select.h", "sys/sem.h", "sys/sendfile.h", "sys/shm.h",
	"sys/signalfd.h", "sys/socket.h", "sys/stat.h", "sys/statvfs.h", "sys/syscall.h",
	"sys/sysinfo.h", "sys/time.h", "sys/timerfd.h", "sys/times.h", "sys/types.h", "sys/uio.h",
	"sys/un.h", "sys/utsname.h", "sys/wait.h", "syslog.h", "tar.h", "termios.h", "tgmath.h",
	"threads.h", "time.h", "uchar.h", "ucontext.h", "ulimit.h", "unistd.h", "utime.h",
	"utmpx.h", "wchar.h", "wctype.h", "wordexp.h",
};

static int header_cmp(const void *key, const void *entry)
{
	const struct sq_slice *target = key;
	const char *const *header = entry;

	return sq_slice_cmp(*target, sq_slice_z(*header));
}

bool sq_is_system_header(struct sq_slice target)
{
	return bsearch(&target, headers, SQ_ARRAY_SIZE(headers), sizeof(headers[0]), header_cmp) != NULL;
}
