/* SPDX-License-Identifier: MIT */
/*
 * callers — who calls a function? A small program on libsqry:
 *
 *	cc callers.c $(pkg-config --cflags --libs sqry) -o callers
 *	./callers DIRECTORY SYMBOL
 *
 * Loads DIRECTORY if it is not loaded yet, starting the daemon when none runs.
 */
#include <stdio.h>
#include <stdlib.h>

#include <sqry/sqry.h>

/* the reply of a call, or the program ends with the daemon's own words */
static struct sqry_reply *call(struct sqry_client *c, const char *method,
			       struct sqry_params *params)
{
	struct sqry_reply *reply = NULL;
	struct sqry_failure failure;

	if (sqry_call(c, method, sqry_params_json(params), -1, &reply,
		      &failure)) {
		fprintf(stderr, "callers: %s\n", failure.message);
		exit(EXIT_FAILURE);
	}
	sqry_params_free(params);
	return reply;
}

static void load(struct sqry_client *c, const char *dir)
{
	struct sqry_params *p = sqry_params_new();

	sqry_params_string(p, "index_root", dir);
	sqry_reply_free(call(c, "daemon/load", p));
}

static void print(const struct sqry_value *callers)
{
	for (size_t i = 0; i < sqry_value_count(callers); i++) {
		const struct sqry_value *v = sqry_value_at(callers, i);

		printf("%s:%lld: %s\n",
		       sqry_value_string(sqry_value_get(v, "fileUri"), NULL),
		       (long long)sqry_value_int(sqry_value_get(v, "line"), 0),
		       sqry_value_string(sqry_value_get(v, "name"), NULL));
	}
}

int main(int argc, char **argv)
{
	struct sqry_options options = SQRY_OPTIONS_INIT;
	struct sqry_client *c = NULL;
	struct sqry_failure failure;
	struct sqry_params *p;
	struct sqry_reply *reply;
	char *dir;

	if (argc != 3) {
		fprintf(stderr, "usage: callers DIRECTORY SYMBOL\n");
		return 2;
	}
	options.autostart = true;
	if (sqry_connect(&options, &c, &failure)) {
		fprintf(stderr, "callers: %s\n", failure.message);
		return EXIT_FAILURE;
	}
	/* the daemon has another working directory */
	dir = realpath(argv[1], NULL);
	if (!dir) {
		perror(argv[1]);
		return EXIT_FAILURE;
	}
	load(c, dir);
	p = sqry_params_new();
	sqry_params_string(p, "path", dir);
	sqry_params_string(p, "symbol", argv[2]);
	reply = call(c, "direct_callers", p);
	print(sqry_value_get(sqry_value_get(sqry_reply_result(reply), "data"),
			     "callers"));
	sqry_reply_free(reply);
	sqry_client_free(c);
	free(dir);
	return EXIT_SUCCESS;
}
