/* SPDX-License-Identifier: MIT */
/* Every (state, symbol) of every grammar: the dense table against the generated one. */
#include <dirent.h>
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "language.h"   /* of the core: ts_language_lookup() and what it reads */

#include "base/str.h"
#include "lang/table.h"
#include "../support/suite.h"

static void compare_states(const char *name, const TSLanguage *plain, const TSLanguage *dense)
{
	uint64_t n = 0;

	ck_assert_uint_eq(dense->large_state_count, plain->state_count);
	for (uint32_t state = 0; state < plain->state_count; state++)
		for (uint32_t symbol = 0; symbol < plain->symbol_count; symbol++) {
			uint16_t want = ts_language_lookup(plain, (TSStateId)state, (TSSymbol)symbol);
			uint16_t have = ts_language_lookup(dense, (TSStateId)state, (TSSymbol)symbol);

			n += want != 0;
			if (want != have)
				ck_abort_msg("%s: state %u, symbol %u: %u, not %u", name, state,
					     symbol, have, want);
		}
	ck_assert_uint_gt(n, plain->state_count);
}

static void check_module(const char *path, const char *name)
{
	void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	_cleanup_(sq_freep) char *symbol = sq_asprintf("tree_sitter_%s", name);
	struct sq_table table = SQ_TABLE_NULL;
	const TSLanguage *(*get)(void);
	const TSLanguage *language;

	ck_assert_msg(handle, "%s: %s", path, dlerror());
	*(void **)&get = dlsym(handle, symbol);
	ck_assert_msg(get, "%s has no %s", path, symbol);
	language = get();
	ck_assert_int_eq(sq_table_init(&table, handle, &language), 0);
	ck_assert_msg(language == table.language, "%s was built without a dense table", path);
	compare_states(name, get(), language);
	sq_table_deinit(&table);
	ck_assert_ptr_null(table.rows);
	dlclose(handle);
}

START_TEST(every_grammar)
{
	static const char prefix[] = "sqry-grammar-";
	const char *dir = getenv("SQRYD_GRAMMAR_DIR");
	DIR *d = opendir(dir ? dir : "");
	struct dirent *e;
	unsigned n = 0;

	ck_assert_msg(d, "SQRYD_GRAMMAR_DIR names no directory");
	while ((e = readdir(d))) {
		const char *dot = strrchr(e->d_name, '.');
		_cleanup_(sq_freep) char *path = NULL, *name = NULL;

		if (strncmp(e->d_name, prefix, sizeof(prefix) - 1) || !dot || strcmp(dot, ".so"))
			continue;
		path = sq_asprintf("%s/%s", dir, e->d_name);
		name = sq_strndup(e->d_name + sizeof(prefix) - 1,
				  (size_t)(dot - e->d_name) - (sizeof(prefix) - 1));
		check_module(path, name);
		n++;
	}
	closedir(d);
	ck_assert_uint_ge(n, 10);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("lang/table");
	TCase *tc = tcase_create("table");

	tcase_add_test(tc, every_grammar);
	suite_add_tcase(s, tc);
	return suite_run(s);
}
