/* SPDX-License-Identifier: MIT */
/*
 * Memory runs out inside the tree-sitter core and in our own tables: for every
 * N, from the Nth request on (the core) and at the Nth (ours). The result is
 * -ENOMEM or the facts; then the same extractor gives the facts again, and
 * nothing of the reserve is in use. Also with a reserve too small for a parse.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lang/lang.h"
#include "lang/tsalloc.h"

#ifndef SQ_TEST_HOOKS
int main(void)
{
	puts("built without --enable-test-hooks");
	return 77;
}
#else

#define DIE(...) do { fprintf(stderr, __VA_ARGS__); fputc('\n', stderr); exit(1); } while (0)

struct text { const char *name; const char *bytes; };
static const struct text texts[] = {
	{ "a.c", "#include <a.h>\n#define A 1\n#define F(x) ((x) + A)\nstruct s { int a, *b; };\n"
		 "static int f(struct s *p)\n{\n\tif (p->a)\n\t\treturn F(p->a);\n\treturn g(p->b, \"x\", 'c');\n}\n"
		 "int broken( { ;;\n#if X\nint y[] = { 1, 2, 3 };\n#else\nint y;\n#endif\n" },
	{ "a.cpp", "namespace n { template <class T> class A : public B<T> { int f(T x) { return x.g(); } }; }\n"
		   "const char *s = R\"x(raw)x\";\n" },
	{ "a.py", "import os\nclass A(B):\n    def f(self, x=1):\n        return f'{x} a' + os.path.join(x)\n" },
	{ "package.json", "{\"scripts\": {\"a\": \"b c\", \"e\": \"f\"}, \"x\": [1, 2, {\"b\": null}]}\n" },
};

static struct sq_lang_registry *registry;

static int extract(struct sq_extractor *x, const struct text *t, struct sq_facts *ret_f)
{
	struct sq_extract_limits limits;

	sq_extract_limits_default(&limits);
	limits.watchdog_ns = 0;
	return sq_extract(x, sq_lang_detect(sq_slice_z(t->name)), sq_slice_z(t->bytes), &limits, ret_f);
}

static void expect(struct sq_extractor *x, const struct text *t, const struct sq_facts *want, const char *when)
{
	struct sq_facts f = SQ_FACTS_NULL;
	int r = extract(x, t, &f);

	if (r)
		DIE("%s: %d %s", t->name, r, when);
	if (f.n_bytes != want->n_bytes || memcmp(f.blob, want->blob, f.n_bytes))
		DIE("%s: other facts %s", t->name, when);
	sq_facts_deinit(&f);
}

/* Return: true while the fault was met */
static bool try_core(struct sq_extractor *x, const struct text *t, const struct sq_facts *want,
		     uint64_t nth, size_t reserve)
{
	struct sq_facts f = SQ_FACTS_NULL;
	int r;

	sq_tsalloc_test(nth, reserve);
	r = extract(x, t, &f);
	sq_tsalloc_test(0, SQ_TSALLOC_RESERVE_BYTES);
	if (r && r != -ENOMEM)
		DIE("%s: %d at request %u of the core", t->name, r, (unsigned)nth);
	if (!r)
		sq_facts_deinit(&f);
	else
		expect(x, t, want, "after the core had no memory");
	return r != 0;
}

static void fail_core(const struct text *t, const struct sq_facts *want, size_t reserve, bool may_leak)
{
	struct sq_extractor *x = NULL;
	uint64_t nth = 1, n = 0;

	if (sq_extractor_new(registry, &x))
		DIE("no extractor");
	while (try_core(x, t, want, nth, reserve)) {
		n++;
		nth += 1 + nth / 200;
	}
	if (n < 10)
		DIE("%s: the core asked for memory %u times only", t->name, (unsigned)n);
	sq_extractor_free(x);
	if (!may_leak && sq_tsalloc_reserved())
		DIE("%s: %zu blocks of the reserve are lost", t->name, sq_tsalloc_reserved());
	printf("%s: %u faults in the core, reserve of %zu bytes\n", t->name, (unsigned)n, reserve);
}

static void fail_ours(const struct text *t, const struct sq_facts *want)
{
	struct sq_extractor *x = NULL;
	struct sq_facts f = SQ_FACTS_NULL;
	unsigned n = 0;
	int r;

	do {
		if (x)
			x = sq_extractor_free(x);
		sq_alloc_fail_after(++n);
		r = sq_extractor_new(registry, &x);
		if (!r)
			r = extract(x, t, &f);
		sq_alloc_fail_after(0);
		if (r && r != -ENOMEM)
			DIE("%s: %d at allocation %u", t->name, r, n);
		if (r && x)
			expect(x, t, want, "after an allocation failed");
	} while (r);
	sq_facts_deinit(&f);
	sq_extractor_free(x);
	if (sq_tsalloc_reserved())
		DIE("%s: %zu blocks of the reserve are lost", t->name, sq_tsalloc_reserved());
	printf("%s: %u allocations failed\n", t->name, n - 1);
}

int main(void)
{
	if (sq_lang_registry_new(NULL, &registry))
		DIE("no registry");
	for (size_t i = 0; i < SQ_ARRAY_SIZE(texts); i++) {
		struct sq_extractor *x = NULL;
		struct sq_facts want = SQ_FACTS_NULL;

		if (sq_extractor_new(registry, &x) || extract(x, &texts[i], &want))
			DIE("%s: no facts", texts[i].name);
		sq_extractor_free(x);
		fail_core(&texts[i], &want, SQ_TSALLOC_RESERVE_BYTES, false);
		fail_ours(&texts[i], &want);
		sq_facts_deinit(&want);
	}
#if !defined(__SANITIZE_ADDRESS__)   /* it leaks, which is what it is to show */
	{
		struct sq_extractor *x = NULL;
		struct sq_facts want = SQ_FACTS_NULL;

		if (sq_extractor_new(registry, &x) || extract(x, &texts[0], &want))
			DIE("no facts");
		sq_extractor_free(x);
		fail_core(&texts[0], &want, 4096, true);
		sq_facts_deinit(&want);
	}
#endif
	sq_lang_registry_free(registry);
	return 0;
}
#endif
