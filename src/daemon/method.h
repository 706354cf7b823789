/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * method — the entry points of the method table, by the file that has them.
 * Threads: loop thread.
 */
#include "daemon/call.h"

/* method_query.c */
void sq_method_search(struct sq_call *c);
void sq_method_query(struct sq_call *c);
/* method_direct.c */
void sq_method_direct_callers(struct sq_call *c);
void sq_method_direct_callees(struct sq_call *c);
/* method_analysis.c */
void sq_method_find_unused(struct sq_call *c);
void sq_method_find_cycles(struct sq_call *c);
void sq_method_is_node_in_cycle(struct sq_call *c);
/* method_relation.c */
void sq_method_relation_query(struct sq_call *c);
void sq_method_dependency_impact(struct sq_call *c);
void sq_method_trace_path(struct sq_call *c);
/* method_graph.c */
void sq_method_subgraph(struct sq_call *c);
void sq_method_show_dependencies(struct sq_call *c);
void sq_method_export_graph(struct sq_call *c);
/* method_complexity.c */
void sq_method_complexity_metrics(struct sq_call *c);
/* method_dump.c */
void sq_method_dump(struct sq_call *c);
/* method_status.c */
void sq_method_status(struct sq_call *c);
void sq_method_active_artifacts(struct sq_call *c);
/* method_metrics.c */
void sq_method_metrics(struct sq_call *c);
/* method_manage.c */
void sq_method_load(struct sq_call *c);
void sq_method_unload(struct sq_call *c);
void sq_method_rebuild(struct sq_call *c);
void sq_method_cancel_rebuild(struct sq_call *c);
void sq_method_pin(struct sq_call *c);
void sq_method_unpin(struct sq_call *c);
void sq_method_reset(struct sq_call *c);
void sq_method_sync(struct sq_call *c);
void sq_method_notify(struct sq_call *c);
void sq_method_changes(struct sq_call *c);
void sq_method_stop(struct sq_call *c);
/* method_hand_over.c */
void sq_method_hand_over(struct sq_call *c);
#ifdef SQ_TEST_HOOKS
/* method_test.c */
void sq_method_test_admission(struct sq_call *c);
void sq_method_test_ws(struct sq_call *c);
void sq_method_test_ws_set_state(struct sq_call *c);
void sq_method_test_ws_set_last_good(struct sq_call *c);
void sq_method_test_reader_pin(struct sq_call *c);
void sq_method_test_reader_read(struct sq_call *c);
void sq_method_test_reader_unpin(struct sq_call *c);
void sq_method_test_reclaim_now(struct sq_call *c);
void sq_method_test_evict_lru(struct sq_call *c);
void sq_method_test_hook(struct sq_call *c);
void sq_method_test_hold(struct sq_call *c);
void sq_method_test_hold_reads(struct sq_call *c);
/* method_test_turns.c */
void sq_method_test_fault(struct sq_call *c);
void sq_method_test_gate_set(struct sq_call *c);
void sq_method_test_gate_release(struct sq_call *c);
void sq_method_test_gate_wait(struct sq_call *c);
void sq_method_test_postres_hold(struct sq_call *c);
void sq_method_test_postres_wait(struct sq_call *c);
void sq_method_test_postres_release(struct sq_call *c);
void sq_method_test_cancel_path(struct sq_call *c);
void sq_method_test_capture(struct sq_call *c);
void sq_method_test_clock(struct sq_call *c);
void sq_method_test_emit_fs(struct sq_call *c);
void sq_method_test_baseline(struct sq_call *c);
/* method_test_watch.c */
void sq_method_test_watchers(struct sq_call *c);
#endif
