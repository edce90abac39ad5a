#!/bin/sh
# runbook-script: lin-agent-check
# What the Linux agent is, and what may keep it or the backup extension from working. Changes nothing.
#
# Documents: "Troubleshoot Azure Backup failure: Issues with the agent or extension" (2022-05-05),
# causes 2 and 4; the agent's source (2025-11) for its files and the rules of its configuration.
# Arguments: none. A probe: it is never followed by an undoing.
# RESULT: reported, with unit (none), active, enabled, restart, agent (its version), python,
# extensions_enabled, provisioning_agent, logs_verbose, extension (the newest folder), selinux, and
# true or false: disabled, provisioned, conf_ascii, reboot_pending.

work() {
  unit=$(agent_unit) || unit=none
  python=none
  for name in python3 python2 python; do
    if command -v "$name" >/dev/null; then
      python=$name
      break
    fi
  done
  extension=none
  for folder in "$ROOT"/var/lib/waagent/Microsoft.Azure.RecoveryServices.VMSnapshotLinux-*; do
    [ -d "$folder" ] && extension=$(newer_version "$extension" "${folder##*/}")
  done
  conf_ascii=true
  if [ -f "$ROOT/etc/azure/vmbackup.conf" ]; then conf_ascii=$(yes_no is_ascii "$ROOT/etc/azure/vmbackup.conf"); fi
  say reported 0 unit "$unit" active "$(brief "$(systemctl is-active "$unit")")" \
    enabled "$(brief "$(systemctl is-enabled "$unit")")" \
    restart "$(brief "$(systemctl show -p Restart "$unit" | cut -d= -f2)")" \
    agent "$(agent_version)" python "$python" \
    extensions_enabled "$(brief "$(agent_conf Extensions.Enabled)")" \
    provisioning_agent "$(brief "$(agent_conf Provisioning.Agent)")" \
    logs_verbose "$(brief "$(agent_conf Logs.Verbose)")" \
    extension "$(brief "$extension")" selinux "$(brief "$(getenforce || echo absent)")" \
    '#disabled' "$(yes_no test -e "$ROOT/var/lib/waagent/disable_agent")" \
    '#provisioned' "$(yes_no test -e "$ROOT/var/lib/waagent/provisioned")" \
    '#conf_ascii' "$conf_ascii" '#reboot_pending' "$(yes_no reboot_pending)"
}

# newer_version A B: the greater of two folder names, 1.0.9 before 1.0.10.
newer_version() {
  if [ "$1" = none ]; then printf %s "$2"; else printf '%s\n%s\n' "$1" "$2" | sort -V | tail -n 1; fi
}

# Debian and Ubuntu leave a file; needs-restarting (dnf-utils, zypper) ends with 1.
reboot_pending() {
  if [ -e "$ROOT/var/run/reboot-required" ] || [ -e "$ROOT/run/reboot-required" ]; then return 0; fi
  command -v needs-restarting >/dev/null || return 1
  needs-restarting -r >/dev/null
  [ $? -eq 1 ]
}

