# PILEHUB_FLAGS
# Sets PILEHUB_CFLAGS and PILEHUB_LDFLAGS: warnings and hardening of rule C1
# for production; instrumented builds leave out FORTIFY and auto-init, which
# would hide bugs (rule C2).
AC_DEFUN([PILEHUB_FLAGS], [
  warn="-std=gnu17 -Wall -Wextra -Wformat=2 -Wshadow -Wconversion"
  warn="$warn -Wsign-conversion -Wimplicit-fallthrough -Wvla -Wundef"
  warn="$warn -Wstrict-prototypes -Wmissing-prototypes -Wwrite-strings"
  warn="$warn -Wno-missing-field-initializers"
  warn="$warn -Werror=format-security -Werror=implicit"
  warn="$warn -Werror=incompatible-pointer-types -Werror=int-conversion"
  AS_IF([test "x$GCC" = xyes && ! $CC --version | grep -qi clang],
    [warn="$warn -Wclobbered -Wlogical-op"])
  AS_IF([test "x$enable_werror" = xyes], [warn="$warn -Werror"])

  always="-fno-delete-null-pointer-checks -fno-strict-overflow"
  always="$always -fno-strict-aliasing -fstack-protector-strong -fPIE"
  AS_CASE([$host_cpu$(uname -m)], [*x86_64*], [cet="-fcf-protection=full"], [cet=""])
  link="-pie -Wl,-z,relro,-z,now,-z,noexecstack,-z,nodlopen,--as-needed"

  AS_IF([test "x$enable_sanitize" = xyes],
    [mode="-O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all"
     link="-pie -fsanitize=address,undefined"],
    [test "x$enable_debug" = xyes],
    [mode="-O0 -g3 -DPILEHUB_DEBUG=1"],
    [mode="-O2 -g -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3 -fstack-clash-protection"
     mode="$mode $cet -ftrivial-auto-var-init=zero"])
  # The user's CFLAGS still come last.
  AS_IF([test "x$ac_cv_env_CFLAGS_set" != xset], [CFLAGS=""])
  AC_SUBST([PILEHUB_CFLAGS], ["$warn $always $mode"])
  AC_SUBST([PILEHUB_LDFLAGS], ["$link"])
])
