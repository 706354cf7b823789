/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * doctor — `sqryd doctor`: what the daemon needs of this machine, what of it
 * works, what does not, and what to do. Of a daemon that runs it looks at that
 * process (/proc/PID), else at what one started from here would get.
 * Threads: main of a short-lived process.
 */
#include "daemon/config.h"
#include "daemon/instance.h"

/**
 * sq_doctor() - print the report.
 * @config: NULL: it could not be read, @config_error says why
 * @i:      NULL: its paths could not be made, @instance_error says why
 * Return: exit code: 0 all fine; 1 something is worse than it could be; 69 a
 * daemon cannot serve; 70 the report could not be made.
 */
int sq_doctor(const struct sq_config *config, const char *config_error, struct sq_instance *i,
	      const char *instance_error, bool json);
