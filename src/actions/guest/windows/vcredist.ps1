# runbook-script: win-vcredist
# Looks whether the Visual C++ runtime that the extension needs is whole, and repairs it with the installer
# in the extension's own folder, if Microsoft signed that.
#
# Documents: "Troubleshoot Azure Backup failure" (2022-05-05), BackUpOperationFailed cause 5 (VC++ 2013);
# Microsoft's self-help for ExtensionVCRedistInstallationFailure (2021; msiserver must not be disabled).
# Arguments: Apply. A person approves it.
# RESULT: already (both libraries are there, in one version, and Windows Installer is not disabled),
# planned, changed (reboot), needs_human, failed;
# from has the versions before, installer_was the start mode of msiserver before.
# Undone by: removing the runtime in Programs and Features; msiserver's start mode is in installer_was.
param([string]$Apply = 'false')

# The versions of both libraries of VC++ 2013; "missing" where there is none.
function Libraries {
  foreach ($name in 'msvcp120.dll', 'msvcr120.dll') {
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
  $from = @(Libraries)
  $whole = Are-Whole $from
  $was = (Service 'msiserver').StartMode
  # The extension cannot install its own runtime either while Windows Installer is disabled.
  if ($whole -and $was -ne 'Disabled') { Say 'already' @{ versions = $from } }
  $installer = $null
  if (-not $whole) {
    $folder = Newest-Extension
    if ($folder) {
      $installer = Get-ChildItem -LiteralPath $folder.FullName -Recurse -Filter 'vcredist2013_x64*.exe' |
        Select-Object -First 1
    }
    if (-not $installer) {
      Say 'needs_human' @{ reason = 'the newest extension folder has no vcredist2013_x64'; from = $from }
    }
    $by = Get-AuthenticodeSignature -FilePath $installer.FullName
    if ($by.Status -ne 'Valid' -or $by.SignerCertificate.Subject -notmatch 'O=Microsoft Corporation') {
      Say 'needs_human' @{ reason = 'the installer is not signed by Microsoft'; from = $from }
    }
  }
  if (-not (Applies)) { Say 'planned' @{ from = $from; installer = $installer.Name; installer_was = $was } }

  if ($was -eq 'Disabled') { Set-Service -Name 'msiserver' -StartupType Manual }
  if ($whole) { Say 'changed' @{ from = $from; to = $from; reboot = $false; installer_was = $was } }
  # 1638: another version of it is installed already; 3010: done, after a restart.
  $code = (Native $installer.FullName '/install /quiet /norestart' 1200).code
  if ($code -eq 1638) { $code = (Native $installer.FullName '/repair /quiet /norestart' 1200).code }
  $to = @(Libraries)
  $told = @{ from = $from; to = $to; code = $code; reboot = ($code -eq 3010); installer_was = $was }
  if ((Are-Whole $to) -or $code -eq 3010) { Say 'changed' $told }
  if ($code -eq 1638) {
    Say 'needs_human' (@{ reason = 'another version is installed, and the libraries are not whole' } + $told)
  }
  Say 'failed' (@{ reason = 'the libraries are not whole after the installer' } + $told)
}

