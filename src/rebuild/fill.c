/* SPDX-License-Identifier: MIT */
#include "rebuild/fill.h"

#include <stdlib.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/time.h"
#include "workspace/evict.h"

/*
 * Times younger than this may still belong to bytes that are being written: a
 * clock tick is at most 10 ms, and two of them must have passed (design §9).
 */
#define TRUST_AFTER_NS (30ull * 1000000ull)

/* the schedule that the workers share */
struct schedule {
	struct sq_fill *fill;
	const struct sq_plan_item **items;   /* biggest first */
	struct sq_slice *paths;
	size_t n;
	size_t next;                /* atomic */
	uint64_t built_bytes;       /* atomic: estimate of what the puts made */
	bool over_budget;           /* atomic */
	struct sq_lock lock;        /* fill->again, fill->at and gone */
	struct sq_work gone;        /* vanished between the plan and the read */
};
struct worker {
	struct schedule *s;
	struct sq_tools *tools;
	unsigned index;
	struct sq_stages *stages;   /* NULL: nobody counts */
	bool keeps;                 /* trees, for the next edit */
	const struct sq_bound *before;  /* of the file under way, see struct sq_put */
	const uint32_t *same;
};

static int by_size(const void *pa, const void *pb)
{
	const struct sq_plan_item *a = *(const struct sq_plan_item *const *)pa;
	const struct sq_plan_item *b = *(const struct sq_plan_item *const *)pb;

	if (a->id.size != b->id.size)
		return a->id.size > b->id.size ? -1 : 1;
	return sq_slice_cmp(a->path, b->path);
}

static int schedule_init(struct schedule *s, struct sq_fill *fill)
{
	const struct sq_plan *p = fill->plan;

	*s = (struct schedule){ .fill = fill };
	s->items = sq_malloc((p->n_read + 1) * sizeof(*s->items));
	s->paths = sq_malloc((p->n_read + 1) * sizeof(*s->paths));
	if (!s->items || !s->paths || sq_lock_init(&s->lock, SQ_RANK_RECORD, "fill") < 0) {
		sq_free(s->items);
		sq_free(s->paths);
		return sq_error_origin(-ENOMEM);
	}
	for (size_t i = 0; i < p->n; i++)
		if (p->v[i].what == SQ_PLAN_READ)
			s->items[s->n++] = &p->v[i];
	qsort(s->items, s->n, sizeof(*s->items), by_size);
	for (size_t i = 0; i < s->n; i++)
		s->paths[i] = s->items[i]->path;
	return 0;
}

static void schedule_deinit(struct schedule *s)
{
	sq_lock_deinit(&s->lock);
	sq_free(s->items);
	sq_free(s->paths);
}

static size_t next_index(void *arg)
{
	struct worker *w = arg;
	/* relaxed: only the number matters, the list is complete before the workers start */
	size_t i = sq_add_relaxed(&w->s->next, 1);

	return i < w->s->n ? i : SIZE_MAX;
}

/* grow the reservation when the puts have outgrown it */
static int account(struct schedule *s, uint64_t bytes)
{
	struct sq_reservation *res = s->fill->res;
	struct sq_admission_state at;
	/* relaxed: an estimate; the exact bytes are checked before the publish */
	uint64_t built = sq_add_relaxed(&s->built_bytes, bytes) + bytes;

	while (built > sq_load_relaxed(&res->bytes)) {
		int r = sq_manager_extend(s->fill->build->rb->manager, s->fill->build->ws, res,
					  SQ_ADMISSION_STEP_BYTES, &at);

		if (!r)
			continue;
		if (r != SQ_ADMISSION_E_FULL)
			return r < 0 ? sq_error_trace(r) : sq_error_origin(-ECANCELED);
		sq_lock(&s->lock);
		s->fill->at = at;
		sq_unlock(&s->lock);
		sq_store_relaxed(&s->over_budget, true);
		return sq_error_origin(-EDQUOT);
	}
	return 0;
}

static int note_path(struct schedule *s, struct sq_work *list, struct sq_slice path)
{
	int r = 0;

	sq_lock(&s->lock);
	if (sq_work_is_none(list))
		r = sq_work_init(list);
	if (!r)
		r = sq_change_set_add(list->changes, path, SQ_CHANGE_FILE);
	sq_unlock(&s->lock);
	return r < 0 ? sq_error_trace(r) : 0;
}

