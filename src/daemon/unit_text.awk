# SPDX-License-Identifier: MIT
#
# Units as strings: sqryd@.socket becomes sq_unit_sqryd_at_socket.

function close_last() {
	if (NR > 1 && FNR == 1)
		print "\t\"\";"
}

BEGIN {
	print "/* made by unit_text.awk from contrib/systemd/ */"
	print "#include \"daemon/unit_text.h\"\n"
}

FNR == 1 {
	close_last()
	name = FILENAME
	sub(/.*\//, "", name)
	sub(/@/, "_at", name)
	gsub(/[^a-z_]/, "_", name)
	print "const char sq_unit_" name "[] ="
}

{
	gsub(/[\\"]/, "\\\\&")
	print "\t\"" $0 "\\n\""
}

END {
	print "\t\"\";"
}
