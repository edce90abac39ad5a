# runbook-script: win-reg-string
# Sets one documented REG_SZ switch of Azure Backup's VM extension.
#
# Documents: "Troubleshoot Azure Backup failure" (2022-05-05) and its SQL note (2023-09);
# self-help for ExtensionFailedVssWriterInBadState, ExtensionSnapshotFailedCOM,
# ExtensionFailedTimeoutVMNetworkUnresponsive and ExtensionVCRedistInstallationFailure (2021).
# Arguments: Switch, a name of the list below; Apply.
# RESULT: already, planned, changed, not_applicable (UseVssCopy without SQL Server), needs_human, failed;
# from is the value before with its kind, null when there was none. The extension reads it at each backup.
# Undone by: writing from again, or deleting the value when from is null.
param([string]$Switch = '', [string]$Apply = 'false')

# What a value is now, with its kind, or nothing.
function Current([string]$Path, [string]$Name) {
  $key = (Machine).OpenSubKey($Path)
  if (-not $key) { return $null }
  try {
    $value = $key.GetValue($Name)
    if ($null -eq $value) { return $null }
    return @{ value = "$value"; kind = $key.GetValueKind($Name).ToString() }
  } finally { $key.Close() }
}

function Work {
  $agent = 'SOFTWARE\Microsoft\BcdrAgent'
  $persistent = 'SOFTWARE\Microsoft\BcdrAgentPersistentKeys'
  $catalog = @{
    UseVssCopy        = @($agent, 'USEVSSCOPYBACKUP', 'TRUE')
    WithoutThreads    = @($persistent, 'SnapshotWithoutThreads', 'True')
    HostFirst         = @($persistent, 'SnapshotMethod', 'firstHostThenGuest')
    HostTime          = @($persistent, 'CalculateSnapshotTimeFromHost', 'True')
    ReinstallProvider = @($agent, 'IsProviderInstalled', 'False')
    ReinstallCommon   = @($persistent, 'IsCommonProviderInstalled', 'False')
    VcRedistInstalled = @($persistent, 'IsVCRedistInstalled', 'True')
  }
  if (-not $catalog.ContainsKey($Switch)) { Say 'failed' 64 @{ reason = 'unknown switch' } }
  $path, $name, $want = $catalog[$Switch]

  if ($Switch -eq 'UseVssCopy') {
    # The documented cause is SQL Server's own backups; without SQL Server it is not the cause.
    $sql = @(Get-Service -Name 'SQLWriter', 'MSSQLSERVER', 'MSSQL$*' -ErrorAction SilentlyContinue)
    if ($sql.Count -eq 0) { Say 'not_applicable' 0 @{ reason = 'no SQL Server service in this VM' } }
    if ((Value $agent 'UseVssFullBackup') -ieq 'true') {
      $why = 'UseVssFullBackup is True: the owner asked for VSS full backups, the opposite intent'
      Say 'needs_human' 2 @{ reason = $why }
    }
  }

  $before = Current $path $name
  if ($before -and $before.value -ieq $want -and $before.kind -eq 'String') {
    Say 'already' 0 @{ name = $name; value = $before.value }
  }
  $from = $null
  if ($before) { $from = '{0} ({1})' -f (Brief $before.value), $before.kind }
  if (-not (Applies)) { Say 'planned' 0 @{ name = $name; from = $from; to = $want } }

  $key = (Machine).CreateSubKey($path)
  try {
    $key.SetValue($name, $want, [Microsoft.Win32.RegistryValueKind]::String)
    $key.Flush()
  } finally { $key.Close() }

  $after = Current $path $name
  if ($after -and $after.value -eq $want -and $after.kind -eq 'String') {
    Say 'changed' 0 @{ name = $name; from = $from; to = $after.value; reboot = $false }
  }
  Say 'failed' 1 @{ reason = 'the value does not read back as written'; name = $name; from = $from }
}

