/* SPDX-License-Identifier: MIT */
#include "base/epoch.h"

#include <assert.h>
#include <ck_epoch.h>
#include <linux/membarrier.h>
#include <sched.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/atomic.h"
#include "base/error.h"
#include "base/lock.h"

/*
 * libck is not instrumented, so ThreadSanitizer cannot see that what a reader
 * did in its section comes before the free. These two calls say so: a leave
 * releases the domain, and whoever frees after a grace period acquires it.
 * Nothing is said at enter, because there is nothing to say: a reader's right
 * to follow a root comes from its own acquire load, which must stay checkable.
 */
#if defined(__SANITIZE_THREAD__)
#define EPOCH_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define EPOCH_TSAN 1
#endif
#endif
#ifdef EPOCH_TSAN
void __tsan_acquire(void *addr);
void __tsan_release(void *addr);
#define tsan_acquire(p) __tsan_acquire(p)
#define tsan_release(p) __tsan_release(p)
#else
#define tsan_acquire(p) ((void)(p))
#define tsan_release(p) ((void)(p))
#endif

struct sq_epoch_record {
	ck_epoch_record_t ck;              /* cache-line aligned by ck */
	struct sq_epoch *domain;
	struct sq_epoch_record *next;      /* domain->lock; all records ever made */
};

struct sq_epoch {
	ck_epoch_t ck;
	bool want_reclaim;                 /* read at every leave */
	bool fence_on_leave;               /* constant: the kernel has no membarrier */
	struct sq_lock lock;               /* makes and recycles records */
	struct sq_epoch_record *records;
	char tsan_tag;
};

static inline ck_epoch_entry_t *to_ck(struct sq_epoch_entry *entry)
{
	_Static_assert(sizeof(entry->ck_slot) >= sizeof(ck_epoch_entry_t), "slot too small");
	_Static_assert(_Alignof(struct sq_epoch_entry) >= _Alignof(ck_epoch_entry_t), "alignment");
	return (ck_epoch_entry_t *)(void *)entry->ck_slot;
}

static inline struct sq_epoch_entry *from_ck(ck_epoch_entry_t *ck)
{
	return (struct sq_epoch_entry *)(void *)((char *)ck - offsetof(struct sq_epoch_entry, ck_slot));
}

static void dispatch(ck_epoch_entry_t *ck)
{
	struct sq_epoch_entry *entry = from_ck(ck);

	entry->fn(entry);
}

static long membarrier(int cmd)
{
	return syscall(SYS_membarrier, cmd, 0, 0);
}

int sq_epoch_new(struct sq_epoch **ret_e)
{
	struct sq_epoch *e = sq_aligned_alloc(64, sizeof(*e));
	int r;

	if (!e)
		return sq_error_origin(-ENOMEM);
	memset(e, 0, sizeof(*e));
	r = sq_lock_init(&e->lock, SQ_RANK_EPOCH, "epoch records");
	if (r < 0) {
		sq_free(e);
		return sq_error_trace(r);
	}
	ck_epoch_init(&e->ck);
	e->fence_on_leave = membarrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED) != 0;
	*ret_e = e;
	return 0;
}

struct sq_epoch *sq_epoch_free(struct sq_epoch *e)
{
	struct sq_epoch_record *r, *next;

	if (!e)
		return NULL;
	tsan_acquire(&e->tsan_tag);
	for (r = e->records; r; r = r->next) {
		assert(!sq_epoch_is_inside(r));
		ck_epoch_reclaim(&r->ck);
	}
	for (r = e->records; r; r = next) {
		next = r->next;
		sq_free(r);
	}
	sq_lock_deinit(&e->lock);
	sq_free(e);
	return NULL;
}

int sq_epoch_record_acquire(struct sq_epoch *e, struct sq_epoch_record **ret_r)
{
	struct sq_epoch_record *r;
	ck_epoch_record_t *ck;

	sq_lock(&e->lock);
	ck = ck_epoch_recycle(&e->ck, NULL);
	if (ck) {
		r = (struct sq_epoch_record *)(void *)ck;   /* first member */
	} else {
		r = sq_aligned_alloc(_Alignof(struct sq_epoch_record), sizeof(*r));
		if (r) {
			memset(r, 0, sizeof(*r));
			r->domain = e;
			r->next = e->records;
			e->records = r;
			ck_epoch_register(&e->ck, &r->ck, NULL);
		}
	}
	sq_unlock(&e->lock);
	if (!r)
		return sq_error_origin(-ENOMEM);
	*ret_r = r;
	return 0;
}