/* as kept in the segment: times too young to be trusted never compare equal */
static struct sq_identity kept_identity(const struct sq_identity *id)
{
	struct sq_identity kept = *id;
	uint64_t newest = SQ_MAX(id->mtime_ns, id->ctime_ns), now = sq_realtime_ns();

	if (newest + TRUST_AFTER_NS > now)
		kept.ctime_ns = 0;
	return kept;
}

static int put_skipped(struct worker *w, struct sq_slice path, const struct sq_identity *id, enum sq_skip skip)
{
	struct sq_identity kept = kept_identity(id);
	struct sq_put put = {
		.path = path, .lang = SQ_LANG_NONE, .skip = (uint8_t)skip,
		.size_bytes = id->size, .identity = &kept,
	};
	int r;

	if (skip == SQ_SKIP_TIMEOUT || skip == SQ_SKIP_UNSTABLE) {
		kept.ctime_ns = 0;
		/* the file stays dirty: a later turn looks at it again */
		r = note_path(w->s, &w->s->fill->again, path);
		if (r < 0)
			return sq_error_trace(r);
	}
	return sq_draft_put(w->s->fill->draft, w->index, &put);
}

/* columns, names and path of the bound, and about as much again for links and postings */
static int account_columns(struct schedule *s, struct sq_slice path, const struct sq_columns *c)
{
	return account(s, sizeof(struct sq_bound) + path.n + 2 * ((uint64_t)c->n_bytes + 4ull * c->n_strings));
}

static int put_facts(struct worker *w, struct sq_slice path, const struct sq_read_result *res,
		     enum sq_lang lang, uint64_t hash, const struct sq_facts *facts)
{
	struct sq_identity kept = kept_identity(&res->id);
	struct sq_put put = {
		.path = path, .lang = lang, .facts = facts, .content_hash = hash,
		.size_bytes = res->bytes.n, .identity = &kept, .before = w->before, .same = w->same,
	};
	int r = account_columns(w->s, path, &facts->columns);

	if (r < 0)
		return r;
	return sq_draft_put(w->s->fill->draft, w->index, &put);
}

/* content that is known already: of a file that is gone, or of this one */
static int put_content(struct worker *w, struct sq_slice path, const struct sq_identity *id,
		     const struct sq_bound *from)
{
	struct sq_identity kept = kept_identity(id);
	struct sq_put put = {
		.path = path, .lang = (enum sq_lang)from->lang, .from = from,
		.content_hash = from->content_hash, .size_bytes = from->size_bytes, .identity = &kept,
	};
	int r = account_columns(w->s, path, &from->columns);

	return r < 0 ? r : sq_draft_put(w->s->fill->draft, w->index, &put);
}

static int put_moved(struct worker *w, struct sq_slice path, const struct sq_identity *id,
		     const struct sq_bound *from)
{
	/* relaxed: a counter for people */
	(void)sq_add_relaxed(&w->s->fill->build->n_moved, 1);
	return put_content(w, path, id, from);
}

static void pause_faults(struct worker *w, bool pause)
{
#ifdef SQ_TEST_HOOKS
	sq_fault_pause(w->s->fill->build->rb, pause);
#else
	(void)w;
	(void)pause;
#endif
}

#ifdef SQ_TEST_HOOKS
/* facts that a wrong old tree might give */
static int spoil(struct worker *w, enum sq_lang lang, const struct sq_extract_limits *limits, struct sq_facts *f)
{
	struct sq_facts wrong;
	int r;

	if (!sq_fault_take(w->s->fill->build->rb, SQ_FAULT_TREES))
		return 0;
	r = sq_extract(w->tools->extractor, lang, SQ_LIT(""), limits, &wrong);
	if (r)
		return r;
	sq_facts_deinit(f);
	*f = wrong;
	return 0;
}
#endif

static void count_stages(struct worker *w, const struct sq_extract_report *report)
{
	struct sq_stages *s = w->stages;

	if (!s)
		return;
	s->cut_ns += report->cut_ns;
	s->parse_ns += report->parse_ns;
	s->walk_ns += report->walk_ns;
	s->encode_ns += report->encode_ns;
	s->n_pieces += report->n_pieces;
	s->n_parsed += report->n_parsed;
	s->n_known += report->n_known;
	s->parsed_bytes += report->parsed_bytes;
}

