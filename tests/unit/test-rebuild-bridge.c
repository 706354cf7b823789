/* SPDX-License-Identifier: MIT */
#include "rebuild-rig.h"
#include "../support/suite.h"

static const char tree[] =
	"git init -qb main r; cd r; mkdir d; echo 'int a(void);' >a.c; echo 'int b(void);' >d/b.c;"
	"git add .; git commit -qm 1; git branch same";

static void expect_same(const struct sq_git_snapshot *a, const struct sq_git_snapshot *b)
{
	ck_assert_str_eq(a->ref, b->ref);
	ck_assert_int_eq(memcmp(a->commit, b->commit, 20), 0);
}

/* a turn is in flight, as far as the lane can tell: what comes now is parked */
static void hold_role(struct rig *rig)
{
	struct sq_build *b = sq_build_of(rig->ws);

	sq_lock(&b->lane.lock);
	ck_assert(!b->lane.in_flight);
	b->lane.in_flight = true;
	sq_unlock(&b->lane.lock);
}

static void release_role(struct rig *rig)
{
	struct sq_build *b = sq_build_of(rig->ws);

	sq_run_start(b);   /* the drain takes what is parked and gives the role back */
	rig_sync(rig);
}

static void git_sh_in(struct rig *rig, const char *script)
{
	char *in_root = NULL;

	ck_assert_int_ge(asprintf(&in_root, "cd r; %s", script), 0);
	git_sh(&rig->s, in_root);
	free(in_root);
}

static void flushed(void *arg) { sem_post(arg); }

/* all events are with the sink */
static void flush(struct rig *rig)
{
	sem_t done;

	sem_init(&done, 0, 0);
	sq_watch_flush(sq_build_of(rig->ws)->watch, flushed, &done);
	while (sem_wait(&done) && errno == EINTR)
		;
	sem_destroy(&done);
}

START_TEST(skips)
{
	struct rig rig;
	struct rig_cost c;
	struct sq_git_snapshot primed;

	rig_init(&rig, tree);
	primed = rig_baseline(&rig);
	/* WB-10: ignored files are nothing */
	c = rig_do(&rig, "echo >x.bak; echo >.git/x; mkdir .git/objects/zz");
	ck_assert(c.turns == 0 && c.looked == 0);
	/* WB-11: a commit without a change of content */
	c = rig_do(&rig, "git commit -q --allow-empty -m e");
	ck_assert(c.turns == 0 && c.looked == 1 && c.skipped == 1);
	/* WB-11: git's own housekeeping */
	c = rig_do(&rig, "git pack-refs --all; git gc -q; git status >/dev/null");
	ck_assert(c.turns == 0 && c.skipped == 1);
	/* WB-12: another branch with the same tree */
	c = rig_do(&rig, "git switch -q same");
	ck_assert(c.turns == 0 && c.skipped == 1);
	/* GB-05: none of these was a publish */
	expect_same(&primed, &(struct sq_git_snapshot[]){ rig_baseline(&rig) }[0]);
	/* HZ-06: HEAD names another tree than the published one, though no file was touched */
	c = rig_do(&rig, "git switch -q main; git rm -q --cached d/b.c; git commit -qm rm");
	ck_assert(c.turns == 1 && c.class == SQ_GIT_TREE_DIVERGED && c.parsed == 0);
	rig_expect_clean(&rig);
	rig_deinit(&rig);
}
END_TEST

