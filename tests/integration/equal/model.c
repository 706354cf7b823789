/* SPDX-License-Identifier: MIT */
#include "model.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"

uint32_t model_random(struct model *m, uint32_t below)
{
	/* xorshift64* */
	m->rng ^= m->rng >> 12;
	m->rng ^= m->rng << 25;
	m->rng ^= m->rng >> 27;
	return (uint32_t)((m->rng * 0x2545f4914f6cdd1dULL) >> 33) % below;
}

static void absolute(const struct model *m, const char *rel, char *buf, size_t cap)
{
	snprintf(buf, cap, "%s%s%s", m->root, *rel ? "/" : "", rel);
}

static void make_parents(char *path)
{
	for (char *s = path + 1; (s = strchr(s, '/')); s++) {
		*s = '\0';
		if (mkdir(path, 0755) && errno != EEXIST)
			abort();
		*s = '/';
	}
}

static void write_text(const struct model *m, const char *rel, const void *p, size_t n)
{
	char path[512], other[516];
	const char *to = m->save == MODEL_SAVE_RENAME ? other : path;
	int fd;

	absolute(m, rel, path, sizeof(path));
	snprintf(other, sizeof(other), "%s%s", path, m->save == MODEL_SAVE_RENAME ? ".new" : "~");
	make_parents(path);
	if (m->save == MODEL_SAVE_BACKUP && rename(path, other) && errno != ENOENT)
		abort();
	fd = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0 || write(fd, p, n) != (ssize_t)n)
		abort();
	close(fd);
	if (m->save == MODEL_SAVE_RENAME && rename(other, path))
		abort();
	if (m->save == MODEL_SAVE_BACKUP && unlink(other) && errno != ENOENT)
		abort();
}

static void write_file(const struct model *m, const struct model_file *f)
{
	struct sq_buf text = SQ_BUF_NULL;
	char rel[256];

	model_path(m, f, rel, sizeof(rel));
	model_render(m, f, &text);
	write_text(m, rel, text.n ? text.p : "", text.n);
	sq_buf_deinit(&text);
}

static void delete_rel(const struct model *m, const char *rel)
{
	char path[512];

	absolute(m, rel, path, sizeof(path));
	if (unlink(path) && errno != ENOENT)
		abort();
}

static struct model_file *pick(struct model *m, bool alive)
{
	unsigned at = model_random(m, MODEL_FILES);

	for (unsigned i = 0; i < MODEL_FILES; i++)
		if (m->file[(at + i) % MODEL_FILES].alive == alive)
			return &m->file[(at + i) % MODEL_FILES];
	return NULL;
}

static bool path_taken(const struct model *m, const struct model_file *f)
{
	char a[256], b[256];

	model_path(m, f, a, sizeof(a));
	for (unsigned i = 0; i < MODEL_FILES; i++) {
		if (!m->file[i].alive || &m->file[i] == f)
			continue;
		model_path(m, &m->file[i], b, sizeof(b));
		if (!strcmp(a, b))
			return true;
	}
	return false;
}

static void place(struct model *m, struct model_file *f)
{
	do {
		f->dir = (uint8_t)model_random(m, 4);
		f->stem = (uint8_t)model_random(m, 6);
		f->ext = (uint8_t)model_random(m, 2);
	} while (path_taken(m, f));
}

static void fill_func(struct model *m, struct model_func *f)
{
	*f = (struct model_func){ (uint8_t)model_random(m, 7), !model_random(m, 3) };
}
static void fill_class(struct model *m, struct model_class *c)
{
	*c = (struct model_class){ (uint8_t)model_random(m, 4), (int8_t)((int)model_random(m, 5) - 1),
				   { (uint8_t)model_random(m, 4), (uint8_t)model_random(m, 4) } };
	if (c->base == c->name)
		c->base = -1;
}
static void fill_import(struct model *m, struct model_import *i)
{
	*i = (struct model_import){ (uint8_t)model_random(m, 4), (uint8_t)model_random(m, 6),
				    (uint8_t)model_random(m, 6), (uint8_t)model_random(m, 11),
				    (uint8_t)model_random(m, 3) };
}
static void fill_use(struct model *m, struct model_use *u)
{
	*u = (struct model_use){ (uint8_t)model_random(m, 5), (uint8_t)model_random(m, 7),
				 (uint8_t)model_random(m, 6) };
}

