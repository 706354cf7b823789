/* SPDX-License-Identifier: MIT */
/*
 * train — the work from which a profile-guided build learns what the parser
 * does: every source file whose name is read from standard input is extracted,
 * and twice more after a small edit, with the tree of the version before.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "lang/lang.h"
#include "sys/fd.h"

#define MAX_FILE_BYTES (1u << 20)

static int extract(struct sq_extractor *x, enum sq_lang lang, struct sq_slice bytes, struct sq_earlier *earlier)
{
	struct sq_extract_limits limits;
	struct sq_facts f = SQ_FACTS_NULL;
	int r;

	sq_extract_limits_default(&limits);
	limits.watchdog_ns = 0;
	r = sq_extract_again(x, lang, bytes, &limits, earlier, NULL, &f);
	sq_facts_deinit(&f);
	return r;
}

static void rotate_line(char *p, size_t n)
{
	char *line = memchr(p + n / 2, '\n', n - n / 2);
	char *end = line ? memchr(line + 1, '\n', n - (size_t)(line + 1 - p)) : NULL;

	for (; end && line + 1 < end; line++) {
		char c = line[0];

		line[0] = line[1];
		line[1] = c;
	}
}

static int train(struct sq_extractor *x, const char *path)
{
	enum sq_lang lang = sq_lang_detect(sq_slice_z(path));
	struct sq_earlier earlier = { .keeps = true };
	struct sq_buf b = SQ_BUF_NULL;
	int r = lang == SQ_LANG_NONE ? 1 : sq_fd_read_file(AT_FDCWD, path, MAX_FILE_BYTES, &b);

	if (!r)
		r = extract(x, lang, sq_buf_slice(&b), NULL);
	for (unsigned i = 0; i < 3 && !r && b.n; i++) {
		r = extract(x, lang, sq_buf_slice(&b), &earlier);
		rotate_line(b.p, b.n);
	}
	sq_kept_free(earlier.kept);
	sq_buf_deinit(&b);
	return r;
}

int main(void)
{
	struct sq_lang_registry *registry = NULL;
	struct sq_extractor *x = NULL;
	char path[4096];
	unsigned n = 0;

	if (sq_lang_registry_new(NULL, &registry) || sq_extractor_new(registry, &x)) {
		fprintf(stderr, "train: no grammars, or no memory\n");
		return 1;
	}
	while (fgets(path, sizeof(path), stdin)) {
		path[strcspn(path, "\n")] = 0;
		n += !train(x, path);
	}
	sq_extractor_free(x);
	sq_lang_registry_free(registry);
	if (!n)
		fprintf(stderr, "train: none of the files could be read\n");
	return n ? 0 : 1;
}
