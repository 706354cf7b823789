/* SPDX-License-Identifier: MIT */
#include "query/automaton.h"

#include <stddef.h>

#include "base/atomic.h"
#include "base/error.h"
#include "base/hash.h"

#define ROOM (SQ_AUTOMATON_BYTES / sizeof(uint32_t))
#define N_BUCKETS 1024u
#define WORK_PER_LOOK (1u << 20)        /* steps between two looks at the flag */

/* what stands before or behind a place in the text */
enum side { SIDE_NONE, SIDE_NEWLINE, SIDE_WORD, SIDE_OTHER };

/* where a byte leads; from FIRST_STATE on: an index of the room */
enum { TO_UNKNOWN, TO_FAIL, TO_MATCH, FIRST_STATE };

/*
 * A state, in the room: STATE_WORDS of these, a successor for each class and
 * for the end of the text, then its places, 16 bits each.
 */
enum { STATE_NEXT, STATE_SIDE, STATE_COUNT, STATE_WORDS };

/* places of the program, in the order of their coming */
struct places {
	uint16_t *v;
	uint32_t n;
	bool has_match, has_asserts;
};

struct sq_automaton {
	const struct sq_program *p;
	uint32_t n_symbols;             /* the classes and the end */
	bool is_anchored;               /* only the start of a text can begin a match */
	uint32_t start;                 /* TO_UNKNOWN: to be worked out */
	uint32_t used;
	uint64_t work, next_look;
	struct places now, then;
	uint16_t *stack;
	uint32_t *mark, stamp;          /* a place with the stamp has come */
	uint32_t buckets[N_BUCKETS];
	uint32_t room[ROOM];
};

/* ---- threads ---------------------------------------------------------------- */

static bool holds(enum sq_assert which, enum side before, enum side behind)
{
	bool word = before == SIDE_WORD, next_word = behind == SIDE_WORD;

	switch (which) {
	case SQ_ASSERT_BEGIN:
		return before == SIDE_NONE;
	case SQ_ASSERT_END:
		return behind == SIDE_NONE;
	case SQ_ASSERT_LINE_BEGIN:
		return before == SIDE_NONE || before == SIDE_NEWLINE;
	case SQ_ASSERT_LINE_END:
		return behind == SIDE_NONE || behind == SIDE_NEWLINE;
	case SQ_ASSERT_WORD_EDGE:
		return word != next_word;
	case SQ_ASSERT_NO_WORD_EDGE:
		return word == next_word;
	case SQ_ASSERT_WORD_BEGIN:
		return !word && next_word;
	case SQ_ASSERT_WORD_END:
		return word && !next_word;
	}
	return false;
}

/* both sides of where threads stand; NULL: the one behind is not known yet */
struct sides { enum side before, behind; };

static void clear(struct sq_automaton *a, struct places *to)
{
	to->n = 0;
	to->has_match = to->has_asserts = false;
	if (!++a->stamp) {
		memset(a->mark, 0, a->p->n_steps * sizeof(*a->mark));
		a->stamp = 1;
	}
}

static void push(struct sq_automaton *a, uint32_t *n, uint16_t place)
{
	if (a->mark[place] == a->stamp)
		return;
	a->mark[place] = a->stamp;
	a->stack[(*n)++] = place;
}

/* where a thread at @place can wait, without reading a byte */
static void add(struct sq_automaton *a, struct places *to, uint16_t place, const struct sides *sides)
{
	uint32_t n = 0;

	for (push(a, &n, place); n; a->work++) {
		uint16_t at = a->stack[--n];
		const struct sq_step *s = &a->p->steps[at];

		switch ((enum sq_step_op)s->op) {
		case SQ_STEP_SPLIT:
			push(a, &n, s->y);
			push(a, &n, s->x);
			continue;
		case SQ_STEP_JUMP:
			push(a, &n, s->x);
			continue;
		case SQ_STEP_ASSERT:
			if (sides && holds((enum sq_assert)s->x, sides->before, sides->behind))
				push(a, &n, (uint16_t)(at + 1));
			if (sides)
				continue;
			to->has_asserts = true;
			break;
		case SQ_STEP_MATCH:
			to->has_match = true;
			break;
		case SQ_STEP_SET:
			break;
		}
		to->v[to->n++] = at;
	}
}

/* can nothing but the start of a text begin a match? */
static bool is_anchored(struct sq_automaton *a)
{
	for (unsigned i = 0; i < 16; i++) {
		const struct sides sides = { (enum side)(i / 4), (enum side)(i % 4) };

		clear(a, &a->now);
		if (sides.before != SIDE_NONE)
			add(a, &a->now, 0, &sides);
		if (a->now.n)
			return false;
	}
	return true;
}

/* ---- states ------------------------------------------------------------------ */

static uint32_t *successors(struct sq_automaton *a, uint32_t state)
{
	return a->room + state + STATE_WORDS;
}

static uint16_t *places_of(struct sq_automaton *a, uint32_t state)
{
	return (uint16_t *)(successors(a, state) + a->n_symbols);
}

static void forget(struct sq_automaton *a)
{
	memset(a->buckets, 0, sizeof(a->buckets));
	a->used = FIRST_STATE;
	a->start = TO_UNKNOWN;
}

