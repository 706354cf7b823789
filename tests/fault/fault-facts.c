/* SPDX-License-Identifier: MIT */
/* every allocation of a builder fails once: -ENOMEM, no leak, and it works again */
#include <errno.h>
#include <stdio.h>

#include "../unit/facts-random.h"

#ifdef SQ_TEST_HOOKS
static int build(const struct sample *s, struct sq_facts *ret_f)
{
	struct sq_facts_builder *b;
	char buf[200];
	int r = sq_facts_builder_new(&b);

	if (r < 0)
		return r;
	sq_facts_builder_reset(b, SQ_LANG_C);
	for (uint32_t i = 0; i < s->n_strings; i++)
		(void)sq_facts_add_string(b, sq_slice(buf, sample_text(i, buf, sizeof(buf))));
	sample_feed_items(s, b);
	r = sq_facts_builder_finish(b, false, ret_f);
	sq_facts_builder_free(b);
	return r;
}

static int run(void)
{
	struct sample s;
	struct sq_facts f;
	unsigned n;
	int r = -ENOMEM;

	sample_make(&s, 3, 900);
	for (n = 1; r == -ENOMEM && n < 1000; n++) {
		sq_alloc_fail_after(n);
		r = build(&s, &f);
		sq_alloc_fail_after(0);
		if (r && r != -ENOMEM)
			return 1;
	}
	if (r || n < 10 || sq_facts_check(&f)) {
		printf("after %u failures: %d\n", n, r);
		return 1;
	}
	printf("%u allocations failed in turn\n", n - 2);
	sq_facts_deinit(&f);
	sample_drop(&s);
	return 0;
}
#endif

int main(void)
{
#ifdef SQ_TEST_HOOKS
	return run();
#else
	printf("SKIP: needs --enable-test-hooks\n");
	return 77;
#endif
}