START_TEST(baseline)
{
	struct rig rig;
	struct rig_cost c;
	struct sq_git_snapshot s, primed;
	struct sq_work work;
	struct rig_wait w;
	enum sq_disposition how;

	rig_init(&rig, tree);
	/* GB-02: primed when the watcher starts */
	primed = rig_baseline(&rig);
	s = rig_git(&rig);
	expect_same(&primed, &s);
	/* GB-06: work without a snapshot leaves it as it is */
	git_sh_in(&rig, "git commit -q --allow-empty -m e");
	rig_wait_init(&w);
	ck_assert_int_eq(sq_rebuild_run(rig.rb, rig.ws, false, true, &w.w, &how), 0);
	ck_assert_int_eq(rig_wait_end(&w).code, SQ_OUTCOME_OK);
	s = rig_baseline(&rig);
	expect_same(&primed, &s);
	/* GB-04 WB-13 GB-07: a set that is published carried the state after the window closed */
	c = rig_do(&rig, "echo 'int a2(void);' >a.c; git commit -qam 2; git switch -qc other");
	ck_assert_int_eq(c.turns, 1);
	ck_assert_int_eq(c.class, SQ_GIT_BRANCH_SWITCH);
	s = rig_git(&rig);
	ck_assert_str_eq(s.ref, "refs/heads/other");
	expect_same(&(struct sq_git_snapshot[]){ rig_baseline(&rig) }[0], &s);
	/* GB-03: a watcher that is started again does not overwrite it */
	git_sh_in(&rig, "git commit -q --allow-empty -m e2");
	primed = rig_baseline(&rig);
	ck_assert_int_eq(sq_work_init(&work), 0);
	work.changes->root_gone = true;
	sq_build_unwatch(sq_build_of(rig.ws));
	rig_wait_init(&w);
	sq_run_submit(sq_build_of(rig.ws), &work, &w.w);
	ck_assert_int_eq(rig_wait_end(&w).code, SQ_OUTCOME_OK);
	ck_assert(sq_rebuild_is_watched(rig.ws));
	s = rig_baseline(&rig);
	expect_same(&primed, &s);
	/* WB-20: the class is of the published state at the time of each set */
	c = rig_do(&rig, "echo 'int a3(void);' >a.c");
	ck_assert_int_eq(c.class, SQ_GIT_LOCAL_COMMIT);
	c = rig_do(&rig, "echo 'int a4(void);' >a.c");
	ck_assert_int_eq(c.class, SQ_GIT_NOISE);
	rig_expect_clean(&rig);
	rig_deinit(&rig);
}
END_TEST

/* GB-01: nothing is known of a tree without git, and it is watched all the same */
START_TEST(no_git)
{
	struct rig rig;
	struct rig_cost c;

	rig_init(&rig, "mkdir r; echo 'int a(void);' >r/a.c");
	ck_assert(!sq_build_of(rig.ws)->has_baseline);
	c = rig_do(&rig, "echo 'int b(void);' >a.c");
	ck_assert(c.turns == 1 && c.parsed == 1 && c.looked == 0 && c.class == SQ_GIT_NONE);
	ck_assert(!sq_build_of(rig.ws)->has_baseline);
	/* it becomes a work tree */
	c = rig_do(&rig, "git init -qb main .; git add .; git commit -qm 1");
	ck_assert(c.turns >= 1 && c.parsed == 0);
	(void)rig_do(&rig, "echo 'int c(void);' >a.c; git commit -qam 2");
	expect_same(&(struct sq_git_snapshot[]){ rig_baseline(&rig) }[0],
		    &(struct sq_git_snapshot[]){ rig_git(&rig) }[0]);
	rig_expect_clean(&rig);
	rig_deinit(&rig);
}
END_TEST

START_TEST(unsupported)
{
	struct rig rig;
	struct rig_cost c;

	rig_init(&rig, "git init -q --object-format=sha256 -b main r; cd r; echo 'int a(void);' >a.c;"
		       "git add .; git commit -qm 1");
	ck_assert_ptr_nonnull(strstr(sq_build_of(rig.ws)->bridge.why, "objectformat"));
	c = rig_do(&rig, "echo 'int b(void);' >a.c; git commit -qam 2");
	ck_assert(c.turns == 1 && c.parsed == 1 && c.class == SQ_GIT_NONE);
	rig_expect_clean(&rig);
	rig_deinit(&rig);
}
END_TEST

