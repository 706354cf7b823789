/* SPDX-License-Identifier: MIT */
#include "sys/cpu.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/str.h"
#include "sys/fd.h"

#define MAX_CPUS 8192

static unsigned affinity_count(void)
{
	cpu_set_t *set = CPU_ALLOC(MAX_CPUS);
	size_t bytes = CPU_ALLOC_SIZE(MAX_CPUS);
	int n = 0;

	if (!set)
		return 1;
	if (!sched_getaffinity(0, bytes, set))
		n = CPU_COUNT_S(bytes, set);
	CPU_FREE(set);
	if (n < 1)
		n = (int)sysconf(_SC_NPROCESSORS_ONLN);
	return n < 1 ? 1 : (unsigned)n;
}

/* Return: true when @path below @root_fd could be read; @b then holds a string. */
static bool read_text(int root_fd, const char *path, struct sq_buf *b)
{
	sq_buf_clear(b);
	return sq_fd_read_file(root_fd, path, 1 << 20, b) >= 0 && sq_buf_z(b);
}

static unsigned smaller(unsigned a, unsigned b)
{
	if (!a || !b)
		return a | b;   /* 0 is "no quota" */
	return a < b ? a : b;
}

static unsigned whole_cpus(long long quota, long long period)
{
	if (quota <= 0 || period <= 0)
		return 0;
	return (unsigned)SQ_MIN((quota + period - 1) / period, (long long)MAX_CPUS);
}

/* the quota that @dir below @root_fd states, 0 for none; @b is room to read into */
typedef unsigned quota_fn(int root_fd, const char *dir, struct sq_buf *b);

/* cpu.max: "max 100000" or "150000 100000" */
static unsigned quota_v2(int root_fd, const char *dir, struct sq_buf *b)
{
	_cleanup_(sq_freep) char *path = sq_asprintf("%s/cpu.max", dir);
	long long quota, period;

	if (!path || !read_text(root_fd, path, b) ||
	    sscanf(sq_buf_z(b), "%lld %lld", &quota, &period) != 2)
		return 0;
	return whole_cpus(quota, period);
}

static unsigned quota_v1(int root_fd, const char *dir, struct sq_buf *b)
{
	_cleanup_(sq_freep) char *quota_path = sq_asprintf("%s/cpu.cfs_quota_us", dir);
	_cleanup_(sq_freep) char *period_path = sq_asprintf("%s/cpu.cfs_period_us", dir);
	long long quota;

	if (!quota_path || !period_path || !read_text(root_fd, quota_path, b))
		return 0;
	quota = strtoll(sq_buf_z(b), NULL, 10);   /* -1: none */
	if (!read_text(root_fd, period_path, b))
		return 0;
	return whole_cpus(quota, strtoll(sq_buf_z(b), NULL, 10));
}

/*
 * The smallest quota from @group up to the root of the mount. In a container
 * without its own cgroup namespace the path is the host's and is not there:
 * the walk then ends at the mount's root, which is the container's.
 */
static unsigned quota_upwards(int root_fd, const char *mount, struct sq_slice group,
			      quota_fn *read_quota)
{
	struct sq_buf dir = SQ_BUF_NULL, text = SQ_BUF_NULL;
	unsigned best = 0;
	const char *z;

	for (;;) {
		while (group.n && group.p[group.n - 1] == '/')
			group.n--;
		sq_buf_clear(&dir);
		sq_buf_puts(&dir, mount);
		sq_buf_add_slice(&dir, group);
		z = sq_buf_z(&dir);
		if (z)
			best = smaller(best, read_quota(root_fd, z, &text));
		if (!group.n)
			break;
		group = sq_path_dir(group);
	}
	sq_buf_deinit(&dir);
	sq_buf_deinit(&text);
	return best;
}

/* "cpu" among "cpu,cpuacct" */
static bool has_controller(struct sq_slice list, const char *name)
{
	while (list.n) {
		const char *comma = memchr(list.p, ',', list.n);
		size_t n = comma ? (size_t)(comma - list.p) : list.n;

		if (sq_slice_is(sq_slice(list.p, n), name))
			return true;
		if (!comma)
			break;
		list = sq_slice(comma + 1, list.n - n - 1);
	}
	return false;
}

/* one line of /proc/self/cgroup: "0::/group" or "4:cpu,cpuacct:/group" */
static unsigned quota_of_line(int root_fd, struct sq_slice line)
{
	const char *end = line.p + line.n, *list, *group;
	_cleanup_(sq_freep) char *mount = NULL;
	struct sq_slice controllers;

	list = memchr(line.p, ':', line.n);
	group = list ? memchr(list + 1, ':', (size_t)(end - list - 1)) : NULL;
	if (!group)
		return 0;
	controllers = sq_slice(list + 1, (size_t)(group - list - 1));
	group++;
	if (!controllers.n)
		return quota_upwards(root_fd, "sys/fs/cgroup",
				     sq_slice(group, (size_t)(end - group)), quota_v2);
	if (!has_controller(controllers, "cpu"))
		return 0;
	mount = sq_asprintf("sys/fs/cgroup/%.*s", (int)controllers.n, controllers.p);
	return mount ? quota_upwards(root_fd, mount, sq_slice(group, (size_t)(end - group)),
				     quota_v1) : 0;
}

unsigned sq_cpu_quota_below(int root_fd)
{
	struct sq_buf text = SQ_BUF_NULL;
	unsigned best = 0;

	if (read_text(root_fd, "proc/self/cgroup", &text)) {
		const char *p = text.p, *end = text.p + text.n;

		while (p < end) {
			const char *nl = memchr(p, '\n', (size_t)(end - p));
			size_t n = nl ? (size_t)(nl - p) : (size_t)(end - p);

			best = smaller(best, quota_of_line(root_fd, sq_slice(p, n)));
			p += n + 1;
		}
	}
	sq_buf_deinit(&text);
	return best;
}

unsigned sq_cpu_count(void)
{
	_cleanup_(sq_fd_closep) int root_fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	unsigned quota = root_fd >= 0 ? sq_cpu_quota_below(root_fd) : 0;

	return smaller(affinity_count(), quota);
}
