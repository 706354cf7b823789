/* SPDX-License-Identifier: MIT */
#include "watch/dirtable.h"

#include "base/error.h"
#include "base/hash.h"

enum { MIN_BUCKETS = 256 };

bool sq_dir_key_eq(const struct sq_dir_key *a, const struct sq_dir_key *b)
{
	return a->fsid == b->fsid && a->type == b->type && a->n == b->n &&
	       !memcmp(a->bytes, b->bytes, a->n);
}

uint64_t sq_dir_key_hash(const struct sq_dir_key *k)
{
	return sq_hash64(k->bytes, k->n, k->fsid ^ (uint64_t)(uint32_t)k->type << 32);
}

struct sq_dir_key sq_dir_node_key(const struct sq_dir_node *n)
{
	return (struct sq_dir_key){ n->fsid, n->handle, n->type, n->n_handle };
}

bool sq_dir_node_is_key(const struct sq_dir_node *n, const struct sq_dir_key *key)
{
	struct sq_dir_key k = sq_dir_node_key(n);

	return sq_dir_key_eq(&k, key);
}

static uint64_t name_hash(const struct sq_dir_node *parent, struct sq_slice name)
{
	return sq_hash64(name.p, name.n, (uint64_t)(uintptr_t)parent);
}

/* ---- chains ---- */

static void link_key(struct sq_dir_table *t, struct sq_dir_node *n)
{
	struct sq_dir_node **b = &t->by_key[n->key_hash & (t->n_buckets - 1)];

	n->key_next = *b;
	*b = n;
}

static void unlink_key(struct sq_dir_table *t, struct sq_dir_node *n)
{
	struct sq_dir_node **p = &t->by_key[n->key_hash & (t->n_buckets - 1)];

	while (*p != n)
		p = &(*p)->key_next;
	*p = n->key_next;
}

static void link_name(struct sq_dir_table *t, struct sq_dir_node *n)
{
	struct sq_dir_node **b = &t->by_name[n->name_hash & (t->n_buckets - 1)];

	n->name_next = *b;
	*b = n;
}

static void unlink_name(struct sq_dir_table *t, struct sq_dir_node *n)
{
	struct sq_dir_node **p = &t->by_name[n->name_hash & (t->n_buckets - 1)];

	while (*p != n)
		p = &(*p)->name_next;
	*p = n->name_next;
}

static void link_parent(struct sq_dir_node *n, struct sq_dir_node *parent)
{
	n->parent = parent;
	n->prev_sibling = NULL;
	n->next_sibling = parent->first_child;
	if (n->next_sibling)
		n->next_sibling->prev_sibling = n;
	parent->first_child = n;
}

static void unlink_parent(struct sq_dir_node *n)
{
	if (n->next_sibling)
		n->next_sibling->prev_sibling = n->prev_sibling;
	if (n->prev_sibling)
		n->prev_sibling->next_sibling = n->next_sibling;
	else
		n->parent->first_child = n->next_sibling;
	n->parent = NULL;
}

static int table_grow(struct sq_dir_table *t)
{
	struct sq_dir_table old = *t;
	size_t n = old.n_buckets ? old.n_buckets * 2 : MIN_BUCKETS;
	struct sq_dir_node **keys = sq_calloc(n, sizeof(*keys));
	struct sq_dir_node **names = sq_calloc(n, sizeof(*names));

	if (!keys || !names) {
		sq_free(keys);
		sq_free(names);
		return sq_error_origin(-ENOMEM);
	}
	t->by_key = keys;
	t->by_name = names;
	t->n_buckets = n;
	for (size_t i = 0; i < old.n_buckets; i++) {
		for (struct sq_dir_node *k = old.by_key[i], *next; k; k = next) {
			next = k->key_next;
			link_key(t, k);
		}
		for (struct sq_dir_node *k = old.by_name[i], *next; k; k = next) {
			next = k->name_next;
			link_name(t, k);
		}
	}
	sq_free(old.by_key);
	sq_free(old.by_name);
	return 0;
}

/* ---- table ---- */

void sq_dir_table_deinit(struct sq_dir_table *t)
{
	sq_free(t->by_key);
	sq_free(t->by_name);
	*t = (struct sq_dir_table)SQ_DIR_TABLE_NULL;
}

