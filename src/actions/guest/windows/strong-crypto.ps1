# runbook-script: win-strong-crypto
# Lets .NET programs use TLS 1.2: SchUseStrongCrypto is 1 for each installed .NET, in both views of the
# registry. Other .NET programs on the VM take it up when they start the next time.
#
# Documents: "Troubleshoot backup errors on Azure VMs" (2022-06-16), ExtensionSnapshotFailedNoSecureNetwork.
# Arguments: Apply.
# RESULT: already, planned, changed, failed; was has each value before (none: there was no value).
# Undone by: the values named in was; deleting those that were none.
param([string]$Apply = 'false')

# "view version value" for each .NET whose value is not 1.
function Weak {
  foreach ($view in 'Registry64', 'Registry32') {
    foreach ($version in 'v2.0.50727', 'v4.0.30319') {
      $key = (Machine $view).OpenSubKey("SOFTWARE\Microsoft\.NETFramework\$version")
      if ($key) {
        $value = $key.GetValue('SchUseStrongCrypto')
        $key.Close()
        if ($value -is [int] -and $value -eq 1) { continue }
        if ($null -eq $value) { $value = 'none' }
        '{0} {1} {2}' -f $view, $version, $value
      }
    }
  }
}

function Work {
  $was = @(Weak)
  if ($was.Count -eq 0) { Say 'already' 0 }
  if (-not (Applies)) { Say 'planned' 0 @{ was = $was } }
  foreach ($one in $was) {
    $view, $version, $value = $one.Split(' ')
    $key = (Machine $view).OpenSubKey("SOFTWARE\Microsoft\.NETFramework\$version", $true)
    try {
      $key.SetValue('SchUseStrongCrypto', 1, [Microsoft.Win32.RegistryValueKind]::DWord)
    } finally { $key.Close() }
  }
  $still = @(Weak)
  if ($still.Count -gt 0) {
    Say 'failed' 1 @{ reason = 'a value does not read back as written'; was = $was; still = $still }
  }
  Say 'changed' 0 @{ was = $was }
}

