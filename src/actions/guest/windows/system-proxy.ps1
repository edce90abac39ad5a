# runbook-script: win-system-proxy
# The proxy that the LocalSystem account uses for downloads; the documented remedy is to have none.
#
# Documents: Microsoft's self-help for ExtensionFailedTimeoutDelayInNetwork (2021).
# Arguments: Apply. A person approves it: where all traffic has to go through a proxy, it cuts the agent off.
# RESULT: already, planned, changed, failed; was is what bitsadmin said of the proxy before.
# Undone by: bitsadmin /Util /SetIEProxy LOCALSYSTEM with the settings named in was.
param([string]$Apply = 'false')

function Proxy {
  $told = Native (Join-Path $system 'bitsadmin.exe') '/Util /GetIEProxy LOCALSYSTEM' 60
  if ($told.code -ne 0) { throw "bitsadmin could not read the proxy (code $($told.code))" }
  # Its labels are translated, so that all lines are kept; who signs in with a password is not told.
  $lines = $told.text -split "`r?`n" | ForEach-Object { $_.Trim() } | Where-Object { $_ -match ':|proxy' }
  ($lines -join '; ') -replace '//[^/@\s]+@', '//***@'
}

function Work {
  $was = Proxy
  if ($was -match 'NO_PROXY') { Say 'already' }
  if (-not (Applies)) { Say 'planned' @{ was = (Brief $was 400) } }
  $told = Native (Join-Path $system 'bitsadmin.exe') '/Util /SetIEProxy LOCALSYSTEM NO_PROXY' 60
  if ($told.code -ne 0 -or (Proxy) -notmatch 'NO_PROXY') {
    Say 'failed' @{ reason = "the proxy does not read back as set (code $($told.code))"; was = (Brief $was 400) }
  }
  Say 'changed' @{ was = (Brief $was 400) }
}

