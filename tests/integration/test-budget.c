/* SPDX-License-Identifier: MIT */
/*
 * Five trees of which two fit into the memory limit, loaded, edited and queried
 * in turn: the daemon's memory stays within what it promises, and every answer
 * is right or a typed error. SQ_BUDGET_ROUNDS: how often around; SQ_BUDGET_FILES: files
 * a tree, SQ_BUDGET_MB: the limit.
 */
#include "rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"

enum { N_TREES = 5, N_FUNCTIONS = 500, PER_FUNCTION = 160, WORKERS = 2 };

static struct rig rig;
static char roots[N_TREES][96];
static unsigned n_rounds = 2, n_files = 150, limit_mb = 18, n_loads, n_refused;
static uint64_t peak;

static unsigned number_of(const char *name, unsigned otherwise)
{
	const char *text = getenv(name);

	return text ? (unsigned)strtoul(text, NULL, 10) : otherwise;
}

static void make_tree(int t)
{
	char path[64], *text = malloc((size_t)N_FUNCTIONS * PER_FUNCTION);

	ck_assert_ptr_nonnull(text);
	snprintf(rig.tree, sizeof(rig.tree), "%s/t%d", rig.dir, t);
	snprintf(roots[t], sizeof(roots[t]), "%s", rig.tree);
	ck_assert_int_eq(mkdir(rig.tree, 0755), 0);
	for (unsigned f = 0; f < n_files; f++) {
		size_t n = 0;

		for (unsigned k = 0; k < N_FUNCTIONS; k++)
			n += (size_t)snprintf(text + n, PER_FUNCTION, "/* what is said about it is longer than what it does */\n"
					      "int f_%d_%u_%u(int a)\n{\n\treturn f_%d_%u_%u(a) + %u;\n}\n", t, f, k, t,
					      (f + 1) % n_files, k, k);
		snprintf(path, sizeof(path), "d%u/f%u.c", f % 16, f);
		rig_write(&rig, path, text);
	}
	free(text);
}

static void look(void)
{
	char path[64], line[256];
	unsigned long kb;
	uint64_t sum = 0, most = ((uint64_t)limit_mb << 20) * 11 / 10 + (32u << 20) + WORKERS * (48u << 20);
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%ld/status", (long)rig.pid);
	f = fopen(path, "re");
	ck_assert_ptr_nonnull(f);
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "RssAnon: %lu kB", &kb) == 1 || sscanf(line, "RssShmem: %lu kB", &kb) == 1)
			sum += (uint64_t)kb << 10;
	fclose(f);
	peak = sum > peak ? sum : peak;
#ifndef SQ_LIBC_HEAP   /* sanitizers have shadow memory */
	ck_assert_msg(sum <= most, "%llu bytes in memory, at most %llu are promised", (unsigned long long)sum,
		      (unsigned long long)most);
#else
	(void)most;
#endif
}

/* Return: was it loaded? Else the refusal is the typed one */
static bool load(void)
{
	struct sq_json_doc *d;
	struct rig_conn c;
	int code;

	rig_connect(&rig, &c);
	d = rig_ask(&c, "daemon/load", "{\"index_root\":\"%s\"}", rig.tree);
	rig_close(&c);
	ck_assert_ptr_nonnull(d);
	code = rig_error(d);
	sq_json_doc_free(d);
	ck_assert_msg(!code || code == -32003 || code == -32006, "load answered %d", code);
	n_loads += !code;
	n_refused += code != 0;
	return !code;
}

static void visit(int t, unsigned round)
{
	char name[64], text[128];

	snprintf(rig.tree, sizeof(rig.tree), "%s", roots[t]);
	snprintf(name, sizeof(name), "edited_%d_%u", t, round);
	if (!load())
		return;
	look();
	snprintf(text, sizeof(text), "int %s(int a)\n{\n\treturn f_%d_0_0(a);\n}\n", name, t);
	rig_write(&rig, "edit.c", text);
	rig_sync(&rig);
	ck_assert_int_eq(rig_count(&rig, name), 1);
	snprintf(text, sizeof(text), "f_%d_0_0", t);
	ck_assert_int_eq(rig_callers(&rig, text), 2);
	look();
}

/* AD-09 X-08 X-09: memory follows the budget */
START_TEST(memory_follows_the_budget)
{
	struct sq_json_doc *d;

	for (unsigned round = 0; round < n_rounds; round++)
		for (int t = 0; t < N_TREES; t++)
			visit(t, round);
	d = rig_ok(&rig, "daemon/status", "{}");
	printf("%u loads, %u refused, %lld evictions, at most %llu MiB in memory with a limit of %u\n", n_loads, n_refused,
	       (long long)sq_json_int(sq_json_get(sq_json_get(rig_result(d), "memory"), "evicted_total"), -1),
	       (unsigned long long)(peak >> 20), limit_mb);
	ck_assert_int_gt(sq_json_int(sq_json_get(sq_json_get(rig_result(d), "memory"), "evicted_total"), -1), 0);
	ck_assert_int_le(sq_json_int(sq_json_get(sq_json_get(rig_result(d), "memory"), "high_water_bytes"), -1),
			 (int64_t)limit_mb << 20);
	sq_json_doc_free(d);
	ck_assert_uint_gt(n_loads, N_TREES);
}
END_TEST

static void setup(void)
{
	char config[80];

	n_rounds = number_of("SQ_BUDGET_ROUNDS", n_rounds);
	n_files = number_of("SQ_BUDGET_FILES", n_files);
	limit_mb = number_of("SQ_BUDGET_MB", limit_mb);
	snprintf(config, sizeof(config), "memory_limit_mb = %u\n[watch]\ntier = none", limit_mb);
	rig_init(&rig, config);
	for (int t = 0; t < N_TREES; t++)
		make_tree(t);
	rig_start(&rig);
}

static void teardown(void)
{
	ck_assert_int_eq(rig_stop(&rig), 0);
	rig_deinit(&rig);
}

static void add(TCase *tc)
{
	tcase_set_timeout(tc, 1800);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, memory_follows_the_budget);
}

int main(void)
{
	return rig_main("budget", add);
}
