#!/bin/sh
# runbook-script: lin-network
# Whether the wire server answers. It sends nothing but the opening of a connection, and only to the
# address that every Azure VM has; a VM with managed disks needs no other (and storage is reached
# through port 32526 of the same host).
#
# Documents: "What is IP address 168.63.129.16"; "Troubleshoot Azure Backup failure: Issues with the
# agent or extension" (2022-05-05), step 4: ports 80, 443 and 32526. Only root is let through.
# Arguments: none. A probe.
# RESULT: reported, with p80, p443 and p32526 (open, closed, or unknown: nothing to try it with), route
# (the way to it) and proxy (the agent's HttpProxy.Host, which extensions do not get).

work() {
  WIRE=168.63.129.16
  PORTS='80 443 32526'
  set --
  for port in $PORTS; do
    set -- "$@" "p$port" "$(try "$port")"
  done
  say reported 0 "$@" route "$(brief "$(ip -o route get "$WIRE" | head -n 1)")" \
    proxy "$(brief "$(agent_conf HttpProxy.Host)")"
}

try() {
  if command -v bash >/dev/null; then
    # shellcheck disable=SC2016 # It is bash that expands them.
    if timeout 5 bash -c 'exec 3<>"/dev/tcp/$1/$2"' try "$WIRE" "$1"; then printf open; else printf closed; fi
  elif command -v python3 >/dev/null; then
    if timeout 6 python3 -c 'import socket, sys
socket.create_connection((sys.argv[1], int(sys.argv[2])), 5)' "$WIRE" "$1"; then printf open; else printf closed; fi
  else
    printf unknown
  fi
}

