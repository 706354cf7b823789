/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * value — a public value is a value of the JSON reader under another name.
 */
#include "proto/json.h"

struct sqry_value;
static inline const struct sqry_value *sqry_value_from(const struct sq_json *v)
{
	return (const struct sqry_value *)v;
}
