/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "daemon/config.h"
#include "daemon/control.h"
#include "daemon/detach.h"
#include "daemon/instance.h"
#include "daemon/run.h"
#include "proto/json.h"
#include "sys/fd.h"
#include "sys/notify.h"

#define EXIT_AUTO_START_TIMEOUT 69
#define EXIT_ALREADY_RUNNING 75

struct options {
	const char *config_path, *log_level;
	bool detach, json;
	unsigned stop_timeout_secs;
};

static const char usage_text[] =
	"Usage: sqryd [OPTION]... COMMAND\n"
	"Keep live code graphs of source trees and answer questions about them.\n"
	"\n"
	"Commands:\n"
	"  start [--detach]            serve; with --detach in the background, when it is ready\n"
	"  foreground                  serve in the foreground, log to standard error\n"
	"  stop [--timeout-secs N]     stop the daemon of this socket and wait for its end (15)\n"
	"  status [--json]             show what it serves\n"
	"  print-config                show the effective configuration\n"
	"\n"
	"Options:\n"
	"  --config FILE               read this configuration file and no other\n"
	"  --log-level LEVEL           error, warning, notice, info or debug\n"
	"  --help, --version [--verbose]\n"
	"\n"
	"The socket is SQRY_DAEMON_SOCKET, or $XDG_RUNTIME_DIR/sqry/sqryd.sock, or\n"
	"${TMPDIR:-/tmp}/sqry-UID/sqryd.sock. Exit status: 0 ok, 2 usage, 69 not ready in\n"
	"time, 73 input or output, 75 already running, 78 configuration, 70 anything else.\n";

static int print_version(bool verbose)
{
	printf("sqryd %s\n", PACKAGE_VERSION);
	if (verbose)
		printf("systemd notification: %s\ntest hooks: %s\n", sq_notify_is_built() ? "yes" : "no",
#ifdef SQ_TEST_HOOKS
		       "yes"
#else
		       "no"
#endif
		       );
	return EXIT_SUCCESS;
}

static int complain(int code, const char *text)
{
	fprintf(stderr, "sqryd: %s\n", text);
	return code;
}

static int load_config(const struct options *o, struct sq_config *ret_c)
{
	struct sq_config_error err;
	int r = sq_config_load(o->config_path, ret_c, &err);

	if (r < 0)
		return complain(EX_OSERR, strerror(-r));
	if (r > 0)
		return complain(EX_CONFIG, err.text);
	if (o->log_level && sq_config_set(ret_c, "daemon", "log_level", o->log_level, &err)) {
		sq_config_deinit(ret_c);
		return complain(2, err.text);
	}
	return 0;
}

static int open_instance(const struct sq_config *c, struct sq_instance *ret_i)
{
	struct sq_instance_error err;
	int r = sq_instance_init(c->socket_path, ret_i, &err);

	if (r < 0)
		return complain(EX_SOFTWARE, strerror(-r));
	return r ? complain(EX_CANTCREAT, err.text) : 0;
}

static int instance_exit(int r, const struct sq_instance_error *err)
{
	if (r < 0)
		return complain(EX_SOFTWARE, strerror(-r));
	return complain(r == SQ_INSTANCE_E_RUNNING ? EXIT_ALREADY_RUNNING : EX_CANTCREAT, err->text);
}

/* ---- serving ------------------------------------------------------------------- */

struct ready_arg { const struct sq_config *config; struct sq_instance *instance; bool is_detached; };

static void ready(void *arg)
{
	const struct ready_arg *a = arg;
	int null;

	if (a->is_detached && !a->config->log_file) {
		null = open("/dev/null", O_WRONLY | O_CLOEXEC);
		if (null >= 0)
			(void)dup2(null, STDERR_FILENO);   /* the terminal is not ours any more */
		sq_fd_close(null);
	}
	sq_instance_mark_ready(a->instance);
	sq_detach_ready();
}

