# runbook-script: win-vss-service
# Gets the Volume Shadow Copy service out of a bad state. It starts on demand: stopped is its normal state,
# disabled is not, and neither is one that does not answer.
#
# Documents: Microsoft's self-help for ExtensionFailedVssServiceInBadState (2021): restart the service,
# then the VM.
# Arguments: Restart (true restarts a service that looks well too), Apply.
# RESULT: already, planned, changed, busy (a snapshot is being taken), needs_human, failed; was has state
# and start mode before.
# Undone by: win-start-mode, where was says Disabled; a restart needs no undoing.
param([string]$Restart = 'false', [string]$Apply = 'false')

function Work {
  if ($Restart -notin 'true', 'false') { Say 'failed' @{ reason = 'Restart is true or false' } }
  $service = Service 'VSS'
  if (-not $service) { Say 'needs_human' @{ reason = 'the service VSS is not registered' } }
  $was = '{0}/{1}' -f $service.State, $service.StartMode
  $disabled = $service.StartMode -eq 'Disabled'
  $writers = @()
  # Asking for the writers starts the service, which a look may do where it is allowed to start.
  if (-not $disabled) { $writers = @(Known { Writers }) }
  if (-not $disabled -and $writers.Count -gt 0 -and $Restart -ne 'true') {
    Say 'already' @{ was = $was; writers = $writers.Count }
  }
  # 2, 3 and 4: between the freeze and the end of a snapshot; 5: a backup has not said that it is over.
  $freezing = @($writers | Where-Object { $_.State -ge 2 -and $_.State -le 5 })
  if ($freezing.Count -gt 0) { Say 'busy' @{ reason = 'a snapshot is being taken'; was = $was } }
  if (-not (Applies)) { Say 'planned' @{ was = $was; writers = $writers.Count } }

  if ($disabled) { Set-Service -Name 'VSS' -StartupType Manual }
  $dependents = @(Dependents 'VSS')
  try { Stop-Within 'VSS' } catch { Say 'needs_human' @{ reason = 'VSS does not stop'; was = $was } }
  foreach ($name in @('VSS') + $dependents) { Start-Within $name }
  $writers = @(Writers)
  if ($writers.Count -eq 0) { Say 'failed' @{ reason = 'VSS runs and names no writers'; was = $was } }
  Say 'changed' @{ was = $was; writers = $writers.Count }
}