static uint32_t make_state(struct sq_automaton *a, const struct places *at, enum side before,
			   uint32_t *bucket)
{
	uint32_t n_words = STATE_WORDS + a->n_symbols + (at->n + 1) / 2;
	uint32_t state;

	if (n_words > ROOM - a->used)
		forget(a);      /* the bucket's place stays */
	state = a->used;
	a->used += n_words;
	a->room[state + STATE_NEXT] = *bucket;
	a->room[state + STATE_SIDE] = before;
	a->room[state + STATE_COUNT] = at->n;
	memset(successors(a, state), 0, a->n_symbols * sizeof(uint32_t));
	memcpy(places_of(a, state), at->v, at->n * sizeof(*at->v));
	*bucket = state;
	return state;
}

/* threads at @at, behind @before: what that means, or the state of it */
static uint32_t find_state(struct sq_automaton *a, const struct places *at, enum side before)
{
	uint64_t hash;
	uint32_t *bucket;

	if (at->has_match)
		return TO_MATCH;
	if (!at->n)
		return TO_FAIL;
	if (!at->has_asserts)
		before = SIDE_OTHER;    /* nobody asks */
	hash = sq_hash64(at->v, at->n * sizeof(*at->v), before);
	bucket = &a->buckets[hash % N_BUCKETS];
	for (uint32_t s = *bucket; s; s = a->room[s + STATE_NEXT])
		if (a->room[s + STATE_SIDE] == before && a->room[s + STATE_COUNT] == at->n &&
		    !memcmp(places_of(a, s), at->v, at->n * sizeof(*at->v)))
			return s;
	return make_state(a, at, before, bucket);
}

static enum side side_of(const struct sq_automaton *a, uint32_t symbol)
{
	uint8_t byte;

	if (symbol == a->p->n_classes)
		return SIDE_NONE;
	byte = a->p->byte_of[symbol];
	return byte == '\n' ? SIDE_NEWLINE : sq_is_word_byte(byte) ? SIDE_WORD : SIDE_OTHER;
}

/* the places of a state to ->now, its assertions decided */
static void enter(struct sq_automaton *a, uint32_t state, enum side behind)
{
	const struct sides sides = { (enum side)a->room[state + STATE_SIDE], behind };
	const uint16_t *at = places_of(a, state);

	clear(a, &a->now);
	for (uint32_t i = 0; i < a->room[state + STATE_COUNT]; i++)
		add(a, &a->now, at[i], &sides);
}

/* where a class, or the end, leads from @state; kept when the state still is */
static uint32_t work_out(struct sq_automaton *a, uint32_t state, uint32_t symbol)
{
	enum side side = side_of(a, symbol);
	uint32_t used = a->used, to = TO_FAIL;

	enter(a, state, side);
	clear(a, &a->then);
	if (a->now.has_match) {
		to = TO_MATCH;
	} else if (symbol < a->p->n_classes) {
		for (uint32_t i = 0; i < a->now.n; i++) {
			const struct sq_step *s = &a->p->steps[a->now.v[i]];

			if (sq_byte_set_has(&a->p->sets[s->x], a->p->byte_of[symbol]))
				add(a, &a->then, (uint16_t)(a->now.v[i] + 1), NULL);
		}
		if (!a->is_anchored)
			add(a, &a->then, 0, NULL);
		to = find_state(a, &a->then, side);
	}
	if (a->used >= used)
		successors(a, state)[symbol] = to;
	return to;
}

static uint32_t start_of(struct sq_automaton *a)
{
	if (a->start == TO_UNKNOWN) {
		clear(a, &a->then);
		add(a, &a->then, 0, NULL);
		a->start = find_state(a, &a->then, SIDE_NONE);
	}
	return a->start;
}

static bool is_canceled(struct sq_automaton *a, const bool *cancel)
{
	if (a->work < a->next_look)
		return false;
	a->next_look = a->work + WORK_PER_LOOK;
	/* no order needed: nothing else is read on behalf of the flag */
	return cancel && sq_load_relaxed(cancel);
}

int sq_automaton_match(struct sq_automaton *a, struct sq_slice text, const bool *cancel)
{
	const uint8_t *class_of = a->p->class_of;
	uint32_t state = start_of(a);

	for (size_t i = 0; state >= FIRST_STATE && i <= text.n; i++) {
		uint32_t symbol = i < text.n ? class_of[(uint8_t)text.p[i]] : a->p->n_classes;
		uint32_t to = successors(a, state)[symbol];

		if (to == TO_UNKNOWN) {
			if (is_canceled(a, cancel))
				return -ECANCELED;
			to = work_out(a, state, symbol);
		}
		state = to;
	}
	return state == TO_MATCH;
}

uint64_t sq_automaton_work(const struct sq_automaton *a)
{
	return a->work;
}

/* ---- life -------------------------------------------------------------------- */

int sq_automaton_new(const struct sq_program *p, struct sq_automaton **ret_a)
{
	struct sq_automaton *a = sq_malloc(sizeof(*a));
	size_t n = p->n_steps;

	if (!a)
		return sq_error_origin(-ENOMEM);
	/* the room stays untouched, and so without pages, until it is used */
	memset(a, 0, offsetof(struct sq_automaton, room));
	a->p = p;
	a->n_symbols = p->n_classes + 1;
	a->now.v = sq_calloc(3 * n, sizeof(uint16_t));
	a->mark = sq_calloc(n, sizeof(*a->mark));
	if (!a->now.v || !a->mark) {
		sq_automaton_free(a);
		return sq_error_origin(-ENOMEM);
	}
	a->then.v = a->now.v + n;
	a->stack = a->then.v + n;
	forget(a);
	a->is_anchored = is_anchored(a);
	*ret_a = a;
	return 0;
}

struct sq_automaton *sq_automaton_free(struct sq_automaton *a)
{
	if (a) {
		sq_free(a->now.v);
		sq_free(a->mark);
		sq_free(a);
	}
	return NULL;
}