/* what the version before says of the file, and of which version that is */
struct earlier { const struct sq_version *version; const struct sq_bound *bound; };

static struct sq_slice earlier_string(const void *arg, uint32_t local)
{
	const struct earlier *e = arg;

	return sq_version_string(e->version, e->bound->names[local]);
}

static struct earlier find_earlier(const struct worker *w, struct sq_slice path, enum sq_lang lang)
{
	struct earlier e = { .version = w->s->fill->earlier };
	sq_file f = e.version ? sq_version_file(e.version, path) : SQ_FILE_NONE;

	if (f != SQ_FILE_NONE)
		e.bound = sq_version_bound(e.version, f);
	if (e.bound && e.bound->lang != lang)   /* skipped, or another file's */
		e.bound = NULL;
	return e;
}

static int extract(struct worker *w, struct sq_slice path, enum sq_lang lang, struct sq_slice bytes,
		   struct sq_facts *ret_f)
{
	struct sq_build *b = w->s->fill->build;
	struct sq_trees *trees = b->rb->trees;
	struct earlier before = find_earlier(w, path, lang);
	struct sq_earlier earlier = {
		.columns = before.bound ? &before.bound->columns : NULL,
		.string = earlier_string, .arg = &before,
		.kept = w->keeps ? sq_trees_take(trees, b, path) : NULL,
		.keeps = w->keeps && sq_trees_wants(trees, bytes.n),
	};
	struct sq_extract_report report;
	struct sq_extract_limits limits;
	int r;

	sq_extract_limits_default(&limits);
	limits.cancel = &b->turn_cancel;
	pause_faults(w, true);
	r = sq_extract_again(w->tools->extractor, lang, bytes, &limits, &earlier, &report, ret_f);
	pause_faults(w, false);
#ifdef SQ_TEST_HOOKS
	if (!r && report.is_edited)
		r = spoil(w, lang, &limits, ret_f);
#endif
	if (!r) {
		count_stages(w, &report);
		w->before = before.bound;
		w->same = earlier.same;
		sq_trees_put(trees, b, path, SQ_TAKE(earlier.kept), ret_f, report.is_edited);
	}
	sq_kept_free(earlier.kept);
	return r;
}

/* written, but with the bytes that it had: a checkout there and back, a rebase, a touch */
static const struct sq_bound *find_same(const struct worker *w, const struct sq_plan_item *item,
					enum sq_lang lang, uint64_t hash, uint64_t size)
{
	const struct sq_bound *b = item->must_parse ? NULL : find_earlier(w, item->path, lang).bound;

	return b && !b->skip && b->content_hash == hash && b->size_bytes == size ? b : NULL;
}

static int parse(struct worker *w, const struct sq_plan_item *item, const struct sq_read_result *res)
{
	struct sq_slice path = item->path;
	struct sq_facts facts = SQ_FACTS_NULL;
	enum sq_lang lang = sq_lang_detect(path);
	const struct sq_bound *from;
	uint64_t since, hash;
	int r;

	if (sq_bytes_are_binary(res->bytes))
		return put_skipped(w, path, &res->id, SQ_SKIP_BINARY);
	hash = sq_hash64(res->bytes.p, res->bytes.n, 0);
	from = sq_plan_gone(w->s->fill->plan, lang, hash, res->bytes.n);
	if (from)
		return put_moved(w, path, &res->id, from);
	from = find_same(w, item, lang, hash, res->bytes.n);
	if (from)
		return put_content(w, path, &res->id, from);
	(void)sq_add_relaxed(&w->s->fill->build->n_parsed, 1);   /* relaxed: a counter for people */
	r = extract(w, path, lang, res->bytes, &facts);
	switch (r) {
	case 0:
		since = sq_now_ns();
		r = put_facts(w, path, res, lang, hash, &facts);
		if (w->stages)
			w->stages->put_ns += sq_now_ns() - since;
		sq_facts_deinit(&facts);
		return r;
	case SQ_LANG_E_UNKNOWN:
		return put_skipped(w, path, &res->id, SQ_SKIP_NO_GRAMMAR);
	case SQ_LANG_E_TIMEOUT:
		return put_skipped(w, path, &res->id, SQ_SKIP_TIMEOUT);
	case SQ_LANG_E_LIMIT:
		return put_skipped(w, path, &res->id, SQ_SKIP_LIMIT);
	case SQ_LANG_E_CANCELLED:
		return -ECANCELED;
	}
	return sq_error_trace(r);
}

