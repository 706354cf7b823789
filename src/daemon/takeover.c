/* SPDX-License-Identifier: MIT */
#include "daemon/takeover.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "base/error.h"
#include "daemon/control.h"
#include "daemon/handover.h"
#include "daemon/preload.h"
#include "daemon/server.h"
#include "proto/json.h"
#include "sys/fd.h"

static struct sq_takeover *of_channel(struct sq_op *op)
{
	return (struct sq_takeover *)(void *)((char *)op - offsetof(struct sq_takeover, channel_op));
}

/* ---- what the older one has ------------------------------------------------------- */

/* the clients, as they come; until the older one has ended */
static void arrived(struct sq_op *op, int res)
{
	struct sq_takeover *t = of_channel(op);
	struct sq_handover h;
	int r = res < 0 ? res : 0, fd;

	while (!r) {
		struct sq_buf bytes = SQ_BUF_NULL;

		r = sq_handover_recv(t->channel, false, &h, &fd, &bytes);
		if (!r)
			sq_server_adopt(t->d->server, fd, h.is_greeted, sq_buf_slice(&bytes));
		sq_buf_deinit(&bytes);
	}
	if (r == -EAGAIN)
		return;
	if (r < 0 && r != -ECANCELED)
		sq_log_warning("a client of the replaced daemon may be lost error=%s", strerrorname_np(-r));
	else if (r > 0)
		sq_log_notice("the replaced daemon has ended");
	if (op->is_armed)
		sq_loop_cancel(t->d->loop, op);
}

static int recv_first(struct sq_takeover *t, enum sq_handover_kind want, int *ret_fd)
{
	struct sq_buf none = SQ_BUF_NULL;
	struct sq_handover h;
	int r = sq_handover_recv(t->channel, true, &h, ret_fd, &none);

	sq_buf_deinit(&none);
	if (r)
		return r < 0 ? r : sq_error_origin(-EPIPE);
	if (h.kind == want)
		return 0;
	*ret_fd = sq_fd_close(*ret_fd);
	return sq_error_origin(-EPROTO);
}

/* it is ours once both are here: the older one gives them away together */
static int take(struct sq_takeover *t)
{
	int listen_fd = -1, lock_fd = -1, r;

	r = sq_control_hand_over(t->instance, SQ_HANDOVER_VERSION, &t->channel);
	if (!r)
		r = sq_handover_limit(t->channel);
	if (!r)
		r = recv_first(t, SQ_HANDOVER_LISTEN, &listen_fd);
	if (!r)
		r = recv_first(t, SQ_HANDOVER_LOCK, &lock_fd);
	if (r < 0) {
		sq_fd_close(listen_fd);
		return sq_error_trace(r);
	}
	sq_instance_take_over(t->instance, listen_fd, lock_fd);
	return 0;
}

static void loaded(struct sq_takeover *t)
{
	int r;

	if (--t->n_loading)
		return;
	r = take(t);
	if (!r) {
		sq_server_listen(t->d->server, t->instance->listen_fd);
		sq_loop_poll(t->d->loop, &t->channel_op, t->channel, arrived);
	}
	t->done(t->arg, r);
}

static void one_loaded(void *arg)
{
	loaded(arg);
}

static void load_all(struct sq_takeover *t, const struct sq_json *list)
{
	for (size_t i = 0; i < sq_json_len(list); i++) {
		const struct sq_json *w = sq_json_at(list, i);
		struct sq_slice root = sq_json_string(sq_json_get(w, "index_root"));
		struct sq_slice state = sq_json_string(sq_json_get(w, "state"));

		if (!root.n || sq_slice_is(state, "Unloaded") || sq_slice_is(state, "Evicted"))
			continue;
		t->n_loading++;
		if (sq_preload_root(t->d, root, sq_json_bool(sq_json_get(w, "pinned"), false), one_loaded, t) < 0)
			t->n_loading--;   /* told; its clients load it themselves */
	}
}

int sq_takeover_start(struct sq_takeover *t, struct sq_daemon *d, struct sq_instance *instance,
		      void (*done)(void *arg, int result), void *arg)
{
	struct sq_buf answer = SQ_BUF_NULL;
	struct sq_json_doc *doc = NULL;
	int r = sq_control_call(instance, "daemon/status", &answer);

	*t = (struct sq_takeover){
		.d = d, .instance = instance, .done = done, .arg = arg, .channel = -1, .n_loading = 1,
	};
	if (!r)
		r = sq_json_parse(sq_buf_slice(&answer), &doc, NULL, 0) ? sq_error_origin(-EPROTO) : 0;
	if (!r) {
		load_all(t, sq_json_get(sq_json_get(sq_json_get(sq_json_root(doc), "result"), "result"), "workspaces"));
		loaded(t);
	}
	sq_json_doc_free(doc);
	sq_buf_deinit(&answer);
	return r;
}

void sq_takeover_deinit(struct sq_takeover *t)
{
	t->channel = sq_fd_close(t->channel);
}
