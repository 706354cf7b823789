/* SPDX-License-Identifier: MIT */
/* Text to a tree of nodes, the tree to steps. */
#include "query/program.h"

#include <ctype.h>

#include "base/error.h"
#include "base/vec.h"
#include "query/regex.h"

enum node_type { NODE_SET, NODE_ASSERT, NODE_ALL, NODE_ANY, NODE_REPEAT };
#define NO_NODE UINT32_MAX
#define NO_END UINT16_MAX
struct node {
	enum node_type type;
	uint16_t x;             /* SET: the set; ASSERT: which */
	uint16_t min, max;      /* REPEAT; NO_END: without end */
	uint32_t first, next;   /* of ALL, ANY, REPEAT; of the same parent */
};

struct compiler {
	struct sq_slice in;
	size_t at;
	unsigned flags;
	SQ_VEC(struct node) nodes;
	SQ_VEC(struct sq_byte_set) sets;
	SQ_VEC(struct sq_step) steps;
	const char *why;        /* what is wrong; NULL: nothing, or error */
	int error;              /* -ENOMEM */
};

static void refuse(struct compiler *c, const char *why)
{
	if (!c->why)
		c->why = why;
}

/* ---- sets of bytes --------------------------------------------------------- */

bool sq_is_word_byte(uint8_t b)
{
	return b == '_' || (b >= '0' && b <= '9') || ((b | 0x20) >= 'a' && (b | 0x20) <= 'z');
}

static void set_add(struct sq_byte_set *s, uint8_t b)
{
	s->bits[b >> 6] |= 1ull << (b & 63);
}

static void set_add_set(struct sq_byte_set *s, const struct sq_byte_set *other)
{
	for (int i = 0; i < 4; i++)
		s->bits[i] |= other->bits[i];
}

static void set_invert(struct sq_byte_set *s)
{
	for (int i = 0; i < 4; i++)
		s->bits[i] = ~s->bits[i];
}

/* the bytes of "[:name:]", in ASCII whatever the locale; empty: unknown */
static struct sq_byte_set named_set(struct sq_slice name)
{
	static const struct { const char *name; int (*is)(int); } names[] = {
		{ "alnum", isalnum }, { "alpha", isalpha }, { "blank", isblank },
		{ "cntrl", iscntrl }, { "digit", isdigit }, { "graph", isgraph },
		{ "lower", islower }, { "print", isprint }, { "punct", ispunct },
		{ "space", isspace }, { "upper", isupper }, { "xdigit", isxdigit },
	};
	struct sq_byte_set s = { { 0 } };

	for (size_t i = 0; i < SQ_ARRAY_SIZE(names); i++) {
		if (!sq_slice_is(name, names[i].name))
			continue;
		for (int b = 0; b < 128; b++)
			if (names[i].is(b))
				set_add(&s, (uint8_t)b);
	}
	return s;
}

/* the bytes of \d \w \s and of their opposites; false: @e is none of them */
static bool escaped_set(char e, struct sq_byte_set *ret_s)
{
	char lower = (char)(e | 0x20);
	struct sq_byte_set s;

	if (!strchr("dDwWsS", e))
		return false;
	s = named_set(lower == 'd' ? SQ_LIT("digit") : lower == 's' ? SQ_LIT("space") :
		      SQ_LIT("alnum"));
	if (lower == 'w')
		set_add(&s, '_');
	if (e != lower)
		set_invert(&s);
	*ret_s = s;
	return true;
}

static void fold_case(struct sq_byte_set *s)
{
	for (uint8_t b = 'a'; b <= 'z'; b++)
		if (sq_byte_set_has(s, b) || sq_byte_set_has(s, b ^ 0x20)) {
			set_add(s, b);
			set_add(s, b ^ 0x20);
		}
}

/* ---- text to nodes --------------------------------------------------------- */

static bool is_at_end(const struct compiler *c)
{
	return c->at >= c->in.n;
}

static char peek(const struct compiler *c, size_t ahead)
{
	return c->at + ahead < c->in.n ? c->in.p[c->at + ahead] : '\0';
}

static uint32_t new_node(struct compiler *c, struct node n)
{
	n.next = NO_NODE;
	if (!c->error)
		c->error = sq_vec_push(&c->nodes, n);
	return c->error ? NO_NODE : (uint32_t)c->nodes.n - 1;
}

static uint32_t set_node(struct compiler *c, const struct sq_byte_set *s)
{
	if (!c->error)
		c->error = sq_vec_push(&c->sets, *s);
	return new_node(c, (struct node){ .type = NODE_SET, .x = (uint16_t)(c->sets.n - 1),
					  .first = NO_NODE });
}

