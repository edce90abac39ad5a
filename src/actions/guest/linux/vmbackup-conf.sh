#!/bin/sh
# runbook-script: lin-vmbackup-conf
# Sets one documented key in the section [SnapshotThread] of /etc/azure/vmbackup.conf. A mount point to
# skip is added to those that are skipped already, and a wait that is longer already stays.
#
# Documents: "Troubleshoot backup errors on Azure VMs" (2022-06-16): FsFreeze timeouts and more than
# four disks; it names a file inside the extension, and the extension's source (2026-08) reads this one.
# Arguments: Key and Value, one of seqsnapshot=2, isanysnapshotfailed=False, SafeFreezeWaitInSeconds=66
# to 600, MountsToSkip=a mounted ext3, ext4, xfs or btrfs, never /; Undo, the name of the copy that was
# kept when they were set, or absent where there was no file; Apply.
# RESULT: already, planned, changed, needs_human, failed; from is what held before, kept the copy of
# the old file (empty: there was none). The extension reads the file at each backup, and writes it too.
# Undone by: Undo, which takes the key back to what it is in that copy, if it still is as it was set.

work() {
  Key=${Key:-} Value=${Value:-} Undo=${Undo:-} conf=$ROOT/etc/azure/vmbackup.conf
  allowed || say failed 64 \
    reason 'this key and value are not on the list; a mount point to skip is mounted, freezable and not /'
  if [ -f "$conf" ]; then
    is_ascii "$conf" || say needs_human 2 reason 'the file is not ASCII: lin-vmbackup-encoding first'
    is_plain "$conf" || say needs_human 2 \
      reason "/etc/azure/vmbackup.conf has a key twice or a line that goes on, and the extension may ignore all \
of it: leave each key once, in one line; then apply this again"
  fi
  if [ -n "$Undo" ]; then undo "$conf"; fi
  now=$(value_of "$conf")
  want=$(wanted_of "$conf")
  if [ "$now" = "$want" ]; then say already 0 key "$Key" value "$(brief "$now")"; fi
  applies || say planned 0 key "$Key" from "$(brief "$now")" to "$(brief "$want")"
  line=$(set_line "$Key" "$want")
  swap "$conf" put_line is_set
  say changed 0 key "$Key" from "$(brief "$now")" to "$(brief "$want")" kept "$kept"
}

# A mount point is added to those that are skipped. The extension splits at commas and does not trim.
# A wait is never shortened: somebody raised it because it had to be.
wanted_of() {
  skipped=''
  if [ "$Key" = SafeFreezeWaitInSeconds ]; then
    held=$(value_of "$1")
    case $held in
      '' | *[!0-9]* | ??????*) ;;
      *)
        if [ "$held" -ge "$Value" ]; then
          printf %s "$held"
          return
        fi
        ;;
    esac
  fi
  if [ "$Key" = MountsToSkip ]; then skipped=$(value_of "$1"); fi
  if [ -z "$skipped" ]; then
    printf %s "$Value"
    return
  fi
  skipped=$(printf %s "$skipped" | tr -d ' \t')
  case ",$skipped," in
    *",$Value,"*) printf %s "$skipped" ;;
    *) printf %s "$skipped,$Value" ;;
  esac
}

allowed() {
  case $Key=$Value in
    seqsnapshot=2 | isanysnapshotfailed=False) return 0 ;;
    SafeFreezeWaitInSeconds=[1-9][0-9] | SafeFreezeWaitInSeconds=[1-9][0-9][0-9])
      [ "$Value" -ge 66 ] && [ "$Value" -le 600 ]
      ;;
    MountsToSkip=/?*)
      case $Value in *[!A-Za-z0-9/._-]*) return 1 ;; esac
      [ -z "$Undo" ] || return 0
      awk -v mount="$Value" '$2 == mount && $3 ~ /^(ext3|ext4|xfs|btrfs)$/ { found = 1 } END { exit !found }' \
        "$ROOT/proc/mounts"
      ;;
    *) return 1 ;;
  esac
}

# One value for a key in the section, and none that goes on in an indented line.
is_plain() {
  awk '
    /^[ \t]*([#;].*)?\r?$/ { next }
    /^\[/ { inside = /^\[SnapshotThread\]/; sections += inside; next }
    /^[ \t]/ { bad = 1 }
    inside && match($0, /[=:]/) {
      name = tolower(substr($0, 1, RSTART - 1)); gsub(/[ \t]+$/, "", name)
      if (seen[name]++) bad = 1
    }
    END { exit (bad || sections > 1) }' "$1"
}

# Keys are compared without case: the extension writes the file itself, in lower case.
value_of() {
  if [ -e "$1" ]; then of value <"$1"; fi
}

lines_of() { of lines <"$1"; }

# of value|lines: the last value of the key in the section, or the lines that set it.
of() {
  awk -v key="$Key" -v what="$1" '
    BEGIN { key = tolower(key) }
    /^[ \t]*[#;]/ { next }
    /^\[/ { inside = /^\[SnapshotThread\]/; next }
    inside && match($0, /[=:]/) {
      name = tolower(substr($0, 1, RSTART - 1)); value = substr($0, RSTART + 1)
      gsub(/[ \t]+$/, "", name); gsub(/^[ \t]+|[ \t\r]+$/, "", value)
      if (name != key) next
      found = value
      if (what == "lines") print
    }
    END { if (what == "value") print found }'
}

is_set() { [ "$(value_of "$1")" = "$want" ]; }

set_line() { printf '%s = %s' "$1" "$2"; }

# By the environment, because awk would read a backslash in -v. Without a line the key goes.
put_line() {
  KEY=$Key LINE=$line awk '
    function put() { if (!done && line != "") print line; done = 1 }
    BEGIN { key = tolower(ENVIRON["KEY"]); line = ENVIRON["LINE"] }
    /^\[/ { inside = /^\[SnapshotThread\]/; print; if (inside) { seen = 1; put() } next }
    inside && !/^[ \t]*[#;]/ && match($0, /[=:]/) {
      name = tolower(substr($0, 1, RSTART - 1)); gsub(/[ \t]+$/, "", name)
      if (name == key) next
    }
    { print }
    END { if (!seen && line != "") { print "[SnapshotThread]"; put() } }'
}

