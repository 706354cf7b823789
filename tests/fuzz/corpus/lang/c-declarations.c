1#include <stdio.h>
#include "list.h"
#include CONFIG_HEADER

struct forward;
struct point {
	int x, y;
	struct point *next;
	unsigned bits : 3;
	int (*compare)(const struct point *a, const struct point *b);
	struct { int inner; };
	union { long number; char *text; } value;
};
union number { int i; float f; };
enum color { RED, GREEN = 2, BLUE = GREEN + 1 };
enum { ANONYMOUS };
typedef struct point point_t;
typedef struct { int a; } anonymous_t, *anonymous_p;
typedef int (*handler_t)(struct point *p, color_t c);
typedef unsigned long size_type;

extern int declared_only;
extern int declared_and_set = 1;
int tentative;
static int local_var = 3, *second = &tentative;
const char *const names[] = { "a", "b" };
struct point origin = { .x = 1, .y = RED };
struct table { int n; } table = { 1 };
int prototype(int a, struct point *p);
static int later(void);
void (*callback)(int) = later;

int plain(int a, char *b)
{
	return a;
}

static inline struct point *helper(struct point *p) /* comment */
{
	static int calls;
	struct nested { int depth; } n;
	int block_prototype(int);
	extern int elsewhere;

	calls++;
	n.depth = elsewhere;
	return p->next;
}

int old_style(a, b)
	int a;
	struct point *b;
{
	return a + b->x;
}
