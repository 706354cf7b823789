/* SPDX-License-Identifier: MIT */
#include "base/varint.h"
#include "../support/suite.h"

static void round_trip(uint64_t v)
{
	uint8_t room[SQ_VARINT_MAX], *end = sq_varint_put(room, v);
	uint64_t got;

	ck_assert_int_le(end - room, SQ_VARINT_MAX);
	ck_assert_ptr_eq(sq_varint_get(room, &got), end);
	ck_assert_uint_eq(got, v);
	got = ~v;
	ck_assert_uint_eq(sq_varint_check(room, end, &got), (size_t)(end - room));
	ck_assert_uint_eq(got, v);
	if (v <= UINT32_MAX) {
		uint32_t got32;

		ck_assert_ptr_eq(sq_varint_get32(room, &got32), end);
		ck_assert_uint_eq(got32, v);
	}
	/* cut short at every length: damaged, the output untouched */
	got = 99;
	for (const uint8_t *cut = room; cut < end; cut++)
		ck_assert_uint_eq(sq_varint_check(room, cut, &got), 0);
	ck_assert_uint_eq(got, 99);
}

START_TEST(round_trips)
{
	for (unsigned bit = 0; bit < 64; bit++) {
		uint64_t v = 1ull << bit;

		round_trip(v);
		round_trip(v - 1);
		round_trip(v + 1);
		round_trip(v | 1);
	}
	round_trip(UINT64_MAX);
}
END_TEST

START_TEST(damaged)
{
	uint8_t ten[] = { 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01, 0x00 };
	uint64_t v = 5;

	ck_assert_uint_eq(sq_varint_check(ten, ten + 11, &v), 10);
	ck_assert_uint_eq(v, 1ull << 63);
	ten[9] = 0x02;   /* bit 64 */
	v = 5;
	ck_assert_uint_eq(sq_varint_check(ten, ten + 11, &v), 0);
	ten[9] = 0x80;   /* an eleventh byte */
	ck_assert_uint_eq(sq_varint_check(ten, ten + 11, &v), 0);
	ck_assert_uint_eq(v, 5);
}
END_TEST

START_TEST(zigzag)
{
	static const int64_t values[] = { 0, -1, 1, -2, 63, -64, INT64_MAX, INT64_MIN };

	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
		ck_assert_int_eq(sq_unzigzag(sq_zigzag(values[i])), values[i]);
	ck_assert_uint_eq(sq_zigzag(0), 0);
	ck_assert_uint_eq(sq_zigzag(-1), 1);
	ck_assert_uint_eq(sq_zigzag(1), 2);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("base-varint");
	TCase *t = tcase_create("varint");

	tcase_add_test(t, round_trips);
	tcase_add_test(t, damaged);
	tcase_add_test(t, zigzag);
	suite_add_tcase(s, t);
	return suite_run(s);
}
