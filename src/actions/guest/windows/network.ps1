# runbook-script: win-network
# Whether the wire server answers. It sends nothing but the opening of a connection, and only to the
# address that every Azure VM has; a VM with managed disks needs no other (and storage is reached
# through port 32526 of the same host).
#
# Documents: "What is IP address 168.63.129.16"; "Troubleshoot Azure Backup failure: Issues with the
# agent or extension" (2022-05-05), step 4: ports 80, 443 and 32526, and DHCP inside the guest.
# Arguments: none. A probe.
# RESULT: reported, with p80, p443 and p32526 (open or closed) and dhcpOff (adapters without DHCP).
param()

function Answers([int]$Port) {
  $client = New-Object System.Net.Sockets.TcpClient
  try {
    $begun = $client.BeginConnect('168.63.129.16', $Port, $null, $null)
    if ($begun.AsyncWaitHandle.WaitOne(5000) -and $client.Connected) { 'open' } else { 'closed' }
  } catch { 'closed' } finally { $client.Close() }
}

function Static-Adapters {
  Get-CimInstance -ClassName Win32_NetworkAdapterConfiguration -Filter 'IPEnabled=True' |
    Where-Object { -not $_.DHCPEnabled } | ForEach-Object { '{0} {1}' -f $_.Index, (Brief $_.Description 60) }
}

function Work {
  Say 'reported' @{
    p80     = Answers 80
    p443    = Answers 443
    p32526  = Answers 32526
    dhcpOff = @(Known { Static-Adapters } | Select-Object -First 8)
  }
}

