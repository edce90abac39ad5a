# runbook-script: win-strong-crypto
# Lets .NET programs use TLS 1.2: SchUseStrongCrypto is 1 for each installed .NET, in both views of the
# registry. Other .NET programs on the VM take it up when they start the next time.
#
# Documents: "Troubleshoot backup errors on Azure VMs" (2022-06-16), ExtensionSnapshotFailedNoSecureNetwork.
# Arguments: Undo, a list of what was there before, as 64v4:none (there was no value) or 32v2:0, with dots
# between; Apply. With Undo it puts that back where the 1 that it set still stands.
# RESULT: already, planned, changed, needs_human (somebody else has changed a value since), failed; was has
# each value before, with its kind (none: there was no value).
# Undone by: Undo with what was says.
param([string]$Undo = '', [string]$Apply = 'false')

# "view version" of each .NET that is installed.
function Places {
  foreach ($view in 'Registry64', 'Registry32') {
    foreach ($version in 'v2.0.50727', 'v4.0.30319') {
      if ((Machine $view).OpenSubKey("SOFTWARE\Microsoft\.NETFramework\$version")) { "$view $version" }
    }
  }
}

function Open([string]$Place, [bool]$Writable) {
  $view, $version = $Place.Split(' ')
  (Machine $view).OpenSubKey("SOFTWARE\Microsoft\.NETFramework\$version", $Writable)
}

# The value there with its kind, as DWord:1, or none; nothing where there is no such .NET.
function Current([string]$Place) {
  $key = Open $Place $false
  if ($key) {
    $value = $key.GetValue('SchUseStrongCrypto')
    if ($null -eq $value) { 'none' } else { '{0}:{1}' -f $key.GetValueKind('SchUseStrongCrypto'), $value }
    $key.Close()
  }
}

# What each value is to be.
function Wanted {
  $want = @{}
  if (-not $Undo) { foreach ($place in Places) { $want[$place] = 'DWord:1' } }
  foreach ($entry in $Undo.Split('.') | Where-Object { $_ }) {
    $where, $value = $entry.Split(':')
    $version = @{ v2 = 'v2.0.50727'; v4 = 'v4.0.30319' }[$where.Substring(2)]
    if ($value -ne 'none') { $value = "DWord:$value" }
    $place = 'Registry{0} {1}' -f $where.Substring(0, 2), $version
    $want[$place] = $value
  }
  $want
}

function Work {
  $one = '(64|32)v[24]:(none|[0-9]{1,9})'
  if ($Undo -and $Undo -cnotmatch "^$one(\.$one)*`$") { Say 'failed' @{ reason = 'Undo is a list of what was' } }
  $want = Wanted
  $was = @()
  $todo = @()
  $theirs = @()
  foreach ($place in @($want.Keys | Sort-Object)) {
    $now = Current $place
    if (-not $now -or $now -ceq $want[$place]) { continue }
    $was += "$place $now"
    if ($Undo -and $now -cne 'DWord:1') { $theirs += $place } else { $todo += $place }
  }
  if ($theirs.Count -gt 0) {
    $why = 'a value is not the one that was set: somebody else has changed it since'
    Say 'needs_human' @{ reason = $why; was = $was }
  }
  if ($todo.Count -eq 0) { Say 'already' }
  if (-not (Applies)) { Say 'planned' @{ was = $was } }
  foreach ($place in $todo) {
    $key = Open $place $true
    try {
      if ($want[$place] -eq 'none') {
        $key.DeleteValue('SchUseStrongCrypto', $false)
      } else {
        $value = [int]$want[$place].Split(':')[1]
        $key.SetValue('SchUseStrongCrypto', $value, [Microsoft.Win32.RegistryValueKind]::DWord)
      }
    } finally { $key.Close() }
  }
  $still = @($todo | Where-Object { (Current $_) -cne $want[$_] })
  if ($still.Count -gt 0) {
    Say 'failed' @{ reason = 'a value does not read back as written'; was = $was; still = $still }
  }
  Say 'changed' @{ was = $was }
}

