/* SPDX-License-Identifier: MIT */
#include "sqry/client.h"

#include <stdio.h>
#include <sys/un.h>

#include "base/error.h"
#include "client/channel.h"
#include "client/reply.h"
#include "client/start.h"
#include "proto/frame.h"
#include "proto/hello.h"
#include "proto/rpc.h"

#define DEFAULT_TIMEOUT_MS 5000
#define DEFAULT_START_TIMEOUT_MS 12000

struct sqry_client {
	struct sq_channel channel;
	char daemon_version[64];
	uint64_t last_id;
};

const char *sqry_version(void)
{
	return PACKAGE_VERSION;
}

static int SQ_PRINTF(3, 4)
fail(struct sqry_failure *f, int r, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(f->message, sizeof(f->message), fmt, ap);
	va_end(ap);
	return r;
}

/* a message for what has none yet */
static int explain(struct sqry_failure *f, int r, const char *doing)
{
	if (!r || f->message[0])
		return r;
	switch (r) {
	case SQRY_E_TIMEOUT:
		return fail(f, r, "%s: the daemon did not answer in time", doing);
	case SQRY_E_CLOSED:
		return fail(f, r, "%s: the daemon closed the connection", doing);
	case SQRY_E_PROTOCOL:
		return fail(f, r, "%s: the answer is not what the protocol says",
			    doing);
	default:
		return fail(f, r, "%s: %s", doing, strerror(r < 0 ? -r : EPROTO));
	}
}

/* ---- connecting -------------------------------------------------------------- */

/* a caller built against an older, shorter struct gets zeroes for the rest */
static void copy_options(const struct sqry_options *from,
			 struct sqry_options *to)
{
	memset(to, 0, sizeof(*to));
	if (from)
		memcpy(to, from, SQ_MIN(from->size, sizeof(*to)));
	to->size = sizeof(*to);
	if (to->connect_timeout_ms <= 0)
		to->connect_timeout_ms = DEFAULT_TIMEOUT_MS;
	if (to->hello_timeout_ms <= 0)
		to->hello_timeout_ms = DEFAULT_TIMEOUT_MS;
	if (to->start_timeout_ms <= 0)
		to->start_timeout_ms = DEFAULT_START_TIMEOUT_MS;
}

static int read_hello(struct sqry_client *c, struct sq_slice body,
		      struct sqry_failure *f)
{
	struct sq_json_doc *doc = NULL;
	const struct sq_json *root, *message;
	struct sq_slice version;
	int64_t envelope;
	int r = sq_json_parse(body, &doc, NULL, 0);

	if (r)
		return r < 0 ? r : SQRY_E_PROTOCOL;
	root = sq_json_root(doc);
	message = sq_json_get(sq_json_get(root, "error"), "message");
	envelope = sq_json_int(sq_json_get(root, "envelope_version"), -1);
	version = sq_json_string(sq_json_get(root, "daemon_version"));
	snprintf(c->daemon_version, sizeof(c->daemon_version), "%s", version.p);
	if (message)
		r = fail(f, SQRY_E_PROTOCOL, "the daemon refused the connection: "
			 "%s", sq_json_string(message).p);
	else if (envelope != SQ_ENVELOPE_VERSION)
		r = fail(f, SQRY_E_INCOMPATIBLE, "the daemon (version %s) speaks "
			 "envelope %lld, this client %d; restart it with "
			 "\"sqry daemon stop\"", c->daemon_version,
			 (long long)envelope, SQ_ENVELOPE_VERSION);
	else if (!sq_json_bool(sq_json_get(root, "compatible"), false))
		r = fail(f, SQRY_E_INCOMPATIBLE, "the daemon (version %s) does not "
			 "speak protocol %d; restart it with \"sqry daemon stop\"",
			 c->daemon_version, SQ_PROTOCOL_VERSION);
	sq_json_doc_free(doc);
	return r;
}

static int exchange_hellos(struct sqry_client *c, const struct sqry_options *o,
			   struct sqry_failure *f)
{
	uint64_t deadline = sq_channel_deadline(o->hello_timeout_ms);
	struct sq_buf b = SQ_BUF_NULL;
	struct sq_slice body;
	size_t at = sq_frame_begin(&b);
	int r;

	sq_hello_request(&b, o->client_name ? o->client_name :
			     "libsqry " PACKAGE_VERSION);
	(void)sq_frame_end(&b, at); /* a hello is far below the limit */
	r = sq_buf_error(&b);
	if (!r)
		r = sq_channel_send(&c->channel, sq_buf_slice(&b), deadline);
	if (!r || r == SQRY_E_CLOSED) /* it may have said why before it closed */
		r = sq_channel_next(&c->channel, deadline, &body);
	if (!r)
		r = read_hello(c, body, f);
	sq_buf_deinit(&b);
	return r;
}

