#!/bin/sh
# runbook-script: lin-logs
# The end of one log, as much of it as Run Command can carry. Signatures and keys are blotted out.
#
# Documents: "Azure Linux VM Agent overview", logs; the extension's own (source, 2026-08).
# Arguments: Log, agent or extension.
# RESULT: reported, with path, lines and text (the last lines), or not_applicable: there is no such log.

work() {
  extension=$ROOT/var/log/azure/Microsoft.Azure.RecoveryServices.VMSnapshotLinux
  case ${Log:-} in
    agent) log=$(newest "$ROOT/var/log/waagent.log") ;;
    extension) log=$(newest "$extension"/extension.log "$extension"/*/extension.log) ;;
    *) say failed 64 reason 'Log is agent or extension' ;;
  esac
  [ -n "$log" ] || say not_applicable 0 reason 'there is no such log'
  # A byte takes two at most when it is escaped: the first that fits is the longest of them.
  for bytes in 3400 2500 1700; do
    text=$(tail -n 60 "$log" | blot | tail -c "$bytes")
    inside=$(escaped "$text")
    [ ${#inside} -gt 3500 ] || break
  done
  say reported 0 path "$(brief "$log")" '#lines' "$(printf '%s\n' "$text" | wc -l | tr -d ' ')" text "$text"
}

blot() {
  sed -e 's/\([sS][iI][gG]=\)[^& "]*/\1***/g' \
    -e 's/\([aA]ccount[kK]ey=\)[^; "]*/\1***/g' \
    -e 's/\([pP]assword[" ]*[=:][" ]*\)[^" ,;]*/\1***/g' \
    -e 's/\([pP]rotected[sS]ettings[" ]*[=:][" ]*\)[^" ,;]*/\1***/g' \
    -e 's/\([bB]earer \)[^" ,;]*/\1***/g' \
    -e 's/eyJ[A-Za-z0-9_.-]*/***/g'
}

