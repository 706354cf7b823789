/* SPDX-License-Identifier: MIT */
/*
 * A regular expression, and behind its first newline a text. Checked beyond
 * "no crash": the text matches only when it begins with the prefix and holds one
 * of the literals that the expression needs, as the index of names relies on.
 */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "query/regex.h"

const struct fuzz_fixtures fuzz_fixtures = { .dir = NULL };

static void must(bool ok)
{
	if (!ok)
		abort();
}

/* ASCII case counts only without @icase */
static bool contains(struct sq_slice text, struct sq_slice part, bool icase)
{
	for (size_t i = 0; i + part.n <= text.n; i++) {
		size_t k = 0;

		while (k < part.n && (text.p[i + k] == part.p[k] ||
				      (icase && ((text.p[i + k] ^ part.p[k]) & ~0x20) == 0)))
			k++;
		if (k == part.n)
			return true;
	}
	return false;
}

static void one_regex(struct sq_slice pattern, struct sq_slice text, unsigned flags)
{
	char message[SQ_REGEX_MESSAGE];
	struct sq_regex_needs needs;
	struct sq_regex *re = NULL;
	int r = sq_regex_new_flags(pattern, flags, &re, message);
	bool any = false;

	must(!r || r == SQ_REGEX_E_SYNTAX);
	if (r || text.n > 200) {
		sq_regex_free(re);
		return;
	}
	needs = sq_regex_needs(re);
	for (unsigned i = 0; i < needs.n; i++) {
		must(needs.v[i].n);
		any |= contains(text, needs.v[i], needs.icase);
	}
	if (sq_regex_match(re, text)) {
		must(!needs.n || any);
		must(sq_slice_has_prefix(text, sq_regex_prefix(re)));
	} else {
		must(!needs.is_enough || !any);
	}
	sq_regex_free(re);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *end = size ? memchr(data, '\n', size) : NULL;
	size_t n = end ? (size_t)(end - data) : size;
	struct sq_slice pattern = sq_slice((const char *)data, n);
	struct sq_slice text = end ? sq_slice((const char *)end + 1, size - n - 1) : SQ_SLICE_NULL;

	one_regex(pattern, text, 0);
	one_regex(pattern, text, SQ_REGEXF_ICASE);
	one_regex(pattern, text, SQ_REGEXF_DOT_ALL | SQ_REGEXF_LINES);
	return 0;
}
