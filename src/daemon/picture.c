/* SPDX-License-Identifier: MIT */
#include "daemon/picture.h"

#include "daemon/tool.h"

static const char *const names[SQ_PICTURE_MAX] = { "json", "dot", "d2", "mermaid" };

int sq_picture_parse(struct sq_slice name)
{
	for (int i = 0; i < SQ_PICTURE_MAX; i++)
		if (sq_slice_is(name, names[i]))
			return i;
	return -1;
}

/* inside double quotes; Mermaid has entities in place of backslashes */
static void add_quoted(enum sq_picture p, struct sq_slice s, struct sq_buf *out)
{
	sq_buf_putc(out, '"');
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (p == SQ_PICTURE_MERMAID && (c == '"' || c == '#' || c == '<' || c == '>' || c == '&'))
			sq_buf_printf(out, "#%u;", c);
		else if (c < 0x20 || c == 0x7f)
			sq_buf_putc(out, ' ');
		else if (c == '"' || c == '\\' || (c == '$' && p == SQ_PICTURE_D2))
			sq_buf_printf(out, "\\%c", c);
		else
			sq_buf_putc(out, (char)c);
	}
	sq_buf_putc(out, '"');
}

static void add_label(enum sq_picture p, const struct sq_version *v, const struct sq_bfs_node *n, bool is_verbose,
		      struct sq_buf *out)
{
	const struct sq_bound *b = sq_version_bound(v, n->file);
	struct sq_buf text = SQ_BUF_NULL;
	struct sq_def d;

	if (n->def == SQ_NONE) {
		sq_buf_add_slice(&text, b->path);
	} else {
		sq_version_qualified(v, n->file, n->def, &text);
		sq_defs_get(&b->columns, n->def, &d);
		if (is_verbose) {
			sq_buf_printf(&text, " (%s, ", sq_kind_name((enum sq_kind)d.kind));
			sq_buf_add_slice(&text, b->path);
			sq_buf_printf(&text, ":%u)", d.start_line);
		}
	}
	add_quoted(p, sq_buf_slice(&text), out);
	sq_buf_deinit(&text);
}

static void add_node(enum sq_picture p, const struct sq_version *v, const struct sq_bfs *w, uint32_t i,
		     bool is_verbose, struct sq_buf *out)
{
	sq_buf_printf(out, p == SQ_PICTURE_D2 ? "n%u: " : p == SQ_PICTURE_DOT ? "\tn%u [label=" : "\tn%u[", i);
	add_label(p, v, &w->nodes.v[i], is_verbose, out);
	sq_buf_puts(out, p == SQ_PICTURE_D2 ? "\n" : p == SQ_PICTURE_DOT ? "];\n" : "]\n");
}

static void add_edge(enum sq_picture p, const struct sq_bfs_edge *e, struct sq_buf *out)
{
	const char *type = sq_tool_edge_name(e->kind);

	if (p == SQ_PICTURE_DOT)
		sq_buf_printf(out, "\tn%u -> n%u [label=\"%s\"%s];\n", e->from, e->to, type,
			      e->ambiguous ? ", style=dashed" : "");
	else if (p == SQ_PICTURE_D2)
		sq_buf_printf(out, "n%u -> n%u: %s\n", e->from, e->to, type);
	else
		sq_buf_printf(out, "\tn%u %s|%s| n%u\n", e->from, e->ambiguous ? "-.->" : "-->", type, e->to);
}

void sq_picture_draw(enum sq_picture p, const struct sq_version *v, const struct sq_bfs *w, bool is_verbose,
		     struct sq_buf *out)
{
	if (p == SQ_PICTURE_JSON)
		return;
	if (p == SQ_PICTURE_DOT)
		sq_buf_puts(out, "digraph sqry {\n");
	else if (p == SQ_PICTURE_MERMAID)
		sq_buf_puts(out, "graph LR\n");
	for (uint32_t i = 0; i < w->nodes.n; i++)
		add_node(p, v, w, i, is_verbose, out);
	for (size_t i = 0; i < w->edges.n; i++)
		add_edge(p, &w->edges.v[i], out);
	if (p == SQ_PICTURE_DOT)
		sq_buf_puts(out, "}\n");
}