static void fill_file(struct model *m, struct model_file *f)
{
	f->alive = true;
	f->package = (uint8_t)model_random(m, 2);
	f->n_funcs = (uint8_t)model_random(m, MODEL_FUNCS);
	f->n_classes = (uint8_t)model_random(m, MODEL_CLASSES + 1);
	f->n_imports = (uint8_t)model_random(m, MODEL_IMPORTS + 1);
	f->n_uses = (uint8_t)(1 + model_random(m, MODEL_USES));
	for (unsigned i = 0; i < MODEL_FUNCS; i++)
		fill_func(m, &f->func[i]);
	for (unsigned i = 0; i < MODEL_CLASSES; i++)
		fill_class(m, &f->class[i]);
	for (unsigned i = 0; i < MODEL_IMPORTS; i++)
		fill_import(m, &f->import[i]);
	for (unsigned i = 0; i < MODEL_USES; i++)
		fill_use(m, &f->use[i]);
}

static void say(struct model *m, const char *what, const struct model_file *f)
{
	char rel[200] = "";

	if (f)
		model_path(m, f, rel, sizeof(rel));
	snprintf(m->what, sizeof(m->what), "%s %s", what, rel);
}

static void create(struct model *m)
{
	struct model_file *f = pick(m, false);

	if (!f)
		return;
	place(m, f);
	fill_file(m, f);
	write_file(m, f);
	say(m, "create", f);
}

static void delete(struct model *m)
{
	struct model_file *f = pick(m, true);
	char rel[256];

	if (!f)
		return;
	say(m, "delete", f);
	model_path(m, f, rel, sizeof(rel));
	delete_rel(m, rel);
	f->alive = false;
}

/* a body: uses and imports, but no definition */
static void modify_uses(struct model *m)
{
	struct model_file *f = pick(m, true);

	if (!f)
		return;
	if (f->n_imports && model_random(m, 2))
		fill_import(m, &f->import[model_random(m, f->n_imports)]);
	else
		fill_use(m, &f->use[model_random(m, f->n_uses)]);
	write_file(m, f);
	say(m, "modify uses of", f);
}

static void modify_all(struct model *m)
{
	struct model_file *f = pick(m, true);

	if (!f)
		return;
	fill_file(m, f);
	write_file(m, f);
	say(m, "rewrite", f);
}

static void rename_file(struct model *m)
{
	struct model_file *f = pick(m, true);
	char from[256], to[256], a[512], b[512];

	if (!f)
		return;
	model_path(m, f, from, sizeof(from));
	place(m, f);
	model_path(m, f, to, sizeof(to));
	absolute(m, from, a, sizeof(a));
	absolute(m, to, b, sizeof(b));
	make_parents(b);
	if (strcmp(a, b) && rename(a, b))
		abort();
	snprintf(m->what, sizeof(m->what), "rename %s to %s", from, to);
}

static void rename_dir(struct model *m)
{
	unsigned dir = 1 + model_random(m, 3);
	char from[256], to[256], a[512], b[512];

	model_dir_path(m, dir, from, sizeof(from));
	m->dir_name[dir] ^= 1;
	model_dir_path(m, dir, to, sizeof(to));
	absolute(m, from, a, sizeof(a));
	absolute(m, to, b, sizeof(b));
	(void)rmdir(b);         /* an empty one may stand in the way */
	if (rename(a, b) && errno != ENOENT)
		abort();
	snprintf(m->what, sizeof(m->what), "rename directory %s to %s", from, to);
}

/* ---- steps that change a resolution elsewhere -------------------------------- */

