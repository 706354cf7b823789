/* SPDX-License-Identifier: MIT */
#include "cli/progress.h"

#include <errno.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "cli/text.h"

#define PERIOD_MS 150
#define QUIET_PERIODS 6         /* about a second */
#define BAR_CELLS 24

/* true when the work is over before the period is */
static bool wait_period(struct sq_progress *p)
{
	struct timespec t;
	bool stop;

	clock_gettime(CLOCK_MONOTONIC, &t);
	t.tv_nsec += PERIOD_MS * 1000000L;
	t.tv_sec += t.tv_nsec / 1000000000L;
	t.tv_nsec %= 1000000000L;
	pthread_mutex_lock(&p->lock);
	while (!p->stop &&
	       pthread_cond_timedwait(&p->wake, &p->lock, &t) != ETIMEDOUT)
		;
	stop = p->stop;
	pthread_mutex_unlock(&p->lock);
	return stop;
}

static const struct sqry_value *find_progress(const struct sqry_reply *r,
					      const char *path)
{
	const struct sqry_value *all =
		sqry_value_get(sqry_reply_result(r), "workspaces");

	for (size_t i = 0; i < sqry_value_count(all); i++) {
		const struct sqry_value *w = sqry_value_at(all, i);
		const char *root = sq_cli_text(w, "index_root");

		if (!strcmp(root, path))
			return sqry_value_get(w, "progress");
	}
	return NULL;
}

static void draw_bar(struct sq_progress *p, const char *pass, uint64_t done,
		     uint64_t total)
{
	struct sq_buf b = SQ_BUF_NULL;
	unsigned filled = total ? (unsigned)(SQ_MIN(done, total) * BAR_CELLS /
					     total) : 0;

	sq_buf_printf(&b, "\r\033[K%-9s [", pass);
	for (unsigned i = 0; i < BAR_CELLS; i++)
		sq_buf_putc(&b, i < filled ? '#' : '.');
	sq_buf_puts(&b, "] ");
	sq_text_count(&b, done);
	if (total) {
		sq_buf_puts(&b, " of ");
		sq_text_count(&b, total);
	}
	sq_buf_puts(&b, " files");
	if (!sq_buf_error(&b))
		fprintf(stderr, "%s", sq_buf_z(&b));
	sq_buf_deinit(&b);
	p->has_bar = true;
}

static void show(struct sq_progress *p, const struct sqry_value *v)
{
	const char *pass = sq_cli_text(v, "pass");
	uint64_t done = sq_cli_count(v, "files_done");
	uint64_t total = sq_cli_count(v, "files_total");

	if (!*pass)
		return;
	if (p->is_tty) {
		draw_bar(p, pass, done, total);
	} else if (strncmp(pass, p->pass, sizeof(p->pass) - 1)) {
		fprintf(stderr, "%s: %llu files\n", pass, (unsigned long long)total);
	}
	snprintf(p->pass, sizeof(p->pass), "%s", pass);
}

static void *run(void *arg)
{
	struct sq_progress *p = arg;
	struct sqry_options o = SQRY_OPTIONS_INIT;
	struct sqry_client *c = NULL;
	struct sqry_reply *r = NULL;

	for (int i = 0; i < QUIET_PERIODS; i++)
		if (wait_period(p))
			return NULL;
	o.socket_path = p->cli->socket;
	if (sqry_connect(&o, &c, NULL))
		return NULL;
	do {
		int e = sqry_call(c, "daemon/status", "{}", 1000, &r, NULL);

		if (e && e != SQRY_E_REMOTE && e != SQRY_E_TIMEOUT)
			break;
		if (e == SQRY_E_TIMEOUT)
			continue;
		if (!e)
			show(p, find_progress(r, p->path));
		r = sqry_reply_free(r);
	} while (!wait_period(p));
	sqry_client_free(c);
	return NULL;
}

void sq_progress_start(struct sq_progress *p, const struct sq_cli *cli,
		       const char *path)
{
	pthread_condattr_t a;

	*p = (struct sq_progress){ .cli = cli, .path = path };
	p->is_tty = isatty(STDERR_FILENO);
	pthread_mutex_init(&p->lock, NULL);
	pthread_condattr_init(&a);
	pthread_condattr_setclock(&a, CLOCK_MONOTONIC);
	pthread_cond_init(&p->wake, &a);
	pthread_condattr_destroy(&a);
	p->is_running = !pthread_create(&p->thread, NULL, run, p);
}

void sq_progress_stop(struct sq_progress *p)
{
	pthread_mutex_lock(&p->lock);
	p->stop = true;
	pthread_cond_signal(&p->wake);
	pthread_mutex_unlock(&p->lock);
	if (p->is_running)
		pthread_join(p->thread, NULL);
	if (p->has_bar)
		fprintf(stderr, "\r\033[K");
	pthread_cond_destroy(&p->wake);
	pthread_mutex_destroy(&p->lock);
}
