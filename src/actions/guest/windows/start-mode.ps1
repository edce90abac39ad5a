# runbook-script: win-start-mode
# Puts the start modes of services back to what they were before another of these scripts set them.
#
# Documents: those of the script that set them.
# Arguments: Undo, a list of Name:Set:Was with dots between, what was set and what was there before; Apply.
# RESULT: already, planned, changed, needs_human (a start mode is not the one that was set), failed; from
# has the start modes before.
# Undone by: the script that set them.
param([string]$Undo = '', [string]$Apply = 'false')

function Work {
  $one = '(MSDTC|COMSysApp|VSS|IaasVmProvider|RdAgent|WindowsAzureGuestAgent|msiserver):(Auto|Manual):(Manual|Disabled)'
  if ($Undo -cnotmatch "^$one(\.$one)*`$") { Say 'failed' @{ reason = 'Undo is a list of Name:Set:Was' } }
  $from = @()
  $todo = @()
  $theirs = @()
  foreach ($entry in $Undo.Split('.')) {
    $name, $set, $was = $entry.Split(':')
    $mode = (Service $name).StartMode
    $from += "$name $mode"
    if ($mode -eq $was) { continue }
    if ($mode -eq $set) { $todo += $entry } else { $theirs += $name }
  }
  if ($theirs.Count -gt 0) {
    $why = "the start mode of $($theirs -join ', ') is not the one that was set: somebody else has changed it since"
    Say 'needs_human' @{ reason = $why; from = $from }
  }
  if ($todo.Count -eq 0) { Say 'already' @{ from = $from } }
  if (-not (Applies)) { Say 'planned' @{ from = $from } }
  foreach ($entry in $todo) {
    $name, $set, $was = $entry.Split(':')
    Set-Service -Name $name -StartupType $was
    if ((Service $name).StartMode -ne $was) {
      Say 'failed' @{ reason = "the start mode of $name does not read back as set"; from = $from }
    }
  }
  Say 'changed' @{ from = $from }
}

