#!/bin/sh
# runbook-script: lin-resources
# Processor, memory and disk at this moment.
#
# Documents: "Snapshot VM sub task timed out" (2017-02-07), cause 4: over 90 % of processor or memory
# the snapshot is late; agents and extensions need room on / and /var.
# Arguments: none. A probe.
# RESULT: reported, with the numbers cpus, cpu_percent (over two seconds), load_percent (of all
# processors, over a minute), memory_mib, memory_free_mib, memory_percent, swap_free_mib, root_free_mib,
# root_percent, var_free_mib, var_percent, root_inodes_percent. A number that cannot be had is null.

work() {
  cpus=$(grep -c '^processor' "$ROOT/proc/cpuinfo")
  before=$(ticks)
  sleep 2
  after=$(ticks)
  memory=$(kib MemTotal) free=$(kib MemAvailable)
  say reported 0 '#cpus' "$cpus" \
    '#cpu_percent' "$(echo "$before $after" | awk '$4 > $2 { print int(100 * ($3 - $1) / ($4 - $2)) }')" \
    '#load_percent' "$(awk -v cpus="$cpus" 'cpus > 0 { print int(100 * $1 / cpus) }' "$ROOT/proc/loadavg")" \
    '#memory_mib' "$(mib "$memory")" '#memory_free_mib' "$(mib "$free")" \
    '#memory_percent' "$(echo "$memory $free" | awk 'NF == 2 && $1 > 0 { print int(100 * ($1 - $2) / $1) }')" \
    '#swap_free_mib' "$(mib "$(kib SwapFree)")" \
    '#root_free_mib' "$(mib "$(disk / 4)")" '#root_percent' "$(disk / 5)" \
    '#var_free_mib' "$(mib "$(disk /var 4)")" '#var_percent' "$(disk /var 5)" \
    '#root_inodes_percent' "$(df -Pi / | awk 'NR == 2 { sub(/%/, "", $5); print $5 }')"
}

# Busy and all ticks since the machine started.
ticks() { awk '/^cpu / { all = 0; for (i = 2; i <= 9; i++) all += $i; print all - $5 - $6, all }' "$ROOT/proc/stat"; }

kib() { awk -v name="$1:" '$1 == name { print $2 }' "$ROOT/proc/meminfo"; }

mib() { echo "$1" | awk 'NF { print int($1 / 1024) }'; }

# disk PATH COLUMN of df: 4 is what is free in KiB, 5 the percentage in use.
disk() { df -Pk "$1" | awk -v column="$2" 'NR == 2 { sub(/%/, "", $column); print $column }'; }

