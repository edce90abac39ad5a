#!/bin/sh
# runbook-script: lin-prepost-perms
# Takes rights away from the configuration of the scripts before and after a snapshot (600) and from the
# scripts that it names (700), as the extension demands. All must be root's already and writable by
# nobody else: what another user could have written is not made fit to run as root.
#
# Documents: "Application-consistent backup of Azure Linux VMs", rights; the extension's statuses 306,
# 307, 314, 315, 317 and 318 (source, 2026-08).
# Arguments: Apply.
# RESULT: already, planned, changed, needs_human, failed; from has the old mode of each file.
# Undone by: chmod with the modes named in from.

work() {
  conf=$ROOT/etc/azure/VMSnapshotScriptPluginConfig.json from='' todo=''
  [ -f "$conf" ] || say needs_human 2 \
    reason '/etc/azure/VMSnapshotScriptPluginConfig.json is missing: put it back, or take the scripts out of use'
  python=$(command -v python3 || command -v python || command -v python2) ||
    say needs_human 2 reason 'there is no Python to read the configuration with'
  named=$("$python" -c 'import json, sys
named = json.load(open(sys.argv[1]))
for key in ("preScriptLocation", "postScriptLocation"):
    if named.get(key): print(named[key])' "$conf") || say needs_human 2 \
    reason "/etc/azure/VMSnapshotScriptPluginConfig.json is not JSON: mend it, or configure the original anew \
(github.com/MicrosoftAzureBackup/VMSnapshotPluginConfig); then apply this again"
  look "$conf" 600
  while read -r script; do
    if [ -n "$script" ]; then look "$ROOT$script" 700; fi
  done <<END
$named
END
  [ -n "$todo" ] || say already 0
  applies || say planned 0 from "$(brief "$from" 900)"
  while read -r mode file; do
    if [ -z "$mode" ]; then continue; fi
    why=$(chmod "$mode" "$file" 2>&1) || fail "cannot change the mode of $file: $why"
    [ "$(stat -c %a "$file")" = "$mode" ] || fail "the mode of $file does not read back as written"
  done <<END
$todo
END
  say changed 0 from "$(brief "$from" 900)"
}

# look FILE MODE: notes what is to be done with it.
look() {
  if [ -L "$1" ] || [ ! -f "$1" ]; then
    say needs_human 2 reason "$(brief "$1 is missing or no plain file: put it back, or correct the configuration" 400)"
  fi
  owner=$(stat -c %u "$1") mode=$(stat -c %a "$1")
  alone="look what it does and who wrote it, make it root's alone (chown root, chmod $2), then apply this again"
  [ "$owner" = 0 ] || say needs_human 2 reason "$(brief "$1 is not root's: $alone" 400)"
  case $mode in
    *[2367]? | *[2367])
      say needs_human 2 \
        reason "$(brief "$1 (mode $mode) can be written by others: $alone" 400)"
      ;;
  esac
  if [ "$mode" = "$2" ]; then return; fi
  from="$from$1 $mode; "
  todo="$todo$2 $1
"
}

