/* SPDX-License-Identifier: MIT */
/*
 * Source text: the first byte chooses the language, the rest is the file.
 * Facts hold their invariants and are the same when made twice.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "lang/lang.h"

static struct sq_lang_registry *registry;
static struct sq_extractor *extractor;

/* a digit or what follows, so that an input can be read */
static int head(const char *path)
{
	enum sq_lang lang = sq_lang_detect(sq_slice_z(path));

	return lang == SQ_LANG_NONE ? -1 : '0' + (int)lang;
}

const struct fuzz_fixtures fuzz_fixtures = { .dir = "lang", .head = head };
static_assert('0' % SQ_LANG_MAX == 0, "head() says what data[0] means");

static void must(bool ok)
{
	if (!ok)
		abort();
}

static void set_up(void)
{
	if (extractor)
		return;
	must(!sq_lang_registry_new(NULL, &registry));
	must(!sq_extractor_new(registry, &extractor));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sq_extract_limits limits;
	struct sq_facts f, again;
	struct sq_slice bytes;
	enum sq_lang lang;

	set_up();
	if (!size)
		return 0;
	lang = (enum sq_lang)(data[0] % SQ_LANG_MAX);
	bytes = sq_slice((const char *)data + 1, size - 1);
	sq_extract_limits_default(&limits);
	limits.watchdog_ns = 0;
	limits.max_depth = 200;
	if (sq_extract(extractor, lang, bytes, &limits, &f))
		return 0;
	must(!sq_facts_check(&f));
	must(!sq_extract(extractor, lang, bytes, &limits, &again));
	must(f.n_bytes == again.n_bytes && !memcmp(f.blob, again.blob, f.n_bytes));
	sq_facts_deinit(&f);
	sq_facts_deinit(&again);
	return 0;
}
