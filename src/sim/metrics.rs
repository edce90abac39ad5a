//! Platform metrics of a VM.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::sim::answer::Reply;
use crate::sim::call::Call;
use crate::sim::compute;
use crate::sim::ids;
use crate::sim::route::Found;
use crate::sim::simulator::Sim;
use crate::sim::world::{Power, Vm};

const NAMESPACE: &str = "Microsoft.Compute/virtualMachines";

/// `GET {VM}/providers/Microsoft.Insights/metrics`.
///
/// Assumption: the code and words of the refusal of a metric that the machine has not got, which
/// fails the whole question.
pub(in crate::sim) fn list(sim: &mut Sim, call: &Call, found: &Found) -> Reply {
    let vm = match compute::vm(&sim.world, found) {
        Ok(vm) => vm,
        Err(reply) => return reply,
    };
    // Metrics describe their errors without an envelope.
    let refused = |why: &str| Reply::json(400, &json!({"code": "BadRequest", "message": why}));
    let span = call.query("timespan").and_then(|text| {
        let (from, to) = text.split_once('/')?;
        Some((from.parse().ok()?, to.parse().ok()?))
    });
    let Some((from, to)) = span else {
        return refused("The timespan is not valid.");
    };
    let minutes = match call.query("interval").unwrap_or("PT1M") {
        "PT1M" => 1,
        "PT5M" => 5,
        "PT15M" => 15,
        "PT1H" => 60,
        _ => return refused("The interval is not valid."),
    };
    let mut value = Vec::new();
    for name in call.query("metricnames").unwrap_or_default().split(',') {
        let Some(measure) = measure(vm, name) else {
            let why = format!(
                "Failed to find metric configuration for provider: Microsoft.Compute, resource \
                 Type: virtualMachines, metric: {name}."
            );
            return refused(&why);
        };
        let points = points(vm, (from, to, minutes), sim.world.now, &measure);
        value.push(metric(&compute::id(&sim.world, vm), name, points));
    }
    Reply::ok(&json!({
        "cost": 0,
        "timespan": call.query("timespan"),
        "interval": call.query("interval"),
        "value": value,
        "namespace": NAMESPACE,
        "resourceregion": sim.world.location,
    }))
}

/// What a metric measures at a time, if the machine has it.
fn measure(vm: &Vm, name: &str) -> Option<Box<dyn Fn(Timestamp, Timestamp) -> f64>> {
    let load = vm.load.clone();
    if ids::same(name, "Percentage CPU") {
        return Some(Box::new(move |at, now| {
            let during = load.spikes.iter().find(|spike| {
                spike.from.time(now) <= at && spike.to.is_none_or(|to| at < to.time(now))
            });
            during.map_or(load.cpu, |spike| spike.cpu)
        }));
    }
    let used = load
        .memory
        .filter(|_| ids::same(name, "Available Memory Percentage"))?;
    Some(Box::new(move |_, _| 100.0 - used))
}

/// A machine that is off has no measures: its moments are there, without one.
fn points(
    vm: &Vm,
    (from, to, minutes): (Timestamp, Timestamp, i64),
    now: Timestamp,
    measure: &dyn Fn(Timestamp, Timestamp) -> f64,
) -> Vec<Value> {
    let step = SignedDuration::from_mins(minutes);
    let mut points = Vec::new();
    let mut at = from;
    while at < to && points.len() < 1_500 {
        let shown = at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        points.push(if vm.power == Power::Running {
            let percent = measure(at, now);
            json!({"timeStamp": shown, "average": percent, "maximum": percent})
        } else {
            json!({"timeStamp": shown})
        });
        let Ok(next) = at.checked_add(step) else {
            break;
        };
        at = next;
    }
    points
}

fn metric(vm: &str, name: &str, points: Vec<Value>) -> Value {
    json!({
        "id": format!("{vm}/providers/Microsoft.Insights/metrics/{name}"),
        "type": "Microsoft.Insights/metrics",
        "name": {"value": name, "localizedValue": name},
        "unit": "Percent",
        "timeseries": [{"metadatavalues": [], "data": points}],
        "errorCode": "Success",
    })
}
