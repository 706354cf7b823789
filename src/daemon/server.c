/* SPDX-License-Identifier: MIT */
#include "daemon/server.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/error.h"
#include "daemon/call.h"
#include "daemon/handover.h"
#include "daemon/peer.h"
#include "daemon/spool.h"
#include "proto/frame.h"
#include "proto/hello.h"
#include "sys/fd.h"

/* after a failure of accept (descriptors, memory): it is tried again this much later */
#define ACCEPT_RETRY_NS (100ull * 1000000ull)

enum conn_state { CONN_HELLO, CONN_RPC, CONN_CLOSING /* answers go out, then it ends */, CONN_DEAD };

struct sq_conn {
	struct sq_server *server;
	struct sq_conn *next, **prev;
	enum conn_state state;
	int fd;
	unsigned refs;               /* the list's, armed operations', messages' */
	size_t n_outstanding;
	struct sq_share share;
	struct sq_post turn;         /* the rest of in, when the others had theirs */
	bool turn_is_posted;
	struct sq_buf in;            /* received, from in_used on not yet consumed */
	size_t in_used;
	struct sq_buf out, sending;  /* queued; in the kernel's hands from sent on */
	size_t sent;
	struct sq_op recv_op, send_op;
	bool in_frames;              /* frames are being run: no recursion */
	struct sq_spool *spool;
};
struct sq_server {
	struct sq_daemon *d;
	int listen_fd;               /* borrowed */
	struct sq_op accept_op, retry_op, drain_op, leave_op;
	struct sq_conn *conns;
	struct sq_server_counters n;
	bool is_stopping, is_over;
	struct sq_conn *heir;        /* referenced: connections are passed on over it; NULL: none */
	void (*left)(void *arg);
	void *left_arg;
	unsigned n_live;             /* connections with a reference left */
	void (*done)(void *arg);
	void *done_arg;
};

static void check_drained(struct sq_server *s);
static void check_left(struct sq_server *s);
static void pass_on(struct sq_conn *c);
static void maybe_recv(struct sq_conn *c);
static void maybe_send(struct sq_conn *c);
static void received(struct sq_op *op, int res);
static void sent(struct sq_op *op, int res);

struct sq_conn *sq_conn_ref(struct sq_conn *c)
{
	c->refs++;
	return c;
}

void sq_conn_unref(struct sq_conn *c)
{
	struct sq_server *s = c->server;

	if (--c->refs)
		return;
	c->fd = sq_fd_close(c->fd);
	sq_buf_deinit(&c->in);
	sq_buf_deinit(&c->out);
	sq_buf_deinit(&c->sending);
	sq_free(c);
	s->n_live--;
	check_left(s);
	check_drained(s);
}

struct sq_spool **sq_conn_spool(struct sq_conn *c)
{
	return &c->spool;
}

struct sq_share *sq_conn_share(struct sq_conn *c)
{
	return &c->share;
}

bool sq_conn_is_dead(const struct sq_conn *c)
{
	return c->state == CONN_DEAD;
}

/* every connection's last operation and message has ended, or the time is up */
static void check_drained(struct sq_server *s)
{
	void (*done)(void *) = s->done;

	if (!s->is_stopping || (s->n_live && !s->is_over) || !done)
		return;
	s->done = NULL;
	sq_loop_cancel(s->d->loop, &s->drain_op);
	done(s->done_arg);
}

/* off the list: no further byte in or out, here */
static void conn_forget(struct sq_conn *c)
{
	struct sq_server *s = c->server;

	c->state = CONN_DEAD;
	*c->prev = c->next;
	if (c->next)
		c->next->prev = c->prev;
	s->n.n_connections--;
	sq_loop_cancel(s->d->loop, &c->recv_op);
	sq_loop_cancel(s->d->loop, &c->send_op);
	sq_messages_abandon(s->d, c);
	c->spool = sq_spool_free(c->spool, s->d);
	sq_conn_unref(c);
}