/* WB-05: however much comes while a turn is held, it is one entry, and nothing of it is lost */
START_TEST(burst_while_held)
{
	struct rig rig;
	struct sq_build *b;
	char script[128];

	rig_init(&rig, tree);
	b = sq_build_of(rig.ws);
	hold_role(&rig);
	for (unsigned i = 0; i < 40; i++) {
		snprintf(script, sizeof(script), "echo 'int f%u(void);' >f%02u.c", i, i);
		git_sh_in(&rig, script);
		flush(&rig);
	}
	sq_lock(&b->lane.lock);
	ck_assert_uint_eq(b->lane.parked.changes->n_changes, 40);
	ck_assert(b->lane.parked.has_snapshot);
	sq_unlock(&b->lane.lock);
	ck_assert_uint_eq(b->bridge.n_passed, 40);
	release_role(&rig);
	rig_expect_clean(&rig);
	rig_deinit(&rig);
}
END_TEST

/* WB-21: what checkout, reset and pull rewrite is one turn, over what differs */
START_TEST(one_turn_each)
{
	struct rig rig;
	struct rig_cost c;

	rig_init(&rig, tree);
	(void)rig_do(&rig, "git switch -qc dev; echo 'int n(void);' >n.c; echo 'int b2(void);' >d/b.c; git add .;"
			   "git commit -qm dev");
	c = rig_do(&rig, "git checkout -q main");
	ck_assert(c.turns == 1 && !c.was_full && c.class == SQ_GIT_BRANCH_SWITCH && c.parsed == 1);
	c = rig_do(&rig, "git reset -q --hard dev");
	ck_assert(c.turns == 1 && !c.was_full && c.class == SQ_GIT_TREE_DIVERGED && c.parsed == 2);
	c = rig_do(&rig, "git reset -q --hard HEAD~1; git clone -q --bare . ../bare; git pull -q ../bare dev");
	ck_assert(c.turns == 1 && !c.was_full);
	rig_expect_clean(&rig);
	rig_deinit(&rig);
}
END_TEST

/* what differs between the trees is compared, though no event said so */
START_TEST(difference_without_events)
{
	struct rig rig;
	struct sq_build *b;
	struct sq_work work;
	struct rig_wait w;

	rig_init(&rig, tree);
	b = sq_build_of(rig.ws);
	/* the watcher's own process is not seen: as if events were lost */
	scratch_file(&rig.s, "r/d/b.c", "int lost(void);\n");
	git_sh_in(&rig, "git commit -qam lost");
	ck_assert_int_eq(sq_work_init(&work), 0);
	work.changes->git_changed = true;
	ck_assert(sq_bridge_look(b, &work));
	ck_assert(work.paths_known && work.git_class == SQ_GIT_TREE_DIVERGED);
	ck_assert_uint_eq(work.changes->n_changes, 1);
	ck_assert(sq_slice_is(work.changes->changes[0].path, "d/b.c"));
	rig_wait_init(&w);
	sq_run_submit(b, &work, &w.w);
	ck_assert_int_eq(rig_wait_end(&w).code, SQ_OUTCOME_OK);
	ck_assert(!b->last.was_full);
	rig_expect_clean(&rig);
	rig_deinit(&rig);
}
END_TEST

static bool has_file(struct rig *rig, const char *path)
{
	const struct sq_version *v = sq_graph_current(rig->ws->graph);
	sq_file f = sq_version_file(v, sq_slice_z(path));

	return f != SQ_FILE_NONE && sq_version_bound(v, f);
}

