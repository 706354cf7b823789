/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * tree — the values of a JSON document as they lie in memory, for the files of
 * this directory: read.c makes them, json.c shows them.
 * A container's children stand side by side, so that any of them is found
 * without walking; an object's are key, value, key, value.
 * Ownership: everything belongs to the document's arena.
 * Invariants: keys of one object differ; strings end with a NUL that is not counted.
 */
#include "base/arena.h"
#include "proto/json.h"

struct sq_json {
	uint8_t type;           /* enum sq_json_type */
	bool b;
	uint32_t n;             /* bytes, items or members */
	uint32_t at, end;       /* source text */
	union {
		int64_t i;
		double r;
		const char *s;
		const struct sq_json *v;
	};
};
struct sq_json_doc {
	struct sq_arena arena;  /* holds the document too */
	struct sq_json root;
};
struct sq_json_fault { size_t at; const char *what; };
/** sq_json_read() - Return: 0; SQ_JSON_E_SYNTAX with @ret_fault; -ENOMEM. */
int sq_json_read(struct sq_slice text, struct sq_json_doc *d, struct sq_json_fault *ret_fault) sq_must_check;
