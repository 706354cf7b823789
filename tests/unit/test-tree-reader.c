/* SPDX-License-Identifier: MIT */
#include "tree/reader.h"

#include <pthread.h>
#include <pwd.h>
#include <sys/wait.h>
#include <time.h>

#include "base/atomic.h"
#include "base/vec.h"
#include "sys/thread.h"
#include "tree/reader_priv.h"
#include "tree-scratch.h"
#include "../support/suite.h"

#define SLOT_BYTES 65536
#define MAX_BYTES (3u << 20)

static struct scratch tree;

struct file {
	char path[64];
	struct sq_buf bytes;            /* as read */
	struct sq_identity id;
	enum sq_skip skip;
	unsigned n_done;
};
static SQ_VEC(struct file) files = SQ_VEC_NULL;
static SQ_VEC(struct sq_slice) paths = SQ_VEC_NULL;

static void setup(void) { scratch_init(&tree); }

static void files_clear(void)
{
	for (size_t i = 0; i < files.n; i++)
		sq_buf_deinit(&files.v[i].bytes);
	sq_vec_clear(&files);
}

static void teardown(void)
{
	files_clear();
	sq_vec_deinit(&files);
	sq_vec_deinit(&paths);
	scratch_deinit(&tree);
}

static struct file *ask(const char *path)
{
	struct file f = { .bytes = SQ_BUF_NULL };

	snprintf(f.path, sizeof(f.path), "%s", path);
	ck_assert_int_eq(sq_vec_push(&files, f), 0);
	return &files.v[files.n - 1];
}

/* @n bytes that depend on the name and the place */
static void fill(char *p, size_t n, unsigned seed)
{
	for (size_t i = 0; i < n; i++)
		p[i] = (char)(seed * 31 + i * 7 + i / 251);
}

static void put(const char *path, size_t n, unsigned seed)
{
	char *p = malloc(n + 1);

	fill(p, n, seed);
	scratch_bytes(&tree, path, p, n);
	free(p);
	ask(path);
}

static size_t next(void *arg)
{
	size_t *at = arg;

	return *at < files.n ? (*at)++ : SIZE_MAX;
}

static int done(void *arg, const struct sq_read_result *res)
{
	struct file *f = &files.v[res->index];

	(void)arg;
	f->n_done++;
	f->id = res->id;
	f->skip = res->skip;
	sq_buf_clear(&f->bytes);
	sq_buf_add_slice(&f->bytes, res->bytes);
	return sq_buf_error(&f->bytes);
}

static int run(struct sq_reader *r)
{
	size_t at = 0;

	sq_vec_clear(&paths);
	for (size_t i = 0; i < files.n; i++) {
		files.v[i].n_done = 0;
		ck_assert_int_eq(sq_vec_push(&paths, sq_slice_z(files.v[i].path)), 0);
	}
	return sq_reader_run(r, tree.fd, paths.v, next, &at, done, NULL);
}

/* the files of a test are in memory, and the chain is to be tested */
static bool chains_only = true;

static struct sq_reader *reader_new(enum sq_reader_mode mode, uint64_t max_bytes)
{
	struct sq_reader *r = NULL;

	ck_assert_int_eq(sq_reader_new(mode, max_bytes, &r), 0);
	r->chains_only = chains_only;
	return r;
}

static void run_mode(enum sq_reader_mode mode)
{
	struct sq_reader *r = reader_new(mode, MAX_BYTES);

	ck_assert_int_eq(run(r), 0);
	sq_reader_free(r);
	for (size_t i = 0; i < files.n; i++)
		ck_assert_msg(files.v[i].n_done == 1, "%s: %u times", files.v[i].path, files.v[i].n_done);
}

/* files that changed a moment ago are read the careful way; wait until they are old */
static void let_age(void)
{
	struct timespec t = { .tv_nsec = 30000000 };

	while (nanosleep(&t, &t) < 0)
		;
}

static void check_bytes(size_t i, size_t n, unsigned seed)
{
	const struct file *f = &files.v[i];
	char *p = malloc(n + 1);
	struct stat st;

	fill(p, n, seed);
	ck_assert_msg(f->skip == SQ_SKIP_NONE, "%s: %s", f->path, sq_skip_name(f->skip));
	ck_assert_uint_eq(f->bytes.n, n);
	ck_assert(!n || !memcmp(f->bytes.p, p, n));
	free(p);
	ck_assert_int_eq(fstatat(tree.fd, f->path, &st, 0), 0);
	ck_assert_uint_eq(f->id.ino, st.st_ino);
	ck_assert_uint_eq(f->id.size, n);
	ck_assert_uint_eq(f->id.ctime_ns,
			  (uint64_t)st.st_ctim.tv_sec * 1000000000u + (uint64_t)st.st_ctim.tv_nsec);
}