/* rule files that lie elsewhere are read, and read again when they change */
START_TEST(rules_elsewhere)
{
	struct rig rig;

	rig_init(&rig, "mkdir -p .config/git; echo one.c >.config/git/ignore; git init -qb main r; cd r;"
		       "for i in one two three nested/four; do mkdir -p nested; echo \"int a(void);\" >$i.c; done");
	ck_assert(!has_file(&rig, "one.c") && has_file(&rig, "two.c"));
	(void)rig_do(&rig, "echo two.c >../.config/git/ignore");
	ck_assert(has_file(&rig, "one.c") && !has_file(&rig, "two.c"));
	/* a command of git that wants to look at the user's choice */
	(void)rig_do(&rig, "echo three.c >../mine; git config core.excludesFile '~/mine'");
	ck_assert(has_file(&rig, "two.c") && !has_file(&rig, "three.c"));
	(void)rig_do(&rig, "rm ../mine");
	ck_assert(has_file(&rig, "three.c"));
	(void)rig_do(&rig, "mkdir -p .git/info; echo one.c >.git/info/exclude");
	ck_assert(!has_file(&rig, "one.c") && has_file(&rig, "nested/four.c"));
	(void)rig_do(&rig, "echo four.c >nested/.gitignore");
	ck_assert(!has_file(&rig, "nested/four.c"));
	(void)rig_do(&rig, "mkfifo ../pipe; git config core.excludesFile '~/pipe'; rm nested/.gitignore .git/info/exclude");
	ck_assert(has_file(&rig, "nested/four.c") && has_file(&rig, "one.c"));
	rig_expect_clean(&rig);
	rig_deinit(&rig);
}
END_TEST

/* info/exclude of a linked work tree is that of its repository */
START_TEST(rules_of_linked_work_tree)
{
	struct rig rig;

	rig_init(&rig, "git init -qb main m; cd m; echo 'int a(void);' | tee a.c >b.c; git add .; git commit -qm 1;"
		       "git worktree add -q ../r -b side");
	ck_assert(has_file(&rig, "a.c"));
	(void)rig_do(&rig, "echo a.c >../m/.git/info/exclude");
	ck_assert(!has_file(&rig, "a.c") && has_file(&rig, "b.c"));
	rig_expect_clean(&rig);
	rig_deinit(&rig);
}
END_TEST

/* every known path of the inode is dirty, whichever was written to */
START_TEST(hard_links)
{
	struct rig rig;
	struct rig_cost c;

	rig_init(&rig, "mkdir -p r/d/e; echo 'int a(void);' >r/a.c; ln r/a.c r/d/b.c; ln r/a.c r/d/e/c.c; echo 'int z(void);' >r/z.c");
	c = rig_do(&rig, "echo 'int a2(void);' >d/b.c");
	ck_assert(c.turns == 1 && c.parsed == 3);
	rig_expect_clean(&rig);
	c = rig_do(&rig, "echo 'int a3(void);' >a.c; mv d/e d/f");
	ck_assert(c.turns == 1 && c.parsed == 3);
	rig_expect_clean(&rig);
	/* one of them becomes a file of its own */
	c = rig_do(&rig, "rm d/b.c; echo 'int b(void);' >d/b.c");
	ck_assert(c.turns == 1 && c.parsed == 1);
	c = rig_do(&rig, "echo 'int a4(void);' >a.c");
	ck_assert(c.turns == 1 && c.parsed == 2);
	rig_expect_clean(&rig);
	rig_deinit(&rig);
}
END_TEST

/* ---- the life of a watch ------------------------------------------------------ */

static size_t watchers(struct rig *rig, struct sq_watch_entry v[8])
{
	return sq_rebuild_watchers(rig->rb, v, 8);
}

struct many { struct rig *rig; struct sq_workspace *ws[32]; pthread_barrier_t barrier; };
struct one { struct many *many; unsigned i; };

static void *load_one(void *arg)
{
	struct one *o = arg;

	pthread_barrier_wait(&o->many->barrier);
	o->many->ws[o->i] = rig_load_as(o->many->rig, o->many->rig->root, 7);
	return NULL;
}

