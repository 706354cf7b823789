/* SPDX-License-Identifier: MIT */
#include "bench/machine.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statfs.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "sys/cpu.h"
#include "sys/fd.h"

/* value of the first line "KEY ... <sep> VALUE" of a file */
static void field(const char *path, const char *key, char sep, char *ret, size_t cap)
{
	_cleanup_(sq_buf_deinit) struct sq_buf text = SQ_BUF_NULL;
	char *at;

	snprintf(ret, cap, "unknown");
	if (sq_fd_read_file(AT_FDCWD, path, 1u << 20, &text) < 0 || !sq_buf_z(&text) || !text.n)
		return;
	at = strstr(text.p, key);
	at = at ? strchr(at, sep) : NULL;
	if (!at)
		return;
	at += 1 + strspn(at + 1, " \t\"");
	snprintf(ret, cap, "%.*s", (int)strcspn(at, "\"\n"), at);
}

static const char *filesystem_name(long type)
{
	static const struct { long type; const char *name; } names[] = {
		{ 0xEF53, "ext4" }, { 0x01021994, "tmpfs" }, { 0x9123683E, "btrfs" }, { 0x58465342, "xfs" },
		{ 0x794c7630, "overlayfs" }, { 0x6969, "nfs" }, { 0x2fc12fc1, "zfs" }, { 0xF2F52010, "f2fs" },
	};

	for (size_t i = 0; i < SQ_ARRAY_SIZE(names); i++)
		if (names[i].type == type)
			return names[i].name;
	return "unknown";
}

void sq_machine_read(const char *dir, struct sq_machine *ret)
{
	struct sq_machine m = { .cores = sq_cpu_count() };
	struct utsname u;
	struct statfs fs;

	field("/proc/cpuinfo", "model name", ':', m.cpu, sizeof(m.cpu));
	field("/etc/os-release", "PRETTY_NAME", '=', m.system, sizeof(m.system));
	if (!uname(&u))
		snprintf(m.kernel, sizeof(m.kernel), "%.40s %.40s %.30s", u.sysname, u.release, u.machine);
	m.memory_bytes = (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE);
	snprintf(m.filesystem, sizeof(m.filesystem), "%s", statfs(dir, &fs) ? "unknown" : filesystem_name(fs.f_type));
	if (getloadavg(&m.load, 1) != 1)
		m.load = -1;
	*ret = m;
}
