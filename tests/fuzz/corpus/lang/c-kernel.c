1SYSCALL_DEFINE3(open, const char __user *, filename, int, flags, umode_t, mode)
{
	return do_sys_open(AT_FDCWD, filename, flags, mode);
}

static int __init start(void)
{
	return register_it(&driver);
}
module_init(start);
EXPORT_SYMBOL_GPL(exported);
static DEFINE_MUTEX(lock);
static void __sched notrace __schedule(unsigned int mode)
{
	switch_to(mode);
}
static struct {
	u64 time;
} clock ____cacheline_aligned = {
	.time = 1,
};
int counted __read_mostly = 5;
static int tagged __attribute__((unused)) = 1;
static void walk(struct list_head *head)
{
	struct task *t;

	list_for_each_entry(t, head, tasks) {
		if (t->flags & PF_EXITING)
			continue;
#ifdef CONFIG_SMP
		kick(t);
#else
		stay(t);
#endif
	}
}