void sq_epoch_record_release(struct sq_epoch_record *r)
{
	struct sq_epoch *e;

	if (!r)
		return;
	/* ck forgets what is still pending, so it would never be freed */
	assert(!sq_epoch_is_inside(r) && !r->ck.n_pending);
	e = r->domain;
	sq_lock(&e->lock);
	ck_epoch_unregister(&r->ck);
	sq_unlock(&e->lock);
}

unsigned sq_epoch_number(const struct sq_epoch *e)
{
	return sq_load_relaxed(&e->ck.epoch);   /* relaxed: a figure */
}

void sq_epoch_enter(struct sq_epoch_record *r)
{
	ck_epoch_begin(&r->ck, NULL);
}

/*
 * The reader writes "not active", then reads want_reclaim; the writer sets
 * want_reclaim, then looks for active readers. One of them must see the other,
 * or the writer would sleep for ever. The barrier for both sides is the
 * membarrier in sq_epoch_want_reclaim, which is rare; without it the reader
 * pays a fence at every leave.
 */
bool sq_epoch_leave(struct sq_epoch_record *r)
{
	struct sq_epoch *e = r->domain;

	tsan_release(&e->tsan_tag);
	ck_epoch_end(&r->ck, NULL);
	if (e->fence_on_leave)
		sq_fence_seq_cst();
	else
		__asm__ __volatile__("" ::: "memory");   /* the compiler keeps the order */
	/* relaxed: ordered by the fences described above */
	return sq_load_relaxed(&e->want_reclaim) && !sq_epoch_is_inside(r);
}

bool sq_epoch_is_inside(const struct sq_epoch_record *r)
{
	return r->ck.active > 0;
}

void sq_epoch_retire(struct sq_epoch_record *r, struct sq_epoch_entry *entry,
		     void (*fn)(struct sq_epoch_entry *))
{
	assert(!sq_epoch_is_inside(r));
	entry->fn = fn;
	/* sq_epoch_free may run it on another thread than ours */
	tsan_release(&r->domain->tsan_tag);
	/*
	 * ck reads the global epoch here: the unlinking stores must be visible
	 * before that, or a reader of the next epoch could still find the object.
	 */
	sq_fence_seq_cst();
	ck_epoch_call(&r->ck, to_ck(entry), dispatch);
}

unsigned sq_epoch_poll(struct sq_epoch_record *r)
{
	ck_stack_t due = CK_STACK_INITIALIZER;
	ck_stack_entry_t *at, *next;

	assert(!sq_epoch_is_inside(r));
	if (!r->ck.n_pending)
		return 0;
	(void)ck_epoch_poll_deferred(&r->ck, &due);   /* n_pending says more */
	tsan_acquire(&r->domain->tsan_tag);
	CK_STACK_FOREACH_SAFE(&due, at, next)
		dispatch((ck_epoch_entry_t *)(void *)
			 ((char *)at - offsetof(ck_epoch_entry_t, stack_entry)));
	return r->ck.n_pending;
}

/* a reader that was preempted inside its section needs the CPU we are on */
static void yield_cpu(ck_epoch_t *ck, ck_epoch_record_t *rec, void *arg)
{
	(void)ck;
	(void)rec;
	(void)arg;
	(void)sched_yield();   /* always succeeds on Linux */
}

void sq_epoch_barrier(struct sq_epoch_record *r)
{
	assert(!sq_epoch_is_inside(r));
	ck_epoch_synchronize_wait(&r->domain->ck, yield_cpu, NULL);
	tsan_acquire(&r->domain->tsan_tag);
	ck_epoch_reclaim(&r->ck);
}

void sq_epoch_want_reclaim(struct sq_epoch *e, bool want)
{
	/* relaxed: ordered by the fence below, see sq_epoch_leave */
	sq_store_relaxed(&e->want_reclaim, want);
	if (!want)
		return;
	if (e->fence_on_leave)
		sq_fence_seq_cst();
	else
		(void)membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED);   /* registered: cannot fail */
}
