/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * params — typed parameters of a call, checked against a table: unknown fields
 * are refused where the protocol says so, ranges and types always.
 * Ownership: strings borrow from the message.
 * Threads:   loop thread.
 */
#include "daemon/call.h"

enum sq_param_type { SQ_PARAM_STRING, SQ_PARAM_INT, SQ_PARAM_BOOL, SQ_PARAM_U64_OR_STRING, SQ_PARAM_OBJECT, SQ_PARAM_STRINGS,
		     SQ_PARAM_IGNORED };
struct sq_param {
	const char *name;
	enum sq_param_type type;
	bool is_required;
	int64_t min, max;        /* INT */
	void *ret;               /* struct sq_slice *, int64_t *, bool *, uint64_t *, const struct sq_json ** (of OBJECT and STRINGS); left alone when absent */
};
/**
 * sq_params_read()
 * @is_strict: refuse fields that the table does not have (daemon/...)
 * Return: true; false when the call was answered with -32602.
 */
bool sq_params_read(struct sq_call *c, const struct sq_param *table, size_t n, bool is_strict) sq_must_check;
