/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * thread — threads with a name that never take a signal.
 * Ownership: who starts a thread joins it.
 */
#include <pthread.h>

#include "base/alloc.h"
#include "sys/cpu.h"

/**
 * sq_thread_start() - run fn(arg) on a new thread.
 * @name: shown by ps -L; cut to 15 bytes
 * All signals are blocked in it: they belong to the signalfd of the loop.
 */
int sq_thread_start(const char *name, void *(*fn)(void *arg), void *arg, pthread_t *ret_thread) sq_must_check;
/** sq_thread_join() - wait for its end; a failure is a broken program and aborts. */
void sq_thread_join(pthread_t thread);
/**
 * sq_thread_set_background() - the calling thread yields to everybody:
 * SCHED_BATCH and nice 19. Either alone leaves milliseconds of delay to its
 * neighbours. There is no way back without CAP_SYS_NICE.
 * Return: 0; -errno (a filter refused it; the thread goes on as it was).
 */
int sq_thread_set_background(void);