static void conn_close(struct sq_conn *c)
{
	if (c->state == CONN_DEAD)
		return;
	(void)shutdown(c->fd, SHUT_RDWR);   /* the peer may be gone already */
	conn_forget(c);
}

/* everything was answered and taken */
static bool is_quiet(const struct sq_conn *c)
{
	return !c->n_outstanding && !c->out.n && !c->send_op.is_armed;
}

static void maybe_close(struct sq_conn *c)
{
	if (c->state == CONN_CLOSING && is_quiet(c))
		conn_close(c);
	else if (c->server->heir)
		pass_on(c);
}

static void conn_end_input(struct sq_conn *c)
{
	if (c->state == CONN_DEAD)
		return;
	c->state = CONN_CLOSING;
	sq_loop_cancel(c->server->d->loop, &c->recv_op);
	maybe_close(c);
}

/* ---- out ---------------------------------------------------------------------- */

/* a rare large answer's memory is not kept */
static void clear_sent(struct sq_buf *b)
{
	if (b->cap > SQ_CONN_RECV_BYTES * 4)
		sq_buf_deinit(b);
	sq_buf_clear(b);
}

/*
 * At once as far as the socket takes it, which is the whole of nearly every
 * answer: its reader wakes before we do anything else. Answers to requests that
 * came together leave together. A failure is found again by the operation.
 */
