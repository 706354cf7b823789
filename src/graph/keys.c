/* SPDX-License-Identifier: MIT */
#include "graph/keys.h"

static void add(struct sq_keys *k, struct sq_slice s)
{
	if (!s.n || k->n == SQ_KEYS_MAX)
		return;
	for (unsigned i = 0; i < k->n; i++)
		if (sq_slice_eq(k->key[i], s))
			return;
	k->key[k->n++] = s;
}

/* what follows the last @sep; the whole when there is none */
static struct sq_slice last_component(struct sq_slice s, char sep)
{
	for (size_t i = s.n; i > 0; i--)
		if (s.p[i - 1] == sep)
			return sq_slice(s.p + i, s.n - i);
	return s;
}

struct sq_slice sq_keys_stem(const struct sq_lang_traits *t, struct sq_slice base)
{
	size_t longest = 0;     /* ".d.ts" before ".ts" */

	for (const char *const *e = t->extensions; e && *e; e++) {
		struct sq_slice ext = sq_slice_z(*e);

		if (base.n > ext.n && ext.n > longest && sq_slice_has_suffix(base, ext))
			longest = ext.n;
	}
	return sq_slice(base.p, base.n - longest);
}

static bool is_index(const struct sq_lang_traits *t, struct sq_slice stem)
{
	for (const char *const *s = t->index_stems; s && *s; s++)
		if (sq_slice_is(stem, *s))
			return true;
	return false;
}

static char target_separator(const struct sq_lang_traits *t)
{
	switch (t->style) {
	case SQ_STYLE_DOTTED:
	case SQ_STYLE_PACKAGE:
		return '.';
	case SQ_STYLE_CRATE:
		return ':';
	default:
		return '/';
	}
}

void sq_keys_of_file(const struct sq_lang_traits *t, struct sq_slice path, struct sq_slice package,
		     struct sq_keys *ret_k)
{
	struct sq_slice base = sq_path_base(path), dir = sq_path_base(sq_path_dir(path));
	struct sq_slice stem = sq_keys_stem(t, base);

	ret_k->n = 0;
	switch (t->style) {
	case SQ_STYLE_NONE:
		return;
	case SQ_STYLE_INCLUDE:
		add(ret_k, base);
		return;
	case SQ_STYLE_CONFIG:
		add(ret_k, base);
		add(ret_k, last_component(package, '/'));
		return;
	case SQ_STYLE_GOPATH:
		add(ret_k, dir.n ? dir : SQ_LIT("."));
		return;
	case SQ_STYLE_PACKAGE:
		add(ret_k, stem);
		add(ret_k, last_component(package, '.'));
		return;
	case SQ_STYLE_DOTTED:
	case SQ_STYLE_RELATIVE:
	case SQ_STYLE_CRATE:
		add(ret_k, stem);
		if (is_index(t, stem))
			add(ret_k, dir);
		return;
	}
}

/* "", ".", "..", "../.." and, for Python, any run of dots: the directory's index file is meant */
static bool means_index(const struct sq_lang_traits *t, struct sq_slice target)
{
	struct sq_slice last = last_component(target, target_separator(t));

	if (t->style == SQ_STYLE_DOTTED)
		return !last.n;
	return t->style == SQ_STYLE_RELATIVE &&
	       (!last.n || sq_slice_is(last, ".") || sq_slice_is(last, ".."));
}

static void add_components(struct sq_keys *k, struct sq_slice path, char sep)
{
	while (path.n && k->n < SQ_KEYS_MAX) {
		struct sq_slice last = last_component(path, sep);

		add(k, last);
		path.n -= last.n;
		while (path.n && path.p[path.n - 1] == sep)
			path.n--;
	}
}

void sq_keys_of_import(const struct sq_lang_traits *t, struct sq_slice target, struct sq_slice member,
		       struct sq_keys *ret_k)
{
	char sep = target_separator(t);

	ret_k->n = 0;
	if (t->style == SQ_STYLE_NONE || t->style == SQ_STYLE_CONFIG)
		return;
	if (means_index(t, target))
		for (const char *const *s = t->index_stems; s && *s; s++)
			add(ret_k, sq_slice_z(*s));
	switch (t->style) {
	case SQ_STYLE_CRATE:
		/* any component of a path may be a module file */
		add(ret_k, member);
		add_components(ret_k, target, sep);
		return;
	case SQ_STYLE_RELATIVE: {
		struct sq_slice last = last_component(target, sep);

		add(ret_k, sq_keys_stem(t, last));
		add(ret_k, last);
		return;
	}
	case SQ_STYLE_DOTTED:
	case SQ_STYLE_PACKAGE:
		add(ret_k, last_component(target, sep));
		add(ret_k, member);
		return;
	default:
		add(ret_k, last_component(target, sep));
		return;
	}
}
