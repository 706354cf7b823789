/* SPDX-License-Identifier: MIT */
#include "base/logfile.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/str.h"
#include "base/time.h"

/* a fifo without a reader would block */
#define OPEN_FLAGS (O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK)

static int open_file(struct sq_logfile *f)
{
	int fd = open(f->path, OPEN_FLAGS, 0600);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0) {
		int e = errno;

		if (fd >= 0)
			close(fd);
		return sq_error_origin(-e);
	}
	f->fd = fd;
	f->is_regular = S_ISREG(st.st_mode);
	f->size = f->is_regular ? (uint64_t)st.st_size : 0;
	return 0;
}

static void close_file(struct sq_logfile *f)
{
	if (f->fd >= 0)
		close(f->fd);
	f->fd = -1;
}

int sq_logfile_open(const char *path, uint64_t max_bytes, unsigned keep, struct sq_logfile **ret_f)
{
	struct sq_logfile *f = sq_calloc(1, sizeof(*f));
	int r = -ENOMEM;

	if (!f)
		return sq_error_origin(-ENOMEM);
	f->fd = -1;
	f->max_bytes = max_bytes;
	f->keep = keep;
	f->path = sq_strdup(path);
	if (f->path)
		r = open_file(f);
	if (r < 0) {
		sq_logfile_close(f);
		return sq_error_trace(r);
	}
	*ret_f = f;
	return 0;
}

struct sq_logfile *sq_logfile_close(struct sq_logfile *f)
{
	if (!f)
		return NULL;
	close_file(f);
	sq_free(f->path);
	sq_free(f);
	return NULL;
}

int sq_logfile_reopen(struct sq_logfile *f)
{
	int old = f->fd, r;

	r = open_file(f);
	if (r < 0)
		return sq_error_trace(r);
	if (old >= 0)
		close(old);
	f->is_degraded = false;
	return 0;
}

/* ---- rotation ---------------------------------------------------------------------- */

static int name_of(const struct sq_logfile *f, unsigned i, char name[PATH_MAX])
{
	int n = i ? snprintf(name, PATH_MAX, "%s.%u", f->path, i) : snprintf(name, PATH_MAX, "%s", f->path);

	return n < 0 || n >= PATH_MAX ? sq_error_origin(-ENAMETOOLONG) : 0;
}

static int rename_to(const struct sq_logfile *f, unsigned i)
{
	char from[PATH_MAX], to[PATH_MAX];
	int r = name_of(f, i - 1, from);

	if (!r)
		r = name_of(f, i, to);
	if (r)
		return r;
	return rename(from, to) < 0 && errno != ENOENT ? -errno : 0;
}

/* the oldest is renamed over, or goes */
static int shift(const struct sq_logfile *f)
{
	int r = 0;

	for (unsigned i = f->keep; i && !r; i--)
		r = rename_to(f, i);
	return r;
}

/* beside the file: the file itself may be what does not work */
static void note_failure(const struct sq_logfile *f, int error)
{
	char name[PATH_MAX], line[PATH_MAX + 200], when[32];
	int fd, n = snprintf(name, sizeof(name), "%s.rotate-errors.log", f->path);

	if (n < 0 || n >= (int)sizeof(name))
		return;
	fd = open(name, OPEN_FLAGS, 0600);
	if (fd < 0)
		return;   /* nowhere left to say it */
	n = snprintf(line, sizeof(line), "%s rotation failed path=%s error=%s\n",
		     sq_time_rfc3339(sq_realtime_ns(), when, sizeof(when)), f->path, strerrorname_np(-error));
	if (n > 0 && write(fd, line, (size_t)n) < 0)
		errno = 0;   /* as above */
	close(fd);
}

static void append(struct sq_logfile *f, const char *line, size_t n)
{
	while (n && f->fd >= 0) {
		ssize_t r = write(f->fd, line, n);

		if (r < 0 && errno == EINTR)
			continue;
		if (r <= 0)
			return;   /* nowhere left to say it */
		line += r;
		n -= (size_t)r;
		f->size += (uint64_t)r;
	}
}

static void recovered(struct sq_logfile *f)
{
	char line[200], when[32];
	int n;

	if (!f->is_degraded)
		return;
	f->is_degraded = false;
	n = snprintf(line, sizeof(line), "%s warning: the log is rotated again refused_lines=%llu\n",
		     sq_time_rfc3339(sq_realtime_ns(), when, sizeof(when)), (unsigned long long)f->n_refused);
	if (n > 0)
		append(f, line, (size_t)n);
}

static void rotate(struct sq_logfile *f)
{
	int r;

	close_file(f);
	r = shift(f);
	if (r < 0) {
		if (!f->is_degraded)
			f->n_refused = 0;
		f->is_degraded = true;
		f->failed_ns = sq_clock_ns();
		note_failure(f, r);
	}
	if (open_file(f) < 0)
		f->fd = -1;   /* tried again with the next rotation or reopening */
	else if (!r)
		recovered(f);
}

void sq_logfile_write(struct sq_logfile *f, const char *line, size_t n)
{
	bool is_full = f->is_regular && f->max_bytes && f->size && f->size + n > f->max_bytes;

	if ((is_full || f->fd < 0) &&
	    (!f->is_degraded || sq_clock_ns() - f->failed_ns >= SQ_LOGFILE_RETRY_NS))
		rotate(f);
	if (f->is_degraded && f->size + n > 2 * f->max_bytes) {
		f->n_refused++;
		return;
	}
	append(f, line, n);
}
