/* SPDX-License-Identifier: MIT */
#include "graph/qualifier.h"

/* bytes of the separator at @i, 0 when there is none */
static size_t separator_at(struct sq_slice s, size_t i)
{
	if (s.p[i] == '.')
		return 1;
	if (i + 1 < s.n && s.p[i] == ':' && s.p[i + 1] == ':')
		return 2;
	if (i + 1 < s.n && s.p[i] == '-' && s.p[i + 1] == '>')
		return 2;
	return 0;
}

bool sq_qualifier_next(struct sq_slice *rest, struct sq_slice *ret_component)
{
	size_t i = 0, n = 0;

	if (rest->n && memchr(rest->p, '/', rest->n))
		return false;
	while (rest->n && (n = separator_at(*rest, 0))) {
		rest->p += n;
		rest->n -= n;
	}
	if (!rest->n)
		return false;
	for (n = 0; i < rest->n && !(n = separator_at(*rest, i)); i++)
		;
	*ret_component = sq_slice(rest->p, i);
	rest->p += i + n;
	rest->n -= i + n;
	return true;
}

/* nearly every name of a program passes here: plain ones leave at once */
bool sq_qualifier_is_path(struct sq_slice text)
{
	if (!text.n || (!memchr(text.p, '.', text.n) && !memchr(text.p, ':', text.n) &&
			!memchr(text.p, '>', text.n)))
		return false;
	if (memchr(text.p, '/', text.n))
		return false;
	for (size_t i = 0; i < text.n; i++)
		if (separator_at(text, i))
			return true;
	return false;
}
