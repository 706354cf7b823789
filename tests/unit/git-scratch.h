/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * git-scratch — shell scripts with git in a scratch tree: nobody's
 * configuration, fixed names and dates. Needs the git command.
 */
#include <stdbool.h>
#include <sys/wait.h>

#include "tree-scratch.h"

static inline bool git_is_there(void)
{
	return !system("git --version >/dev/null 2>&1");
}

static inline void git_environment(const char *home)
{
	static const char *const env[][2] = {
		{ "GIT_CONFIG_NOSYSTEM", "1" },
		{ "GIT_AUTHOR_NAME", "T" }, { "GIT_AUTHOR_EMAIL", "t@example.org" },
		{ "GIT_COMMITTER_NAME", "T" }, { "GIT_COMMITTER_EMAIL", "t@example.org" },
		{ "GIT_AUTHOR_DATE", "2024-01-02T03:04:05Z" }, { "GIT_COMMITTER_DATE", "2024-01-02T03:04:05Z" },
		{ "GIT_EDITOR", "true" }, { "GIT_ALLOW_PROTOCOL", "file" }, { "GIT_PAGER", "cat" },
	};

	for (size_t i = 0; i < sizeof(env) / sizeof(env[0]); i++)
		setenv(env[i][0], env[i][1], 1);
	setenv("HOME", home, 1);
	unsetenv("XDG_CONFIG_HOME");
	unsetenv("GIT_DIR");
}

/* run @script in the tree, quietly. Failures end the test */
static inline void git_sh(struct scratch *s, const char *script)
{
	int status;
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (!pid) {
		if (chdir(s->path))
			_exit(126);
		git_environment(s->path);
		execl("/bin/sh", "sh", "-ec", script, (char *)NULL);
		_exit(127);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_msg(WIFEXITED(status) && !WEXITSTATUS(status), "%s: %d", script, status);
}