/* WB-01 WB-02 WB-07: a load starts the watch once, however many ask for it and how often */
START_TEST(watched_once)
{
	struct rig rig;
	struct many many = { .rig = &rig };
	struct one ones[32];
	pthread_t threads[32];
	struct sq_watch_entry v[8];
	uint64_t generation;

	rig_init(&rig, tree);
	ck_assert_uint_eq(watchers(&rig, v), 1);
	generation = v[0].generation;
	ck_assert(v[0].is_live);
	sq_workspace_unref(rig_load_as(&rig, rig.root, 0));
	ck_assert_uint_eq(watchers(&rig, v), 1);
	ck_assert_uint_eq(v[0].generation, generation);
	pthread_barrier_init(&many.barrier, NULL, 32);
	for (unsigned i = 0; i < 32; i++) {
		ones[i] = (struct one){ &many, i };
		ck_assert_int_eq(pthread_create(&threads[i], NULL, load_one, &ones[i]), 0);
	}
	for (unsigned i = 0; i < 32; i++)
		pthread_join(threads[i], NULL);
	ck_assert_uint_eq(watchers(&rig, v), 2);
	/* GN-01: from one counter, upwards */
	ck_assert_uint_eq(v[1].generation, generation + 1);
	for (unsigned i = 0; i < 32; i++)
		sq_workspace_unref(many.ws[i]);
	pthread_barrier_destroy(&many.barrier);
	rig_deinit(&rig);
}
END_TEST

/* WB-03 GN-01: a watch whose root is gone is replaced by one of a new generation */
START_TEST(replaced)
{
	struct rig rig;
	struct sq_watch_entry v[8];
	uint64_t generation;

	rig_init(&rig, tree);
	ck_assert_uint_eq(watchers(&rig, v), 1);
	generation = v[0].generation;
	(void)rig_do(&rig, "cd ..; mv r old; cp -r old r; echo 'int n(void);' >r/n.c");
	ck_assert_uint_eq(watchers(&rig, v), 1);
	ck_assert(v[0].is_live && v[0].generation > generation);
	ck_assert(has_file(&rig, "n.c"));
	(void)rig_do(&rig, "echo 'int m(void);' >m.c");
	ck_assert(has_file(&rig, "m.c"));
	rig_expect_clean(&rig);
	rig_deinit(&rig);
}
END_TEST

/* WB-04 HZ-14: a root that can't be watched is served without, says so, and is in nobody's way */
START_TEST(unwatchable)
{
	struct rig rig;
	struct sq_workspace *ws;
	struct sq_build_status st;
	struct sq_watch_entry v[8];

	rig_init(&rig, tree);
	ws = rig_load_as(&rig, "/sys/kernel/mm", 0);
	ck_assert(!sq_rebuild_is_watched(ws));
	sq_rebuild_status(ws, &st);
	ck_assert(st.tier == SQ_WATCH_NONE && st.watch_reason[0]);
	ck_assert_uint_eq(watchers(&rig, v), 1);
	(void)rig_do(&rig, "echo 'int m(void);' >m.c");
	ck_assert(has_file(&rig, "m.c"));
	rig_unload(&rig, ws);
	rig_deinit(&rig);
}
END_TEST

/* WB-09: what can't be watched any more is said once, and swept from then on */
START_TEST(source_lost)
{
	struct rig rig;
	struct sq_build *b;
	struct sq_watch_entry v[8];

	rig_init(&rig, tree);
	b = sq_build_of(rig.ws);
	sq_lock(&rig.rb->watch->lock);
	sq_watch_lose(b->watch, "marks are used up");
	sq_unlock(&rig.rb->watch->lock);
	(void)rig_do(&rig, "echo 'int m(void);' >m.c");
	ck_assert_uint_eq(rig.n_lost, 1);
	ck_assert(!sq_rebuild_is_watched(rig.ws));
	ck_assert(watchers(&rig, v) == 1 && !v[0].is_live);
	ck_assert(has_file(&rig, "m.c"));
	(void)rig_do(&rig, "echo 'int m2(void);' >m.c");
	ck_assert_uint_eq(rig.n_lost, 1);
	rig_expect_clean(&rig);
	rig_deinit(&rig);
}
END_TEST

/* WB-08 WB-14 WB-15 WB-16 WB-18 WB-22 HZ-04: an eviction ends the watch at once when nothing runs, else
 * with the turn; a reader who keeps the workspace does not matter */
