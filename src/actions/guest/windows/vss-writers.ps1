# runbook-script: win-vss-writers
# Restarts the services of VSS writers that are not stable: those of the low-risk list, or one other that
# is named. Never one that is on neither list.
#
# Documents: "Troubleshoot backup errors on Azure VMs" (2022-06-16), ExtensionFailedVssWriterInBadState;
# Microsoft's list of in-box writers for the ids. That CryptSvc holds the System Writer is documented; the
# other services are what is commonly known.
# Arguments: Service, LowRisk or a name of the second list (a person approves that one); Settled, true when
# the caller has waited for writers that only wait for the end of a backup (state 5); Apply.
# RESULT: already, planned, changed, busy (a snapshot is being taken, or see Settled), needs_human, failed;
# restarted, ask (services of the second list whose writers are not stable), person (writers of no list).
# Where one service is named, only its own writers are judged.
# Undone by: nothing to undo; a service that was stopped and not disabled runs afterwards (was).
param([string]$Service = 'LowRisk', [string]$Settled = 'false', [string]$Apply = 'false')

# Writer -> service, the low-risk ones.
function Low-Risk {
  @{
    'e8132975-6f93-4464-a53e-1050253ae220' = 'CryptSvc'         # System
    'be000cbe-11fe-4426-9c58-531aa6355fc4' = 'VSS'              # ASR
    '542da469-d3e1-473c-9f4f-7847f01fc64f' = 'VSS'              # COM+ REGDB
    'afbab4a2-367d-4d15-a586-71dbb18f8485' = 'VSS'              # Registry
    '4dc3bdd4-ab48-4d07-adb0-3bee2926fd7f' = 'VSS'              # Shadow Copy Optimization
    '4969d978-be47-48b0-b100-f328f07ac1e0' = 'BITS'             # BITS
    'a6ad56c2-b509-4e6c-bb19-49d8f43532f0' = 'Winmgmt'          # WMI
    'cd3f2362-8bef-46c7-9181-d62844cdc0b2' = 'WSearch'          # MSSearch
    'a65faa63-5ea8-4ebc-9dbd-a0c4db26912a' = 'SQLWriter'        # SqlServerWriter
    '2a40fd15-dfca-4aa8-a654-1f8c654603f6' = 'AppHostSvc'       # IIS Config
  }
}

# Writer -> service that serves others: a person approves each.
function Others {
  @{
    '59b1f0cf-90ef-465f-9609-6ca8b2938366' = 'IISADMIN'         # IIS Metabase
    'b2014c9e-8711-4c5c-a5a9-3cf384484757' = 'NTDS'             # Active Directory
    '772c45f8-ae01-4f94-940c-94961864acad' = 'adfssrv'          # ADFS
    '6f5b15b5-da24-4d88-b737-63063e3a1f86' = 'CertSvc'          # Certificate Authority
    '2707761b-2324-473d-88eb-eb007a359533' = 'DFSR'             # DFS Replication
    'be9ac81e-3619-421f-920f-4c6fea9e93ad' = 'DHCPServer'       # Dhcp Jet
    'd76f5a28-3092-4589-ba48-2958fb88ce29' = 'NtFrs'            # FRS
    '12ce4370-5bb7-4c58-a76a-e5d5097e3674' = 'srmsvc'           # FSRM
    '66841cd4-6ded-4f4b-8f17-fd23f8ddc3de' = 'vmms'             # Hyper-V
    '76fe1ac4-15f7-4bcd-987e-8e1acb462fb7' = 'MSExchangeIS'     # Exchange
    '7e47b561-971a-46e6-96b9-696eeaa53b2a' = 'MSMQ'             # MSMQ
    '35e81631-13e1-48db-97fc-d5bc721bb18a' = 'EventSystem'      # NPS
    '368753ec-572e-4fc7-b4b9-ccd9bdc624cb' = 'TSGateway'        # TS Gateway
    '5382579c-98df-47a7-ac6c-98a6d7106e09' = 'TermServLicensing'
    'd46bf321-fdba-4a35-8ec3-454df03bc86a' = 'SyncShareSvc'     # Sync Share
    '82cb5521-68db-4626-83a4-7fc6f88853e9' = 'WDSServer'        # WDS
    '8d5194e1-e455-434a-b2e5-51296cce67df' = 'WIDWriter'        # WID
    'f08c1483-8407-4a26-8c26-6c267a629741' = 'WINS'             # WINS
  }
}

