/* SPDX-License-Identifier: MIT */
#include "rebuild/journal.h"

#include "base/alloc.h"

const struct sq_journal_entry *sq_journal_at(const struct sq_journal *j, size_t i)
{
	return &j->ring[(j->first + i) % SQ_JOURNAL_FILES];
}

static void drop_first(struct sq_journal *j)
{
	struct sq_journal_entry *e = &j->ring[j->first];

	/* the rest of its version alone would be a lie */
	j->since = e->generation;
	j->n_bytes -= e->n;
	sq_free(SQ_TAKE(e->path));
	j->first = (j->first + 1) % SQ_JOURNAL_FILES;
	j->n--;
}

void sq_journal_deinit(struct sq_journal *j)
{
	while (j->n)
		drop_first(j);
	sq_free(SQ_TAKE(j->ring));
}

void sq_journal_restart(struct sq_journal *j, uint64_t generation)
{
	sq_journal_deinit(j);
	j->since = j->upto = generation;
}

void sq_journal_note(struct sq_journal *j, uint64_t generation, struct sq_slice path, bool is_gone)
{
	char *copy;

	if (generation <= j->since)
		return;   /* it was too much already */
	if (!j->ring)
		j->ring = sq_calloc(SQ_JOURNAL_FILES, sizeof(*j->ring));
	copy = j->ring ? sq_strndup(path.p, path.n) : NULL;
	if (!copy) {
		sq_journal_restart(j, generation);
		return;
	}
	while (j->n == SQ_JOURNAL_FILES || (j->n && j->n_bytes + path.n > SQ_JOURNAL_BYTES))
		drop_first(j);
	if (generation <= j->since) {
		sq_free(copy);
		return;
	}
	j->ring[(j->first + j->n++) % SQ_JOURNAL_FILES] =
		(struct sq_journal_entry){ generation, copy, (uint32_t)path.n, is_gone };
	j->n_bytes += path.n;
}

void sq_journal_publish(struct sq_journal *j, uint64_t generation)
{
	j->upto = generation;
}

size_t sq_journal_next(const struct sq_journal *j, uint64_t since, size_t at)
{
	while (at < j->n && sq_journal_at(j, at)->generation <= since)
		at++;
	return at;
}
