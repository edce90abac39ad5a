#!/bin/sh
# runbook-script: lin-waagent-conf
# Sets one documented key of /etc/waagent.conf.
#
# Documents: "Troubleshoot Azure Backup failure: Issues with the agent or extension" (2022-05-05),
# cause 4, which spells Extensions.Enabled without its d: the agent's source (2025-11) reads it with.
# Arguments: Key and Value, one of Extensions.Enabled=y, Provisioning.Agent=auto, Logs.Verbose=y,
# Logs.Verbose=n; Undo, the name of the copy that was kept when they were set; Apply.
# RESULT: already, planned, changed, needs_human, failed; from is what held before, kept the copy of
# the old file, restart_agent whether the agent has not read the file since it was written.
# Undone by: Undo, which takes the key back to what it is in that copy, if it still is as it was set, and
# a restart of the agent.

work() {
  Undo=${Undo:-}
  case ${Key:-}=${Value:-} in
    Extensions.Enabled=y | Provisioning.Agent=auto | Logs.Verbose=y | Logs.Verbose=n) ;;
    *) say failed 64 reason 'this key and value are not on the list' ;;
  esac
  conf=$ROOT/etc/waagent.conf
  [ -f "$conf" ] || say needs_human 2 reason '/etc/waagent.conf is missing'
  now=$(value_of "$conf")
  if [ -z "$Undo" ] && [ "$now" = "$Value" ]; then
    say already 0 key "$Key" value "$now" '#restart_agent' "$(yes_no unread)"
  fi
  if [ "$Key" = Provisioning.Agent ] && [ ! -e "$ROOT/var/lib/waagent/provisioned" ]; then
    say needs_human 2 reason '/var/lib/waagent/provisioned is missing: a change could provision the machine again'
  fi
  if [ -n "$Undo" ]; then
    [ "$Undo" != absent ] || say failed 64 reason 'Undo is the name of a copy'
    undo "$conf" '#restart_agent' true
  fi
  applies || say planned 0 key "$Key" from "$(brief "$now")" to "$Value"
  line=$(set_line "$Key" "$Value")
  swap "$conf" put_line is_set
  say changed 0 key "$Key" from "$(brief "$now")" to "$Value" kept "$kept" '#restart_agent' true
}

# What the agent makes of the key: a switch that is neither y nor n, like one that is absent, is its
# default.
value_of() {
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

wanted_of() { printf %s "$Value"; }

is_set() { [ "$(value_of "$1")" = "$Value" ]; }

# The agent writes its pid when it starts.
unread() { [ -n "$(find -H "$conf" -newer "$ROOT/var/run/waagent.pid")" ]; }

set_line() { printf '%s=%s' "$1" "$2"; }

lines_of() { lines tell <"$1"; }

# The first line of the key becomes $line, and its others go.
put_line() { lines put; }

lines() {
  LINE=$line awk -v key="$Key" -v what="$1" '
    function put() { if (!done && ENVIRON["LINE"] != "") print ENVIRON["LINE"]; done = 1 }
    { name = "" }
    !/^#/ && index($0, "=") { name = substr($0, 1, index($0, "=") - 1); gsub(/^[ \t"]+|[ \t"]+$/, "", name) }
    name == key { if (what == "tell") print; else put(); next }
    what == "put" { print }
    END { if (what == "put") put() }'
}

