/* SPDX-License-Identifier: MIT */
#include "lang/spec.h"

#define SQ_LANGUAGE(lang, name) [SQ_LANG_##lang] = &sq_spec_##name,
static const struct sq_spec *const specs[SQ_LANG_MAX] = {
#include "lang/languages.def"
};
#undef SQ_LANGUAGE

#define SQ_LANGUAGE(lang, name) [SQ_LANG_##lang] = &sq_traits_##name,
static const struct sq_lang_traits *const traits[SQ_LANG_MAX] = {
#include "lang/languages.def"
};
#undef SQ_LANGUAGE

const struct sq_spec *sq_spec_get(enum sq_lang lang)
{
	return (unsigned)lang < SQ_LANG_MAX ? specs[lang] : NULL;
}

const struct sq_lang_traits *const *sq_lang_traits_table(void)
{
	return traits;
}

static bool has_name(const struct sq_spec *spec, struct sq_slice base)
{
	for (const char *const *p = spec->file_names; p && *p; p++)
		if (sq_slice_is(base, *p))
			return true;
	return false;
}

static bool has_extension(const struct sq_spec *spec, struct sq_slice base)
{
	for (const char *const *p = spec->extensions; p && *p; p++)
		if (base.n > strlen(*p) && sq_slice_has_suffix(base, sq_slice_z(*p)))
			return true;
	return false;
}

enum sq_lang sq_lang_detect(struct sq_slice path)
{
	struct sq_slice base = sq_path_base(path);

	/* names before extensions: package.json is no other JSON file */
	for (size_t i = 0; i < SQ_ARRAY_SIZE(specs); i++)
		if (specs[i] && has_name(specs[i], base))
			return (enum sq_lang)i;
	for (size_t i = 0; i < SQ_ARRAY_SIZE(specs); i++)
		if (specs[i] && has_extension(specs[i], base))
			return (enum sq_lang)i;
	return SQ_LANG_NONE;
}

uint32_t sq_lang_version(enum sq_lang lang)
{
	const struct sq_spec *spec = sq_spec_get(lang);

	/* the format is in it: facts of another one are never mistaken for ours */
	return spec ? SQ_FACTS_FORMAT << 16 | spec->version : 0;
}
