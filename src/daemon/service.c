/* SPDX-License-Identifier: MIT */
#include "daemon/service.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/time.h"
#include "daemon/server.h"
#include "sys/notify.h"

#define NS_A_MINUTE (60ull * 1000000000ull)

static struct sq_service *of_watchdog(struct sq_op *op)
{
	return (struct sq_service *)(void *)((char *)op - offsetof(struct sq_service, watchdog_op));
}

static struct sq_service *of_idle(struct sq_op *op)
{
	return (struct sq_service *)(void *)((char *)op - offsetof(struct sq_service, idle_op));
}

static void say_status(struct sq_service *s)
{
	struct sq_admission_state mem;
	size_t n;

	sq_epoch_enter(s->d->record);
	n = sq_manager_map(s->d->manager)->n;
	sq_daemon_leave(s->d, s->d->record);
	sq_admission_read(sq_manager_admission(s->d->manager), &mem);
	/* who does not listen needs no answer: all of them are best effort */
	(void)sq_notify_status("Serving %zu workspaces, %" PRIu64 " of %" PRIu64 " MB", n, mem.loaded >> 20,
			       mem.limit >> 20);
}

/* ---- watchdog ------------------------------------------------------------------- */

/* the timer is the loop's: a loop that hangs sends nothing */
static void alive(struct sq_op *op, int res)
{
	struct sq_service *s = of_watchdog(op);

	if (res < 0)
		return;
	(void)sq_notify("WATCHDOG=1");
	say_status(s);
	sq_loop_timeout(s->d->loop, op, s->watchdog_ns, alive);
}

/* ---- idle ------------------------------------------------------------------------- */

static uint64_t idle_ns(const struct sq_service *s)
{
#ifdef SQ_TEST_HOOKS
	const char *ms = getenv("SQRYD_TEST_IDLE_MS");

	if (ms)
		return strtoull(ms, NULL, 10) * 1000000u;
#endif
	return s->d->config->idle_timeout_minutes * NS_A_MINUTE;
}

static void arm_idle(struct sq_service *s);

/* since the timer was set nobody came, and nobody is there */
static void idle(struct sq_op *op, int res)
{
	struct sq_service *s = of_idle(op);
	struct sq_server_counters n;

	if (res < 0)
		return;
	sq_server_read_counters(s->d->server, &n);
	if (!n.n_connections && n.n_accepted + n.n_requests == s->n_seen)
		sq_daemon_stop(s->d, "no client for idle_timeout_minutes");
	else
		arm_idle(s);
}

static void arm_idle(struct sq_service *s)
{
	uint64_t ns = s->ends_idle ? idle_ns(s) : 0;
	struct sq_server_counters n;

	if (!ns || s->idle_op.is_armed)
		return;
	sq_server_read_counters(s->d->server, &n);
	s->n_seen = n.n_accepted + n.n_requests;
	sq_loop_timeout(s->d->loop, &s->idle_op, ns, idle);
}

/* ---- states ------------------------------------------------------------------------- */

void sq_service_start(struct sq_service *s, struct sq_daemon *d, bool ends_idle)
{
	s->d = d;
	s->ends_idle = ends_idle;
	s->watchdog_ns = sq_notify_watchdog_ns() / 2;
	(void)sq_notify("READY=1");
	say_status(s);
	if (s->watchdog_ns)
		sq_loop_timeout(d->loop, &s->watchdog_op, s->watchdog_ns, alive);
	arm_idle(s);
}

void sq_service_reloading(void)
{
	char text[80];

	(void)snprintf(text, sizeof(text), "RELOADING=1\nMONOTONIC_USEC=%" PRIu64, sq_now_ns() / 1000);
	(void)sq_notify(text);
}

void sq_service_reloaded(struct sq_service *s)
{
	(void)sq_notify("READY=1");
	say_status(s);
	arm_idle(s);
}

void sq_service_stopping(struct sq_service *s, const char *why)
{
	(void)sq_notify("STOPPING=1");
	(void)sq_notify_status("Stopping: %s", why);
	sq_loop_cancel(s->d->loop, &s->idle_op);
}
