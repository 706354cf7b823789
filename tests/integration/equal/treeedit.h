/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * treeedit — edits of a real source tree, drawn by a seed: bodies, functions
 * that come, go and change their names, macros and prototypes in headers,
 * includes, files that come, go and move, syntax broken and mended; and one in
 * four a step of a model program that lives in a directory of the tree.
 * Ownership: the caller's; the tree is changed in place, so it must be a copy.
 * Threads:   one.
 */
#include "model.h"
#include "textedit.h"

struct treeedit {
	const char *root;
	char **path;                    /* sources, relative to the root */
	size_t n_paths, cap;
	struct textedit ed;
	struct textedit other;          /* a second file, to take from */
	char *broken;                   /* path whose syntax the last edit broke; its old text: */
	struct sq_buf whole;
	struct model model;
	char model_root[128];
	char what[768];                 /* the last edit, for a message */
};
/** treeedit_init() - Return: 0; -ENOENT without a source to edit; -errno. */
int treeedit_init(struct treeedit *t, const char *root, uint64_t seed);
void treeedit_deinit(struct treeedit *t);
/** treeedit_step() - one edit; ->what says which. Return: 0; -errno. */
int treeedit_step(struct treeedit *t);
