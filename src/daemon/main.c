/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "daemon/config.h"
#include "daemon/control.h"
#include "daemon/detach.h"
#include "daemon/doctor.h"
#include "daemon/instance.h"
#include "daemon/serve.h"
#include "daemon/unit.h"
#include "sys/notify.h"

#define EXIT_AUTO_START_TIMEOUT 69
#define REPLACE_TIMEOUT_SECS 1800

struct options {
	const char *config_path, *log_level;
	const char *user;              /* --user */
	bool detach, json, write;
	bool spawned, by_client, replace;
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
	"  print-config                show every value and where it comes from\n"
	"  doctor [--json]             what works on this machine, what does not, what to do\n"
	"  install-systemd-user        print the units of a user's service\n"
	"  install-systemd-system [--user NAME]\n"
	"                              print the units of the system, for NAME or for anybody\n"
	"\n"
	"Options:\n"
	"  --config FILE               read this configuration file and no other\n"
	"  --log-level LEVEL           error, warning, notice, info or debug\n"
	"  --replace                   with start: load what the daemon that runs serves, then take\n"
	"                              its socket and its clients; none of them sees it\n"
	"  --write                     write the units where systemd looks for them\n"
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

/* with the socket that the service manager listens on for us, if it does and we are to serve */
static int open_instance(const struct sq_config *c, bool serves, struct sq_instance *ret_i)
{
	struct sq_instance_error err;
	int fd = -1, r = serves ? sq_notify_listen_fd(&fd) : 0;

	if (r < 0)
		return complain(EX_OSERR, "the service manager passed something that is no listening stream socket");
	r = r ? sq_instance_init_passed(fd, ret_i, &err) : sq_instance_init(c->socket_path, ret_i, &err);
	return sq_serve_exit(r, &err);
}

static int detach(const struct options *o, const struct sq_config *c, struct sq_instance *i)
{
	char *argv[11] = { (char *)"sqryd" };
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
	if (o->by_client)
		argv[n++] = (char *)"--spawned-by-client";
	if (o->replace)
		argv[n++] = (char *)"--replace";
	r = sq_instance_lock(i, &err);
	if (r && !(o->replace && r == SQ_INSTANCE_E_RUNNING))
		return sq_serve_exit(r, &err);
	/* one that replaces another loads what that one serves before it is ready */
	r = sq_detach_run(i, argv, r ? REPLACE_TIMEOUT_SECS : c->auto_start_ready_timeout_secs, &code);
	if (r < 0)
		return complain(EX_OSERR, strerror(-r));
	if (r == SQ_DETACH_E_TIMEOUT)
		return complain(EXIT_AUTO_START_TIMEOUT, "the daemon was not ready in time and was ended");
	return r == SQ_DETACH_E_DIED ? code : EXIT_SUCCESS;
}

/* ---- commands -------------------------------------------------------------------- */

enum command { CMD_START, CMD_FOREGROUND, CMD_STOP, CMD_STATUS };

static int run_on_instance(enum command cmd, const struct options *o, struct sq_config *c, struct sq_instance *i)
{
	const struct sq_serve how = {
		.config = c, .instance = i, .is_background = o->spawned, .by_client = o->by_client,
		.replaces = o->replace,
	};

	switch (cmd) {
	case CMD_START:
		return o->detach ? detach(o, c, i) : sq_serve(&how);
	case CMD_FOREGROUND:
		return sq_serve(&how);
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
	r = open_instance(&c, cmd == CMD_START || cmd == CMD_FOREGROUND, &i);
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

static int print_units(const struct options *o, bool is_system)
{
	struct sq_unit_options u = { .is_system = is_system, .user = o->user };
	struct sq_config c;
	int r = load_config(o, &c);

	if (r)
		return r;
	u.memory_limit_mb = c.memory_limit_mb;
	r = o->write ? sq_unit_install(&u) : sq_unit_print(&u, stdout);
	sq_config_deinit(&c);
	if (r < 0)
		return complain(EX_CANTCREAT, strerrordesc_np(-r));
	return fflush(stdout) ? EX_IOERR : EXIT_SUCCESS;
}

static int doctor(const struct options *o)
{
	struct sq_config_error bad_config = { .text = "out of memory" };
	struct sq_instance_error bad_instance = { .text = "out of memory" };
	struct sq_instance i;
	struct sq_config c;
	bool has_config = !sq_config_load(o->config_path, &c, &bad_config);
	bool has_instance = has_config && !sq_instance_init(c.socket_path, &i, &bad_instance);
	int r = sq_doctor(has_config ? &c : NULL, bad_config.text, has_instance ? &i : NULL, bad_instance.text, o->json);

	if (has_instance)
		sq_instance_deinit(&i);
	if (has_config)
		sq_config_deinit(&c);
	return r;
}

static int bad_usage(const char *what)
{
	fprintf(stderr, "sqryd: %s\nTry 'sqryd --help'.\n", what);
	return 2;
}

static int dispatch(char **argv, int argc, const struct options *o)
{
	static const struct { const char *name; enum command cmd; } commands[] = {
		{ "start", CMD_START }, { "foreground", CMD_FOREGROUND }, { "stop", CMD_STOP }, { "status", CMD_STATUS },
	};

	if (argc != 1)
		return bad_usage(argc ? "one command at a time" : "a command is missing");
	if (!strcmp(argv[0], "print-config"))
		return print_config(o);
	if (!strcmp(argv[0], "doctor"))
		return doctor(o);
	if (!strcmp(argv[0], "install-systemd-user"))
		return o->user ? bad_usage("--user is for install-systemd-system") : print_units(o, false);
	if (!strcmp(argv[0], "install-systemd-system"))
		return print_units(o, true);
	for (size_t i = 0; i < SQ_ARRAY_SIZE(commands); i++)
		if (!strcmp(argv[0], commands[i].name))
			return run_command(commands[i].cmd, o);
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
	enum { OPT_CONFIG = 256, OPT_LEVEL, OPT_DETACH, OPT_JSON, OPT_TIMEOUT, OPT_SPAWNED, OPT_BY_CLIENT, OPT_VERBOSE, OPT_USER, OPT_REPLACE,
	       OPT_WRITE };
	static const struct option longs[] = {
		{ "help", no_argument, NULL, 'h' }, { "version", no_argument, NULL, 'V' },
		{ "verbose", no_argument, NULL, OPT_VERBOSE },
		{ "config", required_argument, NULL, OPT_CONFIG },
		{ "log-level", required_argument, NULL, OPT_LEVEL },
		{ "detach", no_argument, NULL, OPT_DETACH }, { "json", no_argument, NULL, OPT_JSON },
		{ "timeout-secs", required_argument, NULL, OPT_TIMEOUT },
		{ "replace", no_argument, NULL, OPT_REPLACE },
		{ "user", required_argument, NULL, OPT_USER }, { "write", no_argument, NULL, OPT_WRITE },
		{ "spawned", no_argument, NULL, OPT_SPAWNED },
		{ "spawned-by-client", no_argument, NULL, OPT_BY_CLIENT },
		{ NULL, 0, NULL, 0 },
	};
	struct options o = { .stop_timeout_secs = 15 };
	bool version = false, verbose = false;
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
		case OPT_SPAWNED: o.spawned = true; break;
		case OPT_BY_CLIENT: o.by_client = true; break;
		case OPT_REPLACE: o.replace = true; break;
		case OPT_USER: o.user = optarg; break;
		case OPT_WRITE: o.write = true; break;
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
	return dispatch(argv + optind, argc - optind, &o);
}
