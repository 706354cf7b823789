/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * instance — one running daemon a socket: its paths, lock, pid file, listening socket.
 * Ownership: embedded by main; deinit removes socket and pid file when this
 *            process owns them. The lock file stays, so that its inode is stable.
 * Threads:   main thread.
 * Liveness is decided by flock and connect, never by the pid file.
 */
#include <stdbool.h>
#include <sys/types.h>

#include "base/str.h"

struct sq_instance {
	char *socket_path, *pid_path, *lock_path, *log_path, *ready_path;
	int lock_fd;           /* -1: not held */
	int listen_fd;         /* -1: not bound */
	bool is_passed;        /* the service manager listens; the socket is its to unlink */
	bool owns_files;       /* socket and pid file are ours to unlink */
};
#define SQ_INSTANCE_NULL { .lock_fd = -1, .listen_fd = -1 }
enum {
	SQ_INSTANCE_E_RUNNING = 1,   /* somebody holds the lock (exit 75) */
	SQ_INSTANCE_E_SETUP = 2,     /* the socket cannot be made (exit 73) */
};
struct sq_instance_error { char text[512]; };

/** sq_instance_init() - derive the paths (protocol 2.7) and make the runtime directory, 0700.
 *  @socket_path: of the configuration, or NULL. Return: 0; SQ_INSTANCE_E_SETUP; -ENOMEM. */
int sq_instance_init(const char *socket_path, struct sq_instance *ret_i, struct sq_instance_error *err) sq_must_check;
/** sq_instance_init_passed() - the same for a socket that is listened on already; @fd is consumed on success. */
int sq_instance_init_passed(int fd, struct sq_instance *ret_i, struct sq_instance_error *err) sq_must_check;
void sq_instance_deinit(struct sq_instance *i);
/** sq_instance_lock() - exclusive; waits for nothing but the death of a holder that was killed. Return: 0; SQ_INSTANCE_E_*. */
int sq_instance_lock(struct sq_instance *i, struct sq_instance_error *err) sq_must_check;
/** sq_instance_adopt() - the lock was taken by our parent and is inherited as @fd. */
int sq_instance_adopt(struct sq_instance *i, int fd, struct sq_instance_error *err) sq_must_check;
/** sq_instance_hand_off() - the child has the lock now: close, never unlock. */
void sq_instance_hand_off(struct sq_instance *i);
/**
 * sq_instance_take_over() - the socket and the lock of a daemon that is replaced; both are consumed. The files
 * beside them are ours from now on.
 */
void sq_instance_take_over(struct sq_instance *i, int listen_fd, int lock_fd);
/** sq_instance_give_away() - another daemon has all of it: deinit closes, and removes nothing. */
void sq_instance_give_away(struct sq_instance *i);
/** sq_instance_bind() - write the pid file, bind and listen (0600). The lock is held. */
int sq_instance_bind(struct sq_instance *i, struct sq_instance_error *err) sq_must_check;
/** sq_instance_mark_ready() - touch the .ready file; best effort, nothing depends on it here. */
void sq_instance_mark_ready(struct sq_instance *i);
/** sq_instance_connect() - Return: a connected descriptor; -errno (-ENOENT, -ECONNREFUSED: not running). */
int sq_instance_connect(const struct sq_instance *i);
/** sq_instance_pid() - of the pid file; 0 unknown. */
pid_t sq_instance_pid(const struct sq_instance *i);
