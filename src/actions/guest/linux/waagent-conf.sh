#!/bin/sh
# runbook-script: lin-waagent-conf
# Sets one documented key of /etc/waagent.conf.
#
# Documents: "Troubleshoot Azure Backup failure: Issues with the agent or extension" (2022-05-05),
# cause 4, which spells Extensions.Enabled without its d: the agent's source (2025-11) reads it with.
# Arguments: Key and Value, one of Extensions.Enabled=y, Provisioning.Agent=auto, Logs.Verbose=y,
# Logs.Verbose=n; Apply.
# RESULT: already, planned, changed, needs_human, failed; from is what held before, kept the copy of
# the old file, restart_agent whether the agent has not read the file since it was written.
# Undone by: the copy named in kept, put back, and a restart of the agent.

work() {
  case ${Key:-}=${Value:-} in
    Extensions.Enabled=y | Provisioning.Agent=auto | Logs.Verbose=y | Logs.Verbose=n) ;;
    *) say failed 64 reason 'this key and value are not on the list' ;;
  esac
  conf=$ROOT/etc/waagent.conf
  [ -f "$conf" ] || say needs_human 2 reason '/etc/waagent.conf is missing'
  now=$(in_force "$conf")
  if [ "$now" = "$Value" ]; then
    say already 0 key "$Key" value "$now" '#restart_agent' "$(yes_no unread)"
  fi
  if [ "$Key" = Provisioning.Agent ] && [ ! -e "$ROOT/var/lib/waagent/provisioned" ]; then
    say needs_human 2 reason '/var/lib/waagent/provisioned is missing: a change could provision the machine again'
  fi
  applies || say planned 0 key "$Key" from "$(brief "$now")" to "$Value"
  swap "$conf" set_key is_set
  say changed 0 key "$Key" from "$(brief "$now")" to "$Value" kept "$kept" '#restart_agent' true
}

# What the agent makes of the key: a switch that is neither y nor n, like one that is absent, is its
# default.
in_force() {
  value=$(agent_conf "$Key" "$1")
  case $Key in
    Extensions.Enabled) default=y ;;
    Logs.Verbose) default=n ;;
    *) default=auto ;;
  esac
  case $Key=$value in
    *=) printf %s "$default" ;;
    Provisioning.Agent=*) printf %s "$value" ;;
    *=[yY]) printf y ;;
    *=[nN]) printf n ;;
    *) printf %s "$default" ;;
  esac
}

is_set() { [ "$(in_force "$1")" = "$Value" ]; }

# The agent writes its pid when it starts.
unread() { [ -n "$(find -H "$conf" -newer "$ROOT/var/run/waagent.pid")" ]; }

set_key() {
  awk -v key="$Key" -v value="$Value" '
    { name = "" }
    !/^#/ && index($0, "=") { name = substr($0, 1, index($0, "=") - 1); gsub(/^[ \t"]+|[ \t"]+$/, "", name) }
    name == key { if (!done) print key "=" value; done = 1; next }
    { print }
    END { if (!done) print key "=" value }'
}

