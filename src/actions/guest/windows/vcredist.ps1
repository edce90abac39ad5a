# runbook-script: win-vcredist
# Looks whether the Visual C++ runtime that the extension needs is whole, and repairs it with the newest
# installer in the extension's own folder, if Microsoft signed that.
#
# Documents: "Troubleshoot Azure Backup failure" (2022-05-05), BackUpOperationFailed cause 5 (VC++ 2013);
# Microsoft's self-help for ExtensionVCRedistInstallationFailure (2021; msiserver must not be disabled).
# Its message says 2012 and later 2015, where the remedy says 2013: what counts is the newest year there.
# Assumption: installers of other years are named as the one of 2013 is, vcredist2013_x64.
# Arguments: Apply. A person approves it.
# RESULT: already (both libraries are there, in one version, and Windows Installer is not disabled),
# planned, changed (reboot), needs_human, failed;
# from has the versions before, year whose they are, installer_was the start mode of msiserver before.
# Undone by: win-start-mode, where installer_was is Disabled; a runtime is removed in Programs and Features.
param([string]$Apply = 'false')

# The newest runtime's installer in the newest extension folder, or nothing.
function Newest-Installer {
  $folder = Newest-Extension
  if ($folder) {
    Get-ChildItem -LiteralPath $folder.FullName -Recurse -Filter 'vcredist*_x64*.exe' |
      Where-Object { $_.Name -match '^vcredist20\d\d_x64.*\.exe$' } |
      Sort-Object { Year-Of $_ } | Select-Object -Last 1
  }
}

function Year-Of($Installer) { [int]$Installer.Name.Substring(8, 4) }

# The two libraries of a year's runtime, or nothing; from 2015 on the years share theirs.
function Libraries-Of([int]$Year) {
  if ($Year -eq 2012) { 'msvcp110.dll', 'msvcr110.dll' }
  if ($Year -eq 2013) { 'msvcp120.dll', 'msvcr120.dll' }
  if ($Year -ge 2015) { 'msvcp140.dll', 'vcruntime140.dll' }
}

# The versions of libraries; "missing" where there is none.
function Versions([string[]]$Libraries) {
  foreach ($name in $Libraries) {
    $path = Join-Path $system $name
    if (Test-Path -LiteralPath $path) {
      $of = (Get-Item -LiteralPath $path).VersionInfo
      '{0}.{1}.{2}.{3}' -f $of.FileMajorPart, $of.FileMinorPart, $of.FileBuildPart, $of.FilePrivatePart
    } else { 'missing' }
  }
}

function Are-Whole([string[]]$Versions) {
  $Versions.Count -eq 2 -and $Versions[0] -eq $Versions[1] -and $Versions[0] -ne 'missing'
}

function Work {
  $installer = Newest-Installer
  # Without an installer nothing says which year the extension needs: the document's.
  $year = 2013
  if ($installer) { $year = Year-Of $installer }
  $libraries = @(Libraries-Of $year)
  if (-not $libraries) {
    Say 'needs_human' @{ reason = 'the newest installer is of a year that is not known'; year = $year }
  }
  $from = @(Versions $libraries)
  $whole = Are-Whole $from
  $was = (Service 'msiserver').StartMode
  # The extension cannot install its own runtime either while Windows Installer is disabled.
  if ($whole -and $was -ne 'Disabled') { Say 'already' @{ versions = $from; year = $year } }
  if (-not $whole) {
    if (-not $installer) {
      $reason = 'the newest extension folder has no installer of the runtime'
      Say 'needs_human' @{ reason = $reason; from = $from; year = $year }
    }
    $by = Get-AuthenticodeSignature -FilePath $installer.FullName
    if ($by.Status -ne 'Valid' -or $by.SignerCertificate.Subject -notmatch 'O=Microsoft Corporation') {
      Say 'needs_human' @{ reason = 'the installer is not signed by Microsoft'; from = $from; year = $year }
    }
  }
  $found = @{ from = $from; year = $year; installer = $installer.Name; installer_was = $was }
  if (-not (Applies)) { Say 'planned' $found }

  if ($was -eq 'Disabled') {
    Set-Service -Name 'msiserver' -StartupType Manual
    if ((Service 'msiserver').StartMode -eq 'Disabled') {
      $reason = 'Windows Installer is still disabled: a policy may hold it'
      Say 'needs_human' @{ reason = $reason; from = $from; year = $year; installer_was = $was }
    }
  }
  if ($whole) { Say 'changed' @{ from = $from; to = $from; year = $year; reboot = $false; installer_was = $was } }
  # 1638: another version of it is installed already; 3010: done, after a restart.
  $code = (Native $installer.FullName '/install /quiet /norestart' 1200).code
  if ($code -eq 1638) { $code = (Native $installer.FullName '/repair /quiet /norestart' 1200).code }
  $to = @(Versions $libraries)
  $told = @{ from = $from; to = $to; year = $year; code = $code; reboot = ($code -eq 3010); installer_was = $was }
  if ((Are-Whole $to) -or $code -eq 3010) { Say 'changed' $told }
  if ($code -eq 1638) {
    Say 'needs_human' (@{ reason = 'another version is installed, and the libraries are not whole' } + $told)
  }
  Say 'failed' (@{ reason = 'the libraries are not whole after the installer' } + $told)
}

