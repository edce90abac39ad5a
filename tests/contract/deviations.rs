//! Where the real Azure does not do what its own descriptions say, as recorded; the simulator
//! does as Azure does. Each names what shows it.

use crate::check::Problem;

/// An operation, the beginning of the place, a part of the reason, and what shows it.
type Deviation = (&'static str, &'static str, &'static str, &'static str);

const DEVIATIONS: &[Deviation] = &[
    (
        "JobDetails_Get",
        "answer 200 /properties/extendedInfo/tasksList/",
        "'taskType' was unexpected",
        "recorded 2024-05 and 2025-01 in every job with tasks",
    ),
    (
        "JobDetails_Get",
        "answer 200 /properties/extendedInfo/tasksList/",
        "\"0001-01-01T00:00:00\" is not a \"date-time\"",
        "recorded 2024-05 and 2025-01: a task that has not begun or ended, without an offset",
    ),
    (
        "JobDetails_Get",
        "answer 200 /properties/actionsInfo/",
        "1 is not",
        "recorded 2018: numbers where words are described",
    ),
    (
        "ProtectedItemOperationStatuses_Get",
        "answer 200 /endTime",
        "\"0001-01-01T00:00:00\" is not a \"date-time\"",
        "recorded 2024-05 while an operation runs",
    ),
    (
        "ProtectedItemOperationResults_Get",
        "answer 202",
        "has no body in its description",
        "recorded 2017: `{}` while an operation runs",
    ),
    (
        "Subscriptions_List",
        "answer 200 ",
        "\"nextLink\" is a required property",
        "Resource Manager's lists end without one (azure-resource-manager-rpc, paging)",
    ),
    (
        "Subscriptions_List",
        "answer 200 /value/",
        "'homeTenantId' was unexpected",
        "the Azure CLI's login reads it of every subscription (azure-cli 2.91)",
    ),
    (
        "ProtectedItems_Get",
        "answer 200 /properties",
        "'softDeleteRetentionPeriod' was unexpected",
        "recorded 2024-05 and 2025-01",
    ),
    (
        "ActivityLogs_List",
        "answer 403",
        "'error' was unexpected",
        "Resource Manager refuses before the service is asked, in its own form (azure-api.md 2.2)",
    ),
    (
        "Metrics_List",
        "answer 403",
        "'error' was unexpected",
        "Resource Manager refuses before metrics are asked, in its own form (azure-api.md 2.2)",
    ),
    (
        "BackupProtectedItems_List",
        "answer 200 /value/",
        "'softDeleteRetentionPeriod' was unexpected",
        "recorded 2024 and 2025",
    ),
    (
        "VirtualMachineExtensions_Delete",
        "answer 429 ",
        "'code', 'message', 'details' were unexpected",
        "Microsoft Learn, \"Troubleshooting API throttling errors\": compute's 429 has no `error`",
    ),
];

/// The deviations that nothing shows any more, by their reason: such a line is to be removed.
pub(crate) fn unused(seen: &[Problem]) -> Vec<&'static str> {
    let used = |deviation: &&Deviation| seen.iter().any(|problem| covers(deviation, problem));
    DEVIATIONS
        .iter()
        .filter(|d| !used(d))
        .map(|d| d.3)
        .collect()
}

fn covers((operation, place, reason, _): &Deviation, problem: &Problem) -> bool {
    *operation == problem.operation
        && problem.place.starts_with(place)
        && problem.reason.contains(reason)
}

/// Whether the real Azure does this too.
pub(crate) fn is_real(problem: &Problem) -> bool {
    DEVIATIONS
        .iter()
        .any(|deviation| covers(deviation, problem))
}
