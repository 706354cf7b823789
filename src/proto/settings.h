/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * settings — the configuration files: which ones there are, and what they say.
 * The daemon takes all of it, a client where the socket is.
 * Files: the named one alone, else /etc/sqry/sqryd.conf,
 *        $XDG_CONFIG_HOME/sqry/sqryd.conf, then the *.conf of either
 *        sqryd.conf.d/ in byte order. Later ones win.
 * Syntax: "[section]", "key = value", lines that begin with ; or #, a rest of a
 *        line after " ;". Indentation is free; a line has at most 198 bytes.
 * Threads: no state; reads the environment.
 */
#include <stdbool.h>

#include "base/alloc.h"

struct sq_setting {
	const char *file;
	unsigned line;
	const char *section, *key, *value;   /* valid during the call */
};
/* what is wrong: "FILE:LINE: text" */
struct sq_settings_error { char text[512]; };
enum { SQ_SETTINGS_E_BAD = 1 };

/**
 * sq_settings_read() - every setting in the order of the files.
 * @named: this file and no other, it must exist; NULL: SQRY_DAEMON_CONFIG, else the list above
 * @each:  0; SQ_SETTINGS_E_BAD with the text, to which file and line are added; -errno
 * Return: 0; SQ_SETTINGS_E_BAD; -errno. What came before was handed out.
 */
int sq_settings_read(const char *named,
		     int (*each)(void *arg, const struct sq_setting *s, struct sq_settings_error *err),
		     void *arg, struct sq_settings_error *ret_err) sq_must_check;
