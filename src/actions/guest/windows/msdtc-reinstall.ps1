# runbook-script: win-msdtc-reinstall
# Installs the transaction coordinator anew: the last step for COM+. Its settings are lost (a copy is kept)
# and so are transactions in doubt; never on a node of a cluster.
#
# Documents: Microsoft's self-help for ExtensionSnapshotFailedCOM (2021): stop, msdtc -uninstall,
# msdtc -install, start MSDTC, start COMSysApp.
# Arguments: Apply. A person approves it.
# RESULT: already (both services run), planned, changed, needs_human, failed; kept is the exported key.
# Undone by: importing the file named in kept; transactions in doubt do not come back.
param([string]$Apply = 'false')

function Is-There { $null -ne (Get-Service -Name 'MSDTC' -ErrorAction SilentlyContinue) }

# Waits a minute until the service is there, or gone.
function Wait-Until([bool]$There) {
  foreach ($turn in 1..20) {
    if ((Is-There) -eq $There) { return }
    Start-Sleep -Seconds 3
  }
  throw 'MSDTC is not registered as it should be after a minute'
}

function Work {
  if (Get-Service -Name 'ClusSvc' -ErrorAction SilentlyContinue) {
    Say 'needs_human' @{ reason = 'a cluster node: MSDTC may be a role of the cluster' }
  }
  $com = Service 'COMSysApp'
  if (-not $com) { Say 'needs_human' @{ reason = 'COMSysApp is not registered' } }
  $dtc = Service 'MSDTC'
  if ($com.State -eq 'Running' -and $dtc -and $dtc.State -eq 'Running') { Say 'already' }
  if (-not (Applies)) { Say 'planned' @{ registered = (Is-There) } }

  $kept = $null
  if ((Machine).OpenSubKey('SOFTWARE\Microsoft\MSDTC')) {
    $kept = '{0}\runbook-msdtc-{1}.reg' -f $logs, (Get-Date).ToUniversalTime().ToString('yyyyMMddTHHmmssZ')
    $told = Native (Join-Path $system 'reg.exe') "export HKLM\SOFTWARE\Microsoft\MSDTC `"$kept`" /y" 60
    if ($told.code -ne 0 -or -not (Test-Path -LiteralPath $kept)) {
      Say 'failed' @{ reason = 'its settings could not be exported; nothing was changed' }
    }
  }
  $msdtc = Join-Path $system 'msdtc.exe'
  $dependents = @(Dependents 'MSDTC')
  $start = $null
  if ($dtc) { $start = $dtc.StartMode }
  try {
    if (Is-There) {
      # -uninstall stops it too.
      $null = Known { Stop-Within 'MSDTC' }
      $null = Native $msdtc '-uninstall' 120
      Wait-Until $false
    }
    $null = Native $msdtc '-install' 120
    Wait-Until $true
    foreach ($name in @('MSDTC', 'COMSysApp') + $dependents) { Start-Within $name }
  } catch {
    Say 'needs_human' @{ reason = (Brief $_.Exception.Message 300); kept = $kept; registered = (Is-There) }
  }
  Say 'changed' @{ kept = $kept; start_was = $start; note = 'compare the network settings of DTC with the copy' }
}

