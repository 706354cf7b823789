/* SPDX-License-Identifier: MIT */
/* The bindings that tests/fixtures/link states, against the linker's. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "treegraph.h"
#include "../support/suite.h"

static const struct sq_version *version;

static void print_target(const struct sq_target *t, struct sq_buf *out)
{
	const struct sq_bound *b = sq_version_bound(version, t->file);
	uint32_t def = sq_bound_find_def(b, t->name, t->ordinal);

	sq_buf_add_slice(out, b->path);
	sq_buf_putc(out, '#');
	sq_version_qualified(version, t->file, def, out);
	if (t->ordinal)
		sq_buf_printf(out, "@%u", t->ordinal);
}

/* "<path>:<line> <kind> <name> -> <meaning>" of one reference */
static void print_ref(const struct sq_bound *b, const struct sq_links *links, const struct sq_ref *r, uint32_t i,
		      struct sq_buf *out)
{
	const struct sq_link *l = sq_links_of_ref(links, i);

	sq_buf_clear(out);
	sq_buf_add_slice(out, b->path);
	sq_buf_printf(out, ":%u %s ", r->line, sq_ref_kind_name(r->kind));
	sq_buf_add_slice(out, sq_version_string(version, b->names[r->name]));
	sq_buf_puts(out, " -> ");
	if (l->state == SQ_LINK_UNRESOLVED) {
		sq_buf_puts(out, "unresolved");
	} else if (l->state == SQ_LINK_BOUND) {
		print_target(&links->targets[l->first], out);
		sq_buf_printf(out, " %s", sq_rule_name(l->rule));
	} else {
		sq_buf_printf(out, "ambiguous %u", sq_link_n_total(l));
	}
}

/* every reference of the tree, one line each */
static void print_all(struct sq_buf *out)
{
	struct sq_buf line = SQ_BUF_NULL;

	for (sq_file f = 0; f < version->n_file_ids; f++) {
		struct sq_file_slot s = sq_version_slot(version, f);
		struct sq_ref_cursor it;
		struct sq_ref r;

		if (!s.bound || !s.links || !s.links->n_links)
			continue;
		sq_refs_begin(&s.bound->columns, &it);
		for (uint32_t i = 0; sq_refs_next(&it, &r); i++) {
			print_ref(s.bound, s.links, &r, i, &line);
			sq_buf_add_slice(out, sq_buf_slice(&line));
			sq_buf_putc(out, '\n');
		}
	}
	sq_buf_deinit(&line);
}

/* the lines of @all that state the same reference, for a message */
static void print_candidates(const char *all, const char *expect)
{
	size_t n = (size_t)(strstr(expect, "->") - expect);

	for (const char *p = all; p && *p; p = strchr(p, '\n') ? strchr(p, '\n') + 1 : NULL)
		if (!strncmp(p, expect, n))
			printf("  found: %.*s\n", (int)strcspn(p, "\n"), p);
}

static bool has_line(const char *all, const char *line)
{
	size_t n = strlen(line);

	for (const char *p = all; (p = strstr(p, line)); p += n)
		if ((p == all || p[-1] == '\n') && p[n] == '\n')
			return true;
	return false;
}

static int check_case(const char *dir)
{
	struct sq_buf all = SQ_BUF_NULL;
	struct treegraph t;
	char path[1024], line[1024];
	int wrong = 0, stated = 0;
	FILE *f;

	ck_assert_int_eq(treegraph_init(&t), 0);
	ck_assert_int_eq(treegraph_update(&t, dir, true), 0);
	version = treegraph_version(&t);
	print_all(&all);
	snprintf(path, sizeof(path), "%s/EXPECT", dir);
	f = fopen(path, "re");
	ck_assert_msg(f != NULL, "%s is missing", path);
	while (fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = '\0';
		if (!line[0] || line[0] == '#')
			continue;
		ck_assert_msg(strstr(line, "->") != NULL, "%s: %s", path, line);
		stated++;
		if (has_line(sq_buf_z(&all), line))
			continue;
		wrong++;
		printf("%s: %s\n", dir, line);
		print_candidates(sq_buf_z(&all), line);
	}
	fclose(f);
	ck_assert_msg(stated > 0, "%s states nothing", path);
	sq_buf_deinit(&all);
	treegraph_deinit(&t);
	return wrong;
}

START_TEST(bindings_are_as_stated)
{
	const char *src = getenv("SQ_TOP_SRCDIR");
	char base[512], dir[800];
	int wrong = 0, cases = 0;
	struct dirent *e;
	DIR *d;

	snprintf(base, sizeof(base), "%s/tests/fixtures/link", src ? src : ".");
	d = opendir(base);
	ck_assert_msg(d != NULL, "%s", base);
	while ((e = readdir(d))) {
		if (e->d_name[0] == '.' || !strcmp(e->d_name, "README.md"))
			continue;
		snprintf(dir, sizeof(dir), "%s/%s", base, e->d_name);
		wrong += check_case(dir);
		cases++;
	}
	closedir(d);
	ck_assert_int_gt(cases, 0);
	ck_assert_msg(!wrong, "%d bindings are not as stated", wrong);
}
END_TEST

static int print_tree(const char *dir)
{
	struct sq_buf all = SQ_BUF_NULL;
	struct treegraph t;
	int r = treegraph_init(&t);

	if (!r)
		r = treegraph_update(&t, dir, true);
	if (!r) {
		version = treegraph_version(&t);
		print_all(&all);
		fputs(sq_buf_z(&all), stdout);
	}
	sq_buf_deinit(&all);
	treegraph_deinit(&t);
	return r ? 1 : 0;
}

int main(int argc, char **argv)
{
	Suite *s = suite_create("graph-link");
	TCase *tc = tcase_create("fixtures");

	if (argc == 3 && !strcmp(argv[1], "--print"))
		return print_tree(argv[2]);
	tcase_set_timeout(tc, 120);
	tcase_add_test(tc, bindings_are_as_stated);
	suite_add_tcase(s, tc);
	return suite_run(s);
}
