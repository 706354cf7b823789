/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * model — a small random program in one language, as files on disk that are
 * created, changed, moved and deleted step by step. Names come from small
 * pools, so that definitions shadow, collide and go missing all the time.
 * A quarter of the steps change what a name means without touching the file
 * that mentions it.
 */
#include <stdbool.h>
#include <stdint.h>

#include "facts/kinds.h"

#define MODEL_FILES 12
#define MODEL_FUNCS 5
#define MODEL_CLASSES 2
#define MODEL_IMPORTS 4
#define MODEL_USES 8
/* how a text gets into its file */
enum model_save { MODEL_SAVE_WRITE, MODEL_SAVE_RENAME /* a new file over the old */,
		  MODEL_SAVE_BACKUP /* the old one steps aside and goes */, MODEL_SAVES };

struct model_func { uint8_t name; bool local; };
struct model_class { uint8_t name; int8_t base; uint8_t method[2]; };
struct model_import { uint8_t dir, stem, style, member, alias; };
struct model_use { uint8_t kind, name, qual; };
struct model_file {
	bool alive;
	uint8_t dir, stem, ext, package;
	uint8_t n_funcs, n_classes, n_imports, n_uses;
	struct model_func func[MODEL_FUNCS];
	struct model_class class[MODEL_CLASSES];
	struct model_import import[MODEL_IMPORTS];
	struct model_use use[MODEL_USES];
};
struct model {
	enum sq_lang lang;
	const char *root;
	uint64_t rng;
	uint8_t dir_name[5];            /* each directory has one of several names */
	uint8_t save;                   /* enum model_save, of the steps to come */
	struct model_file file[MODEL_FILES];
	char what[700];                 /* the last step, for a message */
};
void model_init(struct model *m, enum sq_lang lang, const char *root, uint64_t seed);
/** model_step() - change the tree on disk in one random way; ->what says how. */
void model_step(struct model *m);
uint32_t model_random(struct model *m, uint32_t below);

/* render.c */
struct sq_buf;
void model_path(const struct model *m, const struct model_file *f, char *buf, unsigned cap);
void model_dir_path(const struct model *m, unsigned dir, char *buf, unsigned cap);
void model_render(const struct model *m, const struct model_file *f, struct sq_buf *out);
/** model_config() - text of the language's configuration file, variant @v; *ret_name: its name or NULL. */
const char *model_config(const struct model *m, unsigned v, const char **ret_name);