static const size_t sizes[] = {
	0, 1, 2, 100, 4095, 4096, 4097, 20000, SLOT_BYTES - 1, SLOT_BYTES, SLOT_BYTES + 1,
	2 * SLOT_BYTES, 1 << 20, (1 << 20) + 1, MAX_BYTES - 1, MAX_BYTES,
};

static void all_sizes(enum sq_reader_mode mode)
{
	for (unsigned k = 0; k < 8; k++) {
		for (unsigned i = 0; i < SQ_ARRAY_SIZE(sizes); i++) {
			char path[64];

			snprintf(path, sizeof(path), "d%u/f%u", k, i);
			put(path, sizes[i], k * 100 + i);
		}
	}
	for (int aged = 0; aged < 2; aged++) {
		run_mode(mode);
		for (unsigned k = 0; k < 8; k++)
			for (unsigned i = 0; i < SQ_ARRAY_SIZE(sizes); i++)
				check_bytes(k * SQ_ARRAY_SIZE(sizes) + i, sizes[i], k * 100 + i);
		let_age();
	}
}

START_TEST(all_sizes_plain) { all_sizes(SQ_READER_PLAIN); }
END_TEST
START_TEST(all_sizes_ring) { all_sizes(SQ_READER_URING); }
END_TEST
START_TEST(all_sizes_cached) { chains_only = false; all_sizes(SQ_READER_URING); chains_only = true; }
END_TEST

/* every other file has lost its pages, where the filesystem lets go of them */
START_TEST(half_cached)
{
	struct sq_reader *r;

	for (unsigned i = 0; i < 200; i++) {
		char path[64];

		snprintf(path, sizeof(path), "f%u", i);
		put(path, sizes[i % SQ_ARRAY_SIZE(sizes)], i);
	}
	sync();
	for (unsigned i = 0; i < 200; i += 2) {
		int fd = openat(tree.fd, files.v[i].path, O_RDONLY | O_CLOEXEC);

		ck_assert_int_eq(posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED), 0);
		close(fd);
	}
	let_age();
	chains_only = false;
	r = reader_new(SQ_READER_URING, 0);
	ck_assert_int_eq(run(r), 0);
	printf("half cached: %u of 200 files through the ring\n", (unsigned)r->n_chained);
	sq_reader_free(r);
	chains_only = true;
	for (unsigned i = 0; i < 200; i++)
		check_bytes(i, sizes[i % SQ_ARRAY_SIZE(sizes)], i);
}
END_TEST

/* ---- what is not read ---------------------------------------------------- */

static void skips(enum sq_reader_mode mode)
{
	static const struct {
		const char *path;
		enum sq_skip skip;
	} cases[] = {
		{ "none", SQ_SKIP_VANISHED }, { "none/x", SQ_SKIP_VANISHED }, { "file/x", SQ_SKIP_VANISHED },
		{ "link", SQ_SKIP_VANISHED }, { "dlink/file", SQ_SKIP_VANISHED },
		{ "dir", SQ_SKIP_NOT_REGULAR }, { "fifo", SQ_SKIP_NOT_REGULAR },
		{ "big", SQ_SKIP_TOO_LARGE }, { "huge", SQ_SKIP_TOO_LARGE },
		{ "../escape", SQ_SKIP_UNREADABLE }, { "/etc/passwd", SQ_SKIP_UNREADABLE },
	};
	struct stat st;

	scratch_file(&tree, "file", "x");
	scratch_dir(&tree, "dir");
	scratch_file(&tree, "dir/file", "y");
	ck_assert_int_eq(symlinkat("file", tree.fd, "link"), 0);
	ck_assert_int_eq(symlinkat("dir", tree.fd, "dlink"), 0);
	ck_assert_int_eq(mkfifoat(tree.fd, "fifo", 0666), 0);
	put("big", MAX_BYTES + 1, 1);
	put("huge", 10 * MAX_BYTES, 1);
	files_clear();
	for (size_t i = 0; i < SQ_ARRAY_SIZE(cases); i++)
		ask(cases[i].path);
	ask("file");
	let_age();
	run_mode(mode);
	for (size_t i = 0; i < SQ_ARRAY_SIZE(cases); i++) {
		ck_assert_msg(files.v[i].skip == cases[i].skip, "%s: %s", cases[i].path,
			      sq_skip_name(files.v[i].skip));
		ck_assert_uint_eq(files.v[i].bytes.n, 0);
	}
	ck_assert_uint_eq(files.v[SQ_ARRAY_SIZE(cases)].bytes.n, 1);
	ck_assert_int_eq(fstatat(tree.fd, "big", &st, 0), 0);
	ck_assert_uint_eq(files.v[7].id.size, MAX_BYTES + 1);
	ck_assert_uint_eq(files.v[7].id.ino, st.st_ino);
}

