/* SPDX-License-Identifier: MIT */
#include "base/atomic.h"
#include "base/hash.h"
#include "base/time.h"
#include "lang/cursor.h"
#include "lang/spec.h"

#define ROLL 0x9e3779b97f4a7c15ULL   /* as in emit.c */
#define CHECK_NODES 65536u           /* between looks at clock and cancel flag */

static inline void roll(struct sq_walk *w, uint64_t token_hash)
{
	w->roll = w->roll * ROLL + token_hash;
	w->n_tokens++;
}

static const struct sq_rule *rule_of(const struct sq_walk *w, TSSymbol s)
{
	return s < w->n_rules ? &w->rules[s] : &w->error_rule;
}

static uint8_t child_role(const struct sq_frame *p, const struct sq_cursor *cursor)
{
	uint8_t role = p->child_role;

	if (p->rule->roles) {
		TSFieldId field = sq_cursor_field(cursor);

		if (field && p->rule->roles[field])
			role = (uint8_t)(p->rule->roles[field] - 1);
	}
	if (p->role == SQ_ROLE_MACRO && role != SQ_ROLE_IGNORE)
		return SQ_ROLE_MACRO;
	return role == SQ_ROLE_SAME ? p->role : role;
}

/* what the parent wants to know of this child */
static void tell_parent(const struct sq_walk *w, const struct sq_frame *f, struct sq_frame *p)
{
	if (p->rule->flags & SQ_RULE_COUNT)
		p->count += p->count < UINT16_MAX;
	if (f->role == SQ_ROLE_OBJECT) {
		p->obj_start = f->start;
		p->obj_end = f->end;
	} else if (f->role == SQ_ROLE_BODY && !p->body_start) {
		sq_walk_body_at(w, p, f->start);
	} else if (f->role == SQ_ROLE_INIT && !p->init_start) {
		p->init_start = f->start;
	}
}

static void fill_frame(const struct sq_walk *w, struct sq_frame *f, const struct sq_rule *rule,
		       const struct sq_cursor *cursor)
{
	*f = (struct sq_frame){
		.node = sq_cursor_node(cursor), .rule = rule, .start = sq_cursor_start(cursor),
		.end = sq_cursor_end(cursor), .role = child_role(&f[-1], cursor),
		.child_role = rule->child_role, .def = SQ_NONE, .ref = SQ_NONE, .type = SQ_NONE,
		.aux = SQ_NONE,
	};
	tell_parent(w, f, &f[-1]);
}

/* a visible leaf or a subtree that is not looked into: one token */
static void hash_text(struct sq_walk *w, const struct sq_frame *f)
{
	w->leaf_hash = sq_hash64(w->bytes.p + f->start, f->end - f->start, 0);
	if (w->hashing)
		roll(w, w->leaf_hash);
}

static inline void end_frame(struct sq_walk *w, struct sq_frame *f)
{
	if (f->rule->leave)
		f->rule->leave(w, f);
	if (f->def != SQ_NONE)
		sq_walk_end_def(w, f);
	if (f->scope)
		sq_walk_end_scope(w, f);
}

/* true: go below this node */
static bool enter(struct sq_walk *w, struct sq_frame *f, uint32_t depth)
{
	const struct sq_rule *rule = f->rule;
	enum sq_visit visit = SQ_DESCEND;

	if (rule->flags & SQ_RULE_LEAF) {
		hash_text(w, f);
		if (rule->enter && f->role != SQ_ROLE_IGNORE)
			(void)rule->enter(w, f);   /* there is nothing below */
		return false;
	}
	if (f->role == SQ_ROLE_IGNORE || depth + 1 >= w->max_depth)
		visit = SQ_SKIP;
	else if (rule->enter)
		visit = rule->enter(w, f);
	return visit == SQ_DESCEND;
}

static int check(struct sq_walk *w)
{
	/* relaxed: the flag carries no data, only a wish to stop soon */
	if (w->limits->cancel && sq_load_relaxed(w->limits->cancel))
		return SQ_LANG_E_CANCELLED;
	if (w->deadline_ns && sq_thread_cpu_ns() > w->deadline_ns)
		return SQ_LANG_E_TIMEOUT;
	return w->error;
}

/* the node under the cursor; true: its children come next */
static bool visit(struct sq_walk *w, struct sq_cursor *cursor, uint32_t depth)
{
	const struct sq_rule *rule = rule_of(w, sq_cursor_symbol(cursor));
	struct sq_frame *f = &w->frames[depth + 1];

	if (rule->flags & SQ_RULE_BARE) {
		if (w->hashing)
			roll(w, rule->token_hash);
		return false;
	}
	if (rule->flags & SQ_RULE_COMMENT)
		return false;
	fill_frame(w, f, rule, cursor);
	if (enter(w, f, depth) && sq_cursor_has_children(cursor)) {
		sq_cursor_enter(cursor);
		return true;
	}
	if (!(rule->flags & SQ_RULE_LEAF) && w->hashing)
		hash_text(w, f);
	end_frame(w, f);
	return false;
}

static int walk(struct sq_walk *w, struct sq_cursor *cursor)
{
	uint32_t depth = 0;

	for (uint32_t n = 0;; n++) {
		if (n % CHECK_NODES == CHECK_NODES - 1) {
			int r = check(w);

			if (r)
				return r;
		}
		if (visit(w, cursor, depth))
			depth++;
		else if (!depth)
			return w->error;   /* a root without children */
		while (!sq_cursor_next(cursor)) {
			sq_cursor_leave(cursor);
			end_frame(w, &w->frames[depth]);
			if (!--depth)
				return cursor->error ? cursor->error : w->error;
		}
	}
}

/* two frames of nothing above the root, so that f[-1] and f[-2] always exist */
#define FRAMES_ABOVE 4u

static int need_frames(struct sq_walk *w)
{
	uint32_t n = w->max_depth + FRAMES_ABOVE + 2;
	struct sq_frame *frames;

	if (w->n_frames >= n)
		return 0;
	frames = sq_realloc(w->frames, n * sizeof(*frames));
	if (!frames)
		return sq_error_origin(-ENOMEM);
	w->frames = frames;
	w->n_frames = n;
	return 0;
}

int sq_walk_tree(struct sq_walk *w, const TSTree *tree)
{
	static const struct sq_rule nothing;
	struct sq_frame *frames;
	int r = need_frames(w);

	if (r < 0)
		return sq_error_trace(r);
	frames = w->frames;
	for (unsigned i = 0; i < FRAMES_ABOVE; i++)
		frames[i] = (struct sq_frame){ .rule = i ? &nothing : NULL, .def = SQ_NONE,
					       .ref = SQ_NONE, .type = SQ_NONE };
	w->frames += FRAMES_ABOVE - 1;
	w->carry = 0;
	sq_cursor_open(w->cursor, tree);
	r = walk(w, w->cursor);
	w->frames = frames;
	return r ? r : w->error;
}

int sq_walk_end(struct sq_walk *w)
{
	if (w->spec->end)
		w->spec->end(w);
	return w->error;
}
