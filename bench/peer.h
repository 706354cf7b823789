/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * peer — a tool that people use today for the same work, and how it is asked.
 * Ownership: the table is constant. Threads: main thread.
 */
#include "bench/process.h"

struct sq_peer {
	const char *name;               /* as reports call it */
	const char *program;            /* looked up in PATH and the private prefix of setup-peers */
	const char *version[3];         /* argv that prints it */
	const char *does;               /* for --list */
	/*
	 * argv of an index of $TREE in $OUT; words may hold $TREE, $OUT, $WORKERS,
	 * $LIST (a file with the paths of all sources)
	 */
	const char *index[12];
	const char *prepare[12];        /* an index for questions, where another one answers faster */
	const char *find[8];            /* $NAME, after an index; empty: none */
	const char *callers[8];
	const char *update[8];          /* after a change of $FILE; empty: none */
	bool in_tree;                   /* runs in the tree and writes there: removed after it */
	const char *litter;             /* what it leaves in the tree */
	bool may_fail;                  /* its failure is a result, not a fault of the run */
};

extern const struct sq_peer sq_peers[];
extern const size_t sq_n_peers;

const struct sq_peer *sq_peer_named(const char *name);
/** sq_peer_is_there() - its program was found. */
bool sq_peer_is_there(const struct sq_peer *p);
/** sq_peer_version() - "" when it is absent. */
void sq_peer_version(const struct sq_peer *p, struct sq_buf *ret);

struct sq_peer_words { const char *tree, *out, *list, *name, *file; unsigned workers; };
struct sq_peer_limits { double timeout_s; uint64_t memory_bytes; };
/**
 * sq_peer_run() - one of the peer's command lines, its words filled in.
 * @ret_command: the command as typed; @ret_why: why it did not succeed, else untouched
 * Return: 0 or -errno.
 */
int sq_peer_run(const struct sq_peer *p, const char *const *words, const struct sq_peer_words *values,
		const struct sq_peer_limits *limits, struct sq_run *ret, struct sq_buf *ret_command,
		struct sq_buf *ret_why) sq_must_check;
