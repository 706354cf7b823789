/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * program — a pattern as steps that a set of threads of control walks, a byte
 * at a time (K. Thompson 1968): every repetition is written out, and bytes that
 * no step tells apart are one class. Made of text that regex.c has read, which
 * bounds its size.
 * Ownership: belongs to its creator.
 * Threads:   read only once made.
 */
#include "base/str.h"

enum sq_step_op {
	SQ_STEP_SET,            /* a byte of sets[x]; goes on behind it */
	SQ_STEP_SPLIT,          /* both at x and at y */
	SQ_STEP_JUMP,           /* at x */
	SQ_STEP_ASSERT,         /* enum sq_assert x holds here */
	SQ_STEP_MATCH,
};
enum sq_assert {
	SQ_ASSERT_BEGIN, SQ_ASSERT_END, SQ_ASSERT_LINE_BEGIN, SQ_ASSERT_LINE_END,
	SQ_ASSERT_WORD_EDGE, SQ_ASSERT_NO_WORD_EDGE, SQ_ASSERT_WORD_BEGIN, SQ_ASSERT_WORD_END,
};
struct sq_step { uint16_t op, x, y; };
struct sq_byte_set { uint64_t bits[4]; };
static inline bool sq_byte_set_has(const struct sq_byte_set *s, uint8_t b)
{
	return s->bits[b >> 6] >> (b & 63) & 1;
}
bool sq_is_word_byte(uint8_t b);

#define SQ_PROGRAM_MAX_STEPS 16384u
struct sq_program {
	struct sq_step *steps;          /* the first one is where a match begins */
	uint32_t n_steps;
	struct sq_byte_set *sets;
	uint8_t class_of[256];
	uint8_t byte_of[256];           /* some byte of each class */
	uint32_t n_classes;
	bool has_asserts;
};
/**
 * sq_program_new() - @pattern as sq_regex_new_flags() has checked it.
 * Return: 0; SQ_REGEX_E_SYNTAX with @ret_why; -ENOMEM.
 */
int sq_program_new(struct sq_slice pattern, unsigned flags, struct sq_program **ret_p,
		   const char **ret_why) sq_must_check;
struct sq_program *sq_program_free(struct sq_program *p);