static int open_log(const struct sq_config *c, const char *path, int *ret_fd)
{
	int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0) {
		fprintf(stderr, "sqryd: cannot open log file %s: %s\n", path, strerror(errno));
		return EX_CANTCREAT;
	}
	(void)c;
	sq_log_set_fd(fd);
	*ret_fd = fd;
	return 0;
}

static int take_lock(struct sq_instance *i)
{
	struct sq_instance_error err;
	int fd = sq_detach_lock_fd();
	int r = fd >= 0 ? sq_instance_adopt(i, fd, &err) : sq_instance_lock(i, &err);

	return r ? instance_exit(r, &err) : 0;
}

static int serve_locked(struct sq_config *c, struct sq_instance *i, bool is_detached)
{
	struct ready_arg arg = { .config = c, .instance = i, .is_detached = is_detached };
	struct sq_instance_error err;
	int r = sq_instance_bind(i, &err);

	if (r)
		return instance_exit(r, &err);
	r = sq_daemon_run(c, i->socket_path, i->listen_fd, ready, &arg);
	if (r < 0)
		return complain(EX_SOFTWARE, strerror(-r));
	return EXIT_SUCCESS;
}

/* @log_path: where to log when the configuration says nothing, NULL standard error */
static int serve(struct sq_config *c, struct sq_instance *i, bool is_detached, const char *log_path)
{
	int log_fd = -1, r;

	sq_log_set_level(c->log_level);
	(void)umask(0077);
	r = take_lock(i);
	if (!r && (c->log_file || log_path))
		r = open_log(c, c->log_file ? c->log_file : log_path, &log_fd);
	if (!r)
		r = serve_locked(c, i, is_detached);
	sq_log_set_fd(STDERR_FILENO);
	sq_fd_close(log_fd);
	return r;
}

static int detach(const struct options *o, const struct sq_config *c, struct sq_instance *i)
{
	char *argv[8] = { (char *)"sqryd" };
	struct sq_instance_error err;
	int n = 1, code = EX_SOFTWARE, r;

	if (o->config_path) {
		argv[n++] = (char *)"--config";
		argv[n++] = (char *)o->config_path;
	}
	if (o->log_level) {
		argv[n++] = (char *)"--log-level";
		argv[n++] = (char *)o->log_level;
	}
	argv[n++] = (char *)"start";
	argv[n++] = (char *)"--spawned";
	r = sq_instance_lock(i, &err);
	if (r)
		return instance_exit(r, &err);
	r = sq_detach_run(i, argv, c->auto_start_ready_timeout_secs, &code);
	if (r < 0)
		return complain(EX_OSERR, strerror(-r));
	if (r == SQ_DETACH_E_TIMEOUT)
		return complain(EXIT_AUTO_START_TIMEOUT, "the daemon was not ready in time and was ended");
	return r == SQ_DETACH_E_DIED ? code : EXIT_SUCCESS;
}

/* ---- commands -------------------------------------------------------------------- */

enum command { CMD_START, CMD_SPAWNED, CMD_FOREGROUND, CMD_STOP, CMD_STATUS };

static int run_on_instance(enum command cmd, const struct options *o, struct sq_config *c, struct sq_instance *i)
{
	switch (cmd) {
	case CMD_START:
		return o->detach ? detach(o, c, i) : serve(c, i, false, NULL);
	case CMD_SPAWNED:
		return serve(c, i, true, i->log_path);
	case CMD_FOREGROUND:
		return serve(c, i, false, NULL);
	case CMD_STOP:
		return sq_control_stop(i, o->stop_timeout_secs);
	default:
		return sq_control_status(i, o->json);
	}
}

static int run_command(enum command cmd, const struct options *o)
{
	struct sq_instance i;
	struct sq_config c;
	int r = load_config(o, &c);

	if (r)
		return r;
	r = open_instance(&c, &i);
	if (!r) {
		r = run_on_instance(cmd, o, &c, &i);
		sq_instance_deinit(&i);
	}
	sq_config_deinit(&c);
	return r;
}

