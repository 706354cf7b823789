/* SPDX-License-Identifier: MIT */
#pragma once
/* lang-python — hooks of the Python spec that have a file of their own. */
#include "lang/spec.h"

enum sq_visit sq_python_on_import(struct sq_walk *w, struct sq_frame *f);
enum sq_visit sq_python_on_import_from(struct sq_walk *w, struct sq_frame *f);
