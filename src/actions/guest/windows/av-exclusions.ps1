# runbook-script: win-av-exclusions
# Excludes the backup extension's two folders from Microsoft Defender. Other products, and a Defender that
# others manage, are for a person.
#
# Documents: "Troubleshoot Azure Backup failure" (2022-05-05), step 4 (antivirus; the evidence is a crash of
# IaaSBcdrExtension.exe, which win-agent-check counts).
# Arguments: Apply. A person approves it: it weakens security.
# RESULT: already, planned, changed, needs_human, failed; add has the folders that were added.
# Undone by: Remove-MpPreference -ExclusionPath with the folders named in add.
param([string]$Apply = 'false')

function Missing {
  $wanted = $packages, "$logs\Plugins\Microsoft.Azure.RecoveryServices.VMSnapshot"
  $have = @((Get-MpPreference).ExclusionPath)
  $wanted | Where-Object { $_ -notin $have }
}

function Work {
  if (-not (Get-Command -Name 'Get-MpPreference' -ErrorAction SilentlyContinue)) {
    Say 'needs_human' @{ reason = 'there is no Defender: another antivirus' }
  }
  # Where another product has taken over, Defender's own service does not answer.
  $status = Known { Get-MpComputerStatus }
  if (-not $status.RealTimeProtectionEnabled -or "$($status.AMRunningMode)" -match 'Passive|EDR') {
    Say 'needs_human' @{ reason = 'Defender is passive or off: another antivirus may be active' }
  }
  $add = @(Missing)
  if ($add.Count -eq 0) { Say 'already' }
  if (-not (Applies)) { Say 'planned' @{ add = $add } }
  # Refused or ignored: what counts is what stands afterwards.
  $null = Known { Add-MpPreference -ExclusionPath $add -ErrorAction Stop }
  $left = @(Missing)
  if ($left.Count -gt 0) {
    $why = 'Defender did not take the exclusions: tamper protection or a policy'
    Say 'needs_human' @{ reason = $why; add = $add; missing = $left }
  }
  Say 'changed' @{ add = $add }
}