static int print_config(const struct options *o)
{
	struct sq_config c;
	int r = load_config(o, &c);

	if (r)
		return r;
	sq_config_print(&c, stdout);
	sq_config_deinit(&c);
	return fflush(stdout) ? EX_IOERR : EXIT_SUCCESS;
}

static int bad_usage(const char *what)
{
	fprintf(stderr, "sqryd: %s\nTry 'sqryd --help'.\n", what);
	return 2;
}

static int dispatch(char **argv, int argc, const struct options *o, bool spawned)
{
	static const struct { const char *name; enum command cmd; } commands[] = {
		{ "start", CMD_START }, { "foreground", CMD_FOREGROUND }, { "stop", CMD_STOP }, { "status", CMD_STATUS },
	};

	if (argc != 1)
		return bad_usage(argc ? "one command at a time" : "a command is missing");
	if (!strcmp(argv[0], "print-config"))
		return print_config(o);
	for (size_t i = 0; i < SQ_ARRAY_SIZE(commands); i++)
		if (!strcmp(argv[0], commands[i].name))
			return run_command(spawned ? CMD_SPAWNED : commands[i].cmd, o);
	return bad_usage("unknown command");
}

static int parse_seconds(const char *text, unsigned *ret_n)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	if (end == text || *end || text[0] == '-' || n > 3600)
		return -EINVAL;
	*ret_n = (unsigned)n;
	return 0;
}

int main(int argc, char **argv)
{
	enum { OPT_CONFIG = 256, OPT_LEVEL, OPT_DETACH, OPT_JSON, OPT_TIMEOUT, OPT_SPAWNED, OPT_BY_CLIENT, OPT_VERBOSE };
	static const struct option longs[] = {
		{ "help", no_argument, NULL, 'h' }, { "version", no_argument, NULL, 'V' },
		{ "verbose", no_argument, NULL, OPT_VERBOSE },
		{ "config", required_argument, NULL, OPT_CONFIG },
		{ "log-level", required_argument, NULL, OPT_LEVEL },
		{ "detach", no_argument, NULL, OPT_DETACH }, { "json", no_argument, NULL, OPT_JSON },
		{ "timeout-secs", required_argument, NULL, OPT_TIMEOUT },
		{ "spawned", no_argument, NULL, OPT_SPAWNED },
		{ "spawned-by-client", no_argument, NULL, OPT_BY_CLIENT },
		{ NULL, 0, NULL, 0 },
	};
	struct options o = { .stop_timeout_secs = 15 };
	bool spawned = false, version = false, verbose = false;
	int opt;

	while ((opt = getopt_long(argc, argv, "hV", longs, NULL)) != -1) {
		switch (opt) {
		case 'h':
			fputs(usage_text, stdout);
			return fflush(stdout) ? EX_IOERR : EXIT_SUCCESS;
		case 'V': version = true; break;
		case OPT_VERBOSE: verbose = true; break;
		case OPT_CONFIG: o.config_path = optarg; break;
		case OPT_LEVEL: o.log_level = optarg; break;
		case OPT_DETACH: o.detach = true; break;
		case OPT_JSON: o.json = true; break;
		case OPT_SPAWNED: spawned = true; break;
		case OPT_BY_CLIENT: break;   /* says who asked; nothing depends on it */
		case OPT_TIMEOUT:
			if (parse_seconds(optarg, &o.stop_timeout_secs) < 0)
				return bad_usage("--timeout-secs takes a number of seconds up to 3600");
			break;
		default:
			return 2;
		}
	}
	if (version)
		return print_version(verbose);
	(void)signal(SIGPIPE, SIG_IGN);
	return dispatch(argv + optind, argc - optind, &o, spawned);
}