# Restarts one service and those that depend on it and ran; what went wrong, or nothing.
function Restart-One([string]$Name) {
  try {
    $dependents = @(Dependents $Name)
    Stop-Within $Name
    foreach ($one in @($Name) + $dependents) { Start-Within $one }
  } catch { '{0}: {1}' -f $Name, (Brief $_.Exception.Message) }
}

function Work {
  if ($Settled -notin 'true', 'false') { Say 'failed' @{ reason = 'Settled is true or false' } }
  $low = Low-Risk
  $others = Others
  if ($Service -ne 'LowRisk' -and $Service -notin $others.Values) {
    Say 'failed' @{ reason = 'the service is on no list' }
  }
  $writers = @(Known { Writers })
  if ($writers.Count -eq 0) { Say 'needs_human' @{ reason = 'no writers are named: VSS itself is sick' } }
  $bad = @($writers | Where-Object { $_.State -ne 1 })
  $judged = $bad
  if ($Service -ne 'LowRisk') { $judged = @($bad | Where-Object { $others[$_.Id] -eq $Service }) }
  if ($judged.Count -eq 0) { Say 'already' @{ writers = $writers.Count } }
  # 2, 3 and 4: between the freeze and the end of a snapshot; 5: a backup has not said that it is over.
  $last = 5
  if ($Settled -eq 'true') { $last = 4 }
  $freezing = @($bad | Where-Object { $_.State -ge 2 -and $_.State -le $last })
  if ($freezing.Count -gt 0) {
    Say 'busy' @{ reason = 'a snapshot is being taken, or a backup has not ended'; writers = $freezing.Count }
  }

  $ask = @($judged | ForEach-Object { $others[$_.Id] } | Where-Object { $_ } | Select-Object -Unique)
  $person = @($judged | Where-Object { -not $low[$_.Id] -and -not $others[$_.Id] } | ForEach-Object { $_.Id })
  if ($Service -eq 'LowRisk') {
    $todo = @($bad | ForEach-Object { $low[$_.Id] } | Where-Object { $_ } | Select-Object -Unique)
  } else {
    $todo = @($ask | Where-Object { $_ -eq $Service })
    $ask = @($ask | Where-Object { $_ -ne $Service })
  }
  $left = @{ ask = $ask; person = $person }
  if ($todo.Count -eq 0) {
    Say 'needs_human' (@{ reason = 'other writers than those asked for are not stable' } + $left)
  }
  $was = @($todo | ForEach-Object { '{0} {1}' -f $_, (Get-Service -Name $_ -ErrorAction SilentlyContinue).Status })
  if (-not (Applies)) { Say 'planned' (@{ restart = $todo; was = $was } + $left) }

  $mine = @($bad | ForEach-Object { $_.Id } | Where-Object { $low[$_] -in $todo -or $others[$_] -in $todo })
  $failed = @($todo | ForEach-Object { Restart-One $_ })
  # Writers come back some seconds after their service; one that starts on demand may stay away.
  foreach ($turn in 1..3) {
    Start-Sleep -Seconds 20
    $now = @(Known { Writers })
    $still = @($now | Where-Object { $_.State -ne 1 } | ForEach-Object { $_.Id })
    $ours = @($still | Where-Object { $low[$_] -in $todo -or $others[$_] -in $todo })
    $seen = @($now | ForEach-Object { $_.Id })
    $gone = @($mine | Where-Object { $_ -notin $seen })
    if ($now.Count -gt 0 -and $ours.Count -eq 0 -and $gone.Count -eq 0) { break }
  }
  $told = @{ restarted = $todo; was = $was; wrong = $failed; gone = $gone } + $left
  if ($now.Count -eq 0) { Say 'failed' (@{ reason = 'no writers are named after the restart' } + $told) }
  if ($failed.Count -gt 0 -or $ours.Count -gt 0) {
    Say 'failed' (@{ reason = 'a writer is not stable after its service was restarted'; still = $ours } + $told)
  }
  if ($still.Count -gt 0 -and $Service -eq 'LowRisk') {
    Say 'needs_human' (@{ reason = 'what was asked for is stable, and other writers are not' } + $told)
  }
  Say 'changed' $told
}

