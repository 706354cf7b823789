/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * path — files beside the socket (protocol 2.7). Threads: any.
 */
#include "base/str.h"

/** sq_client_sibling() - @socket without ".sock", with @suffix. 0 or -ENAMETOOLONG. */
int sq_client_sibling(const char *socket, const char *suffix, char *ret_path, size_t cap) sq_must_check;
