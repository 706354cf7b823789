/* SPDX-License-Identifier: MIT */
#ifndef SQRY_SQRY_H
#define SQRY_SQRY_H
/*
 * sqry — client library of sqryd, the daemon that keeps a live code graph of
 * source trees in memory. Build with: pkg-config --cflags --libs sqry
 *
 *	struct sqry_client *c;
 *	struct sqry_failure f;
 *	struct sqry_reply *r;
 *
 *	if (sqry_connect(NULL, &c, &f))
 *		errx(1, "%s", f.message);
 *	if (!sqry_call(c, "daemon/status", NULL, -1, &r, &f))
 *		puts(sqry_value_string(sqry_value_get(sqry_reply_result(r),
 *						      "daemon_version"), NULL));
 *
 * value.h   reading what a reply holds
 * params.h  writing the parameters of a call
 * client.h  connecting, calling, errors
 */
#include <sqry/client.h>
#include <sqry/params.h>
#include <sqry/value.h>

#endif
