/* SPDX-License-Identifier: MIT */
#include "daemon/serve.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/error.h"
#include "daemon/detach.h"
#include "daemon/run.h"
#include "sys/fd.h"
#include "sys/notify.h"

#define EXIT_ALREADY_RUNNING 75

static int complain(int code, const char *text)
{
	fprintf(stderr, "sqryd: %s\n", text);
	return code;
}

int sq_serve_exit(int r, const struct sq_instance_error *err)
{
	if (!r)
		return EXIT_SUCCESS;
	if (r < 0)
		return complain(EX_SOFTWARE, strerrordesc_np(-r));
	return complain(r == SQ_INSTANCE_E_RUNNING ? EXIT_ALREADY_RUNNING : EX_CANTCREAT, err->text);
}

/* ---- the log ---------------------------------------------------------------------- */

/* the service manager keeps the log: a file of ours would be a second one */
static bool is_managed(void)
{
	return getenv("NOTIFY_SOCKET") || sq_log_is_journal(STDERR_FILENO);
}

/* NULL: standard error */
static const char *log_path(const struct sq_serve *s)
{
	const struct sq_config *c = s->config;

	if (c->log_is_stderr || is_managed())
		return NULL;
	return c->log_file || !s->is_background ? c->log_file : s->instance->log_path;
}

static int open_log(const struct sq_serve *s)
{
	const char *path = log_path(s);

	if (!path) {
		sq_log_set_fd(STDERR_FILENO);
		return 0;
	}
	return sq_log_open(path, s->config->log_max_size_mb << 20, s->config->log_keep_rotations);
}

/* after a reload: the file was moved, or is another one */
static void reopen_log(void *arg)
{
	const struct sq_serve *s = arg;
	int r = open_log(s);

	if (r < 0)
		sq_log_error("cannot open the log file, the old one goes on path=\"%s\" error=\"%s\"", log_path(s),
			     strerrordesc_np(-r));
}

/* ---- serving ------------------------------------------------------------------------ */

static void ready(void *arg)
{
	const struct sq_serve *s = arg;
	int null;

	if (s->is_background && log_path(s)) {
		null = open("/dev/null", O_WRONLY | O_CLOEXEC);
		if (null >= 0)
			(void)dup2(null, STDERR_FILENO);   /* the terminal is not ours any more */
		sq_fd_close(null);
	}
	sq_instance_mark_ready(s->instance);
	sq_detach_ready();
}

/* @ret_replaces: another daemon has it, and it is to be replaced */
static int take_lock(const struct sq_serve *s, bool *ret_replaces)
{
	struct sq_instance *i = s->instance;
	struct sq_instance_error err;
	int fd = sq_detach_lock_fd();
	int r = fd >= 0 ? sq_instance_adopt(i, fd, &err) : sq_instance_lock(i, &err);

	*ret_replaces = s->replaces && r == SQ_INSTANCE_E_RUNNING;
	return *ret_replaces ? 0 : sq_serve_exit(r, &err);
}

static int run_daemon(const struct sq_serve *s, bool replaces)
{
	struct sq_instance *i = s->instance;
	struct sq_run run = {
		.config = s->config, .socket_path = i->socket_path, .ends_idle = s->by_client,
		.instance = i, .replaces = replaces, .ready = ready, .reopen_log = reopen_log, .arg = (void *)s,
	};
	struct sq_instance_error err;
	int r = replaces ? 0 : sq_serve_exit(sq_instance_bind(i, &err), &err);

	if (r)
		return r;
	run.listen_fd = i->listen_fd;
	if (s->config->log_file && is_managed())
		sq_log_notice("log_file is not used, the service manager keeps the log path=\"%s\"", s->config->log_file);
	r = sq_daemon_run(&run);
	if (r == SQ_RUN_E_REPLACED)
		sq_instance_give_away(i);
	return r < 0 ? complain(EX_SOFTWARE, strerrordesc_np(-r)) : EXIT_SUCCESS;
}

int sq_serve(const struct sq_serve *s)
{
	bool replaces;
	int r = take_lock(s, &replaces);

	if (r)
		return r;
	sq_log_set_level(s->config->log_level);
	(void)umask(0077);
	r = open_log(s);
	if (r < 0) {
		fprintf(stderr, "sqryd: cannot open log file %s: %s\n", log_path(s), strerrordesc_np(-r));
		return EX_CANTCREAT;
	}
	r = run_daemon(s, replaces);
	sq_log_set_fd(STDERR_FILENO);
	return r;
}
