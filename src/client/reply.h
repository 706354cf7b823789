/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * reply — one decoded response.
 * Ownership: owns the document that all its values borrow from.
 */
#include "proto/json.h"

struct sqry_reply;
/** sq_reply_decode() - a response of ours. @id: of the request that waits.
 *  Return: 0; SQ_REPLY_E_OTHER: for another id; SQ_REPLY_E_BROKEN: not a response; -ENOMEM. */
enum { SQ_REPLY_E_OTHER = 1, SQ_REPLY_E_BROKEN = 2 };
int sq_reply_decode(struct sq_slice body, uint64_t id, struct sqry_reply **ret_r) sq_must_check;