static void toggle_definition(struct model *m)
{
	struct model_file *f = pick(m, true);

	if (!f)
		return;
	if (f->n_funcs < MODEL_FUNCS && model_random(m, 2))
		fill_func(m, &f->func[f->n_funcs++]);
	else if (f->n_funcs)
		f->n_funcs--;
	write_file(m, f);
	say(m, "add or remove a definition in", f);
}

static void toggle_static(struct model *m)
{
	struct model_file *f = pick(m, true);

	if (!f || !f->n_funcs)
		return;
	f->func[0].local = !f->func[0].local;
	write_file(m, f);
	say(m, "toggle visibility in", f);
}

static void toggle_base(struct model *m)
{
	struct model_file *f = pick(m, true);

	if (!f || !f->n_classes)
		return;
	fill_class(m, &f->class[0]);
	write_file(m, f);
	say(m, "change a class in", f);
}

static void toggle_package(struct model *m)
{
	struct model_file *f = pick(m, true);

	if (!f)
		return;
	f->package ^= 1;
	write_file(m, f);
	say(m, "change the package clause of", f);
}

static void toggle_ignore(struct model *m)
{
	static const char *const texts[] = { "", "s1.*\n", "b*/\n", "/a*/s*\n!/a*/s2.*\n", "s0.*\ns3.*\n" };
	unsigned v = model_random(m, 5);
	char rel[256];

	model_dir_path(m, model_random(m, 2), rel, sizeof(rel));
	snprintf(rel + strlen(rel), sizeof(rel) - strlen(rel), "%s.gitignore", *rel ? "/" : "");
	if (v)
		write_text(m, rel, texts[v], strlen(texts[v]));
	else
		delete_rel(m, rel);
	snprintf(m->what, sizeof(m->what), "ignore rules %u in %s", v, rel);
}

static void toggle_config(struct model *m)
{
	unsigned v = model_random(m, 4), dir = model_random(m, 2) ? 0 : 1 + model_random(m, 2);
	const char *name, *text = model_config(m, v, &name);
	char rel[256];

	model_dir_path(m, dir, rel, sizeof(rel));
	snprintf(rel + strlen(rel), sizeof(rel) - strlen(rel), "%s%s", *rel ? "/" : "", name);
	if (v)
		write_text(m, rel, text, strlen(text));
	else
		delete_rel(m, rel);
	snprintf(m->what, sizeof(m->what), "configuration %u in %s", v, rel);
}

/* a second file of a name that imports mean, in another directory */
static void shadow(struct model *m)
{
	struct model_file *f = pick(m, false), *of = pick(m, true);

	if (!f || !of)
		return;
	fill_file(m, f);
	f->stem = of->stem;
	f->ext = of->ext;
	f->dir = (uint8_t)((of->dir + 1 + model_random(m, 3)) % 4);
	if (path_taken(m, f)) {
		f->alive = false;
		return;
	}
	write_file(m, f);
	say(m, "shadow with", f);
}

void model_init(struct model *m, enum sq_lang lang, const char *root, uint64_t seed)
{
	*m = (struct model){ .lang = lang, .root = root, .rng = seed * 2654435761u + 88172645463325252u };
	for (unsigned i = 0; i < 8; i++)
		model_random(m, 2);
	for (unsigned i = 0; i < 6; i++)
		create(m);
}

void model_step(struct model *m)
{
	static void (*const elsewhere[])(struct model *) = {
		toggle_definition, toggle_static, toggle_base, toggle_package, toggle_ignore,
		toggle_config, shadow, rename_dir,
	};
	uint32_t x = model_random(m, 100);

	snprintf(m->what, sizeof(m->what), "nothing");
	if (x < 30)
		elsewhere[model_random(m, SQ_ARRAY_SIZE(elsewhere))](m);
	else if (x < 45)
		create(m);
	else if (x < 58)
		delete(m);
	else if (x < 80)
		modify_uses(m);
	else if (x < 90)
		modify_all(m);
	else
		rename_file(m);
}
