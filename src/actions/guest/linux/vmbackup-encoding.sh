#!/bin/sh
# runbook-script: lin-vmbackup-encoding
# Rewrites /etc/azure/vmbackup.conf as ASCII where that loses nothing: the extension ignores a file with
# a byte order mark or in UTF-16 without an error.
#
# Documents: Microsoft's self-help for VMBackupLinuxExtensionConfFileWrongEncodingFormat (2021).
# Arguments: Undo, the name of the copy that was kept; Apply.
# RESULT: already, planned, changed, needs_human (it has characters that ASCII cannot hold), failed;
# kept is the copy of the old file.
# Undone by: Undo, which puts that copy back, if the file still is what was made of it.

work() {
  conf=$ROOT/etc/azure/vmbackup.conf Undo=${Undo:-}
  if [ -n "$Undo" ]; then not_ascii; fi
  [ -f "$conf" ] || say already 0 reason 'there is no file'
  if is_ascii "$conf"; then say already 0; fi
  from=$(encoding "$conf")
  as_ascii <"$conf" >/dev/null || say needs_human 2 \
    reason '/etc/azure/vmbackup.conf has characters that ASCII cannot hold: replace them by hand' from "$from"
  applies || say planned 0 from "$from" to ASCII
  swap "$conf" as_ascii is_ascii
  say changed 0 from "$from" to ASCII kept "$kept"
}

# The way back: to the text that was rewritten.
not_ascii() {
  [ "$Undo" != absent ] || say failed 64 reason 'Undo is the name of a copy'
  before "$conf"
  if is_back "$file"; then say already 0; fi
  from=$(encoding "$back")
  [ "$(as_ascii <"$back" | cksum)" = "$(cksum <"$file")" ] || say needs_human 2 \
    reason 'the file is not the one that was written: somebody else has changed it since'
  applies || say planned 0 from ASCII to "$from"
  put_back
  say changed 0 from ASCII to "$from" kept "$kept"
}

encoding() {
  case $(od -An -tx1 -N3 "$1" | tr -d ' \n') in
    efbbbf) printf 'UTF-8 with a mark' ;;
    fffe* | feff*) printf UTF-16 ;;
    *) printf UTF-8 ;;
  esac
}

# iconv ends with an error where a character has no ASCII.
as_ascii() {
  case $from in
    'UTF-8 with a mark') tail -c +4 | iconv -f UTF-8 -t ASCII ;;
    *) iconv -f "$from" -t ASCII ;;
  esac
}

