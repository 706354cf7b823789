/* SPDX-License-Identifier: MIT */
/* the names of all methods, one a line, for test-schema */
#include <stdio.h>

#include "daemon/call.h"

int main(void)
{
	for (size_t i = 0; i < sq_methods_count(); i++)
		puts(sq_methods_at(i)->name);
	return 0;
}
