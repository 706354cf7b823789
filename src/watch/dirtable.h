/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * dirtable — file handle -> directory node, for all roots of one group.
 * A directory that several roots contain has one node for each of them; they
 * share the key. A node knows its parent, not its path, so that the rename of
 * a directory moves one node and its subtree follows.
 * Ownership: the table owns its nodes; a pinned node outlives its removal
 *            (->dead) until the last sq_dir_node_unpin().
 * Threads:   under the lock of the watcher.
 * Invariants: every node but a root's has a parent of the same root; no two
 *            nodes have the same (parent, name), nor the same (root, key).
 */
#include <stdbool.h>

#include "base/str.h"

struct sq_watch_root;

/* (file system, handle type, handle bytes): what identifies a directory */
struct sq_dir_key {
	uint64_t fsid;
	const void *bytes;              /* borrowed, no alignment */
	int32_t type;
	uint32_t n;
};

enum {
	SQ_DIR_RULES_ONLY = 1,          /* .git and .git/info: rule files only */
	SQ_DIR_MARKED = 2,              /* T1: has its own mark */
};

struct sq_dir_node {
	struct sq_dir_node *key_next, *name_next;       /* hash chains */
	struct sq_dir_node *parent, *first_child;
	struct sq_dir_node *next_sibling, *prev_sibling;
	struct sq_watch_root *root;
	char *name;                     /* n_name bytes */
	uint64_t fsid, key_hash, name_hash;
	uint64_t generation;            /* of the walk that saw it last */
	uint32_t pins;
	int32_t type;
	uint16_t n_name, n_handle;
	uint8_t flags;
	bool dead;
	unsigned char handle[];
};

struct sq_dir_table {
	struct sq_dir_node **by_key, **by_name;
	size_t n_buckets, n_nodes;
};
#define SQ_DIR_TABLE_NULL { NULL, NULL, 0, 0 }

/** sq_dir_table_deinit() - all nodes must have been removed. */
void sq_dir_table_deinit(struct sq_dir_table *t);
/** sq_dir_table_insert() - @parent is NULL for the node of a root itself. */
int sq_dir_table_insert(struct sq_dir_table *t, struct sq_watch_root *root,
			struct sq_dir_node *parent, struct sq_slice name,
			const struct sq_dir_key *key,
			struct sq_dir_node **ret_n) sq_must_check;
/**
 * sq_dir_table_move() - make @n the child @name of @parent.
 * Return: 0; -ELOOP when @parent is below @n; -EEXIST; -ENOMEM.
 */
int sq_dir_table_move(struct sq_dir_table *t, struct sq_dir_node *n,
		      struct sq_dir_node *parent,
		      struct sq_slice name) sq_must_check;
/** sq_dir_table_remove() - @n and all below; @each (or NULL) sees every node before it goes. */
void sq_dir_table_remove(struct sq_dir_table *t, struct sq_dir_node *n,
			 void (*each)(void *arg, const struct sq_dir_node *n),
			 void *arg);
/** sq_dir_table_find() - the first node of @key; then sq_dir_node_same(). */
struct sq_dir_node *sq_dir_table_find(const struct sq_dir_table *t,
				      const struct sq_dir_key *key);
struct sq_dir_node *sq_dir_node_same(const struct sq_dir_node *n);
/** sq_dir_table_find_in() - the node of @key in @root. */
struct sq_dir_node *sq_dir_table_find_in(const struct sq_dir_table *t,
					 const struct sq_watch_root *root,
					 const struct sq_dir_key *key);
struct sq_dir_node *sq_dir_table_child(const struct sq_dir_table *t,
				       const struct sq_dir_node *parent,
				       struct sq_slice name);
/** sq_dir_table_at() - the node at @path below @top; @top itself for "". */
struct sq_dir_node *sq_dir_table_at(const struct sq_dir_table *t,
				    struct sq_dir_node *top, struct sq_slice path);

struct sq_dir_key sq_dir_node_key(const struct sq_dir_node *n);
bool sq_dir_node_is_key(const struct sq_dir_node *n, const struct sq_dir_key *key);
/** sq_dir_node_path() - append the path of @n in its root to @b. */
void sq_dir_node_path(const struct sq_dir_node *n, struct sq_buf *b);
static inline void sq_dir_node_pin(struct sq_dir_node *n) { n->pins++; }
void sq_dir_node_unpin(struct sq_dir_node *n);
bool sq_dir_key_eq(const struct sq_dir_key *a, const struct sq_dir_key *b);
uint64_t sq_dir_key_hash(const struct sq_dir_key *k);

/*
 * dir_misses — a bounded memory of directories that are no node: outside of
 * every root, or ignored. Forgetting one costs a resolution, never an event.
 */
enum sq_dir_miss { SQ_DIR_MISS_UNKNOWN, SQ_DIR_MISS_OUTSIDE, SQ_DIR_MISS_IGNORED };
struct sq_dir_miss_slot;
struct sq_dir_misses {
	struct sq_dir_miss_slot *slots; /* allocated at the first add */
	unsigned hand;                  /* which way of a full set goes next */
	bool is_empty;
};
#define SQ_DIR_MISSES_NULL { NULL, 0, true }
void sq_dir_misses_deinit(struct sq_dir_misses *m);
void sq_dir_misses_clear(struct sq_dir_misses *m);
/** sq_dir_misses_add() - best effort: a handle too long, or no memory, is not kept. */
void sq_dir_misses_add(struct sq_dir_misses *m, const struct sq_dir_key *k, enum sq_dir_miss kind);
enum sq_dir_miss sq_dir_misses_find(const struct sq_dir_misses *m, const struct sq_dir_key *k);
