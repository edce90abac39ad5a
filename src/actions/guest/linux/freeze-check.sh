#!/bin/sh
# runbook-script: lin-freeze-check
# Which file system did not freeze the last time, and why that may be. It never freezes anything.
#
# Documents: "Troubleshoot backup errors on Azure VMs" (2022-06-16), FsFreezeFailed and the mount
# points that are there twice; the extension's source (2026-08) for its words and its lock.
# Arguments: none. A probe.
# RESULT: reported, with failed (the mount points that the extension's log names), mounts (that it
# freezes), twice (mounted twice), leftovers (of a file recovery), kernel (the last complaint of a file
# system; a floppy and a CD have none), and true or false: log, other_freezer (its lock is there).

work() {
  logs=$ROOT/var/log/azure/Microsoft.Azure.RecoveryServices.VMSnapshotLinux
  log=$(newest "$logs"/extension.log "$logs"/*/extension.log)
  failed=
  if [ -n "$log" ]; then
    failed=$(tail -n 2000 "$log" | grep -aE 'Failed to (FIFREEZE|FITHAW|open)' | tail -n 5 |
      sed -n 's/.*Failed to [A-Za-z]*:* *//p' | sort -u | one_line)
  fi
  mounts=$ROOT/proc/mounts complaints='ext4-fs error|xfs.*(corrupt|shutdown)|i/o error|remount.*read-only'
  say reported 0 failed "$(brief "$failed" 300)" \
    mounts "$(brief "$(freezable "$mounts" | sort -u | one_line)" 600)" \
    twice "$(brief "$(freezable "$mounts" | sort | uniq -d | one_line)")" \
    leftovers "$(brief "$(grep -E ' /[^ ]*(MOUNTPOINT|iscsi|ILR|recovery)' "$mounts" | cut -d' ' -f2 | one_line)")" \
    kernel "$(brief "$(dmesg | grep -aiE "$complaints" | grep -avE 'dev (fd|sr)[0-9]' | tail -n 1)")" \
    '#log' "$(yes_no test -n "$log")" \
    '#other_freezer' "$(yes_no test -e "$ROOT/etc/azure/MicrosoftRecoverySvcsSafeFreezeLock/SafeFreezeLockFile")"
}

one_line() { tr '\n' ' ' | sed 's/ $//'; }

freezable() { awk '$3 ~ /^(ext3|ext4|xfs|btrfs)$/ && $1 !~ /^\/dev\/loop/ { print $2 }' "$1"; }