START_TEST(skips_plain) { skips(SQ_READER_PLAIN); }
END_TEST
START_TEST(skips_ring) { skips(SQ_READER_URING); }
END_TEST
START_TEST(skips_cached) { chains_only = false; skips(SQ_READER_URING); chains_only = true; }
END_TEST

/* root may read everything, so this is for nobody, in a process of its own */
static void unreadable(enum sq_reader_mode mode)
{
	const struct passwd *pw = getpwnam("nobody");
	struct sq_reader *r;
	int status;
	pid_t pid;

	put("closed", 10, 1);
	put("open", 10, 2);
	ck_assert_int_eq(fchmodat(tree.fd, "closed", 0, 0), 0);
	ck_assert_int_eq(fchmod(tree.fd, 0777), 0);
	let_age();
	fflush(NULL);
	pid = fork();
	if (!pid) {
		if (!getuid() && (!pw || setgid(pw->pw_gid) < 0 || setuid(pw->pw_uid) < 0))
			_exit(2);
		r = reader_new(mode, 0);
		if (run(r) < 0)
			_exit(3);
		sq_reader_free(r);
		if (files.v[0].skip != SQ_SKIP_UNREADABLE || files.v[1].skip || files.v[1].bytes.n != 10)
			_exit(4);
		_exit(0);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFEXITED(status));
	ck_assert_int_eq(WEXITSTATUS(status), 0);
}

START_TEST(unreadable_plain) { unreadable(SQ_READER_PLAIN); }
END_TEST
START_TEST(unreadable_ring) { unreadable(SQ_READER_URING); }
END_TEST

/* ---- files that change while they are read ------------------------------- */

#define N_CHANGING 24

struct writer {
	pthread_t thread;
	bool stop;
};

