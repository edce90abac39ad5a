# runbook-script: win-resources
# Processor, memory and disk at this moment.
#
# Documents: "Snapshot VM sub task timed out" (2017-02-07), cause 4: over 90 % of processor or memory the
# snapshot is late; "Troubleshoot backup errors on Azure VMs" (2023), VSS writers: disk, memory, page file.
# Arguments: none. A probe.
# RESULT: reported, with the numbers cpus, cpu_percent (the mean of three looks), memory_mib,
# memory_free_mib, memory_percent, pagefile_percent, and disks ("C: free MiB, percent in use", at most 12).
# What cannot be had is null.
param()

function Load {
  $looks = foreach ($look in 1..3) {
    (Get-CimInstance -ClassName Win32_Processor | Measure-Object -Property LoadPercentage -Average).Average
    Start-Sleep -Seconds 1
  }
  $known = @($looks | Where-Object { $null -ne $_ })
  if ($known.Count -gt 0) { [int]($known | Measure-Object -Average).Average }
}

function Disks {
  foreach ($disk in Get-CimInstance -ClassName Win32_LogicalDisk -Filter 'DriveType=3') {
    if ($disk.Size -gt 0) {
      $free = [long][math]::Floor([double]$disk.FreeSpace / 1048576)
      $used = [int](100 * ($disk.Size - $disk.FreeSpace) / $disk.Size)
      '{0} {1} MiB, {2}%' -f $disk.DeviceID, $free, $used
    }
  }
}

function Page-File {
  $files = @(Get-CimInstance -ClassName Win32_PageFileUsage)
  $all = ($files | Measure-Object -Property AllocatedBaseSize -Sum).Sum
  if ($all -gt 0) { [int](100 * ($files | Measure-Object -Property CurrentUsage -Sum).Sum / $all) }
}

function Work {
  $os = Known { Get-CimInstance -ClassName Win32_OperatingSystem }
  $memory = $null
  $free = $null
  $percent = $null
  if ($os) {
    $memory = [long][math]::Floor([double]$os.TotalVisibleMemorySize / 1024)
    $free = [long][math]::Floor([double]$os.FreePhysicalMemory / 1024)
    if ($memory -gt 0) { $percent = [int](100 * ($memory - $free) / $memory) }
  }
  Say 'reported' @{
    cpus             = [Environment]::ProcessorCount
    cpu_percent      = Known { Load }
    memory_mib       = $memory
    memory_free_mib  = $free
    memory_percent   = $percent
    pagefile_percent = Known { Page-File }
    disks            = @(Known { Disks } | Select-Object -First 12)
  }
}

