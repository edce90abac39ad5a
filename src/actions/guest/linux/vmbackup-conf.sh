#!/bin/sh
# runbook-script: lin-vmbackup-conf
# Sets one documented key in the section [SnapshotThread] of /etc/azure/vmbackup.conf. A mount point to
# skip is added to those that are skipped already.
#
# Documents: "Troubleshoot backup errors on Azure VMs" (2022-06-16): FsFreeze timeouts and more than
# four disks; it names a file inside the extension, and the extension's source (2026-08) reads this one.
# Arguments: Key and Value, one of seqsnapshot=2, isanysnapshotfailed=False, SafeFreezeWaitInSeconds=66
# to 600, MountsToSkip=a mounted ext3, ext4, xfs or btrfs, never /; Apply.
# RESULT: already, planned, changed, needs_human, failed; from is what held before, kept the copy of
# the old file (empty: there was none). The extension reads the file at each backup.
# Undone by: the copy named in kept, put back; without one, by removing the file.

work() {
  Key=${Key:-} Value=${Value:-} conf=$ROOT/etc/azure/vmbackup.conf
  allowed || say failed 64 \
    reason 'this key and value are not on the list; a mount point to skip is mounted, freezable and not /'
  if [ -f "$conf" ]; then
    is_ascii "$conf" || say needs_human 2 reason 'the file is not ASCII: lin-vmbackup-encoding first'
    is_plain "$conf" || say needs_human 2 \
      reason 'the file has a key twice or a line that goes on: the extension may ignore all of it'
  fi
  now=$(read_key "$conf")
  want=$Value
  if [ "$Key" = MountsToSkip ] && [ -n "$now" ]; then
    # The extension splits at commas and does not trim.
    clean=$(printf %s "$now" | tr -d ' \t')
    case ",$clean," in
      *",$Value,"*) want=$clean ;;
      *) want=$clean,$Value ;;
    esac
  fi
  if [ "$now" = "$want" ]; then say already 0 key "$Key" value "$(brief "$now")"; fi
  applies || say planned 0 key "$Key" from "$(brief "$now")" to "$(brief "$want")"
  swap "$conf" set_key is_set
  say changed 0 key "$Key" from "$(brief "$now")" to "$(brief "$want")" kept "$kept"
}

allowed() {
  case $Key=$Value in
    seqsnapshot=2 | isanysnapshotfailed=False) return 0 ;;
    SafeFreezeWaitInSeconds=[1-9][0-9] | SafeFreezeWaitInSeconds=[1-9][0-9][0-9])
      [ "$Value" -ge 66 ] && [ "$Value" -le 600 ]
      ;;
    MountsToSkip=/?*)
      case $Value in *[!A-Za-z0-9/._-]*) return 1 ;; esac
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
read_key() {
  [ -f "$1" ] || return 0
  awk -v key="$Key" '
    BEGIN { key = tolower(key) }
    /^[ \t]*[#;]/ { next }
    /^\[/ { inside = /^\[SnapshotThread\]/; next }
    inside && match($0, /[=:]/) {
      name = tolower(substr($0, 1, RSTART - 1)); value = substr($0, RSTART + 1)
      gsub(/[ \t]+$/, "", name); gsub(/^[ \t]+|[ \t\r]+$/, "", value)
      if (name == key) found = value
    }
    END { print found }' "$1"
}

is_set() { [ "$(read_key "$1")" = "$want" ]; }

# By the environment, because awk would read a backslash in -v.
set_key() {
  KEY=$Key VALUE=$want awk '
    function put() { if (!done) print key " = " ENVIRON["VALUE"]; done = 1 }
    BEGIN { key = ENVIRON["KEY"]; lower = tolower(key) }
    /^\[/ { inside = /^\[SnapshotThread\]/; print; if (inside) { seen = 1; put() } next }
    inside && !/^[ \t]*[#;]/ && match($0, /[=:]/) {
      name = tolower(substr($0, 1, RSTART - 1)); gsub(/[ \t]+$/, "", name)
      if (name == lower) next
    }
    { print }
    END { if (!seen) { print "[SnapshotThread]"; put() } }'
}

