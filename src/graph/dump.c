/* SPDX-License-Identifier: MIT */
#include "graph/dump.h"

#include <stdlib.h>

#include "base/error.h"
#include "base/hash.h"
#include "graph/memo.h"
#include "graph/qualified.h"

#define FLUSH_BYTES (1u << 18)
#define TARGET_TEXT_MAX (32u << 20)     /* remembered texts of targets */

struct dump {
	const struct sq_version *v;
	int (*write)(void *arg, const void *p, size_t n);
	void *arg;
	struct sq_buf out;
	struct sq_qualified own;        /* definitions of the current file */
	struct sq_memo memo;            /* name << 32 | file, first ordinal -> range of text */
	struct sq_buf text;             /* "path#qualified@ordinal" */
	struct sq_buf name;             /* scratch */
};

static int flush(struct dump *d, size_t above)
{
	int r;

	if (sq_buf_error(&d->out))
		return sq_buf_error(&d->out);
	if (d->out.n <= above)
		return 0;
	r = d->write(d->arg, d->out.p, d->out.n);
	sq_buf_clear(&d->out);
	return r < 0 ? r : 0;
}

static bool is_plain(struct sq_slice s)
{
	bool plain = true;

	for (size_t i = 0; i < s.n; i++)
		plain &= s.p[i] > ' ' && s.p[i] < 0x7f && s.p[i] != '\\';
	return plain;
}

/* A field: no space, no newline, and "-" means that there is none. A backslash
 * is escaped as well: two texts never give one field. */
static void add_field(struct sq_buf *out, struct sq_slice s)
{
	if (s.n > 1 && is_plain(s)) {
		sq_buf_add_slice(out, s);
		return;
	}
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == ' ')
			sq_buf_puts(out, "\\x20");
		else if (s.p[i] == '\\')
			sq_buf_puts(out, "\\x5c");
		else if (s.p[i] == '-' && s.n == 1)
			sq_buf_puts(out, "\\x2d");
		else
			sq_buf_add_escaped(out, sq_slice(s.p + i, 1));
	}
}

static void add_local(struct dump *d, const struct sq_bound *b, uint32_t local)
{
	if (local == SQ_NONE)
		sq_buf_putc(&d->out, '-');
	else
		add_field(&d->out, sq_version_string(d->v, b->names[local]));
}

static void add_hex(struct sq_buf *out, uint64_t v)
{
	char digits[16];
	unsigned n = 0;

	do {
		digits[n++] = "0123456789abcdef"[v & 15];
		v >>= 4;
	} while (v);
	while (n)
		sq_buf_putc(out, digits[--n]);
}

/* a space, then the number */
static void add_number(struct sq_buf *out, uint64_t v)
{
	sq_buf_putc(out, ' ');
	sq_buf_add_u64(out, v);
}

static const char *state_name(uint8_t state)
{
	static const char *const names[] = {
		[SQ_LINK_UNRESOLVED] = "unresolved",
		[SQ_LINK_BOUND] = "bound",
		[SQ_LINK_AMBIGUOUS] = "ambiguous",
		[SQ_LINK_ELIDED] = "elided",
	};

	return state < SQ_ARRAY_SIZE(names) ? names[state] : "";
}

static void add_word(struct sq_buf *out, const char *z)
{
	sq_buf_putc(out, ' ');
	sq_buf_puts(out, z);
}

static void dump_imports(struct dump *d, const struct sq_bound *b, const struct sq_links *l)
{
	struct sq_import_cursor it;
	struct sq_import imp;

	sq_imports_begin(&b->columns, &it);
	for (uint32_t i = 0; sq_imports_next(&it, &imp); i++) {
		const struct sq_import_link *link = &l->imports[i];

		sq_buf_putc(&d->out, 'I');
		add_number(&d->out, imp.line);
		add_word(&d->out, sq_import_kind_name(imp.kind));
		sq_buf_putc(&d->out, ' ');
		add_local(d, b, imp.target);
		sq_buf_putc(&d->out, ' ');
		add_local(d, b, imp.name);
		sq_buf_putc(&d->out, ' ');
		add_local(d, b, imp.alias);
		sq_buf_putc(&d->out, ' ');
		add_hex(&d->out, imp.flags);
		add_word(&d->out, "->");
		add_word(&d->out, state_name(link->state));
		for (uint32_t k = 0; k < link->n; k++) {
			const struct sq_bound *to = sq_version_bound(d->v, l->files[link->first + k]);

			sq_buf_putc(&d->out, k ? ',' : ' ');
			if (to)
				add_field(&d->out, to->path);
			else
				sq_buf_puts(&d->out, "\\missing");
		}
		sq_buf_putc(&d->out, '\n');
	}
}

