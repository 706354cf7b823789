/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * automaton — runs a program over texts. What the threads of a program stand
 * at is a state; a state's successors are worked out when they are first met
 * and kept in a fixed room, which is emptied when it is full. So a text costs
 * one look a byte, or, when its states never come again, one walk over the
 * steps that threads stand at: linear in the text, whatever the pattern.
 * Ownership: belongs to its creator; the program is the caller's.
 * Threads:   one at a time, since matching keeps what it learnt.
 * Invariants: matching allocates nothing and cannot fail.
 */
#include "query/program.h"

#define SQ_AUTOMATON_BYTES (256u << 10)         /* room for states */

struct sq_automaton;
/** sq_automaton_new() - Return: 0; -ENOMEM. */
int sq_automaton_new(const struct sq_program *p, struct sq_automaton **ret_a) sq_must_check;
struct sq_automaton *sq_automaton_free(struct sq_automaton *a);
/**
 * sq_automaton_match() - does the program match anywhere in @text?
 * @cancel: may be NULL; looked at while states are worked out.
 * Return: 0 or 1; -ECANCELED.
 */
int sq_automaton_match(struct sq_automaton *a, struct sq_slice text, const bool *cancel);
/** sq_automaton_work() - steps walked so far, beyond the look a byte. */
uint64_t sq_automaton_work(const struct sq_automaton *a);
