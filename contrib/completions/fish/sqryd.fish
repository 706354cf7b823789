# SPDX-License-Identifier: MIT
# Written by tools/cli-reference from --help: do not edit.

complete -c sqryd -l config -r -d 'read this configuration file and no other'
complete -c sqryd -l log-level -x -a 'error warning notice info debug' -d 'error, warning, notice, info or debug'
complete -c sqryd -l replace -d 'with start: load what the daemon that runs serves, then take  its socket and its clients; none of them sees it'
complete -c sqryd -l write -d 'write the units where systemd looks for them'
complete -c sqryd -l help -d 'show this text'
complete -c sqryd -l version -d 'show the version'
complete -c sqryd -l verbose -d 'with --version: how it was built'
complete -c sqryd -n '__fish_use_subcommand' -a start -d 'serve; with --detach in the background, when it is ready'
complete -c sqryd -n '__fish_seen_subcommand_from start' -l detach
complete -c sqryd -n '__fish_use_subcommand' -a foreground -d 'serve in the foreground, log to standard error'
complete -c sqryd -n '__fish_use_subcommand' -a stop -d 'stop the daemon of this socket and wait for its end (15)'
complete -c sqryd -n '__fish_seen_subcommand_from stop' -l timeout-secs -r
complete -c sqryd -n '__fish_use_subcommand' -a status -d 'show what it serves'
complete -c sqryd -n '__fish_seen_subcommand_from status' -l json
complete -c sqryd -n '__fish_use_subcommand' -a print-config -d 'show every value and where it comes from'
complete -c sqryd -n '__fish_use_subcommand' -a doctor -d 'what works on this machine, what does not, what to do'
complete -c sqryd -n '__fish_seen_subcommand_from doctor' -l json
complete -c sqryd -n '__fish_use_subcommand' -a install-systemd-user -d 'print the units of a user'\''s service'
complete -c sqryd -n '__fish_use_subcommand' -a install-systemd-system -d 'print the units of the system, for NAME or for anybody'
complete -c sqryd -n '__fish_seen_subcommand_from install-systemd-system' -l user -r