static int dump_defs(struct dump *d, const struct sq_bound *b)
{
	struct sq_def_cursor it;
	struct sq_def def;
	int r = 0;

	sq_defs_begin(&b->columns, &it);
	for (uint32_t i = 0; sq_defs_next(&it, &def) && r >= 0; i++) {
		sq_buf_putc(&d->out, 'D');
		add_number(&d->out, i);
		add_word(&d->out, sq_kind_name(def.kind));
		sq_buf_putc(&d->out, ' ');
		add_field(&d->out, sq_qualified_get(&d->own, i));
		sq_buf_putc(&d->out, ' ');
		add_hex(&d->out, def.flags);
		add_number(&d->out, def.start_line);
		sq_buf_putc(&d->out, ':');
		sq_buf_add_u64(&d->out, def.start_col);
		sq_buf_putc(&d->out, '-');
		sq_buf_add_u64(&d->out, def.end_line);
		sq_buf_putc(&d->out, ':');
		sq_buf_add_u64(&d->out, def.end_col);
		add_number(&d->out, def.sig_off);
		sq_buf_putc(&d->out, '+');
		sq_buf_add_u64(&d->out, def.sig_len);
		sq_buf_putc(&d->out, ' ');
		add_hex(&d->out, def.body_hash);
		sq_buf_putc(&d->out, '\n');
		r = flush(d, FLUSH_BYTES);
	}
	return r;
}

static void add_target_text(struct dump *d, const struct sq_target *t, struct sq_buf *out)
{
	const struct sq_bound *b = sq_version_bound(d->v, t->file);
	uint32_t def = b ? sq_bound_find_def(b, t->name, t->ordinal) : SQ_NONE;

	if (b)
		add_field(out, b->path);
	sq_buf_putc(out, '#');
	if (def == SQ_NONE) {
		/* a broken link shows, and differs from every sound one */
		sq_buf_puts(out, "\\missing");
	} else {
		sq_buf_clear(&d->name);
		sq_version_qualified(d->v, t->file, def, &d->name);
		add_field(out, sq_buf_slice(&d->name));
	}
	sq_buf_putc(out, '@');
	sq_buf_add_u64(out, t->ordinal);
}

static int add_target(struct dump *d, const struct sq_target *t)
{
	uint64_t key = (uint64_t)t->name << 32 | t->file;
	const struct sq_memo_slot *s = t->ordinal ? NULL : sq_memo_get(&d->memo, key);
	size_t from;
	int r;

	if (s) {
		sq_buf_add(&d->out, d->text.p + s->first, s->n);
		return 0;
	}
	if (t->ordinal) {
		add_target_text(d, t, &d->out);
		return sq_buf_error(&d->name);
	}
	if (d->text.n > TARGET_TEXT_MAX) {
		sq_memo_clear(&d->memo);
		sq_buf_clear(&d->text);
	}
	from = d->text.n;
	add_target_text(d, t, &d->text);
	r = sq_buf_error(&d->text) ? sq_buf_error(&d->text) : sq_buf_error(&d->name);
	if (!r)
		r = sq_memo_put(&d->memo, key, (uint32_t)from, (uint32_t)(d->text.n - from));
	if (!r)
		sq_buf_add(&d->out, d->text.p + from, d->text.n - from);
	return r;
}

static int add_link(struct dump *d, const struct sq_links *l, const struct sq_link *link)
{
	int r = 0;

	add_word(&d->out, "->");
	add_word(&d->out, state_name(link->state));
	add_word(&d->out, sq_rule_name(link->rule));
	add_number(&d->out, sq_link_n_total(link));
	for (uint32_t k = 0; k < link->n_listed && r >= 0; k++) {
		sq_buf_putc(&d->out, k ? ';' : ' ');
		r = add_target(d, &l->targets[link->first + k]);
	}
	sq_buf_putc(&d->out, '\n');
	return r;
}

static int dump_refs(struct dump *d, const struct sq_bound *b, const struct sq_links *l)
{
	const uint8_t *at = l->ref_link;
	struct sq_ref_cursor it;
	struct sq_ref ref;
	int r = 0;

	sq_refs_begin(&b->columns, &it);
	while (r >= 0 && sq_refs_next(&it, &ref)) {
		uint32_t link;

		sq_buf_puts(&d->out, "R ");
		sq_buf_add_u64(&d->out, ref.line);
		sq_buf_putc(&d->out, ':');
		sq_buf_add_u64(&d->out, ref.col);
		add_word(&d->out, sq_ref_kind_name(ref.kind));
		sq_buf_putc(&d->out, ' ');
		add_local(d, b, ref.name);
		sq_buf_putc(&d->out, ' ');
		add_local(d, b, ref.qual);
		sq_buf_putc(&d->out, ' ');
		add_hex(&d->out, ref.flags);
		add_number(&d->out, ref.argc);
		sq_buf_puts(&d->out, " in ");
		if (ref.encl == SQ_NONE)
			sq_buf_putc(&d->out, '-');
		else
			add_field(&d->out, sq_qualified_get(&d->own, ref.encl));
		at = sq_varint_get32(at, &link);
		r = add_link(d, l, &l->links[link]);
		if (r >= 0)
			r = flush(d, FLUSH_BYTES);
	}
	return r;
}

