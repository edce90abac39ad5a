#!/usr/bin/env bash
# Puts right what it may, one VM after the other, and says who has to do the rest.
#
#   nightly.sh VM... [-- OPTION...]     the VMs' resource ids, then options for every `runbook apply`
#
# The error code is read from each VM's last failed backup job. Reports are kept as JSON in
# $REPORTS (default: ./reports). RUNBOOK names the program (default: runbook). Ends with 0 when
# nothing is left for a person, 1 when something is, and 77 when a right or the credential is
# missing, because then the next VM would fare no better.
#
# Consent stands here and nowhere else: a job that may delete restore points says so in its
# options, `-- --max-risk destructive`. Without it nothing that deletes data is sent.
set -euo pipefail

runbook=${RUNBOOK:-runbook}
reports=${REPORTS:-reports}
vms=()
while [ $# -gt 0 ] && [ "$1" != -- ]; do
  vms+=("$1")
  shift
done
[ $# -eq 0 ] || shift
if [ ${#vms[@]} -eq 0 ]; then
  echo "usage: nightly.sh VM... [-- OPTION...]" >&2
  exit 64
fi
mkdir -p "$reports"

left=0
for vm in "${vms[@]}"; do
  name=${vm##*/}
  report="$reports/$name.json"
  code=0
  "$runbook" apply --vm "$vm" --yes --output json "$@" >"$report" </dev/null || code=$?
  case $code in
    0) echo "$name: fixed, or nothing to do" ;;
    3) echo "$name: waiting for Azure; the next night goes on with it" ;;
    4) echo "$name: needs approval or a higher --max-risk; nothing was sent; see $report"; left=1 ;;
    5) echo "$name: needs a person; see $report"; left=1 ;;
    6) echo "$name: another run holds it; left alone" ;;
    64) echo "$name: no failed job, or no runbook for its code; see $report"; left=1 ;;
    77) echo "$name: not authorised; see $report" >&2; exit 77 ;;
    *) echo "$name: ended with $code; see $report"; left=1 ;;
  esac
done
exit $left
