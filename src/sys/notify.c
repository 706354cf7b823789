/* SPDX-License-Identifier: MIT */
#include "sys/notify.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/socket.h>

#include "base/error.h"
#include "base/str.h"

#ifdef HAVE_LIBSYSTEMD
#include <systemd/sd-daemon.h>

bool sq_notify_is_built(void)
{
	return true;
}

int sq_notify(const char *state)
{
	int r = sd_notify(0, state);

	return r < 0 ? sq_error_origin(r) : r > 0;
}

uint64_t sq_notify_watchdog_ns(void)
{
	uint64_t usec;

	return sd_watchdog_enabled(0, &usec) > 0 ? usec * 1000 : 0;
}

int sq_notify_listen_fd(int *ret_fd)
{
	/* the variables are removed, so that no child takes them for its own */
	int n = sd_listen_fds(1), r;

	if (n < 0)
		return sq_error_origin(n);
	if (!n)
		return 0;
	if (n > 1)
		return sq_error_origin(-EINVAL);
	r = sd_is_socket(SD_LISTEN_FDS_START, AF_UNSPEC, SOCK_STREAM, 1);
	if (r < 0)
		return sq_error_origin(r);
	if (!r)
		return sq_error_origin(-EINVAL);
	*ret_fd = SD_LISTEN_FDS_START;
	return 1;
}
#else
bool sq_notify_is_built(void)
{
	return false;
}

int sq_notify(const char *state)
{
	(void)state;
	return 0;
}

uint64_t sq_notify_watchdog_ns(void)
{
	return 0;
}

int sq_notify_listen_fd(int *ret_fd)
{
	(void)ret_fd;
	return 0;
}
#endif

int sq_notify_status(const char *fmt, ...)
{
	struct sq_buf b = SQ_BUF_NULL;
	char text[512];
	va_list ap;
	int r;

	va_start(ap, fmt);
	r = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (r < 0)
		return sq_error_origin(-EINVAL);
	sq_buf_puts(&b, "STATUS=");
	/* a line break would begin another assignment */
	sq_buf_add_escaped(&b, sq_slice_z(text));
	r = sq_buf_z(&b) ? sq_notify(sq_buf_z(&b)) : -ENOMEM;
	sq_buf_deinit(&b);
	return sq_error_trace(r);
}
