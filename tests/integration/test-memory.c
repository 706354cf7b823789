/* SPDX-License-Identifier: MIT */
/*
 * The daemon's account of its memory against the kernel's, in the life of a
 * tree: built, edited, unloaded, built again. Sanitizer builds have shadow
 * memory, so they only compare the figures with each other.
 */
#include "rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

enum { N_FILES = 150, N_FUNCTIONS = 700, N_EDITS = 8, MAX_LOOKS = 100000 };
#define TOLERANCE ((uint64_t)4 << 20)      /* stacks, data of libraries */

static struct rig rig;

static char *source(unsigned file, unsigned version)
{
	size_t cap = N_FUNCTIONS * 128u, n = 0;
	char *text = malloc(cap);

	ck_assert_ptr_nonnull(text);
	for (unsigned i = 0; i < N_FUNCTIONS; i++)
		n += (size_t)snprintf(text + n, cap - n,
				      "int f_%u_%u(int a)\n{\n\treturn f_%u_%u(a) + f_%u_%u(a) + %u;\n}\n", file, i,
				      (file + 1) % N_FILES, (i * 7 + version) % N_FUNCTIONS,
				      (file + 5) % N_FILES, (i * 3 + version) % N_FUNCTIONS, version);
	return text;
}

static void write_file(unsigned file, unsigned version)
{
	char path[64], *text = source(file, version);

	snprintf(path, sizeof(path), "d%u/f%u.c", file % 16, file);
	rig_write(&rig, path, text);
	free(text);
}

static uint64_t kernel_bytes(pid_t pid)
{
	char path[64], line[256];
	unsigned long kb, sum = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%ld/status", (long)pid);
	f = fopen(path, "re");
	ck_assert_ptr_nonnull(f);
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "RssAnon: %lu kB", &kb) == 1 || sscanf(line, "RssShmem: %lu kB", &kb) == 1)
			sum += kb;
	fclose(f);
	ck_assert_uint_gt(sum, 0);
	return (uint64_t)sum * 1024;
}

static uint64_t figure(const struct sq_json *obj, const char *key)
{
	int64_t n = sq_json_int(sq_json_get(obj, key), -1);

	ck_assert_msg(n >= 0, "no %s", key);
	return (uint64_t)n;
}

/* the kinds are all there and add up to the sum */
static void check_kinds(const struct sq_json *resident)
{
	static const char *const kinds[] = { "dictionaries", "name_index", "facts", "links", "chunks", "shards", "roots",
					     "retained", "building", "allocator_slack", "kept_trees", "tables" };
	const struct sq_json *by_kind = sq_json_get(resident, "by_kind");
	uint64_t sum = 0;

	for (size_t i = 0; i < SQ_ARRAY_SIZE(kinds); i++)
		sum += figure(by_kind, kinds[i]);
	ck_assert_uint_eq(sum, figure(resident, "accounted_bytes"));
	ck_assert_uint_eq(sq_json_len(by_kind), SQ_ARRAY_SIZE(kinds));
}

static void check_kernel(const struct sq_json *resident, const char *when)
{
#ifndef SQ_LIBC_HEAP
	uint64_t is = kernel_bytes(rig.pid), sum = figure(resident, "accounted_bytes");
	uint64_t off = is > sum ? is - sum : sum - is;

	printf("%s: %llu in memory, %llu accounted for, %llu of them slack\n", when, (unsigned long long)is,
	       (unsigned long long)sum,
	       (unsigned long long)figure(sq_json_get(resident, "by_kind"), "allocator_slack"));
	ck_assert_msg(off <= TOLERANCE, "%s: %llu bytes are in memory, %llu accounted for", when,
		      (unsigned long long)is, (unsigned long long)sum);
	ck_assert_uint_gt(figure(resident, "rss_anon_bytes"), 0);
#else
	(void)resident;
	(void)when;
#endif
}

#ifndef SQ_LIBC_HEAP
static uint64_t distance(void)
{
	struct sq_json_doc *d = rig_ok(&rig, "daemon/status", "{}");
	uint64_t is = kernel_bytes(rig.pid);
	uint64_t sum = figure(sq_json_get(sq_json_get(rig_result(d), "memory"), "resident"), "accounted_bytes");

	sq_json_doc_free(d);
	return is > sum ? is - sum : sum - is;
}
#endif

/* buffers of threads go after the last piece: until then two figures need not be of one moment */
static void await_settled(void)
{
#ifndef SQ_LIBC_HEAP
	for (unsigned i = 0; i < MAX_LOOKS && distance() > TOLERANCE; i++)
		;
#endif
}

/* Return: bytes of pieces in use */
static uint64_t check(const char *when)
{
	static const char *const pieces[] = { "dictionaries", "name_index", "facts", "links", "chunks", "shards", "roots" };
	struct sq_json_doc *d = rig_ok(&rig, "daemon/status", "{}");
	const struct sq_json *memory = sq_json_get(rig_result(d), "memory");
	const struct sq_json *resident = sq_json_get(memory, "resident");
	const struct sq_json *by_kind = sq_json_get(resident, "by_kind");
	uint64_t sum = 0;

	check_kinds(resident);
	check_kernel(resident, when);
	for (size_t i = 0; i < SQ_ARRAY_SIZE(pieces); i++)
		sum += figure(by_kind, pieces[i]);
	ck_assert_uint_eq(sum, figure(memory, "loaded_bytes"));
	sq_json_doc_free(d);
	return sum;
}

/* what was unloaded is freed by another thread: a look is a round trip, nothing sleeps */
static void await_freed(void)
{
	for (unsigned i = 0; i < MAX_LOOKS; i++) {
		struct sq_json_doc *d = rig_ok(&rig, "daemon/status", "{}");
		uint64_t n = figure(sq_json_get(rig_result(d), "memory"), "retained_bytes");

		sq_json_doc_free(d);
		if (!n)
			return;
	}
	ck_abort_msg("unloaded, but never freed");
}

START_TEST(every_byte_has_a_kind)
{
	uint64_t built, edited, before;

	for (unsigned i = 0; i < N_FILES; i++)
		write_file(i, 0);
	rig_start(&rig);
	rig_load(&rig);
	built = check("built");
	/* more than the tolerance: leaving pieces out would be noticed */
	ck_assert_uint_gt(built, 2 * TOLERANCE);
	for (unsigned i = 0; i < N_EDITS; i++) {
		write_file(i % 5, i + 1);
		rig_sync(&rig);
		(void)check("edited");
	}
	edited = check("edits done");
	ck_assert_uint_lt(edited, built + built / 10);
	before = kernel_bytes(rig.pid);
	sq_json_doc_free(rig_ok(&rig, "daemon/unload", "{\"index_root\":\"%s\"}", rig.tree));
	await_freed();
	await_settled();
	ck_assert_uint_eq(check("unloaded"), 0);
#ifndef SQ_LIBC_HEAP   /* every piece went back to the kernel */
	ck_assert_uint_lt(kernel_bytes(rig.pid), before - edited + TOLERANCE);
#else
	(void)before;
#endif
	rig_load(&rig);
	ck_assert_uint_gt(check("built again"), 2 * TOLERANCE);
}
END_TEST

static void setup(void)
{
	rig_init(&rig, "");
}

static void teardown(void)
{
	ck_assert_int_eq(rig_stop(&rig), 0);
	rig_deinit(&rig);
}

static void add(TCase *tc)
{
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, every_byte_has_a_kind);
}

int main(void)
{
	return rig_main("memory", add);
}
