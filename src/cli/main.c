/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>
#include <unistd.h>

#include "cli/analysis.h"
#include "cli/dispatch.h"
#include "cli/relations.h"
#include "cli/service.h"

/* https://no-color.org: set and not empty means none */
static bool wants_color(void)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

	return isatty(STDOUT_FILENO) && !(no && *no) && term &&
	       strcmp(term, "dumb");
}

int main(int argc, char **argv)
{
	static const struct sq_command commands[] = {
		{ "index", sq_cmd_index, "load a source tree and show its figures" },
		{ "search", sq_cmd_search, "find definitions by name" },
		{ "query", sq_cmd_query, "find definitions by an expression" },
		{ "graph", sq_cmd_graph, "callers, callees, paths, complexity, statistics, dump" },
		{ "unused", sq_cmd_unused, "definitions that nothing uses" },
		{ "cycles", sq_cmd_cycles, "what calls or imports itself in a circle" },
		{ "impact", sq_cmd_impact, "what a change of a symbol may touch" },
		{ "subgraph", sq_cmd_subgraph, "the calls around symbols" },
		{ "export", sq_cmd_export, "a graph for a program that draws" },
		{ "daemon", sq_cmd_daemon, "start, stop, look at the daemon" },
		{ "doctor", sq_cmd_doctor, "what works on this machine, what does not, what to do" },
	};
	struct sq_cli cli = {
		.command = "sqry", .color = wants_color(),
		.is_tty = isatty(STDOUT_FILENO),
	};
	int r;

	r = sq_dispatch(&cli, "sqry", commands, SQ_ARRAY_SIZE(commands), argc,
			argv);
	cli.client = sqry_client_free(cli.client);
	if (fflush(stdout) && !r)
		r = sq_cli_error(&cli, EX_IOERR, "cannot write the output");
	return r;
}
