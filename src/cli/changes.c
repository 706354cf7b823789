/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>

#include "base/alloc.h"
#include "cli/cli.h"
#include "cli/opts.h"
#include "cli/text.h"

static void print_files(const struct sqry_value *files)
{
	for (size_t i = 0; i < sqry_value_count(files); i++) {
		const struct sqry_value *v = sqry_value_at(files, i);
		struct sq_buf b = SQ_BUF_NULL;
		const char *z;

		sq_text_safe(&b, sq_slice_z(sq_cli_text(v, "file_path")));
		z = sq_buf_z(&b);
		printf("%s %s\n", sqry_value_bool(sqry_value_get(v, "exists"), true) ? "M" : "D", z ? z : "");
		sq_buf_deinit(&b);
	}
}

static void print_changes(const struct sqry_value *result)
{
	printf("clock: %s\n", sq_cli_text(result, "clock"));
	print_files(sqry_value_get(result, "files"));
	if (sqry_value_bool(sqry_value_get(result, "is_fresh_instance"), false))
		sq_cli_note("[what came before this clock is not known: any file may have changed]");
	if (sqry_value_bool(sqry_value_get(result, "truncated"), false))
		sq_cli_note("[there is more: ask again with --since and this clock]");
}

int sq_cmd_changes(struct sq_cli *cli, int argc, char **argv)
{
	static const struct sq_usage usage = {
		.synopsis = "[DIR] [OPTION...]", .max_args = 1,
		.about = "List the files that changed after a clock: M written or new, D gone. The first line is\n"
			 "the clock to name the next time; without --since there is only that line.\n",
	};
	const char *since = NULL;
	int64_t limit = 1000;
	const struct sq_opt all[] = {
		{ "since", 's', SQ_OPT_STRING, &since, 0, 0, "CLOCK", "of an earlier answer" },
		{ "limit", 'l', SQ_OPT_INT, &limit, 1, 8192, "N", "about so many files at most" },
	};
	struct sqry_reply *reply = NULL;
	struct sqry_params *p;
	char **args, *path;
	unsigned n;
	int r = sq_opts_parse(cli, &usage, all, SQ_ARRAY_SIZE(all), argc, argv, &args, &n);

	if (r)
		return r == SQ_OPTS_E_HELP ? 0 : r;
	r = sq_cli_directory(cli, n ? args[0] : NULL, &path);
	if (r)
		return r;
	r = sq_cli_connect(cli, true, NULL);
	if (!r) {
		p = sqry_params_new();
		sqry_params_string(p, "path", path);
		sqry_params_string(p, "since", since);
		sqry_params_int(p, "limit", limit);
		r = sq_cli_call(cli, "daemon/changes", p, &reply);
	}
	if (!r && cli->json)
		r = sq_cli_print_json(cli, reply);
	else if (!r)
		print_changes(sqry_reply_result(reply));
	sqry_reply_free(reply);
	sq_free_libc(path);
	return r;
}
