# runbook-script: win-applocker-check
# Whether AppLocker or code integrity lets the newest IaaSBcdrExtension.exe run. Evidence for a person.
#
# Documents: "Troubleshoot Azure Backup failure: Issues with the agent or extension" (2022-05-05), cause 5.
# Arguments: none. A probe.
# RESULT: reported, with exe (null: none is there), decision (Allowed, AllowedByDefault, Denied,
# DeniedByDefault; null where it cannot be had), applocker7d and integrity7d (events that name it).
param()

# 8003, 8004: AppLocker would deny, denied; 3076, 3077: the same of code integrity.
function Events([string]$Log, [int[]]$Ids) {
  $filter = @{ LogName = $Log; Id = $Ids; StartTime = (Get-Date).AddDays(-7) }
  $events = Get-WinEvent -FilterHashtable $filter -ErrorAction SilentlyContinue
  @($events | Where-Object { $_.Message -match 'IaaSBcdrExtension' }).Count
}

# SYSTEM by its id: its name is translated.
function Decision([string]$Path) {
  $policy = Get-AppLockerPolicy -Effective
  (Test-AppLockerPolicy -PolicyObject $policy -Path $Path -User 'S-1-5-18').PolicyDecision.ToString()
}

function Work {
  $folder = Newest-Extension
  $exe = $null
  if ($folder) {
    $found = Get-ChildItem -LiteralPath $folder.FullName -Recurse -Filter 'IaaSBcdrExtension.exe' |
      Select-Object -First 1
    if ($found) { $exe = $found.FullName }
  }
  $decision = $null
  if ($exe) { $decision = Known { Decision $exe } }
  Say 'reported' @{
    exe         = $exe
    decision    = $decision
    applocker7d = Known { Events 'Microsoft-Windows-AppLocker/EXE and DLL' 8003, 8004 }
    integrity7d = Known { Events 'Microsoft-Windows-CodeIntegrity/Operational' 3076, 3077 }
  }
}