static void maybe_send(struct sq_conn *c)
{
	struct sq_buf tmp;
	ssize_t n;

	if (c->state == CONN_DEAD || c->send_op.is_armed || c->in_frames || !c->out.n)
		return;
	n = send(c->fd, c->out.p, c->out.n, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (n > 0 && (size_t)n == c->out.n) {
		clear_sent(&c->out);
		return;
	}
	tmp = c->sending;
	c->sending = c->out;
	c->out = tmp;
	sq_buf_clear(&c->out);
	c->sent = n > 0 ? (size_t)n : 0;
	sq_conn_ref(c);
	sq_loop_send(c->server->d->loop, &c->send_op, c->fd, c->sending.p + c->sent, c->sending.n - c->sent, sent);
}

static struct sq_conn *of_send(struct sq_op *op)
{
	return (struct sq_conn *)(void *)((char *)op - offsetof(struct sq_conn, send_op));
}

static void sent(struct sq_op *op, int res)
{
	struct sq_conn *c = of_send(op);

	if (c->state == CONN_DEAD || res < 0) {
		conn_close(c);
		sq_conn_unref(c);
		return;
	}
	c->sent += (size_t)res;
	if (c->sent < c->sending.n) {
		sq_loop_send(c->server->d->loop, op, c->fd, c->sending.p + c->sent, c->sending.n - c->sent, sent);
		return;
	}
	clear_sent(&c->sending);
	c->sent = 0;
	maybe_send(c);
	maybe_close(c);
	maybe_recv(c);
	sq_conn_unref(c);
}

void sq_conn_send(struct sq_conn *c, struct sq_slice body)
{
	size_t at;

	if (c->state == CONN_DEAD)
		return;
	at = sq_frame_begin(&c->out);
	sq_buf_add_slice(&c->out, body);
	sq_frame_end(&c->out, at);
	if (sq_buf_error(&c->out)) {
		sq_log_error("no memory for an answer, closing its connection bytes=%zu", body.n);
		conn_close(c);
		return;
	}
	maybe_send(c);
}

void sq_conn_message_begins(struct sq_conn *c, size_t n)
{
	c->n_outstanding += n;
	c->server->n.n_outstanding += (unsigned)n;
}

void sq_conn_message_ends(struct sq_conn *c, size_t n)
{
	c->n_outstanding -= n;
	c->server->n.n_outstanding -= (unsigned)n;
	maybe_close(c);
	maybe_recv(c);
}

/* ---- in ----------------------------------------------------------------------- */

static void answer_and_close(struct sq_conn *c, int code, const char *message)
{
	struct sq_buf out = SQ_BUF_NULL;

	c->server->n.n_bad_frames++;
	sq_rpc_error(&out, SQ_LIT("null"), code, sq_slice_z(message), SQ_SLICE_NULL);
	sq_conn_send(c, sq_buf_slice(&out));
	sq_buf_deinit(&out);
	conn_end_input(c);
}

static void answer_hello(struct sq_conn *c, const struct sq_hello *h)
{
	struct sq_buf out = SQ_BUF_NULL;
	bool go_on = h->kind == SQ_HELLO_DAEMON && sq_hello_is_compatible(h);

	if (h->kind == SQ_HELLO_DAEMON)
		sq_hello_response(&out, go_on);
	else if (h->kind == SQ_HELLO_SHIM)
		sq_hello_shim_ack(&out, "this daemon does not host LSP or MCP sessions");
	else
		sq_hello_shim_ack(&out, h->reason);
	sq_conn_send(c, sq_buf_slice(&out));
	sq_buf_deinit(&out);
	if (go_on && c->state == CONN_HELLO)
		c->state = CONN_RPC;
	else
		conn_end_input(c);
}

static void first_frame(struct sq_conn *c, struct sq_slice body)
{
	struct sq_hello h;

	if (sq_hello_decode(body, &h) < 0) {
		conn_close(c);
		return;
	}
	if (h.kind == SQ_HELLO_INVALID)
		answer_and_close(c, SQ_RPC_INVALID_REQUEST, "Invalid Request: expected DaemonHello or ShimRegister");
	else
		answer_hello(c, &h);
}

static void run_frame(struct sq_conn *c, struct sq_slice body)
{
	int r;

	if (c->state == CONN_HELLO) {
		first_frame(c, body);
		return;
	}
	c->server->n.n_requests++;
	r = sq_message_run(c, c->server->d, body);
	if (r == SQ_RPC_E_PARSE)
		answer_and_close(c, SQ_RPC_PARSE_ERROR, "Parse error");
	else if (r < 0)
		answer_and_close(c, SQ_RPC_INTERNAL, "Internal error: out of memory");
}

static bool may_read(const struct sq_conn *c)
{
	const struct sq_config *config = c->server->d->config;

	return (c->state == CONN_HELLO || c->state == CONN_RPC) && !c->server->is_stopping && !c->server->heir &&
	       c->n_outstanding < config->max_requests_per_client &&
	       c->out.n + (c->sending.n - c->sent) < (uint64_t)config->max_buffered_mb_per_client << 20;
}

/* drop what was consumed */
static void compact(struct sq_conn *c)
{
	if (!c->in_used)
		return;
	memmove(c->in.p, c->in.p + c->in_used, c->in.n - c->in_used);
	c->in.n -= c->in_used;
	c->in_used = 0;
	if (!c->in.n && c->in.cap > SQ_CONN_RECV_BYTES * 4)
		sq_buf_deinit(&c->in);
}

/* @budget: of frames, what it takes is subtracted.
 * Return: 0: all, or as many as the client may have outstanding; SQ_FRAME_E_* */
static int run_some(struct sq_conn *c, unsigned *budget)
{
	struct sq_slice body;
	size_t used;
	int r = 0;

	c->in_frames = true;
	while (*budget && may_read(c) && c->in.n > c->in_used) {
		r = sq_frame_next(sq_slice(c->in.p + c->in_used, c->in.n - c->in_used), &body, &used);
		if (r)
			break;
		c->in_used += used;
		--*budget;
		run_frame(c, body);
	}
	c->in_frames = false;
	maybe_send(c);
	return r;
}

static void take_turn(struct sq_post *post)
{
	struct sq_conn *c = (struct sq_conn *)(void *)((char *)post - offsetof(struct sq_conn, turn));

	c->turn_is_posted = false;
	maybe_recv(c);
	maybe_close(c);
	sq_conn_unref(c);
}

/* the rest of what came waits until the other connections were looked at */
static void leave_turn(struct sq_conn *c)
{
	c->turn_is_posted = true;
	c->turn.fn = take_turn;
	c->server->n.n_turns++;
	sq_conn_ref(c);
	sq_loop_post(c->server->d->loop, &c->turn);
}

static void run_frames(struct sq_conn *c)
{
	unsigned budget = SQ_CONN_FRAMES_A_TURN;
	int r;

	do {
		r = run_some(c, &budget);
		/* again when the client took its answers at once */
	} while (!r && budget && may_read(c) && c->in.n > c->in_used);
	if (r == SQ_FRAME_E_TOO_LARGE && may_read(c))
		answer_and_close(c, SQ_RPC_INVALID_REQUEST, "Invalid Request: frame larger than 64 MiB");
	compact(c);
	if (!budget && may_read(c) && c->in.n)
		leave_turn(c);
	maybe_close(c);
}

static void maybe_recv(struct sq_conn *c)
{
	if (c->recv_op.is_armed || c->in_frames || c->turn_is_posted || !may_read(c))
		return;
	sq_conn_ref(c);
	run_frames(c);   /* what waited while the client had too much outstanding */
	if (may_read(c) && !c->recv_op.is_armed && !c->turn_is_posted) {
		if (sq_buf_reserve(&c->in, SQ_CONN_RECV_BYTES) < 0) {
			conn_close(c);
		} else {
			sq_conn_ref(c);
			sq_loop_recv(c->server->d->loop, &c->recv_op, c->fd, c->in.p + c->in.n,
				     c->in.cap - c->in.n, received);
		}
	}
	sq_conn_unref(c);
}

/* a peer that closed, rather than shut down its sending side, takes no answers */
static bool is_gone(const struct sq_conn *c)
{
	struct pollfd p = { .fd = c->fd };

	return poll(&p, 1, 0) == 1 && (p.revents & (POLLHUP | POLLERR));
}

static void received(struct sq_op *op, int res)
{
	struct sq_conn *c = (struct sq_conn *)(void *)((char *)op - offsetof(struct sq_conn, recv_op));

	if (res > 0) {
		c->in.n += (size_t)res;
		if (c->state == CONN_HELLO || c->state == CONN_RPC)
			maybe_recv(c);
		maybe_close(c);
	} else if (res == -ECANCELED && c->server->heir && c->state != CONN_CLOSING) {
		pass_on(c);
	} else if (c->state != CONN_CLOSING) {
		/* the end; a client that closed its sending side still gets its answers */
		if (res == 0 && !is_quiet(c) && !is_gone(c))
			conn_end_input(c);
		else
			conn_close(c);
	}
	sq_conn_unref(c);
}

/* ---- connections --------------------------------------------------------------- */

/* said at once and closed: who may not ask takes no slot. An empty socket holds it whole */
static void refuse(struct sq_server *s, int fd, const char *why)
{
	struct sq_buf out = SQ_BUF_NULL, body = SQ_BUF_NULL;
	size_t at = sq_frame_begin(&out);

	s->n.n_refused++;
	sq_rpc_error(&body, SQ_LIT("null"), SQ_RPC_INVALID_REQUEST, sq_slice_z(why), SQ_SLICE_NULL);
	sq_buf_add_slice(&out, sq_buf_slice(&body));
	(void)sq_frame_end(&out, at);   /* a line of text */
	if (!sq_buf_error(&out))
		(void)send(fd, out.p, out.n, MSG_DONTWAIT | MSG_NOSIGNAL);   /* it may be gone */
	sq_buf_deinit(&out);
	sq_buf_deinit(&body);
	sq_fd_close(fd);
}

/* may it have a connection? Otherwise it was told why not */
static bool admit(struct sq_server *s, int fd)
{
	const struct sq_config *config = s->d->config;
	char why[160];
	uid_t uid = (uid_t)-1;
	int r = sq_peer_check(fd, config, &uid);

	if (r) {
		s->n.n_foreign++;
		(void)snprintf(why, sizeof(why), "Invalid Request: user %u may not connect; [socket] allow_uids or "
			       "allow_gid of the daemon's configuration lets others in", (unsigned)uid);
	} else if (s->n.n_connections >= config->max_clients) {
		(void)snprintf(why, sizeof(why), "Invalid Request: %u clients are connected, max_clients is %u",
			       s->n.n_connections, config->max_clients);
	} else if (s->is_stopping) {
		(void)snprintf(why, sizeof(why), "Invalid Request: the daemon is stopping");
	} else {
		return true;
	}
	refuse(s, fd, why);
	return false;
}

static struct sq_conn *conn_new(struct sq_server *s, int fd)
{
	struct sq_conn *c;

	if (!admit(s, fd))
		return NULL;
	c = sq_calloc(1, sizeof(*c));
	if (!c) {
		s->n.n_refused++;
		sq_fd_close(fd);
		return NULL;
	}
	sq_share_init(&c->share);
	c->server = s;
	c->fd = fd;
	c->refs = 1;
	c->next = s->conns;
	c->prev = &s->conns;
	if (c->next)
		c->next->prev = &c->next;
	s->conns = c;
	s->n.n_connections++;
	s->n.n_accepted++;
	s->n_live++;
	return c;
}

static void conn_open(struct sq_server *s, int fd)
{
	struct sq_conn *c = conn_new(s, fd);

	if (!c)
		return;
	maybe_recv(c);
	maybe_close(c);   /* or is passed on at once */
}

static void accepted(struct sq_op *op, int res);

static void accept_again(struct sq_op *op, int res)
{
	struct sq_server *s = (struct sq_server *)(void *)((char *)op - offsetof(struct sq_server, retry_op));

	if (!res && !s->is_stopping && !s->heir)
		sq_loop_accept(s->d->loop, &s->accept_op, s->listen_fd, accepted);
}

static void accepted(struct sq_op *op, int res)
{
	struct sq_server *s = (struct sq_server *)(void *)((char *)op - offsetof(struct sq_server, accept_op));

	if (res >= 0) {
		conn_open(s, res);
		return;
	}
	if (s->heir && !op->is_armed)
		check_left(s);
	if (op->is_armed || s->is_stopping || s->heir)
		return;
	sq_log_warning("accept failed, trying again in 100 ms error=%s", strerrorname_np(-res));
	sq_loop_timeout(s->d->loop, &s->retry_op, ACCEPT_RETRY_NS, accept_again);
}

int sq_server_new(struct sq_daemon *d, int listen_fd, struct sq_server **ret_s)
{
	struct sq_server *s = sq_calloc(1, sizeof(*s));

	if (!s)
		return sq_error_origin(-ENOMEM);
	s->d = d;
	s->listen_fd = -1;
	if (listen_fd >= 0)
		sq_server_listen(s, listen_fd);
	*ret_s = s;
	return 0;
}

void sq_server_listen(struct sq_server *s, int listen_fd)
{
	s->listen_fd = listen_fd;
	sq_peer_open_socket(s->d->socket_path, s->d->config);
	sq_loop_accept(s->d->loop, &s->accept_op, listen_fd, accepted);
}

/* ---- being replaced, and replacing (handover.h) ---------------------------------- */

void sq_server_adopt(struct sq_server *s, int fd, bool is_greeted, struct sq_slice bytes)
{
	struct sq_conn *c = conn_new(s, fd);

	if (!c)
		return;
	c->state = is_greeted ? CONN_RPC : CONN_HELLO;
	sq_buf_add_slice(&c->in, bytes);
	if (sq_buf_error(&c->in))
		conn_close(c);
	else
		maybe_recv(c);
}

/* once nothing of it is under way here */
static void pass_on(struct sq_conn *c)
{
	struct sq_server *s = c->server;
	int r;

	if (c == s->heir || (c->state != CONN_HELLO && c->state != CONN_RPC) || c->recv_op.is_armed ||
	    c->turn_is_posted || c->in_frames || !is_quiet(c))
		return;
	r = sq_handover_send(s->heir->fd, SQ_HANDOVER_CONNECTION, c->state == CONN_RPC, c->fd,
			     sq_slice(c->in.p + c->in_used, c->in.n - c->in_used));
	if (r < 0) {
		sq_log_warning("a client cannot be passed on error=%s", strerrorname_np(-r));
		conn_close(c);
	} else {
		conn_forget(c);
	}
}

static void leave(struct sq_server *s)
{
	void (*left)(void *) = s->left;

	s->left = NULL;
	sq_loop_cancel(s->d->loop, &s->leave_op);
	left(s->left_arg);
}

/* nobody is here any more but the heir */
static void check_left(struct sq_server *s)
{
	if (s->heir && s->left && s->n_live == 1 && !s->accept_op.is_armed)
		leave(s);
}

static void leave_late(struct sq_op *op, int res)
{
	struct sq_server *s = (struct sq_server *)(void *)((char *)op - offsetof(struct sq_server, leave_op));

	if (!res && s->left)
		leave(s);
}

bool sq_conn_is_own(const struct sq_conn *c)
{
	struct ucred peer;
	socklen_t n = sizeof(peer);

	return !getsockopt(c->fd, SOL_SOCKET, SO_PEERCRED, &peer, &n) && peer.uid == geteuid();
}

int sq_server_hand_over(struct sq_server *s, struct sq_conn *heir, int lock_fd, void (*left)(void *arg), void *arg)
{
	const struct sq_config *config = s->d->config;
	struct sq_conn *c, *next;
	int r = s->heir || s->is_stopping || s->listen_fd < 0 || !is_quiet(heir) ? sq_error_origin(-EBUSY) : 0;

	if (!r)
		r = sq_handover_limit(heir->fd);
	if (!r)
		r = sq_handover_send(heir->fd, SQ_HANDOVER_LISTEN, false, s->listen_fd, SQ_SLICE_NULL);
	if (!r)
		r = sq_handover_send(heir->fd, SQ_HANDOVER_LOCK, false, lock_fd, SQ_SLICE_NULL);
	if (r < 0)
		return sq_error_trace(r);
	s->heir = sq_conn_ref(heir);
	s->left = left;
	s->left_arg = arg;
	sq_loop_cancel(s->d->loop, &s->accept_op);
	sq_loop_cancel(s->d->loop, &s->retry_op);
	sq_loop_timeout(s->d->loop, &s->leave_op,
			(config->tool_timeout_secs + config->ipc_shutdown_drain_secs) * 1000000000ull, leave_late);
	for (c = s->conns; c; c = next) {
		next = c->next;
		if (c != heir && c->recv_op.is_armed)
			sq_loop_cancel(s->d->loop, &c->recv_op);
		else
			pass_on(c);
	}
	check_left(s);
	return 0;
}

struct sq_server *sq_server_free(struct sq_server *s)
{
	sq_free(s);
	return NULL;
}

static void drain_over(struct sq_op *op, int res)
{
	struct sq_server *s = (struct sq_server *)(void *)((char *)op - offsetof(struct sq_server, drain_op));

	if (res < 0)
		return;
	sq_log_warning("answers not taken in time are dropped connections=%u", s->n.n_connections);
	s->is_over = true;
	sq_messages_cancel(s->d);
	while (s->conns)
		conn_close(s->conns);
	check_drained(s);
}

void sq_server_stop(struct sq_server *s, uint64_t drain_ns, void (*done)(void *arg), void *arg)
{
	struct sq_conn *c, *next, *heir = s->heir;

	s->is_stopping = true;
	s->heir = NULL;
	s->left = NULL;
	if (heir)
		sq_conn_unref(heir);
	s->done = done;
	s->done_arg = arg;
	sq_loop_cancel(s->d->loop, &s->accept_op);
	sq_loop_cancel(s->d->loop, &s->retry_op);
	sq_loop_timeout(s->d->loop, &s->drain_op, drain_ns, drain_over);
	for (c = s->conns; c; c = next) {
		next = c->next;
		conn_end_input(c);
	}
	check_drained(s);
}

void sq_server_read_counters(const struct sq_server *s, struct sq_server_counters *ret)
{
	*ret = s->n;
}