START_TEST(evicted)
{
	struct rig rig;
	struct sq_workspace *reader;
	struct sq_watch_entry v[8];

	rig_init(&rig, tree);
	reader = sq_workspace_ref(rig.ws);
	rig_unload(&rig, SQ_TAKE(rig.ws));
	ck_assert_uint_eq(watchers(&rig, v), 0);
	ck_assert(!sq_rebuild_is_watched(reader));
	sq_workspace_unref(reader);
	/* the same while a turn runs */
	rig.ws = rig_load_as(&rig, rig.root, 0);
	reader = sq_workspace_ref(rig.ws);
	hold_role(&rig);
	rig_unload(&rig, SQ_TAKE(rig.ws));
	ck_assert_uint_eq(watchers(&rig, v), 1);
	/* what the watcher sees meanwhile finds nobody: dropped, and no harm */
	git_sh_in(&rig, "echo 'int m(void);' >m.c");
	/* GN-03 GN-04 GN-06: a load of the same key watches anew; the end of the old one takes only its own */
	rig.ws = rig_load_as(&rig, rig.root, 0);
	ck_assert_uint_eq(watchers(&rig, v), 2);
	ck_assert_uint_lt(v[0].generation, v[1].generation);
	sq_run_start(sq_build_of(reader));
	sq_jobs_drain(rig.rb->turns);
	ck_assert_uint_eq(watchers(&rig, v), 1);
	ck_assert(v[0].is_live && sq_rebuild_is_watched(rig.ws) && !sq_rebuild_is_watched(reader));
	sq_workspace_unref(reader);
	(void)rig_do(&rig, "echo 'int k(void);' >k.c");
	ck_assert(has_file(&rig, "k.c") && has_file(&rig, "m.c"));
	rig_deinit(&rig);
}
END_TEST

/* HZ-03: a cancel of the turn leaves the watch alone */
START_TEST(cancelled)
{
	struct rig rig;
	struct sq_watch_entry v[8];
	uint64_t generation;

	rig_init(&rig, tree);
	ck_assert_uint_eq(watchers(&rig, v), 1);
	generation = v[0].generation;
	git_sh_in(&rig, "echo 'int k(void);' >k.c");
	flush(&rig);
	(void)sq_rebuild_cancel(rig.rb, rig.ws);
	(void)rig_sync_of(&rig, rig.ws);
	ck_assert(watchers(&rig, v) == 1 && v[0].is_live && v[0].generation == generation);
	(void)rig_do(&rig, "echo 'int l(void);' >l.c");
	ck_assert(has_file(&rig, "k.c") && has_file(&rig, "l.c"));
	rig_deinit(&rig);
}
END_TEST

/* ---- what changed since ------------------------------------------------------- */

static int collect(void *arg, struct sq_slice path, bool is_gone)
{
	struct sq_buf *b = arg;

	sq_buf_printf(b, "%s%.*s ", is_gone ? "-" : "", (int)path.n, path.p);
	return 0;
}

static struct sq_changes_since expect_changes(struct rig *rig, uint64_t since, size_t limit, const char *want)
{
	struct sq_buf b = SQ_BUF_NULL;
	struct sq_changes_since s;

	ck_assert_int_eq(sq_rebuild_changes(rig->ws, since, limit, collect, &b, &s), 0);
	ck_assert_str_eq(b.n ? sq_buf_z(&b) : "", want);
	sq_buf_deinit(&b);
	return s;
}

