# SPDX-License-Identifier: MIT
#
# Print C source with comments removed and the text of string and character
# literals blanked, line for line, so that a search sees code only. Lines of
# an #include keep their file name.

function flush_line() { print out; out = "" }

BEGIN { state = "code" }

FNR == 1 { state = "code" }

state == "code" && /^[ \t]*#[ \t]*include/ { print; next }

{
	n = length($0)
	for (i = 1; i <= n; i++) {
		c = substr($0, i, 1)
		d = substr($0, i, 2)
		if (state == "block") {
			if (d == "*/") { state = "code"; i++; out = out " " }
		} else if (state == "string" || state == "char") {
			if (c == "\\") i++
			else if ((state == "string" && c == "\"") ||
				 (state == "char" && c == "'")) {
				out = out c; state = "code"
			}
		} else if (d == "/*") { state = "block"; i++ }
		else if (d == "//") break
		else {
			if (c == "\"") state = "string"
			else if (c == "'") state = "char"
			out = out c
		}
	}
	if (state == "char" || (state == "string" && $0 !~ /\\$/))
		state = "code"
	flush_line()
}
