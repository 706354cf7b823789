/* SPDX-License-Identifier: MIT */
#include "daemon/method.h"

static const struct sq_method methods[] = {
	{ "daemon/status", sq_method_status },
	{ "daemon/metrics", sq_method_metrics },
	{ "daemon/load", sq_method_load },
	{ "daemon/unload", sq_method_unload },
	{ "daemon/rebuild", sq_method_rebuild },
	{ "daemon/cancel_rebuild", sq_method_cancel_rebuild },
	{ "daemon/pin", sq_method_pin },
	{ "daemon/unpin", sq_method_unpin },
	{ "daemon/reset", sq_method_reset },
	{ "daemon/active-artifacts", sq_method_active_artifacts },
	{ "daemon/sync", sq_method_sync },
	{ "daemon/notify", sq_method_notify },
	{ "daemon/changes", sq_method_changes },
	{ "daemon/stop", sq_method_stop },
	{ "daemon/hand_over", sq_method_hand_over },
	{ "daemon/search", sq_method_search },
	{ "daemon/query", sq_method_query },
	{ "daemon/dump", sq_method_dump },
	{ "direct_callers", sq_method_direct_callers },
	{ "direct_callees", sq_method_direct_callees },
	{ "find_unused", sq_method_find_unused },
	{ "find_cycles", sq_method_find_cycles },
	{ "is_node_in_cycle", sq_method_is_node_in_cycle },
	{ "relation_query", sq_method_relation_query },
	{ "dependency_impact", sq_method_dependency_impact },
	{ "trace_path", sq_method_trace_path },
	{ "subgraph", sq_method_subgraph },
	{ "show_dependencies", sq_method_show_dependencies },
	{ "export_graph", sq_method_export_graph },
	{ "complexity_metrics", sq_method_complexity_metrics },
#ifdef SQ_TEST_HOOKS
	{ "test/admission", sq_method_test_admission },
	{ "test/ws", sq_method_test_ws },
	{ "test/ws_set_state", sq_method_test_ws_set_state },
	{ "test/ws_set_last_good", sq_method_test_ws_set_last_good },
	{ "test/reader_pin", sq_method_test_reader_pin },
	{ "test/reader_read", sq_method_test_reader_read },
	{ "test/reader_unpin", sq_method_test_reader_unpin },
	{ "test/reclaim_now", sq_method_test_reclaim_now },
	{ "test/evict_lru", sq_method_test_evict_lru },
	{ "test/hook", sq_method_test_hook },
	{ "test/fault", sq_method_test_fault },
	{ "test/gate_set", sq_method_test_gate_set },
	{ "test/gate_release", sq_method_test_gate_release },
	{ "test/gate_wait", sq_method_test_gate_wait },
	{ "test/postres_hold", sq_method_test_postres_hold },
	{ "test/postres_wait", sq_method_test_postres_wait },
	{ "test/postres_release", sq_method_test_postres_release },
	{ "test/cancel_path", sq_method_test_cancel_path },
	{ "test/capture", sq_method_test_capture },
	{ "test/clock", sq_method_test_clock },
	{ "test/emit_fs", sq_method_test_emit_fs },
	{ "test/watchers", sq_method_test_watchers },
	{ "test/baseline", sq_method_test_baseline },
	{ "test/hold", sq_method_test_hold },
	{ "test/hold_reads", sq_method_test_hold_reads },
#endif
};

const struct sq_method *sq_methods_find(struct sq_slice name)
{
	for (size_t i = 0; i < SQ_ARRAY_SIZE(methods); i++)
		if (sq_slice_is(name, methods[i].name))
			return &methods[i];
	return NULL;
}

size_t sq_methods_count(void)
{
	return SQ_ARRAY_SIZE(methods);
}

const struct sq_method *sq_methods_at(size_t i)
{
	return &methods[i];
}

size_t sq_methods_index(const struct sq_method *method)
{
	return (size_t)(method - methods);
}
