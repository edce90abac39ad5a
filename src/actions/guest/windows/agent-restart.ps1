# runbook-script: win-agent-restart
# Sees to it that the agent's two services start by themselves and run, and restarts them: three minutes
# later, by a scheduled task, because Run Command is a child of the agent and has to tell its result first.
#
# Documents: "Troubleshoot Azure Backup failure: Issues with the agent or extension" (2022-05-05), cause 1;
# Run Command's page (2025-08-18) on not restarting the agent from it. From agent 2.7.41491.971 on there
# are two services, RdAgent first.
# Arguments: Restart (true restarts an agent that looks well too), Apply.
# RESULT: already (queued: a restart is due), planned, changed (restart_in_s), needs_human, failed; was has
# state and start mode before. That it came back is seen in Azure: an agent status newer than before.
# Undone by: win-start-mode, with the start modes named in was. The task removes itself.
param([string]$Restart = 'false', [string]$Apply = 'false')

# Whether the task is due or at work.
function Is-Queued([string]$Task) {
  $found = Get-ScheduledTask -TaskName $Task -ErrorAction SilentlyContinue
  if (-not $found) { return $false }
  if ($found.State -in 'Running', 'Queued') { return $true }
  return ($null -ne (Get-ScheduledTaskInfo -TaskName $Task -ErrorAction Stop).NextRunTime)
}

function Work {
  if ($Restart -notin 'true', 'false') { Say 'failed' @{ reason = 'Restart is true or false' } }
  $names = 'RdAgent', 'WindowsAzureGuestAgent'
  $services = @($names | ForEach-Object { Service $_ })
  if ($services.Count -lt 2) {
    Say 'needs_human' @{ reason = 'a service of the agent is missing: the agent must be installed again' }
  }
  $was = @($services | ForEach-Object { '{0} {1}/{2}' -f $_.Name, $_.State, $_.StartMode })
  $wrong = @($services | Where-Object { $_.State -ne 'Running' -or $_.StartMode -ne 'Auto' })
  $task = 'runbook-agent-restart'
  if (Is-Queued $task) { Say 'already' @{ queued = $true; was = $was } }
  if ($wrong.Count -eq 0 -and $Restart -ne 'true') { Say 'already' @{ queued = $false; was = $was } }
  if (-not (Applies)) { Say 'planned' @{ was = $was; restart = $names } }

  foreach ($service in $services) {
    if ($service.StartMode -ne 'Auto') { Set-Service -Name $service.Name -StartupType Automatic }
  }
  # The task service is a process of the system's own kind: its System32 is the real one.
  $net = "$env:SystemRoot\System32\net.exe"
  $actions = @(
    New-ScheduledTaskAction -Execute $net -Argument 'stop RdAgent /y'
    New-ScheduledTaskAction -Execute $net -Argument 'start RdAgent'
    New-ScheduledTaskAction -Execute $net -Argument 'stop WindowsAzureGuestAgent /y'
    New-ScheduledTaskAction -Execute $net -Argument 'start WindowsAzureGuestAgent'
    # net gives up on a service that stops slowly, and cannot start it then: both are asked again.
    New-ScheduledTaskAction -Execute $net -Argument 'start RdAgent'
    New-ScheduledTaskAction -Execute $net -Argument 'start WindowsAzureGuestAgent'
  )
  $at = (Get-Date).AddSeconds(180)
  $trigger = New-ScheduledTaskTrigger -Once -At $at
  # A task that is to be deleted must have an end.
  $trigger.EndBoundary = $at.AddMinutes(30).ToString('s')
  $limits = @{
    ExecutionTimeLimit     = New-TimeSpan -Minutes 15
    DeleteExpiredTaskAfter = New-TimeSpan -Minutes 5
  }
  $whole = @{
    TaskName  = $task
    Action    = $actions
    Trigger   = $trigger
    Settings  = New-ScheduledTaskSettingsSet @limits
    # The account by its id: its name is translated.
    Principal = New-ScheduledTaskPrincipal -UserId 'S-1-5-18' -LogonType ServiceAccount -RunLevel Highest
  }
  $null = Register-ScheduledTask @whole -Force -ErrorAction Stop
  if (-not (Is-Queued $task)) { Say 'failed' @{ reason = 'the task of the restart is not due'; was = $was } }
  Say 'changed' @{ restart_in_s = 180; was = $was }
}

