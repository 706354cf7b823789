/* SPDX-License-Identifier: MIT */
#pragma once
/* unit_text — the units of contrib/systemd/ as strings. */
extern const char sq_unit_sqryd_service[], sq_unit_sqryd_socket[];
extern const char sq_unit_sqryd_at_service[], sq_unit_sqryd_at_socket[];
