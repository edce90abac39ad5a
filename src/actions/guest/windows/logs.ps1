# runbook-script: win-logs
# The end of one log, as much of it as Run Command can carry. Signatures and keys are blotted out.
#
# Documents: "Azure Virtual Machine Agent overview", logs; where the extension keeps its own.
# Arguments: Log: agent, installer, extension or commands.
# RESULT: reported, with path, lines and text (the last lines), or not_applicable: there is no such log.
param([string]$Log = '')

function Find-Log {
  $extension = "$logs\Plugins\Microsoft.Azure.RecoveryServices.VMSnapshot"
  $paths = @{
    agent     = "$logs\WaAppAgent.log"
    installer = "$logs\TransparentInstaller.log"
    extension = "$extension\*\IaaSBcdrExtension*.log"
    commands  = "$extension\*\CommandExecution*.log"
  }
  Get-ChildItem -Path $paths[$Log] -ErrorAction SilentlyContinue | Sort-Object LastWriteTimeUtc | Select-Object -Last 1
}

function Blot([string]$Text) {
  $secret = '((?:sig|accountkey|password|pwd|secret|token|protectedsettings)["\s\\]*[=:]["\s\\]*|bearer )[^"\s,;&]*'
  $Text -replace $secret, '$1***' -creplace 'eyJ[A-Za-z0-9_.-]*', '***'
}

function Work {
  if ($Log -notin 'agent', 'installer', 'extension', 'commands') {
    Say 'failed' @{ reason = 'Log is agent, installer, extension or commands' }
  }
  $file = Find-Log
  if (-not $file) { Say 'not_applicable' @{ reason = 'there is no such log' } }
  # A new string of each line: the lines of Get-Content carry properties that would be reported with them.
  $last = @(Get-Content -LiteralPath $file.FullName -Tail 60 | ForEach-Object { "$_" })
  $text = Blot ($last -join "`n")
  while ($text.Length -gt 0 -and (Ascii $text).Length -gt 3400) {
    $text = $text.Substring([math]::Max(1, [int][math]::Floor($text.Length / 8)))
  }
  Say 'reported' @{ path = (Brief $file.FullName); lines = @($text -split "`n").Count; text = $text }
}

