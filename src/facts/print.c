/* SPDX-License-Identifier: MIT */
#include "base/alloc.h"
#include "base/error.h"
#include "facts/facts.h"

/* one name a bit, in order of the bits */
static const char *const def_flags[] = {
	"static", "async", "local", "exported", "default", "abstract", "unsafe", "test", "nested",
	"getter", "setter",
};
static const char *const visibilities[] = { NULL, "private", "protected", "package" };
static const char *const ref_flags[] = { "typed", "expr", "new", "await", "arrow" };
static const char *const import_flags[] = {
	"wildcard", "reexport", "default", "namespace", "system", "static", "type", "nested",
};

struct printer {
	const struct sq_facts *f;
	struct sq_slice *strings;
	struct sq_buf *out;
};

static void print_string(const struct printer *p, const char *label, uint32_t i)
{
	if (i == SQ_NONE)
		return;
	sq_buf_puts(p->out, label);
	sq_buf_add_escaped(p->out, p->strings[i]);
}

static void print_flags(const struct printer *p, unsigned flags, const char *const *names,
			size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (flags >> i & 1)
			sq_buf_printf(p->out, " %s", names[i]);
}

static void print_defs(const struct printer *p)
{
	struct sq_def_cursor it;
	struct sq_def d;

	sq_defs_begin(&p->f->columns, &it);
	while (sq_defs_next(&it, &d)) {
		const char *vis = visibilities[d.flags & SQ_DEF_VIS_MASK];

		sq_buf_printf(p->out, "def %u %s ", it.i - 1, sq_kind_name(d.kind));
		print_string(p, "", d.name);
		sq_buf_printf(p->out, " %u:%u-%u:%u", d.start_line, d.start_col, d.end_line,
			      d.end_col);
		if (d.parent != SQ_NONE)
			sq_buf_printf(p->out, " in=%u", d.parent);
		sq_buf_printf(p->out, " sig=%u+%u", d.sig_off, d.sig_len);
		if (d.body_hash)
			sq_buf_printf(p->out, " hash=%016llx", (unsigned long long)d.body_hash);
		if (vis)
			sq_buf_printf(p->out, " %s", vis);
		print_flags(p, d.flags >> 2, def_flags, SQ_ARRAY_SIZE(def_flags));
		sq_buf_putc(p->out, '\n');
	}
}

static void print_refs(const struct printer *p)
{
	struct sq_ref_cursor it;
	struct sq_ref r;

	sq_refs_begin(&p->f->columns, &it);
	while (sq_refs_next(&it, &r)) {
		sq_buf_printf(p->out, "ref %s ", sq_ref_kind_name(r.kind));
		print_string(p, "", r.name);
		sq_buf_printf(p->out, " %u:%u", r.line, r.col);
		if (r.encl != SQ_NONE)
			sq_buf_printf(p->out, " in=%u", r.encl);
		print_string(p, " of=", r.qual);
		if (r.argc != SQ_ARGC_UNKNOWN)
			sq_buf_printf(p->out, " argc=%u", r.argc);
		print_flags(p, r.flags, ref_flags, SQ_ARRAY_SIZE(ref_flags));
		sq_buf_putc(p->out, '\n');
	}
}

static void print_imports(const struct printer *p)
{
	struct sq_import_cursor it;
	struct sq_import m;

	sq_imports_begin(&p->f->columns, &it);
	while (sq_imports_next(&it, &m)) {
		sq_buf_printf(p->out, "import %s ", sq_import_kind_name(m.kind));
		print_string(p, "", m.target);
		sq_buf_printf(p->out, " %u", m.line);
		print_string(p, " name=", m.name);
		print_string(p, " as=", m.alias);
		print_flags(p, m.flags, import_flags, SQ_ARRAY_SIZE(import_flags));
		sq_buf_putc(p->out, '\n');
	}
}

void sq_facts_print(const struct sq_facts *f, struct sq_buf *out)
{
	struct printer p = { .f = f, .out = out };
	struct sq_string_cursor it;
	struct sq_slice s;
	size_t n = 0;

	p.strings = sq_calloc(f->columns.n_strings + (size_t)1, sizeof(*p.strings));
	if (!p.strings) {
		out->error = sq_error_origin(-ENOMEM);
		return;
	}
	sq_strings_begin(f, &it);
	while (sq_strings_next(&it, &s))
		p.strings[n++] = s;
	sq_buf_printf(out, "facts %s%s\n", sq_lang_name(f->lang), f->has_error ? " error" : "");
	print_imports(&p);
	print_defs(&p);
	print_refs(&p);
	sq_free(p.strings);
}
