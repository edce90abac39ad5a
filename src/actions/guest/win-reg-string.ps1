# runbook-script: win-reg-string
# Idempotent setter of one documented REG_SZ switch of Azure Backup's VM extension.
# Only the listed switches are accepted; the default only looks. check -> change -> verify -> RESULT.
# Exit: 0 fine, 1 failed, 2 needs a person, 64 bad input.
param([string]$Switch = '', [string]$Apply = 'false')
$ErrorActionPreference = 'Stop'

function Say([hashtable]$Result, [int]$Code) {
  Write-Output ('RESULT ' + ($Result | ConvertTo-Json -Compress))
  exit $Code
}

try {
  $agent = 'SOFTWARE\Microsoft\BcdrAgent'
  $persistent = 'SOFTWARE\Microsoft\BcdrAgentPersistentKeys'
  $catalog = @{
    UseVssCopy        = @($agent, 'USEVSSCOPYBACKUP', 'TRUE')
    WithoutThreads    = @($persistent, 'SnapshotWithoutThreads', 'True')
    HostFirst         = @($persistent, 'SnapshotMethod', 'firstHostThenGuest')
    HostTime          = @($persistent, 'CalculateSnapshotTimeFromHost', 'True')
    ReinstallProvider = @($agent, 'IsProviderInstalled', 'False')
    ReinstallCommon   = @($persistent, 'IsCommonProviderInstalled', 'False')
  }
  if (-not $catalog.ContainsKey($Switch)) { Say @{ state = 'failed'; reason = 'unknown switch' } 64 }
  $path, $name, $want = $catalog[$Switch]

  # The 64-bit view: a 32-bit host would otherwise write where nothing reads.
  $hklm = [Microsoft.Win32.RegistryKey]::OpenBaseKey('LocalMachine', 'Registry64')
  function Current {
    $key = $hklm.OpenSubKey($path)
    if (-not $key) { return $null }
    try {
      $value = $key.GetValue($name)
      if ($null -eq $value) { return $null }
      return @{ value = "$value"; kind = $key.GetValueKind($name).ToString() }
    } finally { $key.Close() }
  }

  if ($Switch -eq 'UseVssCopy') {
    # The documented cause is SQL Server's own backups; without SQL Server it is not the cause.
    $sql = @(Get-Service -Name 'SQLWriter', 'MSSQLSERVER', 'MSSQL$*' -ErrorAction SilentlyContinue)
    if ($sql.Count -eq 0) { Say @{ state = 'not_applicable'; reason = 'no SQL Server service in this VM' } 0 }
    $key = $hklm.OpenSubKey($path)
    if ($key -and "$($key.GetValue('UseVssFullBackup'))" -ieq 'true') {
      Say @{ state = 'needs_human'; reason = 'UseVssFullBackup is True: the owner asked for VSS full backups, the opposite intent' } 2
    }
  }

  $before = Current
  if ($before -and $before.value -ieq $want -and $before.kind -eq 'String') {
    Say @{ state = 'already'; name = $name; value = $before.value } 0
  }
  $from = if ($before) { '{0} ({1})' -f $before.value, $before.kind } else { $null }
  if ($Apply -ine 'true') { Say @{ state = 'planned'; name = $name; from = $from; to = $want } 0 }

  $key = $hklm.CreateSubKey($path)
  try {
    $key.SetValue($name, $want, [Microsoft.Win32.RegistryValueKind]::String)
    $key.Flush()
  } finally { $key.Close() }

  $after = Current
  if ($after -and $after.value -eq $want -and $after.kind -eq 'String') {
    Say @{ state = 'changed'; name = $name; from = $from; to = $after.value; reboot = $false } 0
  }
  Say @{ state = 'failed'; reason = 'the value does not read back as written'; name = $name; from = $from } 1
} catch {
  Say @{ state = 'failed'; reason = "$($_.Exception.Message)" } 1
}
