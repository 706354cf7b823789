/* SPDX-License-Identifier: MIT */
#include "client/path.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/error.h"
#include "proto/settings.h"
#include "sqry/client.h"

/* an absolute directory named by the environment, or NULL */
static const char *directory_of(const char *variable)
{
	const char *dir = getenv(variable);

	return dir && dir[0] == '/' ? dir : NULL;
}

struct configured { char *path; size_t cap; int n; };

static int take_socket(void *arg, const struct sq_setting *s, struct sq_settings_error *err)
{
	struct configured *c = arg;

	(void)err;
	if (!strcmp(s->section, "socket") && !strcmp(s->key, "path"))
		c->n = snprintf(c->path, c->cap, "%s", s->value);
	return 0;
}

/* [socket] path, as the daemon reads it; its length, 0 none, -errno. What else a file holds is the daemon's to refuse. */
static int configured_path(char *ret_path, size_t cap)
{
	struct configured c = { .path = ret_path, .cap = cap };
	struct sq_settings_error err;

	int r = sq_settings_read(NULL, take_socket, &c, &err);

	return r < 0 ? sq_error_trace(r) : c.n;
}

int sqry_socket_path(char *ret_path, size_t cap)
{
	const size_t max = sizeof(((struct sockaddr_un *)NULL)->sun_path);
	const char *socket = getenv("SQRY_DAEMON_SOCKET");
	const char *runtime = directory_of("XDG_RUNTIME_DIR");
	const char *tmp = directory_of("TMPDIR");
	int n = socket && *socket ? snprintf(ret_path, cap, "%s", socket) : configured_path(ret_path, cap);

	if (n)
		;   /* it was said */
	else if (runtime)
		n = snprintf(ret_path, cap, "%s/sqry/sqryd.sock", runtime);
	else
		n = snprintf(ret_path, cap, "%s/sqry-%u/sqryd.sock",
			     tmp ? tmp : "/tmp", (unsigned)getuid());
	if (n < 0)
		return sq_error_trace(n);
	if ((size_t)n >= cap || (size_t)n >= max)
		return sq_error_origin(-ENAMETOOLONG);
	return 0;
}

int sq_client_sibling(const char *socket, const char *suffix, char *ret_path,
		      size_t cap)
{
	struct sq_slice stem = sq_slice_z(socket);
	int n;

	if (sq_slice_has_suffix(stem, SQ_LIT(".sock")))
		stem.n -= strlen(".sock");
	n = snprintf(ret_path, cap, "%.*s%s", (int)stem.n, stem.p, suffix);
	if (n < 0 || (size_t)n >= cap)
		return sq_error_origin(-ENAMETOOLONG);
	return 0;
}
