/* SPDX-License-Identifier: MIT */
#include "treeedit.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lang/lang.h"

#define MODEL_DIR "equal_model"
#define FILE_MAX_BYTES (4 << 20)

/* ---- the sources of the tree ------------------------------------------------------ */

static struct treeedit *collecting;     /* nftw() passes nothing on */

static int add_path(struct treeedit *t, const char *rel)
{
	if (t->n_paths == t->cap) {
		size_t cap = t->cap ? t->cap * 2 : 1024;
		char **v = realloc(t->path, cap * sizeof(*v));

		if (!v)
			return -ENOMEM;
		t->path = v;
		t->cap = cap;
	}
	t->path[t->n_paths] = strdup(rel);
	return t->path[t->n_paths++] ? 0 : -ENOMEM;
}

static int collect(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	const char *rel = path + strlen(collecting->root) + 1;

	(void)ftw;
	if (flag != FTW_F || !S_ISREG(st->st_mode) || !st->st_size || st->st_size > FILE_MAX_BYTES ||
	    sq_lang_detect(sq_slice_z(rel)) == SQ_LANG_NONE)
		return 0;
	return add_path(collecting, rel);
}

static int path_cmp(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int treeedit_init(struct treeedit *t, const char *root, uint64_t seed)
{
	*t = (struct treeedit){ .root = root, .ed.random = seed * 2654435761u + 1, .other.random = seed + 1 };
	collecting = t;
	if (nftw(root, collect, 16, FTW_PHYS))
		return -errno;
	if (!t->n_paths)
		return -ENOENT;
	/* a directory's order is the file system's; a run must be repeatable */
	qsort(t->path, t->n_paths, sizeof(*t->path), path_cmp);
	snprintf(t->model_root, sizeof(t->model_root), "%s/" MODEL_DIR, root);
	if (mkdir(t->model_root, 0755))
		return -errno;
	model_init(&t->model, SQ_LANG_C, t->model_root, seed);
	return 0;
}

void treeedit_deinit(struct treeedit *t)
{
	for (size_t i = 0; i < t->n_paths; i++)
		free(t->path[i]);
	free(t->path);
	free(t->broken);
	sq_buf_deinit(&t->ed.text);
	sq_buf_deinit(&t->other.text);
	sq_buf_deinit(&t->whole);
}

/* ---- one file ---------------------------------------------------------------------- */

static void absolute(const struct treeedit *t, const char *rel, char *buf, size_t cap)
{
	snprintf(buf, cap, "%s/%s", t->root, rel);
}

static int read_text(struct treeedit *t, const char *rel, struct sq_buf *ret)
{
	char path[4096], buf[65536];
	ssize_t n;
	int fd;

	absolute(t, rel, path, sizeof(path));
	sq_buf_clear(ret);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	while ((n = read(fd, buf, sizeof(buf))) > 0)
		sq_buf_add(ret, buf, (size_t)n);
	close(fd);
	return n < 0 ? -EIO : sq_buf_error(ret);
}

/* in place, or as editors do it: a new file renamed over the old one */
static int write_text(struct treeedit *t, const char *rel, const struct sq_buf *text)
{
	char path[4096], temp[4096 + 8];
	bool by_rename = textedit_below(&t->ed, 2);
	int fd, r;

	absolute(t, rel, path, sizeof(path));
	snprintf(temp, sizeof(temp), "%s%s", path, by_rename ? "~" : "");
	fd = open(temp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0)
		return -errno;
	r = text->n && write(fd, text->p, text->n) != (ssize_t)text->n ? -EIO : 0;
	close(fd);
	if (!r && by_rename && rename(temp, path))
		r = -errno;
	return r;
}

static size_t draw(struct treeedit *t)
{
	return textedit_below(&t->ed, t->n_paths);
}

static bool is_header(const char *path)
{
	return sq_slice_has_suffix(sq_slice_z(path), SQ_LIT(".h"));
}

/* a header when there is one */
static size_t draw_header(struct treeedit *t)
{
	size_t at = draw(t);

	for (size_t i = 0; i < t->n_paths; i++)
		if (is_header(t->path[(at + i) % t->n_paths]))
			return (at + i) % t->n_paths;
	return at;
}

static void say(struct treeedit *t, const char *what, const char *path)
{
	snprintf(t->what, sizeof(t->what), "%s %.600s", what, path);
}

/* a name that occurs in the tree: as good as any to be defined once more */
static struct sq_slice name_of_elsewhere(struct treeedit *t)
{
	struct sq_slice word = SQ_SLICE_NULL;

	if (!read_text(t, t->path[draw(t)], &t->other.text))
		for (int i = 0; i < 20 && (word.n < 4 || (word.p[0] >= '0' && word.p[0] <= '9')); i++)
			word = textedit_word(&t->other, sq_buf_slice(&t->other.text));
	return word.n >= 4 && word.n < 64 && (word.p[0] < '0' || word.p[0] > '9') ? word : SQ_LIT("nameless");
}

/* ---- edits of a text ----------------------------------------------------------------- */

static void body(struct treeedit *t, const char *path)
{
	struct sq_slice text = sq_buf_slice(&t->ed.text), word;
	char line[160];
	size_t at = 0;

	/* behind a line that is indented, so most likely inside of something */
	for (int i = 0; i < 200; i++) {
		at = textedit_line(&t->ed, text);
		if (at < text.n && (text.p[at] == '\t' || text.p[at] == ' '))
			break;
	}
	at += textedit_lines_length(text, at, 1);
	word = name_of_elsewhere(t);
	snprintf(line, sizeof(line), "\t%.*s(%zu);\n", (int)word.n, word.p, textedit_below(&t->ed, 10));
	textedit_replace(&t->ed, at, 0, line, strlen(line));
	say(t, "call something in", path);
}

static void new_function(struct treeedit *t, const char *path)
{
	textedit_add_function(&t->ed, sq_lang_detect(sq_slice_z(path)), name_of_elsewhere(t));
	say(t, "new function in", path);
}

static void rename_function(struct treeedit *t, const char *path)
{
	textedit_rename_word(&t->ed);
	say(t, "rename in", path);
}

static void remove_code(struct treeedit *t, const char *path)
{
	textedit_remove_lines(&t->ed);
	say(t, "remove lines of", path);
}

static void macro(struct treeedit *t, const char *path)
{
	struct sq_slice word = name_of_elsewhere(t);
	char line[256];

	snprintf(line, sizeof(line), textedit_below(&t->ed, 2) ? "#define %.*s(x) ((x) + 1)\n" :
		 "int %.*s(int);\n", (int)word.n, word.p);
	textedit_replace(&t->ed, textedit_line(&t->ed, sq_buf_slice(&t->ed.text)), 0, line, strlen(line));
	say(t, "macro or prototype in", path);
}

static void add_include(struct treeedit *t, const char *path)
{
	const char *header = t->path[draw_header(t)], *base = strrchr(header, '/');
	char line[512];

	if (textedit_below(&t->ed, 3) && !strncmp(header, "include/", 8))
		snprintf(line, sizeof(line), "#include <%.400s>\n", header + 8);
	else
		snprintf(line, sizeof(line), "#include \"%.400s\"\n", base ? base + 1 : header);
	textedit_replace(&t->ed, 0, 0, line, strlen(line));
	say(t, "include added to", path);
}

static void remove_include(struct treeedit *t, const char *path)
{
	struct sq_slice text = sq_buf_slice(&t->ed.text);
	size_t skip = textedit_below(&t->ed, 8), at, found = SIZE_MAX;

	for (at = 0; at < text.n; at += textedit_lines_length(text, at, 1)) {
		if (text.n - at < 8 || memcmp(text.p + at, "#include", 8))
			continue;
		found = at;
		if (!skip--)
			break;
	}
	if (found < text.n)
		textedit_replace(&t->ed, found, textedit_lines_length(text, found, 1), "", 0);
	say(t, "include removed from", path);
}

static void comment(struct treeedit *t, const char *path)
{
	textedit_toggle_comment(&t->ed, sq_lang_detect(sq_slice_z(path)));
	say(t, "comment in", path);
}

static int edit_text(struct treeedit *t, size_t at, void (*edit)(struct treeedit *t, const char *path))
{
	int r = read_text(t, t->path[at], &t->ed.text);

	if (r || !t->ed.text.n)
		return r;
	edit(t, t->path[at]);
	return write_text(t, t->path[at], &t->ed.text);
}

/* the next edit mends it */
static int break_syntax(struct treeedit *t)
{
	size_t at = draw(t);
	int r = read_text(t, t->path[at], &t->ed.text);

	if (r || !t->ed.text.n)
		return r;
	sq_buf_clear(&t->whole);
	sq_buf_add(&t->whole, t->ed.text.p, t->ed.text.n);
	for (unsigned i = 0; i < 4; i++)
		textedit_type_characters(&t->ed);
	if (textedit_below(&t->ed, 2))
		textedit_comment_block(&t->ed);
	t->broken = strdup(t->path[at]);
	say(t, "syntax broken in", t->path[at]);
	return t->broken ? write_text(t, t->broken, &t->ed.text) : -ENOMEM;
}

static int mend(struct treeedit *t)
{
	int r = write_text(t, t->broken, &t->whole);

	say(t, "syntax mended in", t->broken);
	free(t->broken);
	t->broken = NULL;
	return r;
}

/* ---- files that come, go and move ------------------------------------------------------- */

static void drop_path(struct treeedit *t, size_t at)
{
	free(t->path[at]);
	t->path[at] = t->path[--t->n_paths];
}

static int remove_file(struct treeedit *t)
{
	size_t at = textedit_below(&t->ed, 2) ? draw_header(t) : draw(t);
	char path[4096];

	if (t->n_paths < 2)
		return 0;
	absolute(t, t->path[at], path, sizeof(path));
	if (unlink(path))
		return -errno;
	say(t, "removed", t->path[at]);
	drop_path(t, at);
	return 0;
}

/* beside a drawn file, or under its base name in the root */
static void new_path(struct treeedit *t, const char *like, char *buf, size_t cap)
{
	const char *base = strrchr(like, '/'), *dir = t->path[draw(t)], *end = strrchr(dir, '/');

	base = base ? base + 1 : like;
	snprintf(buf, cap, "%.*s%s%s", end ? (int)(end + 1 - dir) : 0, dir,
		 textedit_below(&t->ed, 2) ? "" : "new_", base);
}

static bool exists(struct treeedit *t, const char *rel)
{
	char path[4096];

	absolute(t, rel, path, sizeof(path));
	return !access(path, F_OK);
}

static int add_file(struct treeedit *t)
{
	size_t at = textedit_below(&t->ed, 2) ? draw_header(t) : draw(t);
	char rel[2048];
	int r = read_text(t, t->path[at], &t->ed.text);

	new_path(t, t->path[at], rel, sizeof(rel));
	if (r || exists(t, rel))
		return r;
	say(t, "added", rel);
	r = write_text(t, rel, &t->ed.text);
	return r ? r : add_path(t, rel);
}

static int rename_file(struct treeedit *t)
{
	size_t at = textedit_below(&t->ed, 2) ? draw_header(t) : draw(t);
	char rel[2048], from[4096], to[4096];
	int r;

	new_path(t, t->path[at], rel, sizeof(rel));
	if (exists(t, rel))
		return 0;
	absolute(t, t->path[at], from, sizeof(from));
	absolute(t, rel, to, sizeof(to));
	if (rename(from, to))
		return -errno;
	snprintf(t->what, sizeof(t->what), "renamed %.300s to %.300s", t->path[at], rel);
	drop_path(t, at);
	r = add_path(t, rel);
	return r;
}

/* the directory of a drawn file, back and forth */
static int rename_dir(struct treeedit *t)
{
	const char *like = t->path[draw(t)], *end = strrchr(like, '/');
	char old[2048], new[2048], from[4096], to[4096], moved[4096];
	size_t n;

	if (!end)
		return 0;
	n = (size_t)(end - like);
	snprintf(old, sizeof(old), "%.*s", (int)n, like);
	if (n > 6 && !strcmp(old + n - 6, "_moved"))
		snprintf(new, sizeof(new), "%.*s", (int)(n - 6), old);
	else
		snprintf(new, sizeof(new), "%.2000s_moved", old);
	if (exists(t, new))
		return 0;
	absolute(t, old, from, sizeof(from));
	absolute(t, new, to, sizeof(to));
	if (rename(from, to))
		return -errno;
	snprintf(t->what, sizeof(t->what), "renamed directory %.300s to %.300s", old, new);
	for (size_t i = 0; i < t->n_paths; i++) {
		if (strncmp(t->path[i], old, n) != 0 || t->path[i][n] != '/')
			continue;
		snprintf(moved, sizeof(moved), "%s%s", new, t->path[i] + n);
		free(t->path[i]);
		t->path[i] = strdup(moved);
		if (!t->path[i])
			return -ENOMEM;
	}
	return 0;
}

static int step_model(struct treeedit *t)
{
	model_step(&t->model);
	snprintf(t->what, sizeof(t->what), "model: %.700s", t->model.what);
	return 0;
}

int treeedit_step(struct treeedit *t)
{
	static void (*const text_edits[])(struct treeedit *, const char *) = {
		body, body, body, new_function, new_function, rename_function, rename_function, remove_code,
		comment, macro, macro, macro, add_include, add_include, remove_include, remove_include,
	};
	static int (*const file_edits[])(struct treeedit *) = {
		break_syntax, break_syntax, remove_file, add_file, add_file, rename_file, rename_file, rename_dir,
	};
	size_t kind;

	snprintf(t->what, sizeof(t->what), "nothing");
	if (t->broken)
		return mend(t);
	kind = textedit_below(&t->ed, 32);
	if (kind < 8)
		return step_model(t);
	kind -= 8;
	if (kind < SQ_ARRAY_SIZE(text_edits))
		return edit_text(t, text_edits[kind] == macro || !textedit_below(&t->ed, 3) ? draw_header(t) : draw(t),
				 text_edits[kind]);
	return file_edits[kind - SQ_ARRAY_SIZE(text_edits)](t);
}
