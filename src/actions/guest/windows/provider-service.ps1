# runbook-script: win-provider-service
# The extension's VSS provider must start by itself. That it is absent is normal before the first backup.
#
# Documents: "Snapshot VM sub task timed out" (2017-02-07), cause 3.
# Arguments: Apply.
# RESULT: already, planned, changed, not_applicable (absent), failed; from is the start mode before.
# Undone by: win-start-mode, with the start mode named in from.
param([string]$Apply = 'false')

function Work {
  $service = Service 'IaasVmProvider'
  if (-not $service) {
    Say 'not_applicable' @{ reason = 'the provider is absent, and the next backup installs it' }
  }
  $from = $service.StartMode
  if ($from -eq 'Auto') { Say 'already' }
  if (-not (Applies)) { Say 'planned' @{ from = $from; to = 'Auto' } }
  Set-Service -Name $service.Name -StartupType Automatic
  $now = (Service $service.Name).StartMode
  if ($now -ne 'Auto') {
    Say 'failed' @{ reason = 'the start mode does not read back as set'; from = $from; to = $now }
  }
  Say 'changed' @{ from = $from; to = $now }
}

