/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * shard — posting lists of SQ_SHARD_NAMES consecutive NameIds. Four lists a name:
 *   DEF      files that define it, with the union of its definitions' classes
 *   MENTION  files with a reference or named import of it (by local name, and
 *            by the member name of an import) or with it as a component of a
 *            reference's qualifier (graph/qualifier.h)
 *   KEY      files that an import may mean by it: file name, stem, directory
 *            name of index files, package name (graph/keys.h); also the file's
 *            whole path, by which sq_version_file() finds it
 *   IMPORTER files with an import whose target's last component is it (all of
 *            sq_keys_of_import(); a file's own package clause is no import)
 * A list is a sorted sequence of file ids: varint difference, then for DEF one
 * byte of class bits; the first entry is the difference to 0. Nothing in it depends on positions inside a file, so an
 * edit that neither adds nor drops a name leaves every shard as it is.
 *
 * Layout of the one allocation: header, n_names + 1 places where the record of
 * each name begins (16 bits while all fit, else 32), records. Most names have
 * one list or two, many have none: a name without postings has an empty record;
 * else a byte with a bit for each list that is not empty, the varint lengths of
 * these but the last, and the lists.
 */
#include <stdbool.h>

#include "base/varint.h"
#include "graph/dict.h"

#define SQ_SHARD_SHIFT 9u
#define SQ_SHARD_NAMES (1u << SQ_SHARD_SHIFT)

enum sq_list { SQ_LIST_DEF, SQ_LIST_MENTION, SQ_LIST_KEY, SQ_LIST_IMPORTER, SQ_LIST_MAX };

/* class bits of a DEF entry: union over the file's definitions of the name */
#define SQ_CLASS_CALLABLE 0x01u    /* function, method */
#define SQ_CLASS_TYPE 0x02u        /* class interface trait type struct enum annotation */
#define SQ_CLASS_MACRO 0x04u
#define SQ_CLASS_VALUE 0x08u       /* variable, constant, enum variant */
#define SQ_CLASS_MODULE 0x10u
#define SQ_CLASS_MEMBER 0x20u      /* some definition has a type (or module) as parent */
#define SQ_CLASS_TOP 0x40u         /* some definition is at file level or inside modules only */
#define SQ_CLASS_EXTERNAL 0x80u    /* some definition is not FILE_LOCAL, not NESTED */

struct sq_shard {
	struct sq_piece piece;
	uint32_t n_names;
	bool is_wide;                   /* places have 32 bits */
	const void *places;             /* into data, see sq_shard_place() */
	const uint8_t *data;
};
struct sq_posting_iter {
	const uint8_t *at, *end;
	uint32_t file;
	uint8_t with_class;
};
struct sq_posting { uint32_t file; uint8_t class_bits; };
/* one change of one list; a batch is sorted by (name, list, file) */
struct sq_posting_change {
	sq_name name;
	uint32_t file;
	uint8_t list;              /* enum sq_list */
	uint8_t class_bits;        /* DEF */
	bool remove;
};
/** sq_shard_make() - apply @changes (all within the shard's range, sorted) to @old (NULL: empty).
 *  A change without remove adds the file or replaces its class bits; removing what is not there
 *  is fine. @n_names >= old->n_names: the last shard grows when names are appended. */
int sq_shard_make(struct sq_birth birth, const struct sq_shard *old, uint32_t first, uint32_t n_names,
		  const struct sq_posting_change *changes, size_t n, struct sq_shard **ret_s) sq_must_check;
/** sq_shard_new() - from @n_names + 1 @places in records that follow each other in @data; both are copied. */
int sq_shard_new(struct sq_birth birth, uint32_t n_names, const uint32_t *places, const uint8_t *data,
		 struct sq_shard **ret_s) sq_must_check;
/** sq_shard_place() - where the record of name @i begins; @i = n_names: the end of all. */
static inline uint32_t sq_shard_place(const struct sq_shard *s, uint32_t i)
{
	return s->is_wide ? ((const uint32_t *)s->places)[i] : ((const uint16_t *)s->places)[i];
}
#define SQ_POSTING_MAX_BYTES 6u     /* varint of a 32-bit difference, class bits */
/* of a record, before its lists: a byte and three lengths */
#define SQ_RECORD_HEAD_MAX 16u
static inline uint8_t *sq_posting_put(uint8_t *at, uint32_t difference, enum sq_list which, uint8_t class_bits)
{
	at = sq_varint_put(at, difference);
	if (which == SQ_LIST_DEF)
		*at++ = class_bits;
	return at;
}
/**
 * sq_record_close() - @at: where the record begins. Its lists follow each other from
 * at + SQ_RECORD_HEAD_MAX on, with @lens bytes each, and are moved behind their head.
 * Return: where the next record begins; @at when all lists are empty.
 */
uint8_t *sq_record_close(uint8_t *at, const uint32_t lens[SQ_LIST_MAX]);
/** sq_shard_n_live() - names with at least one posting; 0 for NULL. */
uint32_t sq_shard_n_live(const struct sq_shard *s);
/** sq_shard_iter() - empty when @name is past the names of the shard. */
void sq_shard_iter(const struct sq_shard *s, sq_name name, enum sq_list which, struct sq_posting_iter *ret);
static inline bool sq_posting_next(struct sq_posting_iter *it, struct sq_posting *ret)
{
	if (it->at >= it->end)
		return false;
	uint32_t d;
	it->at = sq_varint_get32(it->at, &d);
	it->file += d;
	ret->file = it->file;
	ret->class_bits = it->with_class ? *it->at++ : 0;
	return true;
}
