/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * cli — what all subcommands share: the options everybody has, the connection,
 * and how errors become messages and exit statuses.
 * Ownership: main() owns the one struct sq_cli; a reply is its caller's.
 * Threads:   the main thread, but for the progress display (progress.h).
 */
#include <stdbool.h>

#include <sqry/sqry.h>

#include "base/str.h"

/* exit statuses (protocol preamble); errors are those of sysexits.h */
enum { SQ_EXIT_FOUND = 0, SQ_EXIT_NOT_FOUND = 1, SQ_EXIT_USAGE = 2 };

struct sq_rows;
struct sq_cli {
	const char *command;            /* "sqry search": for messages */
	const char *socket;             /* --socket */
	const char *sqryd;              /* --sqryd-path */
	int start_timeout_ms;           /* 0: the library's default */
	bool json;                      /* --json */
	bool color;                     /* stdout is a terminal that wants it */
	bool is_tty;                    /* stdout is a terminal */
	struct sqry_client *client;     /* NULL until connected */
};

/** sq_cli_error() - "COMMAND: message" on stderr, control characters escaped; with --json
 *  {"error": {"code", "message"}} on stdout too. Return: @status. */
int sq_cli_error(const struct sq_cli *cli, int status, const char *fmt, ...) SQ_PRINTF(3, 4);
/** sq_cli_no_memory() - the error of that name. */
int sq_cli_no_memory(const struct sq_cli *cli);
/** sq_cli_note() - a remark on stderr. */
void sq_cli_note(const char *fmt, ...) SQ_PRINTF(1, 2);

/** sq_cli_connect() - once; starts the daemon when @autostart. Return: 0, or an exit status with
 *  the message printed (but for SQRY_E_NOT_RUNNING when @ret_down is given: it is set). */
int sq_cli_connect(struct sq_cli *cli, bool autostart, bool *ret_down);
/**
 * sq_cli_call() - a call without time limit on the connection.
 * @params: consumed
 * Return: 0 with @ret_reply; an exit status with the message printed.
 */
int sq_cli_call(struct sq_cli *cli, const char *method, struct sqry_params *params,
		struct sqry_reply **ret_reply);
/** sq_cli_call_within() - as sq_cli_call() within @timeout_ms; when that is over, @ret_late is set,
 *  nothing is printed and EX_TEMPFAIL returned. */
int sq_cli_call_within(struct sq_cli *cli, const char *method, struct sqry_params *params,
		       int timeout_ms, struct sqry_reply **ret_reply, bool *ret_late);
/**
 * sq_cli_ask() - as sq_cli_call(), but a workspace that is not loaded is loaded first.
 * @make: builds the parameters, once for each attempt. @path: absolute; what the call is about
 */
int sq_cli_ask(struct sq_cli *cli, const char *method, struct sqry_params *(*make)(const void *arg),
	       const void *arg, const char *path, struct sqry_reply **ret_reply);
/** sq_cli_load() - daemon/load of an absolute path with a progress display. 0 or an exit status. */
int sq_cli_load(struct sq_cli *cli, const char *path, struct sqry_reply **ret_reply);
/** sq_cli_text() - a member's text; "" when it is absent or none. */
const char *sq_cli_text(const struct sqry_value *v, const char *key);
/** sq_cli_number() - a member's number; 0 when it is absent or none. */
long long sq_cli_number(const struct sqry_value *v, const char *key);
/** sq_cli_count() - the same of what cannot be negative. */
uint64_t sq_cli_count(const struct sqry_value *v, const char *key);
/** sq_cli_print_rows() - to stdout, and gone. 0 or an exit status. */
int sq_cli_print_rows(const struct sq_cli *cli, struct sq_rows *rows);
/** sq_cli_print_line() - to stdout with its end of line, and gone. 0 or an exit status. */
int sq_cli_print_line(const struct sq_cli *cli, struct sq_buf *line);
/** sq_cli_print_json() - the reply as JSON on stdout. */
int sq_cli_print_json(const struct sq_cli *cli, const struct sqry_reply *reply);
/** sq_cli_warn_stale() - banners for what the reply's meta says about its age. */
void sq_cli_warn_stale(const struct sqry_reply *reply);

/**
 * sq_cli_directory() - the absolute path of a directory given by the user (NULL: the current one).
 * Return: 0 with @ret_path (to be freed with free()); EX_NOINPUT with the message printed.
 */
int sq_cli_directory(const struct sq_cli *cli, const char *dir, char **ret_path);

/* subcommands: an exit status; argv[0] is the subcommand */
int sq_cmd_index(struct sq_cli *cli, int argc, char **argv);
int sq_cmd_changes(struct sq_cli *cli, int argc, char **argv);   /* of sqry daemon */
int sq_cmd_search(struct sq_cli *cli, int argc, char **argv);
int sq_cmd_query(struct sq_cli *cli, int argc, char **argv);
int sq_cmd_graph(struct sq_cli *cli, int argc, char **argv);
int sq_cmd_daemon(struct sq_cli *cli, int argc, char **argv);