static int file_read(void *arg, const struct sq_read_result *res)
{
	struct worker *w = arg;
	struct sq_build *b = w->s->fill->build;
	struct sq_slice path = w->s->paths[res->index];
	uint64_t since = sq_now_ns();
	int r;

	/* relaxed: a request to stop soon, nothing is read through it */
	if (sq_load_relaxed(&b->turn_cancel))
		return -ECANCELED;
	if (res->skip == SQ_SKIP_VANISHED)
		r = note_path(w->s, &w->s->gone, path);
	else if (res->skip)
		r = put_skipped(w, path, &res->id, res->skip);
	else
		r = parse(w, w->s->items[res->index], res);
	(void)sq_add_relaxed(&b->files_done, 1);   /* relaxed: progress for people */
	if (w->stages)
		w->stages->read_ns -= sq_now_ns() - since;   /* was not reading */
	return r;
}

static int work_share(void *arg, unsigned index)
{
	struct schedule *s = arg;
	struct sq_fill *fill = s->fill;
	struct worker w = { .s = s, .index = index };
	uint64_t since = sq_now_ns();
	int r = sq_fault_at("build_worker");

	if (r < 0)
		return r;
	w.tools = fill->plan->par ? &fill->build->rb->tools[index] : fill->own_tools;
	if (!fill->plan->par) {
		w.stages = &fill->stages;
		w.keeps = s->n <= SQ_FILL_EDIT_FILES;
	}
	pause_faults(&w, true);
	r = sq_tools_get(fill->build->rb, w.tools);
	pause_faults(&w, false);
	if (r < 0)
		return sq_error_trace(r);
	r = sq_reader_run(w.tools->reader, fill->build->root_fd, s->paths, next_index, &w, file_read, &w);
	if (r < 0)
		/* relaxed: the others need not start what nobody wants any more */
		sq_store_relaxed(&s->next, s->n);
	if (w.stages)
		w.stages->read_ns += sq_now_ns() - since;
	/* before the passes that follow ask for memory of their own */
	if (fill->plan->read_bytes > SQ_FILL_BIG_BYTES)
		sq_alloc_collect();
	return r < 0 ? sq_error_trace(r) : 0;
}

/* what needs no reading */
static int put_known(struct schedule *s)
{
	struct worker w = { .s = s };
	const struct sq_plan *p = s->fill->plan;
	int r = 0;

	for (size_t i = 0; i < p->n && !r; i++) {
		const struct sq_plan_item *item = &p->v[i];

		if (sq_load_relaxed(&s->fill->build->turn_cancel))   /* relaxed: a request to stop soon */
			r = -ECANCELED;
		else if (item->what == SQ_PLAN_SKIP)
			r = put_skipped(&w, item->path, &item->id, item->skip);
		else if (item->what == SQ_PLAN_MOVE)
			r = put_moved(&w, item->path, &item->id, item->bound);
		else if (item->what == SQ_PLAN_REMOVE)
			r = sq_draft_remove(s->fill->draft, item->path);
	}
	return r < 0 ? sq_error_trace(r) : 0;
}

static int remove_gone(struct schedule *s)
{
	const struct sq_change_set *set = s->gone.changes;
	int r = 0;

	for (size_t i = 0; set && i < set->n_changes && !r; i++)
		r = sq_draft_remove(s->fill->draft, set->changes[i].path);
	return r < 0 ? sq_error_trace(r) : 0;
}

int sq_fill_run(struct sq_fill *fill)
{
	struct schedule s;
	int r = schedule_init(&s, fill);

	if (r < 0)
		return sq_error_trace(r);
	r = put_known(&s);
	if (!r && s.n)
		r = sq_parallel_run(fill->plan->par, work_share, &s);
	if (r < 0 && sq_load_relaxed(&s.over_budget))   /* relaxed: the workers have ended */
		r = SQ_FILL_E_BUDGET;
	if (!r)
		r = remove_gone(&s);
	sq_work_deinit(&s.gone);
	schedule_deinit(&s);
	return r;
}