int sq_dir_table_insert(struct sq_dir_table *t, struct sq_watch_root *root,
			struct sq_dir_node *parent, struct sq_slice name,
			const struct sq_dir_key *key,
			struct sq_dir_node **ret_n)
{
	struct sq_dir_node *n;
	int r;

	if (t->n_nodes >= t->n_buckets) {
		r = table_grow(t);
		if (r < 0)
			return sq_error_trace(r);
	}
	n = sq_calloc(1, sizeof(*n) + key->n);
	if (!n)
		return sq_error_origin(-ENOMEM);
	n->name = sq_strndup(name.p ? name.p : "", name.n);
	if (!n->name) {
		sq_free(n);
		return sq_error_origin(-ENOMEM);
	}
	n->n_name = (uint16_t)name.n;
	n->root = root;
	n->fsid = key->fsid;
	n->type = key->type;
	n->n_handle = (uint16_t)key->n;
	memcpy(n->handle, key->bytes, key->n);
	n->key_hash = sq_dir_key_hash(key);
	link_key(t, n);
	if (parent) {
		n->name_hash = name_hash(parent, name);
		link_name(t, n);
		link_parent(n, parent);
	}
	t->n_nodes++;
	*ret_n = n;
	return 0;
}

int sq_dir_table_move(struct sq_dir_table *t, struct sq_dir_node *n,
		      struct sq_dir_node *parent, struct sq_slice name)
{
	struct sq_dir_node *there = sq_dir_table_child(t, parent, name);
	char *copy;

	if (there)
		return there == n ? 0 : sq_error_origin(-EEXIST);
	for (const struct sq_dir_node *up = parent; up; up = up->parent)
		if (up == n)
			return sq_error_origin(-ELOOP);
	copy = sq_strndup(name.p, name.n);
	if (!copy)
		return sq_error_origin(-ENOMEM);
	unlink_name(t, n);
	unlink_parent(n);
	sq_free(n->name);
	n->name = copy;
	n->n_name = (uint16_t)name.n;
	n->name_hash = name_hash(parent, name);
	link_name(t, n);
	link_parent(n, parent);
	return 0;
}

static void remove_leaf(struct sq_dir_table *t, struct sq_dir_node *n)
{
	unlink_key(t, n);
	if (n->parent) {
		unlink_name(t, n);
		unlink_parent(n);
	}
	t->n_nodes--;
	n->dead = true;
	n->pins++;
	sq_dir_node_unpin(n);
}

void sq_dir_table_remove(struct sq_dir_table *t, struct sq_dir_node *n,
			 void (*each)(void *arg, const struct sq_dir_node *n),
			 void *arg)
{
	struct sq_dir_node *at = n;

	for (;;) {
		struct sq_dir_node *up;

		while (at->first_child)
			at = at->first_child;
		if (each)
			each(arg, at);
		up = at == n ? NULL : at->parent;
		remove_leaf(t, at);
		if (!up)
			return;
		at = up;
	}
}

void sq_dir_node_unpin(struct sq_dir_node *n)
{
	if (--n->pins || !n->dead)
		return;
	sq_free(n->name);
	sq_free(n);
}

static struct sq_dir_node *first_of(struct sq_dir_node *n, uint64_t hash,
				    const struct sq_dir_key *key)
{
	while (n && (n->key_hash != hash || !sq_dir_node_is_key(n, key)))
		n = n->key_next;
	return n;
}

struct sq_dir_node *sq_dir_table_find(const struct sq_dir_table *t, const struct sq_dir_key *key)
{
	uint64_t hash;

	if (!t->n_buckets)
		return NULL;
	hash = sq_dir_key_hash(key);
	return first_of(t->by_key[hash & (t->n_buckets - 1)], hash, key);
}

struct sq_dir_node *sq_dir_node_same(const struct sq_dir_node *n)
{
	struct sq_dir_key key = sq_dir_node_key(n);

	return first_of(n->key_next, n->key_hash, &key);
}

struct sq_dir_node *sq_dir_table_find_in(const struct sq_dir_table *t,
					 const struct sq_watch_root *root,
					 const struct sq_dir_key *key)
{
	struct sq_dir_node *n = sq_dir_table_find(t, key);

	while (n && n->root != root)
		n = sq_dir_node_same(n);
	return n;
}

struct sq_dir_node *sq_dir_table_child(const struct sq_dir_table *t,
				       const struct sq_dir_node *parent,
				       struct sq_slice name)
{
	struct sq_dir_node *n;
	uint64_t hash;

