/* SPDX-License-Identifier: MIT */
#include "rebuild/decide.h"

#include <assert.h>
#include <stddef.h>

const char *sq_mode_name(enum sq_mode m)
{
	static const char *const names[SQ_MODE_MAX] = { "none", "full", "incremental" };

	assert(m < SQ_MODE_MAX);
	return names[m];
}

enum sq_mode sq_mode_decode(uint8_t stored)
{
	return stored < SQ_MODE_MAX ? (enum sq_mode)stored : SQ_MODE_NONE;
}

uint64_t sq_fork_share(uint64_t n_files, uint32_t percent)
{
	uint64_t product;

	return __builtin_mul_overflow(n_files, percent, &product) ? UINT64_MAX / 100 : product / 100;
}

static enum sq_mode answer(enum sq_mode mode, enum sq_fork_why why, enum sq_fork_why *ret_why)
{
	if (ret_why)
		*ret_why = why;
	return mode;
}

enum sq_mode sq_fork_decide(const struct sq_fork *f, const struct sq_fork_limits *l, enum sq_fork_why *ret_why)
{
	if (f->is_empty)
		return answer(SQ_MODE_INCREMENTAL, SQ_FORK_EMPTY, ret_why);
	if (sq_git_class_forces_full(f->git_class) && !f->paths_known)
		return answer(SQ_MODE_FULL, SQ_FORK_GIT, ret_why);
	if (f->n_relink <= l->floor_files)
		return answer(SQ_MODE_INCREMENTAL, SQ_FORK_FEW, ret_why);
	if (f->n_relink > sq_fork_share(f->n_files, l->percent))
		return answer(SQ_MODE_FULL, SQ_FORK_SHARE, ret_why);
	return answer(SQ_MODE_INCREMENTAL, SQ_FORK_SHARE, ret_why);
}
