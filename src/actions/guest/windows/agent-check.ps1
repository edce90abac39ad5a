# runbook-script: win-agent-check
# What the Windows agent and the services around a snapshot are, and what may keep them from working.
# Changes nothing.
#
# Documents: "Troubleshoot Azure Backup failure: Issues with the agent or extension" (2022-05-05), causes
# 1 and 5 and the four-step guide; the agent's support article for the least .NET (release 378389 is 4.5).
# Arguments: none. A probe.
# RESULT: reported; services as State/StartMode/Account or absent: RdAgent, GuestAgent, VSS, COMSysApp,
# MSDTC, Provider, RpcSs, KeyIso, Dhcp, MsiServer; agentVersion, dotnetRelease, extension (its newest
# version), appLocker (its service), crashes7d (of IaaSBcdrExtension.exe); useVssCopy, useVssFull,
# withoutThreads, snapshotMethod (values in the registry); sql, rebootPending. What cannot be had is null.
param()

function Told([string]$Name) {
  $service = Service $Name
  if ($service) { '{0}/{1}/{2}' -f $service.State, $service.StartMode, $service.StartName } else { 'absent' }
}

function Agent-Version {
  $azure = "$env:SystemDrive\WindowsAzure"
  $paths = "$azure\GuestAgent*\WaAppAgent.exe", "$azure\Packages\WaAppAgent.exe"
  Get-ChildItem -Path $paths -ErrorAction SilentlyContinue |
    ForEach-Object { $_.VersionInfo.ProductVersion } | Where-Object { $_ -match '^\d+(\.\d+){1,3}$' } |
    Sort-Object { [version]$_ } | Select-Object -Last 1
}

function Crashes {
  $filter = @{
    LogName      = 'Application'
    ProviderName = 'Application Error'
    Id           = 1000
    StartTime    = (Get-Date).AddDays(-7)
  }
  $events = Get-WinEvent -FilterHashtable $filter -ErrorAction SilentlyContinue
  @($events | Where-Object { "$($_.Properties.Value)" -match 'IaaSBcdrExtension\.exe' }).Count
}

function Reboot-Pending {
  $current = 'SOFTWARE\Microsoft\Windows\CurrentVersion'
  $keys = "$current\Component Based Servicing\RebootPending", "$current\WindowsUpdate\Auto Update\RebootRequired"
  @($keys | Where-Object { $null -ne (Machine).OpenSubKey($_) }).Count -gt 0
}

function Has-Sql {
  @(Get-Service -Name 'SQLWriter', 'MSSQLSERVER', 'MSSQL$*' -ErrorAction SilentlyContinue).Count -gt 0
}

function Work {
  $agent = 'SOFTWARE\Microsoft\BcdrAgent'
  $persistent = 'SOFTWARE\Microsoft\BcdrAgentPersistentKeys'
  Say 'reported' @{
    RdAgent        = Known { Told 'RdAgent' }
    GuestAgent     = Known { Told 'WindowsAzureGuestAgent' }
    VSS            = Known { Told 'VSS' }
    COMSysApp      = Known { Told 'COMSysApp' }
    MSDTC          = Known { Told 'MSDTC' }
    Provider       = Known { Told 'IaasVmProvider' }
    RpcSs          = Known { Told 'RpcSs' }
    KeyIso         = Known { Told 'KeyIso' }
    Dhcp           = Known { Told 'Dhcp' }
    MsiServer      = Known { Told 'msiserver' }
    agentVersion   = Known { Agent-Version }
    dotnetRelease  = Known { Value 'SOFTWARE\Microsoft\NET Framework Setup\NDP\v4\Full' 'Release' }
    extension      = Known { (Newest-Extension).Name }
    appLocker      = Known { (Service 'AppIDSvc').State }
    crashes7d      = Known { Crashes }
    useVssCopy     = Known { Value $agent 'USEVSSCOPYBACKUP' }
    useVssFull     = Known { Value $agent 'UseVssFullBackup' }
    withoutThreads = Known { Value $persistent 'SnapshotWithoutThreads' }
    snapshotMethod = Known { Value $persistent 'SnapshotMethod' }
    sql            = Known { Has-Sql }
    rebootPending  = Known { Reboot-Pending }
  }
}

