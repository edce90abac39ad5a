# runbook-script: win-reg-string
# Sets one documented REG_SZ switch of Azure Backup's VM extension.
#
# Documents: "Troubleshoot Azure Backup failure" (2022-05-05) and its SQL note (2023-09);
# self-help for ExtensionFailedVssWriterInBadState, ExtensionSnapshotFailedCOM,
# ExtensionFailedTimeoutVMNetworkUnresponsive and ExtensionVCRedistInstallationFailure (2021).
# Arguments: Switch, a name of the list below; Undo, the value to put back, as Kind:value, or absent; Apply.
# With Undo it puts back what was there before it set the switch, where what it set still stands.
# RESULT: already, planned, changed, not_applicable (UseVssCopy without SQL Server), needs_human, failed;
# from is the value before with its kind, null when there was none. The extension reads it at each backup.
# Undone by: Undo with what from says, or with absent when from is null.
param([string]$Switch = '', [string]$Undo = '', [string]$Apply = 'false')

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

# A value as it is told: with its kind, or nothing.
function Told($Value) {
  if ($Value) { '{0} ({1})' -f (Brief $Value.value), $Value.kind }
}

# What was there before this script set the value, as Undo has it, or nothing.
function Before {
  if ($Undo -cne 'absent') {
    $kind, $value = $Undo -split ':', 2
    @{ value = $value; kind = $kind }
  }
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
  if (-not $catalog.ContainsKey($Switch)) { Say 'failed' @{ reason = 'unknown switch' } }
  $path, $name, $set = $catalog[$Switch]
  if ($Undo -and $Undo -cnotmatch '^(absent|String:[A-Za-z0-9._-]{1,64}|(DWord|QWord):[0-9]{1,19})$') {
    Say 'failed' @{ reason = 'Undo is absent or Kind:value' }
  }

  if ($Switch -eq 'UseVssCopy' -and -not $Undo) {
    # The documented cause is SQL Server's own backups; without SQL Server it is not the cause.
    $sql = @(Get-Service -Name 'SQLWriter', 'MSSQLSERVER', 'MSSQL$*' -ErrorAction SilentlyContinue)
    if ($sql.Count -eq 0) { Say 'not_applicable' @{ reason = 'no SQL Server service in this VM' } }
    if ((Value $agent 'UseVssFullBackup') -ieq 'true') {
      $why = 'UseVssFullBackup is True: the owner asked for VSS full backups, the opposite intent'
      Say 'needs_human' @{ reason = $why }
    }
  }

  $before = Current $path $name
  $from = Told $before
  if ($Undo) {
    $want = Before
    $to = Told $want
    if ($from -ceq $to) { Say 'already' @{ name = $name; value = $to } }
    if (-not $before -or $before.value -cne $set -or $before.kind -ne 'String') {
      $why = 'the value is not the one that was set: somebody else has changed it since'
      Say 'needs_human' @{ reason = $why; name = $name; from = $from; to = $to }
    }
  } else {
    $want = @{ value = $set; kind = 'String' }
    $to = $set
    if ($before -and $before.value -ieq $set -and $before.kind -eq 'String') {
      Say 'already' @{ name = $name; value = $before.value }
    }
  }
  if (-not (Applies)) { Say 'planned' @{ name = $name; from = $from; to = $to } }

  $key = (Machine).CreateSubKey($path)
  try {
    if ($want) {
      $key.SetValue($name, $want.value, [Microsoft.Win32.RegistryValueKind]$want.kind)
    } else {
      $key.DeleteValue($name, $false)
    }
    $key.Flush()
  } finally { $key.Close() }

  if ((Told (Current $path $name)) -ceq (Told $want)) {
    Say 'changed' @{ name = $name; from = $from; to = $to; reboot = $false }
  }
  Say 'failed' @{ reason = 'the value does not read back as written'; name = $name; from = $from }
}
