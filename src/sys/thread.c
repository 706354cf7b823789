/* SPDX-License-Identifier: MIT */
#include "sys/thread.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/error.h"

#define NAME_BYTES 16   /* the kernel's limit, with the NUL */

struct start {
	void *(*fn)(void *arg);
	void *arg;
	char name[NAME_BYTES];
};

static void *trampoline(void *p)
{
	struct start start = *(struct start *)p;

	sq_free(p);
	/* a thread that keeps its parent's name works as well */
	(void)pthread_setname_np(pthread_self(), start.name);
	return start.fn(start.arg);
}

int sq_thread_start(const char *name, void *(*fn)(void *arg), void *arg, pthread_t *ret_thread)
{
	struct start *start = sq_malloc(sizeof(*start));
	sigset_t all, old;
	pthread_t thread;
	int r;

	if (!start)
		return sq_error_origin(-ENOMEM);
	start->fn = fn;
	start->arg = arg;
	(void)snprintf(start->name, sizeof(start->name), "%s", name);   /* cutting is meant */
	/* the new thread inherits the mask, so no signal can hit it in between */
	(void)sigfillset(&all);
	r = pthread_sigmask(SIG_SETMASK, &all, &old);
	if (!r) {
		r = pthread_create(&thread, NULL, trampoline, start);
		(void)pthread_sigmask(SIG_SETMASK, &old, NULL);   /* a mask that was in force */
	}
	if (r) {
		sq_free(start);
		return sq_error_origin(-r);
	}
	*ret_thread = thread;
	return 0;
}

void sq_thread_join(pthread_t thread)
{
	int r = pthread_join(thread, NULL);

	if (r) {
		fprintf(stderr, "sq_thread_join: %s\n", strerror(r));
		abort();
	}
}

int sq_thread_set_background(void)
{
	struct sched_param param = { .sched_priority = 0 };
	int r = 0;

	/* on Linux both calls take a thread, 0 being the calling one */
	if (sched_setscheduler(0, SCHED_BATCH, &param))
		r = -errno;
	if (setpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid), 19))
		r = -errno;
	return r < 0 ? sq_error_origin(r) : 0;
}
