/* SPDX-License-Identifier: MIT */
#ifndef SQRY_CLIENT_H
#define SQRY_CLIENT_H
/*
 * client — a connection to sqryd: one call at a time, one reply a call.
 * Ownership: a client and a reply belong to their caller; a reply outlives
 *            its client.
 * Threads:   a client is used by one thread at a time; several clients are
 *            independent. No global state, no signal is raised (SIGPIPE
 *            included), no handler installed. Starting a daemon makes a child
 *            process and waits for it.
 * Errors:    <0 is -errno: the machine (memory, sockets). 0 is success. >0 is
 *            one of the conditions below. A message for people is in
 *            struct sqry_failure; nothing is printed.
 */
#include <stddef.h>

#include <sqry/params.h>
#include <sqry/value.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SQRY_VERSION "0.1.0"

enum sqry_condition {
	SQRY_E_NOT_RUNNING = 1, /* nobody listens on the socket */
	SQRY_E_START,           /* the daemon could not be started; exit status in .code */
	SQRY_E_INCOMPATIBLE,    /* the daemon speaks another protocol or envelope */
	SQRY_E_PROTOCOL,        /* the other side broke the protocol; the client is closed */
	SQRY_E_TIMEOUT,         /* no answer in time; a later call skips the late answer */
	SQRY_E_CLOSED,          /* the daemon closed the connection */
	SQRY_E_REMOTE           /* the daemon answered with an error; the reply has it */
};

/* error codes of the daemon, as sqry_reply_code() gives them */
#define SQRY_CODE_TOOL_TIMEOUT (-32000)
#define SQRY_CODE_BUILD_FAILED (-32001)
#define SQRY_CODE_STALE_EXPIRED (-32002)
#define SQRY_CODE_MEMORY_BUDGET (-32003)
#define SQRY_CODE_NOT_LOADED (-32004)
#define SQRY_CODE_INCOMPATIBLE_GRAPH (-32005)
#define SQRY_CODE_OVERSIZE (-32006)
#define SQRY_CODE_SOCKET_SETUP (-32007)
#define SQRY_CODE_INVALID_REQUEST (-32600)
#define SQRY_CODE_METHOD_NOT_FOUND (-32601)
#define SQRY_CODE_INVALID_PARAMS (-32602)
#define SQRY_CODE_INTERNAL (-32603)

/* what went wrong, for people; filled in whenever a function does not return 0 */
struct sqry_failure {
	int code;               /* JSON-RPC code or exit status where there is one, else 0 */
	char message[512];
};

/* how to connect; set .size and what differs: struct sqry_options o = SQRY_OPTIONS_INIT; */
struct sqry_options {
	size_t size;            /* sizeof(struct sqry_options) of the caller's header */
	const char *socket_path;        /* NULL: as sqry_socket_path() finds it */
	const char *client_name;        /* sent in the hello; NULL: "libsqry" and its version */
	int connect_timeout_ms;         /* 0: 5,000 */
	int hello_timeout_ms;           /* 0: 5,000 */
	/* start the daemon when it does not run: */
	bool autostart;
	const char *sqryd_path;         /* NULL: $SQRYD_PATH, beside this executable, $PATH */
	int start_timeout_ms;           /* 0: 12,000 */
};
#define SQRY_OPTIONS_INIT { sizeof(struct sqry_options), 0, 0, 0, 0, false, 0, 0 }

struct sqry_client;
struct sqry_reply;

/** sqry_version() - version of the library at run time. */
const char *sqry_version(void);

/**
 * sqry_socket_path() - where the daemon listens: $SQRY_DAEMON_SOCKET, else the
 * configured [socket] path (sqryd.conf(5)), else
 * $XDG_RUNTIME_DIR/sqry/sqryd.sock, else $TMPDIR/sqry-UID/sqryd.sock, else
 * /tmp/sqry-UID/sqryd.sock.
 * Return: 0; -ENAMETOOLONG: longer than @cap or than a socket's path may be (107 bytes).
 */
int sqry_socket_path(char *ret_path, size_t cap);

/**
 * sqry_connect() - connect and exchange hellos.
 * @options: NULL: defaults. @ret_failure: may be NULL.
 * Return: 0; SQRY_E_NOT_RUNNING, _START, _INCOMPATIBLE, _PROTOCOL, _TIMEOUT, _CLOSED; -errno.
 */
int sqry_connect(const struct sqry_options *options, struct sqry_client **ret_client,
		 struct sqry_failure *ret_failure);
/** sqry_client_free() - close; accepts NULL. Return: NULL. */
struct sqry_client *sqry_client_free(struct sqry_client *c);
/** sqry_client_daemon_version() - as the daemon said in its hello. */
const char *sqry_client_daemon_version(const struct sqry_client *c);

/**
 * sqry_call() - call a method and wait for its reply.
 * @params_json: a JSON object, or NULL for none
 * @timeout_ms: of the whole call; negative: none
 * @ret_reply: set when 0 or SQRY_E_REMOTE is returned, untouched otherwise
 * Return: 0; SQRY_E_REMOTE, _PROTOCOL, _TIMEOUT, _CLOSED; -EMSGSIZE: the request is over 64 MiB; -errno.
 */
int sqry_call(struct sqry_client *c, const char *method, const char *params_json, int timeout_ms,
	      struct sqry_reply **ret_reply, struct sqry_failure *ret_failure);

/** sqry_reply_free() - accepts NULL. Return: NULL. */
struct sqry_reply *sqry_reply_free(struct sqry_reply *r);
/** sqry_reply_result() - what the method answered; NULL for an error. */
const struct sqry_value *sqry_reply_result(const struct sqry_reply *r);
/** sqry_reply_meta() - {stale, daemon_version, as_of?, pending_files?, ...}; NULL for an error. */
const struct sqry_value *sqry_reply_meta(const struct sqry_reply *r);
/** sqry_reply_code(), _message(), _data() - of an error; 0, "" and NULL for a result. */
int sqry_reply_code(const struct sqry_reply *r);
const char *sqry_reply_message(const struct sqry_reply *r);
const struct sqry_value *sqry_reply_data(const struct sqry_reply *r);
/** sqry_reply_text() - one JSON object for people and scripts: the result's members and
 *  "meta", or {"error": {...}}. @indent as in sqry_value_text(). To be freed with sqry_free();
 *  NULL when out of memory. */
char *sqry_reply_text(const struct sqry_reply *r, unsigned indent);

#ifdef __cplusplus
}
#endif
#endif
