/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * str — byte slices and a growable byte buffer.
 * Ownership: a slice borrows; a buffer owns its bytes until deinit.
 * Threads:   as its owner.
 * Errors:    a buffer that ran out of memory stays valid and remembers it
 *            (->error = -ENOMEM); appends become no-ops, so that a writer
 *            checks once at the end with sq_buf_error().
 */
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/alloc.h"

struct sq_slice {
	const char *p;
	size_t n;
};
#define SQ_SLICE_NULL ((struct sq_slice){ NULL, 0 })
#define SQ_LIT(s) ((struct sq_slice){ (s), sizeof(s) - 1 })
static inline struct sq_slice sq_slice(const char *p, size_t n) { return (struct sq_slice){ p, n }; }
static inline struct sq_slice sq_slice_z(const char *z) { return (struct sq_slice){ z, z ? strlen(z) : 0 }; }
static inline bool sq_slice_eq(struct sq_slice a, struct sq_slice b)
{
	return a.n == b.n && (!a.n || !memcmp(a.p, b.p, a.n));
}
static inline bool sq_slice_is(struct sq_slice a, const char *z) { return sq_slice_eq(a, sq_slice_z(z)); }
bool sq_slice_has_prefix(struct sq_slice a, struct sq_slice prefix);
bool sq_slice_has_suffix(struct sq_slice a, struct sq_slice suffix);
/** sq_slice_cmp() - byte order, shorter first on a tie. */
int sq_slice_cmp(struct sq_slice a, struct sq_slice b);
/** sq_path_base() - what follows the last '/'. */
struct sq_slice sq_path_base(struct sq_slice path);
/** sq_path_dir() - what precedes the last '/', empty when there is none. */
struct sq_slice sq_path_dir(struct sq_slice path);
/** sq_path_is_below() - is @path @dir, or something in it? All is below the empty one. */
bool sq_path_is_below(struct sq_slice path, struct sq_slice dir);

struct sq_buf {
	char *p;       /* not NUL-terminated unless sq_buf_z() is called */
	size_t n, cap;
	int error;     /* 0 or -ENOMEM */
};
#define SQ_BUF_NULL { NULL, 0, 0, 0 }
void sq_buf_deinit(struct sq_buf *b);
void sq_buf_clear(struct sq_buf *b);      /* keeps the memory */
int sq_buf_reserve(struct sq_buf *b, size_t more);
void sq_buf_add(struct sq_buf *b, const void *p, size_t n);
void sq_buf_putc(struct sq_buf *b, char c);
void sq_buf_puts(struct sq_buf *b, const char *z);
void sq_buf_add_slice(struct sq_buf *b, struct sq_slice s);
void sq_buf_printf(struct sq_buf *b, const char *fmt, ...) SQ_PRINTF(2, 3);
void sq_buf_add_u64(struct sq_buf *b, uint64_t v);         /* decimal */
/** sq_buf_add_escaped() - printable ASCII as is, the rest as \xNN; never a raw newline. */
void sq_buf_add_escaped(struct sq_buf *b, struct sq_slice s);
const char *sq_buf_z(struct sq_buf *b);   /* terminated; "" when empty; NULL on ENOMEM */
static inline int sq_buf_error(const struct sq_buf *b) { return b->error; }
static inline struct sq_slice sq_buf_slice(const struct sq_buf *b) { return sq_slice(b->p, b->n); }
/** sq_asprintf() - a new string, freed with sq_free; NULL on ENOMEM. */
char *sq_asprintf(const char *fmt, ...) SQ_PRINTF(1, 2);
