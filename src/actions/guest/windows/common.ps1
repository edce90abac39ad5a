# ---- common.ps1: the end of every Windows script; above it stand only comments, param and functions -

$ErrorActionPreference = 'Stop'
# Both would reach the output, or make errors of what is none.
$ProgressPreference = 'SilentlyContinue'
$WarningPreference = 'SilentlyContinue'

# Where programs of the system are, also when the agent is a 32-bit process on a 64-bit system.
$system = Join-Path $env:SystemRoot 'System32'
if ([Environment]::Is64BitOperatingSystem -and -not [Environment]::Is64BitProcess) {
  $system = Join-Path $env:SystemRoot 'Sysnative'
}
$packages = "$env:SystemDrive\Packages\Plugins\Microsoft.Azure.RecoveryServices.VMSnapshot"
$logs = "$env:SystemDrive\WindowsAzure\Logs"

# A value as JSON in ASCII, whatever the language and the code page of the machine are.
function Ascii($Value) {
  # Half a character, where a text was cut, is no JSON.
  $json = (ConvertTo-Json -InputObject $Value -Compress -Depth 4) -replace '[\uD800-\uDFFF]', '?'
  [regex]::Replace($json, '[^\x20-\x7E]', { param($found) '\u{0:x4}' -f [int][char]$found.Value })
}

# Prints the result and ends. Run Command keeps 4096 bytes: what is longer is told by its state alone.
function Say([string]$State, [hashtable]$Facts = @{}) {
  $result = [ordered]@{ state = $State }
  foreach ($key in @($Facts.Keys | Sort-Object)) {
    # PowerShell 5.1 writes the nothing that a command gives as {}, and $null as null.
    if ($null -eq $Facts[$key]) { $result[$key] = $null } else { $result[$key] = $Facts[$key] }
  }
  $line = Ascii $result
  if ($line.Length -gt 3900) {
    $line = Ascii ([ordered]@{ state = $State; reason = (Brief $Facts['reason'] 300); cut = $true })
  }
  Write-Output ('RESULT ' + $line)
  # The result says how it ended. Some versions of Run Command lose the output of a script that ends with
  # anything but 0 (azure-cli issue 6898).
  exit 0
}

function Brief([string]$Text, [int]$Longest = 150) {
  if ($Text.Length -gt $Longest) { $Text.Substring(0, $Longest) } else { $Text }
}

# What a look finds, or nothing when it cannot be had: one fact must not take the others with it.
function Known([scriptblock]$Look) {
  try { & $Look } catch { <# Nothing is what is told of it. #> }
}

function Applies { $Apply -eq 'true' }

# A service as WMI knows it: with its start mode and account, in English on every system.
function Service([string]$Name) {
  Get-CimInstance -ClassName Win32_Service -Filter "Name='$Name'"
}

# Stop-Service and Start-Service wait for as long as a service says that it is about to. These give up, with
# an error, and a service that is stopped takes those with it that depend on it.
function Stop-Within([string]$Name, [string]$Longest = '00:01:30') {
  $it = Get-Service -Name $Name
  if ($it.Status -eq 'Stopped') { return }
  if ($it.Status -ne 'StopPending') { $it.Stop() }
  $it.WaitForStatus('Stopped', $Longest)
}

function Start-Within([string]$Name, [string]$Longest = '00:01:30') {
  $it = Get-Service -Name $Name
  if ($it.Status -eq 'Running') { return }
  if ($it.Status -ne 'StartPending') { $it.Start() }
  $it.WaitForStatus('Running', $Longest)
}

# The services that run and are stopped with this one.
function Dependents([string]$Name) {
  Get-Service -Name $Name -DependentServices -ErrorAction SilentlyContinue |
    Where-Object { $_.Status -eq 'Running' } | ForEach-Object { $_.Name }
}

# A part of HKEY_LOCAL_MACHINE: the 64-bit view, or a 32-bit host would look where nothing writes.
function Machine([string]$View = 'Registry64') {
  [Microsoft.Win32.RegistryKey]::OpenBaseKey('LocalMachine', $View)
}

# A value in the registry as text, or nothing.
function Value([string]$Path, [string]$Name) {
  $key = (Machine).OpenSubKey($Path)
  if ($key) {
    $value = $key.GetValue($Name)
    $key.Close()
    if ($null -ne $value) { "$value" }
  }
}

# Runs a program with fixed arguments: its exit code, and what it printed. One that does not end is left
# alone, because half an installation is worse than a late one.
function Native([string]$Path, [string]$Arguments, [int]$Seconds) {
  $start = New-Object System.Diagnostics.ProcessStartInfo
  $start.FileName = $Path
  $start.Arguments = $Arguments
  $start.UseShellExecute = $false
  $start.CreateNoWindow = $true
  $start.RedirectStandardOutput = $true
  $process = [System.Diagnostics.Process]::Start($start)
  $reading = $process.StandardOutput.ReadToEndAsync()
  if (-not $process.WaitForExit($Seconds * 1000)) { throw "$Path has not ended after $Seconds seconds" }
  $text = ''
  if ($reading.Wait(5000)) { $text = $reading.Result }
  @{ code = $process.ExitCode; text = $text }
}

# The newest version folder of the backup extension, or nothing.
function Newest-Extension {
  Get-ChildItem -LiteralPath $packages -Directory -ErrorAction SilentlyContinue |
    Where-Object { $_.Name -match '^\d+(\.\d+){1,3}$' } |
    Sort-Object { [version]$_.Name } | Select-Object -Last 1
}

# What vssadmin says of each writer, by id and [number]: its words are translated, these are not.
function Writers {
  $told = Native (Join-Path $system 'vssadmin.exe') 'list writers' 300
  $id = $null
  foreach ($line in ($told.text -split "`r?`n")) {
    if ($line -match '\{([0-9a-fA-F-]{36})\}') {
      # The second id of a writer is its instance.
      if (-not $id) { $id = $Matches[1].ToLowerInvariant() }
    } elseif ($id -and $line -match '\[(\d+)\]') {
      [pscustomobject]@{ Id = $id; State = [int]$Matches[1] }
      $id = $null
    }
  }
}

try {
  if ($Apply -and $Apply -notin 'true', 'false') { Say 'failed' @{ reason = 'Apply is true or false' } }
  Work
  Say 'failed' @{ reason = 'the script ended without a result' }
} catch {
  Say 'failed' @{ reason = (Brief "$($_.Exception.Message)" 400) }
}
