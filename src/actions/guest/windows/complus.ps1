# runbook-script: win-complus
# Gets COM+ and its transaction coordinator to run, under their own accounts. It reinstalls nothing.
#
# Documents: Microsoft's self-help for ExtensionSnapshotFailedCOM, ExtensionInstallationFailedCOM and
# ExtensionInstallationFailedMDTC (2021), steps 1 and 2; "Troubleshoot Azure Backup failure" (2022-05-05),
# step 3.
# Arguments: Apply.
# RESULT: already, planned, changed, needs_human, failed; todo names what was wrong, was the account, state
# and start mode of both services before.
# Undone by: win-start-mode, for what was Disabled; an account takes a password, and stays.
param([string]$Apply = 'false')

# sc.exe can say "delayed-auto", Set-Service of PowerShell 5.1 cannot.
function Set-Start([string]$Name, [string]$Mode) {
  $told = Native (Join-Path $system 'sc.exe') "config $Name start= $Mode" 60
  if ($told.code -ne 0) { throw "sc.exe could not set the start mode of $Name (code $($told.code))" }
}

function Work {
  $dtc = Service 'MSDTC'
  $com = Service 'COMSysApp'
  if (-not $dtc -or -not $com) {
    Say 'needs_human' @{ reason = 'MSDTC or COMSysApp is not registered' }
  }
  $was = @($dtc, $com | ForEach-Object { '{0} {1}/{2}/{3}' -f $_.Name, $_.State, $_.StartMode, $_.StartName })
  $foreign = ($dtc.StartName -replace '\s', '') -ine 'NTAUTHORITY\NetworkService'
  $todo = @()
  if ($foreign) { $todo += 'MSDTC has another account' }
  foreach ($service in $dtc, $com) {
    if ($service.StartMode -eq 'Disabled') { $todo += "$($service.Name) is disabled" }
    if ($service.State -ne 'Running') { $todo += "$($service.Name) does not run" }
  }
  if ($todo.Count -eq 0) { Say 'already' @{ was = $was } }
  if (Get-Service -Name 'ClusSvc' -ErrorAction SilentlyContinue) {
    Say 'needs_human' @{ reason = 'a cluster node: MSDTC may be a role of the cluster'; todo = $todo; was = $was }
  }
  if (-not (Applies)) { Say 'planned' @{ todo = $todo; was = $was } }

  $dependents = @()
  if ($dtc.StartMode -eq 'Disabled') { Set-Start 'MSDTC' 'delayed-auto' }
  if ($com.StartMode -eq 'Disabled') { Set-Start 'COMSysApp' 'demand' }
  if ($foreign) {
    $account = @{ StartName = 'NT AUTHORITY\NetworkService'; StartPassword = '' }
    $answer = Invoke-CimMethod -InputObject $dtc -MethodName Change -Arguments $account
    if ($answer.ReturnValue -ne 0) {
      Say 'failed' @{ reason = "the account of MSDTC could not be changed (code $($answer.ReturnValue))"; was = $was }
    }
    # It takes its account when it starts.
    $dependents = @(Dependents 'MSDTC')
    Stop-Within 'MSDTC'
  }
  try {
    foreach ($name in @('MSDTC', 'COMSysApp') + $dependents) { Start-Within $name }
  } catch {
    $why = Brief "a service does not start: $($_.Exception.Message)" 300
    Say 'needs_human' @{ reason = $why; todo = $todo; was = $was }
  }
  $dtc = Service 'MSDTC'
  if (($dtc.StartName -replace '\s', '') -ine 'NTAUTHORITY\NetworkService') {
    Say 'failed' @{ reason = 'MSDTC still has another account'; was = $was }
  }
  Say 'changed' @{ did = $todo; was = $was }
}