static uint32_t byte_node(struct compiler *c, char byte)
{
	struct sq_byte_set s = { { 0 } };

	set_add(&s, (uint8_t)byte);
	if (c->flags & SQ_REGEXF_ICASE)
		fold_case(&s);
	return set_node(c, &s);
}

static uint32_t assert_node(struct compiler *c, enum sq_assert which)
{
	return new_node(c, (struct node){ .type = NODE_ASSERT, .x = (uint16_t)which,
					  .first = NO_NODE });
}

static uint32_t read_any(struct compiler *c)
{
	struct sq_byte_set s = { { 0 } };

	if (!(c->flags & SQ_REGEXF_DOT_ALL))
		set_add(&s, '\n');
	set_invert(&s);
	c->at++;
	return set_node(c, &s);
}

static uint32_t read_escape(struct compiler *c)
{
	static const char asserts[] = "bB<>";
	struct sq_byte_set s;
	char e = peek(c, 1);

	c->at += 2;
	if (e && strchr(asserts, e))
		return assert_node(c, SQ_ASSERT_WORD_EDGE + (enum sq_assert)(strchr(asserts, e) - asserts));
	if (escaped_set(e, &s))
		return set_node(c, &s);
	return byte_node(c, e == 'n' ? '\n' : e == 't' ? '\t' : e);
}

/* "[:alpha:]" behind the '[' of a class; [.x.] and [=x=] are the byte x. Return: -1: a set was added */
static int read_named(struct compiler *c, struct sq_byte_set *s)
{
	size_t start = c->at + 2, i = start;
	char kind = c->in.p[c->at + 1];
	struct sq_byte_set named;

	while (i + 1 < c->in.n && (c->in.p[i] != kind || c->in.p[i + 1] != ']'))
		i++;
	c->at = SQ_MIN(i + 2, c->in.n);
	if (i + 1 >= c->in.n) {
		refuse(c, "a class name without its end");
		return -1;
	}
	if (kind != ':') {
		if (i - start == 1)
			return (uint8_t)c->in.p[start];
		refuse(c, "a collating element of more than one byte");
		return -1;
	}
	named = named_set(sq_slice(c->in.p + start, i - start));
	if (!named.bits[0] && !named.bits[1])
		refuse(c, "an unknown class of characters");
	set_add_set(s, &named);
	return -1;
}

/* one byte of a class, or -1: a set, which was added */
static int read_member(struct compiler *c, struct sq_byte_set *s)
{
	char e = peek(c, 0);
	struct sq_byte_set escaped;

	if (e == '[' && peek(c, 1) && strchr(":.=", peek(c, 1)))
		return read_named(c, s);
	c->at++;
	if (e != '\\')
		return (uint8_t)e;
	e = peek(c, 0);
	c->at++;
	if (e && escaped_set(e, &escaped)) {
		set_add_set(s, &escaped);
		return -1;
	}
	return e == 'n' ? '\n' : e == 't' ? '\t' : (uint8_t)e;
}

static void read_range(struct compiler *c, struct sq_byte_set *s)
{
	int from = read_member(c, s), to = from;

	if (peek(c, 0) == '-' && peek(c, 1) && peek(c, 1) != ']') {
		c->at++;
		to = read_member(c, s);
		if (from < 0 || to < 0 || to < from)
			refuse(c, "a range whose end is before its start");
	}
	for (int b = from; b >= 0 && b <= to; b++)
		set_add(s, (uint8_t)b);
}

static uint32_t read_class(struct compiler *c)
{
	struct sq_byte_set s = { { 0 } };
	bool not = peek(c, 1) == '^';

	c->at += 1 + not;
	do
		read_range(c, &s);
	while (!is_at_end(c) && peek(c, 0) != ']');
	c->at++;
	if (c->flags & SQ_REGEXF_ICASE)
		fold_case(&s);
	if (not)
		set_invert(&s);
	return set_node(c, &s);
}

static uint32_t read_choice(struct compiler *c);

static uint32_t read_one(struct compiler *c)
{
	bool lines = c->flags & SQ_REGEXF_LINES;
	uint32_t n;

	switch (peek(c, 0)) {
	case '\\':
		return read_escape(c);
	case '[':
		return read_class(c);
	case '.':
		return read_any(c);
	case '^':
		c->at++;
		return assert_node(c, lines ? SQ_ASSERT_LINE_BEGIN : SQ_ASSERT_BEGIN);
	case '$':
		c->at++;
		return assert_node(c, lines ? SQ_ASSERT_LINE_END : SQ_ASSERT_END);
	case '(':
		c->at += peek(c, 1) == '?' ? 3 : 1;
		n = read_choice(c);
		c->at++;
		return n;
	default:
		return byte_node(c, c->in.p[c->at++]);
	}
}

