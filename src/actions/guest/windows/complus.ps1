# runbook-script: win-complus
# Gets COM+ and its transaction coordinator to run, under their own accounts. It reinstalls nothing.
#
# Documents: Microsoft's self-help for ExtensionSnapshotFailedCOM, ExtensionInstallationFailedCOM and
# ExtensionInstallationFailedMDTC (2021), steps 1 and 2; "Troubleshoot Azure Backup failure" (2022-05-05),
# step 3.
# Arguments: Apply.
# RESULT: already, planned, changed, needs_human, failed; todo names what was wrong, was the account, state
# and start mode of both services before.
# Undone by: the account and the start modes named in was.
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
    Say 'needs_human' 2 @{ reason = 'MSDTC or COMSysApp is not registered' }
  }
  if (Get-Service -Name 'ClusSvc' -ErrorAction SilentlyContinue) {
    Say 'needs_human' 2 @{ reason = 'a cluster node: MSDTC may be a role of the cluster' }
  }
  $was = @($dtc, $com | ForEach-Object { '{0} {1}/{2}/{3}' -f $_.Name, $_.State, $_.StartMode, $_.StartName })
  $foreign = ($dtc.StartName -replace '\s', '') -ine 'NTAUTHORITY\NetworkService'
  $todo = @()
  if ($foreign) { $todo += 'MSDTC has another account' }
  foreach ($service in $dtc, $com) {
    if ($service.StartMode -eq 'Disabled') { $todo += "$($service.Name) is disabled" }
    if ($service.State -ne 'Running') { $todo += "$($service.Name) does not run" }
  }
  if ($todo.Count -eq 0) { Say 'already' 0 @{ was = $was } }
  if (-not (Applies)) { Say 'planned' 0 @{ todo = $todo; was = $was } }

  if ($dtc.StartMode -eq 'Disabled') { Set-Start 'MSDTC' 'delayed-auto' }
  if ($com.StartMode -eq 'Disabled') { Set-Start 'COMSysApp' 'demand' }
  if ($foreign) {
    $account = @{ StartName = 'NT AUTHORITY\NetworkService'; StartPassword = '' }
    $answer = Invoke-CimMethod -InputObject $dtc -MethodName Change -Arguments $account
    if ($answer.ReturnValue -ne 0) {
      Say 'failed' 1 @{ reason = "the account of MSDTC could not be changed (code $($answer.ReturnValue))"; was = $was }
    }
    # It takes its account when it starts.
    Stop-Service -Name 'MSDTC' -Force
    (Get-Service -Name 'MSDTC').WaitForStatus('Stopped', '00:01:00')
  }
  try {
    foreach ($name in 'MSDTC', 'COMSysApp') {
      Start-Service -Name $name
      (Get-Service -Name $name).WaitForStatus('Running', '00:01:00')
    }
  } catch {
    $why = Brief "a service does not start: $($_.Exception.Message)" 300
    Say 'needs_human' 2 @{ reason = $why; todo = $todo; was = $was }
  }
  $dtc = Service 'MSDTC'
  if (($dtc.StartName -replace '\s', '') -ine 'NTAUTHORITY\NetworkService') {
    Say 'failed' 1 @{ reason = 'MSDTC still has another account'; was = $was }
  }
  Say 'changed' 0 @{ did = $todo; was = $was }
}

