/* SPDX-License-Identifier: MIT */
/* compile_commands.json: the search directories of includes, in order of first appearance */
#include "lang/lang-config.h"

struct scan {
	struct sq_walk *w;
	struct sq_slice directory;
	uint32_t line;
	bool is_next;            /* the next argument is a directory ... */
	unsigned next_flags;     /* ... of an option with these flags */
	struct sq_buf path;
};

/* append one component, resolving "." and ".." by the text alone */
static void add_component(struct sq_buf *b, struct sq_slice part)
{
	if (!part.n || sq_slice_is(part, "."))
		return;
	if (sq_slice_is(part, "..") && b->n) {
		while (b->n && b->p[b->n - 1] != '/')
			b->n--;
		b->n -= b->n > 0;
		return;
	}
	sq_buf_putc(b, '/');
	sq_buf_add_slice(b, part);
}

static void add_path(struct sq_buf *b, struct sq_slice path)
{
	size_t from = 0;

	for (size_t i = 0; i <= path.n; i++) {
		if (i < path.n && path.p[i] != '/')
			continue;
		add_component(b, sq_slice(path.p + from, i - from));
		from = i + 1;
	}
}

static void add_directory(struct scan *s, struct sq_slice dir, unsigned flags)
{
	struct sq_walk *w = s->w;
	uint32_t sym;

	if (!dir.n)
		return;
	sq_buf_clear(&s->path);
	if (dir.p[0] != '/')
		add_path(&s->path, s->directory);
	add_path(&s->path, dir);
	sym = sq_walk_sym(w, sq_buf_slice(&s->path));
	/* once each: member_of is of no other use here */
	if (sym == SQ_NONE || w->syms.v[sym].member_of == flags)
		return;
	w->syms.v[sym].member_of = flags;
	sq_walk_import(w, s->line, SQ_IMPORT_PATH, sq_walk_text(w, sym), SQ_SLICE_NULL,
		       SQ_SLICE_NULL, flags);
}

static void take_argument(struct scan *s, struct sq_slice arg)
{
	static const struct { const char *option; unsigned flags; } options[] = {
		{ "-isystem", SQ_IMP_SYSTEM }, { "-iquote", 0 }, { "-I", 0 },
	};

	if (s->is_next) {
		s->is_next = false;
		add_directory(s, arg, s->next_flags);
		return;
	}
	for (size_t i = 0; i < SQ_ARRAY_SIZE(options); i++) {
		struct sq_slice option = sq_slice_z(options[i].option);

		if (!sq_slice_has_prefix(arg, option))
			continue;
		s->is_next = arg.n == option.n;
		s->next_flags = options[i].flags;
		if (!s->is_next)
			add_directory(s, sq_slice(arg.p + option.n, arg.n - option.n),
				      options[i].flags);
		return;
	}
}

/* one word of a shell command; false at the end */
static bool take_word(struct sq_slice *rest, struct sq_buf *word)
{
	char quote = 0;

	sq_buf_clear(word);
	while (rest->n && strchr(" \t\n", rest->p[0])) {
		rest->p++;
		rest->n--;
	}
	if (!rest->n)
		return false;
	for (; rest->n && (quote || !strchr(" \t\n", rest->p[0])); rest->p++, rest->n--) {
		char c = rest->p[0];

		if (quote ? c == quote : c == '"' || c == '\'') {
			quote = quote ? 0 : c;
			continue;
		}
		if (c == '\\' && quote != '\'' && rest->n > 1) {
			rest->p++;
			rest->n--;
			c = rest->p[0];
		}
		sq_buf_putc(word, c);
	}
	return true;
}

static void scan_command(struct scan *s, struct sq_slice command)
{
	struct sq_buf word = SQ_BUF_NULL;

	while (take_word(&command, &word))
		take_argument(s, sq_buf_slice(&word));
	if (sq_buf_error(&word))
		s->w->error = sq_buf_error(&word);
	sq_buf_deinit(&word);
}

static void scan_arguments(struct scan *s, TSNode array)
{
	struct sq_cjson_iter it;
	TSNode value;

	sq_cjson_begin(array, &it);
	while (sq_cjson_next(&it, &value))
		take_argument(s, sq_cjson_text(s->w, value));
	sq_cjson_end(&it);
}

static void scan_entry(struct scan *s, TSNode entry)
{
	TSNode command = { .id = NULL }, arguments = { .id = NULL }, pair;
	struct sq_cjson_iter it;
	struct sq_slice key;

	s->directory = SQ_SLICE_NULL;
	s->is_next = false;
	s->line = sq_node_line(entry);
	sq_cjson_begin(entry, &it);
	while (sq_cjson_next(&it, &pair)) {
		TSNode value = sq_cjson_pair(s->w, pair, &key);

		if (sq_slice_is(key, "directory"))
			s->directory = sq_cjson_text(s->w, value);
		else if (sq_slice_is(key, "command"))
			command = value;
		else if (sq_slice_is(key, "arguments"))
			arguments = value;
	}
	sq_cjson_end(&it);
	if (!ts_node_is_null(arguments))
		scan_arguments(s, arguments);
	else if (!ts_node_is_null(command))
		scan_command(s, sq_cjson_text(s->w, command));
}

void sq_config_scan_compile_commands(struct sq_walk *w, const TSTree *tree)
{
	struct scan s = { .w = w };
	struct sq_cjson_iter it;
	TSNode entry;

	sq_cjson_begin(sq_cjson_root(tree), &it);
	while (sq_cjson_next(&it, &entry))
		if (sq_cjson_is(entry, "object"))
			scan_entry(&s, entry);
	sq_cjson_end(&it);
	if (sq_buf_error(&s.path))
		w->error = sq_buf_error(&s.path);
	sq_buf_deinit(&s.path);
}
