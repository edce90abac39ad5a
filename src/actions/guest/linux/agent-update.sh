#!/bin/sh
# runbook-script: lin-agent-update
# Updates the agent from the distribution's own repository, detached: the package restarts the agent.
#
# Documents: "Troubleshoot Azure Backup failure: Issues with the agent or extension" (2022-05-05),
# cause 2 ("the agent installed in the VM is out of date"); agent support article for the least version.
# Arguments: Least (a version; an agent that has it is left alone), Apply.
# RESULT: already, planned, changed (update_in_s), busy (an update runs), needs_human, failed. A second
# look after it tells how it ended: already, or planned with last_end, the end of the update's log.
# Undone by: installing the version named in before.

work() {
  least=${Least:-}
  case $least in
    '' | *[!0-9.]*) say failed 64 reason 'Least is a version such as 2.2.53.1' ;;
  esac
  find_package || say needs_human 2 reason "the agent was not installed from a package of the distribution: \
update it as it was installed (its source is github.com/Azure/WALinuxAgent), or install that package in its \
place; then apply this again"
  have=$(agent_version)
  [ -n "$have" ] || have=$(printf %s "$version" | sed -e 's/^[0-9]*://' -e 's/[^0-9.].*//')
  if at_least "$have" "$least"; then
    say already 0 agent "$have" package "$package" version "$(brief "$version")"
  fi
  if [ "$(systemctl is-active runbook-agent-update.timer)" = active ] ||
    [ "$(systemctl is-active runbook-agent-update.service)" = active ]; then
    say busy 0 reason 'an update of the agent is under way' agent "$have" package "$package"
  fi
  log=$ROOT/var/log/runbook-agent-update.log last=
  if [ -f "$log" ]; then last=$(tail -n 3 "$log" | tail -c 300); fi
  applies || say planned 0 agent "$have" package "$package" version "$(brief "$version")" \
    to "at least $least" last_end "$last"
  systemctl reset-failed runbook-agent-update.timer runbook-agent-update.service
  why=$(systemd-run --unit=runbook-agent-update --on-active=15 --timer-property=AccuracySec=1s \
    --setenv=DEBIAN_FRONTEND=noninteractive --setenv=LC_ALL=C \
    sh -c "{ $install && echo it ended well || echo it ended badly; } >$log 2>&1" 2>&1) ||
    fail "systemd-run refused: $why"
  say changed 0 agent "$have" package "$package" before "$(brief "$version")" '#update_in_s' 15 log "$log"
}

# Names of packages and commands are all written here: nothing that was read becomes part of one. No
# dollar sign is in them, because systemd would put variables of its own in its place.
find_package() {
  for package in walinuxagent waagent; do
    version=$(dpkg-query -W -f='${Status} ${Version}' "$package" | sed -n 's/^install ok installed //p')
    [ -n "$version" ] || continue
    install="apt-get update -q; apt-get install -y -q --only-upgrade -o Dpkg::Options::=--force-confold $package"
    return 0
  done
  for package in WALinuxAgent python-azure-agent; do
    version=$(rpm -q --qf '%{VERSION}-%{RELEASE}' "$package") || continue
    for manager in zypper tdnf dnf yum; do
      command -v "$manager" >/dev/null || continue
      case $manager in
        zypper) install="zypper --non-interactive update $package" ;;
        *) install="$manager -y update $package" ;;
      esac
      return 0
    done
  done
  return 1
}

# at_least HAVE LEAST: by numbers, 2.10 after 2.9.
at_least() {
  [ -n "$1" ] && awk -v have="$1" -v least="$2" 'BEGIN {
    split(have, h, "."); n = split(least, l, ".")
    for (i = 1; i <= n; i++) { if (h[i] + 0 != l[i] + 0) exit !(h[i] + 0 > l[i] + 0) }
    exit 0 }'
}

