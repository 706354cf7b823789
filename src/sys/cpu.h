/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * cpu — how many CPUs this process may really use.
 * Threads: any; reads files, so ask once at start.
 */
/**
 * sq_cpu_count() - CPUs of the affinity mask, cut to the cgroup quota.
 * The quota is rounded up: 1.5 CPUs feed two threads. Version 2 (cpu.max) and
 * version 1 (cpu.cfs_quota_us), the smallest of all ancestors.
 * Return: at least 1.
 */
unsigned sq_cpu_count(void);
/**
 * sq_cpu_quota_below() - the quota alone, for a file tree below @root_fd that
 * has proc/self/cgroup and sys/fs/cgroup (the real one, or a test's).
 * Return: CPUs, rounded up; 0 when there is no quota.
 */
unsigned sq_cpu_quota_below(int root_fd);