static uint16_t read_number(struct compiler *c, uint16_t otherwise)
{
	uint32_t n = 0;

	if (!isdigit((unsigned char)peek(c, 0)))
		return otherwise;
	for (; isdigit((unsigned char)peek(c, 0)); c->at++)
		n = SQ_MIN(n * 10 + (uint32_t)(peek(c, 0) - '0'), SQ_REGEX_MAX_REPEAT);
	return (uint16_t)n;
}

static void read_counts(struct compiler *c, uint16_t *min, uint16_t *max)
{
	c->at++;
	if (peek(c, 0) == '}')
		refuse(c, "'{' without a count (write \\{)");
	*min = *max = read_number(c, 0);
	if (peek(c, 0) == ',') {
		c->at++;
		*max = read_number(c, NO_END);
	}
	if (peek(c, 0) != '}' || *max < *min)
		refuse(c, "a repetition is {m}, {m,} or {m,n} with m <= n");
	c->at++;
}

static uint32_t read_repeats(struct compiler *c, uint32_t node)
{
	while (peek(c, 0) && strchr("*+?{", peek(c, 0)) && !c->why) {
		uint16_t min = 0, max = NO_END;

		if (peek(c, 0) == '{') {
			read_counts(c, &min, &max);
		} else {
			min = peek(c, 0) == '+';
			max = peek(c, 0) == '?' ? 1 : NO_END;
			c->at++;
		}
		node = new_node(c, (struct node){ .type = NODE_REPEAT, .first = node,
						  .min = min, .max = max });
	}
	return node;
}

static uint32_t read_sequence(struct compiler *c)
{
	uint32_t all = new_node(c, (struct node){ .type = NODE_ALL, .first = NO_NODE });
	uint32_t last = NO_NODE;

	while (!is_at_end(c) && !strchr("|)", peek(c, 0)) && !c->error && !c->why) {
		uint32_t n = read_repeats(c, read_one(c));

		if (c->error)
			break;
		if (last == NO_NODE)
			c->nodes.v[all].first = n;
		else
			c->nodes.v[last].next = n;
		last = n;
	}
	return all;
}

/* as deep as groups are nested */
static uint32_t read_choice(struct compiler *c)
{
	uint32_t any = new_node(c, (struct node){ .type = NODE_ANY, .first = NO_NODE });
	uint32_t last = read_sequence(c);

	if (c->error)
		return NO_NODE;
	c->nodes.v[any].first = last;
	while (peek(c, 0) == '|' && !c->why) {
		uint32_t n;

		c->at++;
		n = read_sequence(c);
		if (c->error)
			return NO_NODE;
		c->nodes.v[last].next = n;
		last = n;
	}
	return any;
}

/* ---- nodes to steps -------------------------------------------------------- */

static uint16_t here(const struct compiler *c)
{
	return (uint16_t)c->steps.n;
}

/* its place; 0 when there is no room any more */
static uint16_t add_step(struct compiler *c, enum sq_step_op op, uint16_t x)
{
	if (c->steps.n >= SQ_PROGRAM_MAX_STEPS)
		refuse(c, "too large with repetitions written out");
	if (c->why || c->error)
		return 0;
	c->error = sq_vec_push(&c->steps, ((struct sq_step){ .op = (uint16_t)op, .x = x }));
	return c->error ? 0 : (uint16_t)(here(c) - 1);
}

/* a step over what follows it; where it ends is not known yet */
static uint16_t add_split(struct compiler *c)
{
	return add_step(c, SQ_STEP_SPLIT, (uint16_t)(here(c) + 1));
}

static void end_split(struct compiler *c, uint16_t split)
{
	if (!c->why && !c->error)
		c->steps.v[split].y = here(c);
}

static void emit(struct compiler *c, uint32_t node);

static void emit_any(struct compiler *c, uint32_t child)
{
	uint16_t jump = UINT16_MAX;     /* the last one; each names the one before it */

	for (; child != NO_NODE; child = c->nodes.v[child].next) {
		bool is_last = c->nodes.v[child].next == NO_NODE;
		uint16_t split = is_last ? 0 : add_split(c);

		emit(c, child);
		if (is_last || c->why || c->error)
			break;
		jump = add_step(c, SQ_STEP_JUMP, jump);
		end_split(c, split);
	}
	while (jump != UINT16_MAX && !c->why && !c->error) {
		uint16_t before = c->steps.v[jump].x;

		c->steps.v[jump].x = here(c);
		jump = before;
	}
}

