# runbook-script: win-reg-string
# Sets one documented REG_SZ switch of Azure Backup's VM extension.
#
# Documents: "Troubleshoot Azure Backup failure" (2022-05-05) and its SQL note (2023-09);
# self-help for ExtensionFailedVssWriterInBadState, ExtensionSnapshotFailedCOM,
# ExtensionFailedTimeoutVMNetworkUnresponsive and ExtensionVCRedistInstallationFailure (2021).
# Arguments: Switch, a name of the list below; Undo, the value to put back, as Kind=value, or absent; Apply.
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

# Puts back what was before this script set the value. What somebody else has set since stays.
function Put-Back([string]$Path, [string]$Name, [string]$Set) {
  if ($Undo -cnotmatch '^(absent|(String|ExpandString)=[A-Za-z0-9._-]{1,64}|(DWord|QWord)=[0-9]{1,19})$') {
    Say 'failed' 64 @{ reason = 'Undo is absent or Kind=value' }
  }
  $was = $null
  if ($Undo -cne 'absent') {
    $kind, $value = $Undo -split '=', 2
    $was = @{ value = $value; kind = $kind }
  }
  $now = Current $Path $Name
  $from = Told $now
  $to = Told $was
  if ($from -ceq $to) { Say 'already' 0 @{ name = $Name; value = $to } }
  if (-not $now -or $now.value -cne $Set -or $now.kind -ne 'String') {
    $why = 'the value is not the one that was set: somebody else has changed it since'
    Say 'needs_human' 2 @{ reason = $why; name = $Name; from = $from; to = $to }
  }
  if (-not (Applies)) { Say 'planned' 0 @{ name = $Name; from = $from; to = $to } }

  $key = (Machine).OpenSubKey($Path, $true)
  try {
    if ($was) {
      $key.SetValue($Name, $was.value, [Microsoft.Win32.RegistryValueKind]$was.kind)
    } else {
      $key.DeleteValue($Name, $false)
    }
    $key.Flush()
  } finally { $key.Close() }

  if ((Told (Current $Path $Name)) -cne $to) {
    Say 'failed' 1 @{ reason = 'the value does not read back as it was before'; name = $Name; from = $from }
  }
  Say 'changed' 0 @{ name = $Name; from = $from; to = $to; reboot = $false }
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
  if ($Undo) { Put-Back $path $name $want }

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
  $from = Told $before
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

