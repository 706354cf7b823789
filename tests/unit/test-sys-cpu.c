/* SPDX-License-Identifier: MIT */
#include "sys/cpu.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "../support/suite.h"

static char dir[64];
static int root;

static void setup(void)
{
	(void)snprintf(dir, sizeof(dir), "/tmp/test-sys-cpu-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	root = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_ge(root, 0);
}

static void teardown(void)
{
	char command[128];

	close(root);
	(void)snprintf(command, sizeof(command), "rm -rf %s", dir);
	ck_assert_int_eq(system(command), 0);
}

/* write @text to @path below the root, making directories on the way */
static void put(const char *path, const char *text)
{
	char part[256];
	FILE *f;
	int fd;

	for (size_t i = 0; path[i]; i++) {
		if (path[i] != '/')
			continue;
		memcpy(part, path, i);
		part[i] = '\0';
		(void)mkdirat(root, part, 0755);   /* may be there */
	}
	fd = openat(root, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	f = fdopen(fd, "w");
	ck_assert_ptr_nonnull(f);
	fputs(text, f);
	ck_assert_int_eq(fclose(f), 0);
}

START_TEST(no_cgroup)
{
	ck_assert_uint_eq(sq_cpu_quota_below(root), 0);
	put("proc/self/cgroup", "nonsense\n\n:\n1:x\n");
	ck_assert_uint_eq(sq_cpu_quota_below(root), 0);
}
END_TEST

START_TEST(version2)
{
	put("proc/self/cgroup", "0::/a/b\n");
	put("sys/fs/cgroup/a/b/cpu.max", "max 100000\n");
	ck_assert_uint_eq(sq_cpu_quota_below(root), 0);
	put("sys/fs/cgroup/a/b/cpu.max", "250000 100000\n");
	ck_assert_uint_eq(sq_cpu_quota_below(root), 3);
	put("sys/fs/cgroup/a/cpu.max", "50000 100000\n");   /* an ancestor is tighter */
	ck_assert_uint_eq(sq_cpu_quota_below(root), 1);
	put("sys/fs/cgroup/a/cpu.max", "800000 100000\n");
	ck_assert_uint_eq(sq_cpu_quota_below(root), 3);
	put("sys/fs/cgroup/a/b/cpu.max", "0 0\n");
	ck_assert_uint_eq(sq_cpu_quota_below(root), 8);
}
END_TEST

/* the host's path, of which the container sees nothing: only the mount's root */
START_TEST(container)
{
	put("proc/self/cgroup", "0::/docker/0123\n");
	put("sys/fs/cgroup/cpu.max", "150000 100000");
	ck_assert_uint_eq(sq_cpu_quota_below(root), 2);
}
END_TEST

START_TEST(version1)
{
	put("proc/self/cgroup", "5:memory:/m\n4:cpu,cpuacct:/g\n3:cpuset:/\n");
	put("sys/fs/cgroup/cpu,cpuacct/g/cpu.cfs_quota_us", "-1\n");
	put("sys/fs/cgroup/cpu,cpuacct/g/cpu.cfs_period_us", "100000\n");
	ck_assert_uint_eq(sq_cpu_quota_below(root), 0);
	put("sys/fs/cgroup/cpu,cpuacct/g/cpu.cfs_quota_us", "400000\n");
	ck_assert_uint_eq(sq_cpu_quota_below(root), 4);
}
END_TEST

START_TEST(affinity)
{
	unsigned all = sq_cpu_count();
	cpu_set_t set, one;
	int cpu = 0;

	ck_assert_uint_ge(all, 1);
	ck_assert_int_eq(sched_getaffinity(0, sizeof(set), &set), 0);
	ck_assert_uint_le(all, (unsigned)CPU_COUNT(&set));
	while (!CPU_ISSET(cpu, &set))
		cpu++;
	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	ck_assert_int_eq(sched_setaffinity(0, sizeof(one), &one), 0);
	ck_assert_uint_eq(sq_cpu_count(), 1);
	ck_assert_int_eq(sched_setaffinity(0, sizeof(set), &set), 0);
	ck_assert_uint_eq(sq_cpu_count(), all);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("sys-cpu");
	TCase *t = tcase_create("cpu");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, no_cgroup);
	tcase_add_test(t, version2);
	tcase_add_test(t, container);
	tcase_add_test(t, version1);
	tcase_add_test(t, affinity);
	suite_add_tcase(s, t);
	return suite_run(s);
}