static void emit_repeat(struct compiler *c, const struct node n)
{
	uint16_t start = here(c), split, first = UINT16_MAX;

	for (unsigned i = 0; i < n.min && !c->why && !c->error; i++) {
		start = here(c);
		emit(c, n.first);
	}
	if (n.max == NO_END) {
		if (n.min) {
			split = add_step(c, SQ_STEP_SPLIT, start);
			end_split(c, split);
			return;
		}
		split = add_split(c);
		emit(c, n.first);
		add_step(c, SQ_STEP_JUMP, start);
		end_split(c, split);
		return;
	}
	/* each split names the one before it until the end is known */
	for (unsigned i = n.min; i < n.max && !c->why && !c->error; i++) {
		split = add_split(c);
		if (!c->why && !c->error)
			c->steps.v[split].y = first;
		first = split;
		emit(c, n.first);
	}
	while (first != UINT16_MAX && !c->why && !c->error) {
		uint16_t before = c->steps.v[first].y;

		c->steps.v[first].y = here(c);
		first = before;
	}
}

/* as deep as groups and repetitions are nested: some 400 */
static void emit(struct compiler *c, uint32_t node)
{
	const struct node n = c->nodes.v[node];

	switch (n.type) {
	case NODE_SET:
		add_step(c, SQ_STEP_SET, n.x);
		break;
	case NODE_ASSERT:
		add_step(c, SQ_STEP_ASSERT, n.x);
		break;
	case NODE_ALL:
		for (uint32_t k = n.first; k != NO_NODE; k = c->nodes.v[k].next)
			emit(c, k);
		break;
	case NODE_ANY:
		emit_any(c, n.first);
		break;
	case NODE_REPEAT:
		emit_repeat(c, n);
		break;
	}
}

/* ---- classes ---------------------------------------------------------------- */

/* bytes of one class stay together when all of them, or none, are in @s */
static void split_classes(struct sq_program *p, const struct sq_byte_set *s)
{
	int16_t to[256];
	uint32_t n = p->n_classes;

	memset(to, -1, sizeof(to));
	/* a class keeps its number for those of the kind of its first byte */
	for (int b = 0; b < 256; b++) {
		uint8_t c = p->class_of[b];

		if (sq_byte_set_has(s, (uint8_t)b) == sq_byte_set_has(s, p->byte_of[c]))
			continue;
		if (to[c] < 0) {
			to[c] = (int16_t)n;
			p->byte_of[n++] = (uint8_t)b;
		}
		p->class_of[b] = (uint8_t)to[c];
	}
	p->n_classes = n;
}

static void make_classes(struct sq_program *p, size_t n_sets)
{
	struct sq_byte_set words = { { 0 } }, line = { { 0 } };

	p->n_classes = 1;
	for (size_t i = 0; i < n_sets; i++)
		split_classes(p, &p->sets[i]);
	for (uint32_t i = 0; i < p->n_steps; i++)
		p->has_asserts |= p->steps[i].op == SQ_STEP_ASSERT;
	if (!p->has_asserts)
		return;
	for (int b = 0; b < 256; b++)
		if (sq_is_word_byte((uint8_t)b))
			set_add(&words, (uint8_t)b);
	set_add(&line, '\n');
	split_classes(p, &words);
	split_classes(p, &line);
}

int sq_program_new(struct sq_slice pattern, unsigned flags, struct sq_program **ret_p,
		   const char **ret_why)
{
	struct compiler c = { .in = pattern, .flags = flags };
	struct sq_program *p = sq_calloc(1, sizeof(*p));
	uint32_t root = p ? read_choice(&c) : NO_NODE;

	if (root != NO_NODE && !c.why && !c.error)
		emit(&c, root);
	add_step(&c, SQ_STEP_MATCH, 0);
	sq_vec_deinit(&c.nodes);
	if (p && !c.why && !c.error) {
		*p = (struct sq_program){ .steps = c.steps.v, .n_steps = (uint32_t)c.steps.n,
					  .sets = c.sets.v };
		make_classes(p, c.sets.n);
		*ret_p = p;
		return 0;
	}
	sq_vec_deinit(&c.steps);
	sq_vec_deinit(&c.sets);
	sq_free(p);
	if (!p || c.error)
		return sq_error_origin(-ENOMEM);
	*ret_why = c.why;
	return SQ_REGEX_E_SYNTAX;
}

struct sq_program *sq_program_free(struct sq_program *p)
{
	if (p) {
		sq_free(p->steps);
		sq_free(p->sets);
		sq_free(p);
	}
	return NULL;
}
