/* SPDX-License-Identifier: MIT */
#include <unistd.h>

#include "daemon/answer.h"
#include "daemon/handover.h"
#include "daemon/method.h"
#include "daemon/params.h"
#include "daemon/server.h"

/* daemon/hand_over {version}: {pid}; the connection is the newer daemon's channel from then on (handover.h) */
void sq_method_hand_over(struct sq_call *c)
{
	struct sq_rpc_meta meta = sq_answer_management(NULL);
	int64_t version = 0;
	const struct sq_param table[] = {
		{ "version", SQ_PARAM_INT, true, 0, INT32_MAX, &version },
	};
	struct sq_jw w;

	if (!sq_params_read(c, table, SQ_ARRAY_SIZE(table), true))
		return;
	if (version != SQ_HANDOVER_VERSION || !sq_conn_is_own(c->msg->conn)) {
		sq_call_invalid(c, "this daemon hands over to one of its own user that asks for version %d",
				SQ_HANDOVER_VERSION);
		return;
	}
	sq_call_begin(c, &w);
	sq_jw_ku64(&w, "pid", (uint64_t)getpid());
	sq_jw_end_object(&w);
	sq_rpc_result_end(&w, &meta);
	sq_daemon_hand_over(c->d, c->msg->conn);
	sq_call_answered(c);
}
