/* SPDX-License-Identifier: MIT */
#include "sys/notify.h"
#include "../support/suite.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

START_TEST(nobody_listens)
{
	int fd = -5;

	unsetenv("NOTIFY_SOCKET");
	unsetenv("WATCHDOG_USEC");
	unsetenv("LISTEN_FDS");
	ck_assert_int_eq(sq_notify("READY=1"), 0);
	ck_assert_int_eq(sq_notify_status("n=%d", 1), 0);
	ck_assert_uint_eq(sq_notify_watchdog_ns(), 0);
	ck_assert_int_eq(sq_notify_listen_fd(&fd), 0);
	ck_assert_int_eq(fd, -5);
}
END_TEST

/* a socket as the service manager has one */
START_TEST(listened)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	char dir[] = "/tmp/test-sys-notify-XXXXXX", got[256];
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	ssize_t n;

	ck_assert_ptr_nonnull(mkdtemp(dir));
	(void)snprintf(a.sun_path, sizeof(a.sun_path), "%s/s", dir);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	setenv("NOTIFY_SOCKET", a.sun_path, 1);
	ck_assert_int_eq(sq_notify("READY=1"), 1);
	n = recv(fd, got, sizeof(got), 0);
	ck_assert_int_eq(n, 7);
	ck_assert_int_eq(memcmp(got, "READY=1", 7), 0);
	ck_assert_int_eq(sq_notify_status("loaded=%d\nREADY=0", 3), 1);
	n = recv(fd, got, sizeof(got) - 1, 0);
	got[n < 0 ? 0 : n] = '\0';
	ck_assert_str_eq(got, "STATUS=loaded=3\\x0aREADY=0");
	close(fd);
	unlink(a.sun_path);
	rmdir(dir);
}
END_TEST

START_TEST(watchdog)
{
	char pid[32];

	(void)snprintf(pid, sizeof(pid), "%d", (int)getpid());
	setenv("WATCHDOG_PID", pid, 1);
	setenv("WATCHDOG_USEC", "30000000", 1);
	ck_assert_uint_eq(sq_notify_watchdog_ns(), 30ull * 1000000000);
	setenv("WATCHDOG_PID", "1", 1);   /* meant for another process */
	ck_assert_uint_eq(sq_notify_watchdog_ns(), 0);
}
END_TEST

/* in a child: descriptor 3 is handed over */
static int listen_fd_of(int type, int backlog)
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		struct sockaddr_un a = { .sun_family = AF_UNIX };
		int fd = socket(AF_UNIX, type, 0), got = -5, r;
		char text[32];

		/* abstract, named by the kernel */
		if (bind(fd, (struct sockaddr *)&a, sizeof(sa_family_t)) ||
		    (backlog && listen(fd, backlog)) || dup2(fd, 3) != 3)
			_exit(99);
		(void)snprintf(text, sizeof(text), "%d", (int)getpid());
		setenv("LISTEN_PID", text, 1);
		setenv("LISTEN_FDS", "1", 1);
		r = sq_notify_listen_fd(&got);
		_exit(r == 1 && got == 3 && !getenv("LISTEN_FDS") ? 1 : r == -EINVAL ? 22 : 98);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFEXITED(status));
	return WEXITSTATUS(status);
}

START_TEST(activation)
{
	ck_assert_int_eq(listen_fd_of(SOCK_STREAM, 5), 1);
	ck_assert_int_eq(listen_fd_of(SOCK_STREAM, 0), 22);
	ck_assert_int_eq(listen_fd_of(SOCK_DGRAM, 0), 22);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("sys-notify");
	TCase *t = tcase_create("notify");

	tcase_add_test(t, nobody_listens);
	if (sq_notify_is_built()) {
		tcase_add_test(t, listened);
		tcase_add_test(t, watchdog);
		tcase_add_test(t, activation);
	} else {
		puts("SKIP: built without libsystemd: only the calls that do nothing are tested");
	}
	suite_add_tcase(s, t);
	return suite_run(s);
}
