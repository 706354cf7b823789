dnl SPDX-License-Identifier: MIT
dnl
dnl Missing required libraries are collected, so that one run of configure
dnl names all of them together with the Debian packages that carry them.

dnl SQ_REQUIRE(VARIABLE, PKG-CONFIG-SPEC, DEBIAN-PACKAGE)
AC_DEFUN([SQ_REQUIRE], [
	PKG_CHECK_MODULES([$1], [$2], [],
		[sq_missing="$sq_missing $2"
		 sq_packages="$sq_packages $3"])
])

dnl SQ_REQUIRE_LIB(VARIABLE, HEADER, LIBRARY, SYMBOL, DEBIAN-PACKAGE)
dnl For a library that ships no usable .pc file.
AC_DEFUN([SQ_REQUIRE_LIB], [
	sq_have=no
	AC_CHECK_HEADER([$2],
		[AC_CHECK_LIB([$3], [$4], [sq_have=yes])])
	AS_IF([test "$sq_have" = yes], [$1_LIBS="-l$3"],
		[sq_missing="$sq_missing lib$3"
		 sq_packages="$sq_packages $5"])
	AC_SUBST([$1_CFLAGS])
	AC_SUBST([$1_LIBS])
])

dnl SQ_FEATURE(NAME, HELP) - set $enable_NAME to auto, yes or no
AC_DEFUN([SQ_FEATURE], [
	AC_ARG_WITH([$1], [AS_HELP_STRING([--with-$1=auto|yes|no], [$2])],
		[AS_CASE([$withval], [yes|no|auto], [],
			[AC_MSG_ERROR([--with-$1 takes auto, yes or no])])],
		[with_$1=auto])
])

dnl SQ_FEATURE_MISSING(NAME, DEBIAN-PACKAGE)
AC_DEFUN([SQ_FEATURE_MISSING], [
	AS_IF([test "$with_$1" = yes],
		[AC_MSG_ERROR([$1 was asked for and is missing (Debian: $2)])],
		[AC_MSG_WARN([built without $1 (Debian: $2)])])
	with_$1=no
])

dnl SQ_CFLAG(VARIABLE, FLAG) - add FLAG to VARIABLE when the compiler knows it
AC_DEFUN([SQ_CFLAG], [
	sq_save_CFLAGS=$CFLAGS
	CFLAGS="$CFLAGS -Werror $2"
	AC_MSG_CHECKING([whether $CC accepts $2])
	AC_COMPILE_IFELSE([AC_LANG_PROGRAM()],
		[AC_MSG_RESULT([yes])
		 $1="$$1 $2"],
		[AC_MSG_RESULT([no])])
	CFLAGS=$sq_save_CFLAGS
])
