/* SPDX-License-Identifier: MIT */
#include "base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/atomic.h"
#include "base/error.h"
#include "base/lock.h"
#include "base/logfile.h"
#include "base/time.h"

#define WINDOW_NS (10ull * 1000 * 1000 * 1000)
#define WINDOW_LINES 20
#define LINE_BYTES 2048   /* longer lines are cut; no allocation on the way of an error */

static struct sq_lock log_lock = SQ_LOCK_STATIC(SQ_RANK_LOG, "log");
static int log_level = SQ_LOG_INFO;
static int log_fd = 2;               /* log_lock */
static struct sq_logfile *log_file;  /* log_lock; instead of log_fd */
static int log_is_journal = -1;      /* log_lock; -1: not looked at yet */

void sq_log_set_level(enum sq_log_level level)
{
	/* relaxed: a line more or less around the change does not matter */
	sq_store_relaxed(&log_level, (int)level);
}

bool sq_log_wants(enum sq_log_level level)
{
	/* relaxed: as in sq_log_set_level */
	return (int)level <= sq_load_relaxed(&log_level);
}

void sq_log_set_fd(int fd)
{
	sq_lock(&log_lock);
	log_fd = fd;
	log_file = sq_logfile_close(log_file);
	log_is_journal = -1;
	sq_unlock(&log_lock);
}

int sq_log_open(const char *path, unsigned long long max_bytes, unsigned keep)
{
	struct sq_logfile *f;
	int r = sq_logfile_open(path, max_bytes, keep, &f);

	if (r < 0)
		return sq_error_trace(r);
	sq_lock(&log_lock);
	sq_logfile_close(log_file);
	log_file = f;
	log_is_journal = false;
	sq_unlock(&log_lock);
	return 0;
}

/* systemd names the stream that it connected to the journal as "dev:ino" */
bool sq_log_is_journal(int fd)
{
	const char *env = getenv("JOURNAL_STREAM");
	unsigned long long dev, ino;
	struct stat st;

	if (!env || sscanf(env, "%llu:%llu", &dev, &ino) != 2 || fstat(fd, &st))
		return false;
	return st.st_dev == dev && st.st_ino == ino;
}

static const char *level_name(enum sq_log_level level)
{
	switch (level) {
	case SQ_LOG_ERROR: return "error";
	case SQ_LOG_WARNING: return "warning";
	case SQ_LOG_NOTICE: return "notice";
	case SQ_LOG_INFO: return "info";
	case SQ_LOG_DEBUG: break;
	}
	return "debug";
}

static size_t put_prefix(char *line, size_t cap, enum sq_log_level level)
{
	char when[32];
	int n;

	if (log_is_journal < 0)
		log_is_journal = sq_log_is_journal(log_fd);
	if (log_is_journal)
		n = snprintf(line, cap, "<%d>", (int)level);
	else
		n = snprintf(line, cap, "%s %s: ",
			     sq_time_rfc3339(sq_realtime_ns(), when, sizeof(when)),
			     level_name(level));
	return (size_t)n;
}

static void write_line(const char *line, size_t n)
{
	if (log_file) {
		sq_logfile_write(log_file, line, n);
		return;
	}
	while (n) {
		ssize_t r = write(log_fd, line, n);

		if (r < 0 && errno == EINTR)
			continue;
		if (r <= 0)
			return;   /* nowhere left to say it */
		line += r;
		n -= (size_t)r;
	}
}

static void SQ_PRINTF(2, 0) put_line(enum sq_log_level level, const char *fmt, va_list ap)
{
	char line[LINE_BYTES];
	size_t at = put_prefix(line, sizeof(line), level), n;
	int r = vsnprintf(line + at, sizeof(line) - at, fmt, ap);

	if (r < 0)
		return;
	n = at + (size_t)r;
	if (n > sizeof(line) - 1) {
		n = sizeof(line) - 1;
		memcpy(line + n - 3, "...", 3);
	}
	/* one failure is one line, whatever a message holds */
	for (size_t i = at; i < n; i++)
		if ((unsigned char)line[i] < 0x20 || line[i] == 0x7f)
			line[i] = ' ';
	line[n++] = '\n';
	write_line(line, n);
}

static void SQ_PRINTF(2, 3) put_linef(enum sq_log_level level, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	put_line(level, fmt, ap);
	va_end(ap);
}

static bool admit(struct sq_log_site *site, enum sq_log_level level)
{
	uint64_t now = sq_now_ns();

	if (!site->window_ns || now - site->window_ns >= WINDOW_NS) {
		unsigned suppressed = site->suppressed;

		*site = (struct sq_log_site){ .window_ns = now };
		if (suppressed)
			put_linef(level, "suppressed=%u lines like the next", suppressed);
	}
	if (site->n < WINDOW_LINES) {
		site->n++;
		return true;
	}
	site->suppressed++;
	return false;
}

void sq_log_write(struct sq_log_site *site, enum sq_log_level level, const char *fmt, ...)
{
	int saved = errno;
	va_list ap;

	sq_lock(&log_lock);
	if (admit(site, level)) {
		va_start(ap, fmt);
		put_line(level, fmt, ap);
		va_end(ap);
	}
	sq_unlock(&log_lock);
	errno = saved;
}