static int open_or_start(struct sqry_client *c, const struct sqry_options *o,
			 const char *path, struct sqry_failure *f)
{
	struct sq_start start = {
		.socket = path, .sqryd_path = o->sqryd_path,
		.is_default_socket = !o->socket_path,
		.timeout_ms = o->start_timeout_ms,
		.connect_timeout_ms = o->connect_timeout_ms,
	};
	int r = sq_channel_open(&c->channel, path, o->connect_timeout_ms);

	if (r == SQRY_E_NOT_RUNNING && o->autostart)
		r = sq_start_daemon(&start, &c->channel, f);
	if (r == SQRY_E_NOT_RUNNING)
		return fail(f, r, "no daemon listens on %s; start it with "
			    "\"sqry daemon start\"", path);
	if (r < 0)
		return fail(f, r, "cannot connect to %s: %s", path, strerror(-r));
	return r;
}

int sqry_connect(const struct sqry_options *options,
		 struct sqry_client **ret_client,
		 struct sqry_failure *ret_failure)
{
	struct sqry_failure dummy, *f = ret_failure ? ret_failure : &dummy;
	char path[sizeof(((struct sockaddr_un *)NULL)->sun_path)];
	struct sqry_options o;
	struct sqry_client *c;
	int r;

	*f = (struct sqry_failure){ 0 };
	copy_options(options, &o);
	r = o.socket_path ? 0 : sqry_socket_path(path, sizeof(path));
	if (o.socket_path && (size_t)snprintf(path, sizeof(path), "%s",
					      o.socket_path) >= sizeof(path))
		r = -ENAMETOOLONG;
	if (r < 0)
		return fail(f, r, "the path of the socket is longer than 107 "
			    "bytes; set SQRY_DAEMON_SOCKET to a shorter one");
	c = sq_calloc(1, sizeof(*c));
	if (!c)
		return explain(f, -ENOMEM, "connect");
	c->channel.fd = -1;
	r = open_or_start(c, &o, path, f);
	if (!r)
		r = exchange_hellos(c, &o, f);
	if (r) {
		sqry_client_free(c);
		return explain(f, r, "connect");
	}
	*ret_client = c;
	return 0;
}

struct sqry_client *sqry_client_free(struct sqry_client *c)
{
	if (c) {
		sq_channel_close(&c->channel);
		sq_free(c);
	}
	return NULL;
}

const char *sqry_client_daemon_version(const struct sqry_client *c)
{
	return c->daemon_version;
}

/* ---- calling ------------------------------------------------------------------ */

static int send_request(struct sqry_client *c, const char *method,
			const char *params_json, uint64_t deadline)
{
	struct sq_buf b = SQ_BUF_NULL;
	size_t at = sq_frame_begin(&b);
	int r;

	sq_rpc_request(&b, ++c->last_id, method, sq_slice_z(params_json));
	r = sq_frame_end(&b, at) ? -EMSGSIZE : sq_buf_error(&b);
	if (!r) {
		r = sq_channel_send(&c->channel, sq_buf_slice(&b), deadline);
		/* a frame sent in part leaves nothing to be said after it */
		if (r)
			sq_channel_close(&c->channel);
	}
	sq_buf_deinit(&b);
	return r;
}

/* answers to earlier calls that timed out are skipped */
static int await_reply(struct sqry_client *c, uint64_t deadline,
		       struct sqry_reply **ret_reply)
{
	struct sq_slice body;
	int r;

	for (;;) {
		r = sq_channel_next(&c->channel, deadline, &body);
		if (r)
			return r;
		r = sq_reply_decode(body, c->last_id, ret_reply);
		if (r == SQ_REPLY_E_BROKEN)
			return SQRY_E_PROTOCOL;
		if (r != SQ_REPLY_E_OTHER)
			return r;
	}
}

int sqry_call(struct sqry_client *c, const char *method,
	      const char *params_json, int timeout_ms,
	      struct sqry_reply **ret_reply, struct sqry_failure *ret_failure)
{
	struct sqry_failure dummy, *f = ret_failure ? ret_failure : &dummy;
	uint64_t deadline = sq_channel_deadline(timeout_ms);
	struct sqry_reply *reply = NULL;
	int r;

	*f = (struct sqry_failure){ 0 };
	if (c->channel.fd < 0)
		return explain(f, SQRY_E_CLOSED, method);
	r = send_request(c, method, params_json, deadline);
	if (!r)
		r = await_reply(c, deadline, &reply);
	if (r == SQRY_E_PROTOCOL || r == SQRY_E_CLOSED)
		sq_channel_close(&c->channel);
	if (r)
		return explain(f, r, method);
	*ret_reply = reply;
	f->code = sqry_reply_code(reply);
	if (!sqry_reply_result(reply))
		return fail(f, SQRY_E_REMOTE, "%s", sqry_reply_message(reply));
	return 0;
}
