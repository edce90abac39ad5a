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
  (($told.text -split "`r?`n" | Where-Object { $_ -match 'proxy' } | ForEach-Object { $_.Trim() }) -join '; ')
}

function Work {
  $was = Proxy
  if ($was -match 'NO_PROXY') { Say 'already' 0 }
  if (-not (Applies)) { Say 'planned' 0 @{ was = (Brief $was 400) } }
  $told = Native (Join-Path $system 'bitsadmin.exe') '/Util /SetIEProxy LOCALSYSTEM NO_PROXY' 60
  if ($told.code -ne 0 -or (Proxy) -notmatch 'NO_PROXY') {
    Say 'failed' 1 @{ reason = "the proxy does not read back as set (code $($told.code))"; was = (Brief $was 400) }
  }
  Say 'changed' 0 @{ was = (Brief $was 400) }
}