	if (!t->n_buckets)
		return NULL;
	hash = name_hash(parent, name);
	n = t->by_name[hash & (t->n_buckets - 1)];
	while (n && (n->name_hash != hash || n->parent != parent ||
		     !sq_slice_eq(sq_slice(n->name, n->n_name), name)))
		n = n->name_next;
	return n;
}

struct sq_dir_node *sq_dir_table_at(const struct sq_dir_table *t,
				    struct sq_dir_node *top, struct sq_slice path)
{
	while (top && path.n) {
		const char *slash = memchr(path.p, '/', path.n);
		size_t n = slash ? (size_t)(slash - path.p) : path.n;

		top = sq_dir_table_child(t, top, sq_slice(path.p, n));
		n += slash ? 1 : 0;
		path = sq_slice(path.p + n, path.n - n);
	}
	return top;
}

void sq_dir_node_path(const struct sq_dir_node *n, struct sq_buf *b)
{
	size_t len = 0;
	char *end;

	for (const struct sq_dir_node *up = n; up->parent; up = up->parent)
		len += up->n_name + (up->parent->parent ? 1U : 0U);
	if (!len || sq_buf_reserve(b, len) < 0)
		return;
	end = b->p + b->n + len;
	b->n += len;
	for (const struct sq_dir_node *up = n; up->parent; up = up->parent) {
		end -= up->n_name;
		memcpy(end, up->name, up->n_name);
		if (up->parent->parent)
			*--end = '/';
	}
}

/* ---- misses ---- */

/* a slot is a cache line; overlayfs has handles of 40 bytes */
enum { MISS_SETS = 8192, MISS_WAYS = 4, MISS_BYTES = 50 };

struct sq_dir_miss_slot {
	uint64_t fsid;
	int32_t type;
	uint8_t n, kind;                /* kind 0: free */
	unsigned char bytes[MISS_BYTES];
};

void sq_dir_misses_deinit(struct sq_dir_misses *m)
{
	sq_free(m->slots);
	*m = (struct sq_dir_misses)SQ_DIR_MISSES_NULL;
}

void sq_dir_misses_clear(struct sq_dir_misses *m)
{
	if (!m->is_empty)
		memset(m->slots, 0, sizeof(*m->slots) * MISS_SETS * MISS_WAYS);
	m->is_empty = true;
}

static struct sq_dir_miss_slot *miss_set(const struct sq_dir_misses *m, const struct sq_dir_key *k)
{
	return m->slots + (sq_dir_key_hash(k) & (MISS_SETS - 1)) * MISS_WAYS;
}

static bool slot_is(const struct sq_dir_miss_slot *s, const struct sq_dir_key *k)
{
	return s->kind && s->fsid == k->fsid && s->type == k->type &&
	       s->n == k->n && !memcmp(s->bytes, k->bytes, k->n);
}

void sq_dir_misses_add(struct sq_dir_misses *m, const struct sq_dir_key *k, enum sq_dir_miss kind)
{
	struct sq_dir_miss_slot *set, *s = NULL;

	if (k->n > MISS_BYTES)
		return;
	if (!m->slots)
		m->slots = sq_calloc(MISS_SETS * MISS_WAYS, sizeof(*m->slots));
	if (!m->slots)
		return;
	set = miss_set(m, k);
	for (unsigned i = 0; i < MISS_WAYS; i++)
		if (slot_is(&set[i], k) || (!set[i].kind && !s))
			s = &set[i];
	if (!s)
		s = &set[m->hand++ % MISS_WAYS];
	s->fsid = k->fsid;
	s->type = k->type;
	s->n = (uint8_t)k->n;
	s->kind = (uint8_t)kind;
	memcpy(s->bytes, k->bytes, k->n);
	m->is_empty = false;
}

enum sq_dir_miss sq_dir_misses_find(const struct sq_dir_misses *m, const struct sq_dir_key *k)
{
	const struct sq_dir_miss_slot *set;

	if (m->is_empty || k->n > MISS_BYTES)
		return SQ_DIR_MISS_UNKNOWN;
	set = miss_set(m, k);
	for (unsigned i = 0; i < MISS_WAYS; i++)
		if (slot_is(&set[i], k))
			return (enum sq_dir_miss)set[i].kind;
	return SQ_DIR_MISS_UNKNOWN;
}
