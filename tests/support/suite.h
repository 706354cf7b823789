/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * suite — the end of every test program's main: run all, tell how it went.
 * Threads: main.
 */
#include <check.h>

/** suite_run() - run and free @s; CK_VERBOSITY is obeyed. Return: an exit status. */
static inline int suite_run(Suite *s)
{
	SRunner *r = srunner_create(s);
	int n_failed;

	srunner_run_all(r, CK_ENV);
	n_failed = srunner_ntests_failed(r);
	srunner_free(r);
	return n_failed != 0;
}