/* each state of a file is one letter all through, of a length that says which */
static void write_state(unsigned i, unsigned k, bool in_place)
{
	static char p[300000];
	char path[64], tmp[64];
	size_t n = 1000 + (k % 26) * (i % 3 ? 900u : 9000u);
	int fd;

	snprintf(path, sizeof(path), "c%u", i);
	snprintf(tmp, sizeof(tmp), in_place ? "c%u" : "tmp%u", i);
	memset(p, 'a' + (int)(k % 26), n);
	fd = openat(tree.fd, tmp, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
	if (fd < 0 || pwrite(fd, p, n, 0) < 0 || ftruncate(fd, (off_t)n) < 0)
		abort();
	close(fd);
	if (!in_place && renameat(tree.fd, tmp, tree.fd, path) < 0)
		abort();
}

static void *keep_writing(void *arg)
{
	struct writer *w = arg;
	unsigned k = 0;

	/* no order: it only has to stop some time */
	while (!sq_load_relaxed(&w->stop)) {
		unsigned i = k % N_CHANGING;

		if (i == 5)
			(void)unlinkat(tree.fd, "c5", 0);
		else
			write_state(i, k, i % 2);
		k++;
	}
	return NULL;
}

static bool is_one_letter(const struct sq_buf *b)
{
	return !b->n || !memcmp(b->p, b->p + 1, b->n - 1);
}

/*
 * A file replaced by rename is one state, whole. One written in place may be
 * caught between write and truncate, which is a state of its own; what is
 * handed out must then have had that size.
 */
static void check_state(const struct file *f, unsigned i)
{
	if (f->skip) {
		ck_assert(f->skip == SQ_SKIP_UNSTABLE || (i == 5 && f->skip == SQ_SKIP_VANISHED));
		return;
	}
	ck_assert_uint_eq(f->bytes.n, f->id.size);
	if (i % 2 == 0)
		ck_assert(is_one_letter(&f->bytes));
}

static void changing(enum sq_reader_mode mode)
{
	struct writer w = { .stop = false };
	struct sq_reader *r = NULL;

	for (unsigned i = 0; i < N_CHANGING; i++) {
		char path[64];

		snprintf(path, sizeof(path), "c%u", i);
		write_state(i, 0, false);
		ask(path);
	}
	r = reader_new(mode, 0);
	ck_assert_int_eq(sq_thread_start("writer", keep_writing, &w, &w.thread), 0);
	for (int k = 0; k < 100; k++) {
		ck_assert_int_eq(run(r), 0);
		for (unsigned i = 0; i < N_CHANGING; i++) {
			ck_assert_uint_eq(files.v[i].n_done, 1);
			check_state(&files.v[i], i);
		}
	}
	sq_store_relaxed(&w.stop, true);
	sq_thread_join(w.thread);
	/* quiet again: every byte must be right at once */
	ck_assert_int_eq(run(r), 0);
	for (unsigned i = 0; i < N_CHANGING; i++) {
		if (files.v[i].skip == SQ_SKIP_VANISHED)
			continue;
		ck_assert_uint_eq(files.v[i].skip, SQ_SKIP_NONE);
		ck_assert(is_one_letter(&files.v[i].bytes));
	}
	sq_reader_free(r);
}

START_TEST(changing_plain) { changing(SQ_READER_PLAIN); }
END_TEST
START_TEST(changing_ring) { changing(SQ_READER_URING); }
END_TEST
START_TEST(changing_cached) { chains_only = false; changing(SQ_READER_URING); chains_only = true; }
END_TEST

/*
 * The chain alone is believed only for a file whose change time is older than
 * the chain. A slow machine may age a file before it is read, so it may take
 * several attempts to see one distrusted.
 */
START_TEST(young_files_are_distrusted)
{
	struct sq_reader *r = NULL;
	bool distrusted = false;

	put("f", 100, 1);
	r = reader_new(SQ_READER_URING, 0);
	for (int k = 0; k < 50 && !distrusted; k++) {
		r->n_chained = 0;
		files_clear();
		put("f", 100, 1);
		ck_assert_int_eq(run(r), 0);
		check_bytes(0, 100, 1);
		distrusted = !r->n_chained;
	}
	ck_assert(distrusted);
	let_age();
	r->n_chained = 0;
	ck_assert_int_eq(run(r), 0);
	ck_assert_uint_eq(r->n_chained, 1);
	check_bytes(0, 100, 1);
	sq_reader_free(r);
}
END_TEST

/* a size that never says the truth: tried three times, then given up */
static void unstable(enum sq_reader_mode mode)
{
	struct sq_slice path = SQ_LIT("self/status");
	struct sq_reader *r = NULL;
	size_t at = 0;
	int proc = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char pid[64];

	snprintf(pid, sizeof(pid), "%d/status", getpid());
	path = sq_slice_z(pid);
	ask("status");
	r = reader_new(mode, 0);
	ck_assert_int_eq(sq_reader_run(r, proc, &path, next, &at, done, NULL), 0);
	ck_assert_uint_eq(files.v[0].skip, SQ_SKIP_UNSTABLE);
	ck_assert_uint_eq(files.v[0].bytes.n, 0);
	close(proc);
	sq_reader_free(r);
}

START_TEST(unstable_plain) { unstable(SQ_READER_PLAIN); }
END_TEST
START_TEST(unstable_ring) { unstable(SQ_READER_URING); }
END_TEST

/* ---- runs ---------------------------------------------------------------- */

static int stop_after(void *arg, const struct sq_read_result *res)
{
	unsigned *n = arg;

	(void)res;
	return ++*n == 7 ? -EINTR : 0;
}

static void stopped(enum sq_reader_mode mode)
{
	struct sq_reader *r = NULL;
	unsigned n = 0;
	size_t at = 0;

	for (unsigned i = 0; i < 300; i++) {
		char path[64];

		snprintf(path, sizeof(path), "f%u", i);
		put(path, i * 300, i);
	}
	let_age();
	r = reader_new(mode, 0);
	ck_assert_int_eq(run(r), 0);
	ck_assert_int_eq(sq_reader_run(r, tree.fd, paths.v, next, &at, stop_after, &n), -EINTR);
	ck_assert_uint_eq(n, 7);
	/* and it can be used again */
	ck_assert_int_eq(run(r), 0);
	for (unsigned i = 0; i < 300; i++)
		check_bytes(i, i * 300, i);
	sq_reader_free(r);
}

START_TEST(stopped_plain) { stopped(SQ_READER_PLAIN); }
END_TEST
START_TEST(stopped_ring) { stopped(SQ_READER_URING); }
END_TEST

static void *run_on_thread(void *r)
{
	return run(r) ? r : NULL;
}

/* a ring belongs to one thread; a reader follows its caller */
START_TEST(another_thread)
{
	struct sq_reader *r = NULL;
	void *failed = NULL;
	pthread_t t;

	for (unsigned i = 0; i < 50; i++) {
		char path[64];

		snprintf(path, sizeof(path), "f%u", i);
		put(path, 500, i);
	}
	let_age();
	r = reader_new(SQ_READER_URING, 0);
	ck_assert_int_eq(run(r), 0);
	ck_assert_int_eq(sq_thread_start("other", run_on_thread, r, &t), 0);
	ck_assert_int_eq(pthread_join(t, &failed), 0);
	ck_assert_ptr_null(failed);
	ck_assert_int_eq(run(r), 0);
	for (unsigned i = 0; i < 50; i++)
		check_bytes(i, 500, i);
	sq_reader_free(r);
}
END_TEST

START_TEST(probe)
{
	const char *why = NULL;

	ck_assert_int_eq(setenv("SQRYD_READER", "plain", 1), 0);
	ck_assert_uint_eq(sq_reader_probe(&why), SQ_READER_PLAIN);
	ck_assert_ptr_nonnull(why);
	ck_assert_int_eq(setenv("SQRYD_READER", "io_uring", 1), 0);
	why = NULL;
	if (sq_reader_probe(&why) == SQ_READER_URING)
		ck_assert_ptr_null(why);
	else
		ck_assert_ptr_nonnull(why);
	ck_assert_str_eq(sq_reader_mode_name(SQ_READER_URING), "io_uring");
	ck_assert_str_eq(sq_reader_mode_name(SQ_READER_PLAIN), "plain");
}
END_TEST

START_TEST(binary)
{
	static char p[8193];

	memset(p, 'x', sizeof(p));
	ck_assert(!sq_bytes_are_binary(SQ_SLICE_NULL));
	ck_assert(!sq_bytes_are_binary(sq_slice(p, sizeof(p))));
	p[8192] = '\0';
	ck_assert(!sq_bytes_are_binary(sq_slice(p, sizeof(p))));
	p[8191] = '\0';
	ck_assert(sq_bytes_are_binary(sq_slice(p, sizeof(p))));
	ck_assert(!sq_bytes_are_binary(sq_slice(p, 8191)));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("tree-reader");
	TCase *t = tcase_create("plain"), *u = tcase_create("io_uring");
	const char *why = NULL;

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, all_sizes_plain);
	tcase_add_test(t, skips_plain);
	tcase_add_test(t, unreadable_plain);
	tcase_add_test(t, changing_plain);
	tcase_add_test(t, unstable_plain);
	tcase_add_test(t, stopped_plain);
	tcase_add_test(t, probe);
	tcase_add_test(t, binary);
	suite_add_tcase(s, t);
	tcase_add_checked_fixture(u, setup, teardown);
	tcase_set_timeout(u, 60);
	unsetenv("SQRYD_READER");
	if (sq_reader_probe(&why) == SQ_READER_URING) {
		tcase_add_test(u, all_sizes_ring);
		tcase_add_test(u, all_sizes_cached);
		tcase_add_test(u, half_cached);
		tcase_add_test(u, skips_ring);
		tcase_add_test(u, skips_cached);
		tcase_add_test(u, unreadable_ring);
		tcase_add_test(u, changing_ring);
		tcase_add_test(u, changing_cached);
		tcase_add_test(u, young_files_are_distrusted);
		tcase_add_test(u, unstable_ring);
		tcase_add_test(u, stopped_ring);
		tcase_add_test(u, another_thread);
	} else {
		printf("SKIP: io_uring: %s\n", why);
	}
	suite_add_tcase(s, u);
	return suite_run(s);
}
