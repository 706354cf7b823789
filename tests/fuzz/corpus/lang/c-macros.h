1#ifndef FIXTURE_MACROS_H
#define FIXTURE_MACROS_H
#define NUMBER 42
#define TEXT "call(x)" /* not(a call) */
#define FLAG (BASE | OTHER << 2)
#define max(a, b) ((a) > (b) ? (a) : limit(b, 1))
#define LIST_FOR(p, head) \
	for (p = list_first(head); p; \
	     p = list_next(p))
#define MEMBER(x) ((x)->field + (struct tag *)(x) + sizeof(struct other))
#define EMPTY
#if defined(CONFIG_A) && IS_ENABLED(CONFIG_B)
int when_a(void) { return NUMBER; }
#elif CONFIG_C > 2
int when_c;
#else
static inline int when_a(void) { return max(1, 2); }
#endif
#ifdef CONFIG_D
#undef EMPTY
#endif
#endif /* FIXTURE_MACROS_H */
