#!/bin/sh
# runbook-script: lin-agent-service
# Sees to it that the agent is enabled and runs, and restarts it on request: half a minute later and
# detached, because Run Command is a child of the agent.
#
# Documents: "Troubleshoot Azure Backup failure: Issues with the agent or extension" (2022-05-05),
# cause 2 ("restart", "configure the auto restart agent"); Run Command's page (2025-08-18) on not
# restarting the agent from it; the agent's source (2025-11) on disable_agent.
# Arguments: Restart (true restarts an agent that looks well too); Undo (disabled: the unit, which this
# script enabled, does not start by itself again; the agent runs on); Apply.
# RESULT: already (queued: a restart is due), planned, changed (restart_in_s), needs_human, failed.
# That it came back is seen in Azure: an agent status newer than the one before.
# Undone by: Undo, where was_enabled is disabled. An agent that is stopped could not be asked for anything.

work() {
  case ${Restart:-false} in
    true | false) ;;
    *) say failed 64 reason 'Restart is true or false' ;;
  esac
  if [ -e "$ROOT/var/lib/waagent/disable_agent" ]; then
    say needs_human 2 reason 'disable_agent is present: somebody switched the agent off on purpose'
  fi
  if ! command -v systemctl >/dev/null; then without_systemd; fi
  unit=$(agent_unit) || say needs_human 2 reason 'there is no unit of the agent: it is not installed'
  enabled=$(systemctl is-enabled "$unit") active=$(systemctl is-active "$unit")
  if [ "$enabled" = masked ]; then
    say needs_human 2 reason "the unit $unit is masked: somebody switched the agent off on purpose"
  fi
  if [ -n "${Undo:-}" ]; then leave_disabled; fi
  if [ "$(systemctl is-active runbook-agent-restart.timer)" = active ]; then
    say already 0 unit "$unit" '#queued' true
  fi
  if [ "$active" = active ] && [ "$enabled" != disabled ] && [ "${Restart:-false}" = false ]; then
    say already 0 unit "$unit" enabled "$(brief "$enabled")" '#queued' false
  fi
  applies || say planned 0 unit "$unit" active "$(brief "$active")" enabled "$(brief "$enabled")" \
    restart "${Restart:-false}"
  change
}

leave_disabled() {
  [ "$Undo" = disabled ] || say failed 64 reason 'Undo is disabled'
  if [ "$enabled" = disabled ]; then say already 0 unit "$unit" enabled "$enabled"; fi
  [ "$enabled" = enabled ] || say needs_human 2 unit "$unit" reason "the unit $unit is $(brief "$enabled"), not enabled"
  applies || say planned 0 unit "$unit" from enabled to disabled
  systemctl disable "$unit" >/dev/null
  [ "$(systemctl is-enabled "$unit")" = disabled ] || fail "the unit $unit is not disabled after systemctl disable"
  say changed 0 unit "$unit" from enabled to disabled
}

change() {
  if [ "$enabled" = disabled ]; then
    systemctl enable "$unit" >/dev/null
    [ "$(systemctl is-enabled "$unit")" = enabled ] || fail "the unit $unit is not enabled after systemctl enable"
  fi
  if [ "$active" != active ]; then
    timeout 60 systemctl start "$unit"
    [ "$(systemctl is-active "$unit")" = active ] || fail "the unit $unit does not run after systemctl start"
    say changed 0 unit "$unit" was_active "$(brief "$active")" was_enabled "$(brief "$enabled")"
  fi
  if [ "${Restart:-false}" = true ]; then
    # A failed or finished one of the same name would be in the way.
    systemctl reset-failed runbook-agent-restart.timer runbook-agent-restart.service
    why=$(systemd-run --unit=runbook-agent-restart --on-active=30 --timer-property=AccuracySec=1s \
      systemctl restart "$unit" 2>&1) || fail "systemd-run refused: $why"
    say changed 0 unit "$unit" was_active "$(brief "$active")" was_enabled "$(brief "$enabled")" '#restart_in_s' 30
  fi
  say changed 0 unit "$unit" was_active "$(brief "$active")" was_enabled "$(brief "$enabled")"
}

# An init script can be restarted, and no more is known of it: detached by setsid, so that stopping
# the agent does not stop its restart. With systemd this would die with the agent's own group.
without_systemd() {
  for name in walinuxagent waagent none; do
    [ ! -x "$ROOT/etc/init.d/$name" ] || break
  done
  [ "$name" != none ] || say needs_human 2 reason 'neither systemd nor an init script of the agent is there'
  [ "${Restart:-false}" = true ] || say already 0 unit "$name" '#queued' false
  applies || say planned 0 unit "$name" restart true
  nohup setsid sh -c "sleep 30; exec service $name restart" >/dev/null 2>&1 </dev/null &
  say changed 0 unit "$name" '#restart_in_s' 30
}

