/* SPDX-License-Identifier: MIT */
#include <errno.h>

#include "base/atomic.h"
#include "base/time.h"
#include "daemon/answer.h"
#include "daemon/latency.h"
#include "daemon/method.h"
#include "daemon/params.h"

#define NS_A_SECOND 1000000000ull

/* [longest time in ns, how many], those that hold any */
static void buckets(struct sq_jw *w, const struct sq_latency *l)
{
	sq_jw_key(w, "buckets");
	sq_jw_begin_array(w);
	for (unsigned i = 0; i < SQ_LATENCY_BUCKETS; i++) {
		if (!l->counts[i])
			continue;
		sq_jw_begin_array(w);
		sq_jw_u64(w, sq_latency_le(i));
		sq_jw_u64(w, l->counts[i]);
		sq_jw_end_array(w);
	}
	sq_jw_end_array(w);
}

static void method(struct sq_jw *w, const char *name, const struct sq_latency *l)
{
	sq_jw_begin_object(w);
	sq_jw_kstr(w, "method", sq_slice_z(name));
	sq_jw_ku64(w, "count", l->n);
	sq_jw_ku64(w, "p50_ns", sq_latency_quantile(l, 500));
	sq_jw_ku64(w, "p99_ns", sq_latency_quantile(l, 990));
	sq_jw_ku64(w, "max_ns", l->max_ns);
	buckets(w, l);
	sq_jw_end_object(w);
}

void sq_method_metrics(struct sq_call *c)
{
	struct sq_rpc_meta meta = sq_answer_management(NULL);
	struct sq_buf text = SQ_BUF_NULL;
	struct sq_daemon *d = c->d;
	struct sq_jw w;

	if (!sq_params_read(c, NULL, 0, true))
		return;
	sq_call_begin(c, &w);
	sq_jw_ku64(&w, "uptime_seconds", (sq_now_ns() - d->started_ns) / NS_A_SECOND);
	/* relaxed: a figure */
	sq_jw_ku64(&w, "cancelled", sq_load_relaxed(&d->n_cancelled));
	sq_jw_key(&w, "methods");
	sq_jw_begin_array(&w);
	for (size_t i = 0; i < sq_methods_count(); i++)
		if (d->latencies[i].n)
			method(&w, sq_methods_at(i)->name, &d->latencies[i]);
	sq_jw_end_array(&w);
	sq_epoch_enter(d->record);
	sq_metrics_write(d, &text);
	sq_daemon_leave(d, d->record);
	sq_jw_kstr(&w, "text", sq_buf_slice(&text));
	sq_jw_end_object(&w);
	if (sq_buf_error(&text))
		c->out.error = -ENOMEM;
	sq_buf_deinit(&text);
	sq_rpc_result_end(&w, &meta);
	sq_call_answered(c);
}
