/* SPDX-License-Identifier: MIT */
#include "daemon/peer.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"

/* one of its supplementary groups? */
static bool has_group(int fd, const struct sq_config *config)
{
	_cleanup_(sq_freep) gid_t *groups = NULL;
	socklen_t n = 0;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, NULL, &n) < 0 && errno != ERANGE)
		return false;
	groups = n ? sq_malloc(n) : NULL;
	if (!groups || getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &n) < 0)
		return false;
	for (size_t i = 0; i < n / sizeof(*groups); i++)
		if (sq_config_has_id(config->allow_gid, groups[i]))
			return true;
	return false;
}

int sq_peer_check(int fd, const struct sq_config *config, uid_t *ret_uid)
{
	struct ucred peer;
	socklen_t n = sizeof(peer);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &n) < 0)
		return sq_error_origin(-errno);
	if (peer.uid == geteuid() || sq_config_has_id(config->allow_uids, peer.uid))
		return 0;
	if (config->allow_gid && (sq_config_has_id(config->allow_gid, peer.gid) || has_group(fd, config)))
		return 0;
	*ret_uid = peer.uid;
	return SQ_PEER_E_REFUSED;
}

/* the directory that the daemon made for itself: others may go through it */
static int open_directory(const char *path)
{
	const char *end = strrchr(path, '/');
	_cleanup_(sq_freep) char *dir = end ? sq_asprintf("%.*s", (int)(end - path), path) : NULL;

	if (!dir)
		return -ENOMEM;
	return chmod(dir, 0711) < 0 ? -errno : 0;
}

void sq_peer_open_socket(const char *path, const struct sq_config *config)
{
	int r = 0;

	if (!config->allow_uids && !config->allow_gid)
		return;
	if (chmod(path, 0666) < 0)   /* who connects is asked who it is */
		r = -errno;
	if (!r && !config->socket_path)
		r = open_directory(path);
	if (r < 0)
		sq_log_warning("others cannot reach the socket path=%s error=%s", path, strerrorname_np(-r));
}