START_TEST(changes_since)
{
	struct rig rig;
	struct sq_changes_since s;
	struct rig_wait w;
	enum sq_disposition how;
	uint64_t first;

	rig_init(&rig, tree);
	s = expect_changes(&rig, UINT64_MAX, 100, "");
	ck_assert(s.is_fresh);
	first = s.upto;
	ck_assert_uint_eq(first, sq_graph_current(rig.ws->graph)->generation);
	s = expect_changes(&rig, first, 100, "");
	ck_assert(!s.is_fresh && !s.is_truncated && s.upto == first);
	(void)rig_do(&rig, "echo 'int k(void);' >k.c; rm d/b.c");
	(void)rig_do(&rig, "echo 'int k2(void);' >k.c; echo >a.c");
	s = expect_changes(&rig, first, 100, "-d/b.c k.c a.c k.c ");
	ck_assert(!s.is_fresh && !s.is_truncated);
	/* a version is told as a whole, and its number goes on from there */
	s = expect_changes(&rig, first, 1, "-d/b.c k.c ");
	ck_assert(s.is_truncated && s.upto == first + 1);
	s = expect_changes(&rig, s.upto, 1, "a.c k.c ");
	ck_assert(!s.is_truncated && s.upto == first + 2);
	ck_assert(expect_changes(&rig, first - 1, 100, "").is_fresh);
	/* more than is kept */
	(void)rig_do(&rig, "mkdir many; cd many; for i in $(seq 8200); do echo >$i.c; done");
	ck_assert(expect_changes(&rig, first + 2, 100, "").is_fresh);
	ck_assert(!expect_changes(&rig, first + 3, 100, "").is_fresh);
	/* built from nothing: what differs is not told */
	rig_wait_init(&w);
	ck_assert_int_eq(sq_rebuild_run(rig.rb, rig.ws, true, true, &w.w, &how), 0);
	ck_assert_int_eq(rig_wait_end(&w).code, SQ_OUTCOME_OK);
	ck_assert(expect_changes(&rig, first + 3, 100, "").is_fresh);
	rig_deinit(&rig);
}
END_TEST

START_TEST(journal_is_bounded)
{
	struct sq_journal j = { .ring = NULL };
	char path[600];
	int n;

	for (unsigned g = 1; g <= 6000; g++)
		for (unsigned i = 0; i < 2; i++) {
			n = snprintf(path, sizeof(path), "%0500u", g * 2 + i);
			sq_journal_note(&j, g, sq_slice(path, (size_t)n), false);
			sq_journal_publish(&j, g);
			ck_assert(j.n <= SQ_JOURNAL_FILES && j.n_bytes <= SQ_JOURNAL_BYTES);
		}
	ck_assert(!sq_journal_reaches(&j, 1) && sq_journal_reaches(&j, 5990) && sq_journal_reaches(&j, 6000));
	ck_assert(!sq_journal_reaches(&j, 6001) && sq_journal_reaches(&j, j.since));
	/* all of the versions after it are whole */
	ck_assert_uint_eq(j.n - sq_journal_next(&j, j.since, 0), (6000 - j.since) * 2);
	sq_journal_deinit(&j);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("rebuild-bridge");
	TCase *tc = tcase_create("bridge");

	if (!git_is_there() || !getenv("SQRYD_GRAMMAR_DIR")) {
		puts("SKIP: no git command, or no grammars");
		return 77;
	}
	tcase_set_timeout(tc, 120);
	tcase_add_test(tc, rules_elsewhere);   /* first: without forks libgit2 keeps the HOME that it saw first */
	tcase_add_test(tc, skips);
	tcase_add_test(tc, baseline);
	tcase_add_test(tc, no_git);
	tcase_add_test(tc, unsupported);
	tcase_add_test(tc, burst_while_held);
	tcase_add_test(tc, hard_links);
	tcase_add_test(tc, rules_of_linked_work_tree);
	tcase_add_test(tc, watched_once);
	tcase_add_test(tc, replaced);
	tcase_add_test(tc, unwatchable);
	tcase_add_test(tc, source_lost);
	tcase_add_test(tc, evicted);
	tcase_add_test(tc, cancelled);
	tcase_add_test(tc, changes_since);
	tcase_add_test(tc, journal_is_bounded);
	tcase_add_test(tc, one_turn_each);
	tcase_add_test(tc, difference_without_events);
	suite_add_tcase(s, tc);
	return suite_run(s);
}
