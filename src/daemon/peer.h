/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * peer — who is at the other end of a connection, and may it ask?
 * The daemon's own user may; another one, root included, only when [socket]
 * allow_uids or allow_gid names it. The kernel says who it is (SO_PEERCRED,
 * SO_PEERGROUPS): what it was when it connected.
 * Ownership: none. Threads: any.
 */
#include <sys/types.h>

#include "daemon/config.h"

/** sq_peer_check() - Return: 0; SQ_PEER_E_REFUSED with @ret_uid; -errno: the kernel does not say, refuse. */
enum { SQ_PEER_E_REFUSED = 1 };
int sq_peer_check(int fd, const struct sq_config *config, uid_t *ret_uid) sq_must_check;
/**
 * sq_peer_open_socket() - the socket is 0600 and its own directory 0700, which
 * keeps everybody else out before sq_peer_check() is asked; where others are
 * allowed, both are opened as far as they need: they may connect, not list.
 */
void sq_peer_open_socket(const char *path, const struct sq_config *config);