static int dump_file(struct dump *d, sq_file f)
{
	struct sq_file_slot s = sq_version_slot(d->v, f);
	const struct sq_bound *b = s.bound;
	int r;

	sq_buf_puts(&d->out, b->lang == SQ_LANG_NONE ? "S " : "F ");
	add_field(&d->out, b->path);
	if (b->lang == SQ_LANG_NONE) {
		add_number(&d->out, b->skip);
		sq_buf_putc(&d->out, '\n');
		return flush(d, FLUSH_BYTES);
	}
	add_word(&d->out, sq_lang_name(b->lang));
	add_number(&d->out, b->size_bytes);
	sq_buf_puts(&d->out, b->has_error ? " error\n" : "\n");
	r = sq_qualified_file(&d->own, d->v, f);
	if (r < 0)
		return sq_error_trace(r);
	dump_imports(d, b, s.links);
	r = dump_defs(d, b);
	if (r >= 0)
		r = dump_refs(d, b, s.links);
	return r;
}

struct path_id { struct sq_slice path; sq_file file; };

static int compare_paths(const void *a, const void *b)
{
	return sq_slice_cmp(((const struct path_id *)a)->path, ((const struct path_id *)b)->path);
}

static bool is_below(struct sq_slice path, struct sq_slice prefix)
{
	if (!prefix.n)
		return true;
	return sq_slice_has_prefix(path, prefix) && (path.n == prefix.n || path.p[prefix.n] == '/');
}

static size_t list_files(const struct sq_version *v, struct sq_slice prefix, struct path_id *ids)
{
	size_t n = 0;

	for (sq_file f = 0; f < v->n_file_ids; f++) {
		const struct sq_bound *b = sq_version_bound(v, f);

		if (b && is_below(b->path, prefix))
			ids[n++] = (struct path_id){ b->path, f };
	}
	if (n > 1)
		qsort(ids, n, sizeof(*ids), compare_paths);
	return n;
}

int sq_dump(const struct sq_version *v, struct sq_slice prefix,
	    int (*write)(void *arg, const void *p, size_t n), void *arg)
{
	struct dump d = { .v = v, .write = write, .arg = arg };
	struct path_id *ids = sq_malloc(((size_t)v->n_file_ids + 1) * sizeof(*ids));
	size_t n;
	int r = 0;

	if (!ids)
		return sq_error_origin(-ENOMEM);
	n = list_files(v, prefix, ids);
	for (size_t i = 0; i < n && r >= 0; i++)
		r = dump_file(&d, ids[i].file);
	if (r >= 0)
		r = flush(&d, 0);
	sq_free(ids);
	sq_buf_deinit(&d.out);
	sq_buf_deinit(&d.text);
	sq_buf_deinit(&d.name);
	sq_memo_deinit(&d.memo);
	sq_qualified_deinit(&d.own);
	return r < 0 ? sq_error_trace(r) : 0;
}

/* the pieces of text come in sizes that are nobody's business: the hash goes
 * over blocks of a fixed size */
struct hash {
	uint64_t a, b, n;
	size_t used;
	char block[1u << 16];
};

static void hash_block(struct hash *h)
{
	h->a = sq_hash64(h->block, h->used, h->a);
	h->b = sq_hash64(h->block, h->used, ~h->b);
	h->n += h->used;
	h->used = 0;
}

static int hash_write(void *arg, const void *p, size_t n)
{
	struct hash *h = arg;
	const char *from = p;

	while (n) {
		size_t room = sizeof(h->block) - h->used, part = SQ_MIN(n, room);

		memcpy(h->block + h->used, from, part);
		h->used += part;
		from += part;
		n -= part;
		if (h->used == sizeof(h->block))
			hash_block(h);
	}
	return 0;
}

static void put_hex(uint64_t v, char *out)
{
	for (unsigned i = 0; i < 16; i++)
		out[i] = "0123456789abcdef"[v >> (60 - 4 * i) & 15];
}

int sq_dump_hash(const struct sq_version *v, char ret_hex[33])
{
	struct hash *h = sq_calloc(1, sizeof(*h));
	int r;

	if (!h)
		return sq_error_origin(-ENOMEM);
	r = sq_dump(v, SQ_SLICE_NULL, hash_write, h);
	if (r >= 0) {
		hash_block(h);
		put_hex(sq_hash_u64(h->a ^ h->n), ret_hex);
		put_hex(sq_hash_u64(h->b + h->n), ret_hex + 16);
		ret_hex[32] = '\0';
	}
	sq_free(h);
	return sq_error_trace(r);
}
