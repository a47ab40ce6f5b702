//! Autoscale: a formula as it is, or the formula that a scenario stands for.

use super::section::Section;
use crate::import::yaml::{Map, Yaml};

/// A cap that is none.
const WITHOUT_LIMIT: i64 = 16_777_216;

/// Whether something that is asked for of a pool has a formula.
pub(super) fn is_asked_for(pool: &Section<'_>) -> bool {
    let autoscale = pool.get("autoscale");
    autoscale.get("formula").word().is_some() || autoscale.get("scenario").is_present()
}

/// `nodes.autoscale` of a pool, if it has one. `least` are its fewest nodes, dedicated and Spot ones; `slots` are those of a node.
pub(super) fn autoscale(pool: &Section<'_>, least: (i64, i64), slots: i64) -> Option<Yaml> {
    let section = pool.get("autoscale");
    let mut autoscale = Map::default();
    let scenario = section.get("scenario");
    let formula = match section.get("formula").word() {
        Some(formula) => {
            scenario.dropped("the formula beside it wins, as it did");
            formula
        }
        None => Scenario::read(&scenario, least, slots)?.formula(),
    };
    autoscale.put("formula", Yaml::text(formula));
    autoscale.put_some("evaluation_interval", section.get("evaluation_interval").duration().map(Yaml::text));
    Some(autoscale.long())
}

/// Which nodes come first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Bias {
    None,
    Dedicated,
    Spot,
}

/// A scenario with everything that it leaves out filled in.
#[derive(Debug)]
struct Scenario {
    name: &'static str,
    slots: i64,
    least: (i64, i64),
    most: (i64, i64),
    growth: (Option<i64>, Option<i64>),
    option: &'static str,
    lookback_seconds: u64,
    percentage: f64,
    bias_last_sample: bool,
    bias: Bias,
    rebalance: Option<f64>,
    weekdays: (i64, i64),
    hours: (i64, i64),
}

const NAMES: &[&str] = &[
    "active_tasks",
    "pending_tasks",
    "workday",
    "workday_with_offpeak_max_low_priority",
    "weekday",
    "weekend",
];
const OPTIONS: &[&str] = &["requeue", "retaineddata", "taskcompletion", "terminate"];

impl Scenario {
    fn read(scenario: &Section<'_>, (dedicated, spot): (i64, i64), slots: i64) -> Option<Self> {
        let name = scenario.get("name").one_of(NAMES)?;
        let cap = |key: &str, least: i64| {
            let cap = scenario.get("maximum_vm_count").get(key).integer().unwrap_or(least);
            if cap < 0 { WITHOUT_LIMIT } else { cap.max(least) }
        };
        let growth = |key: &str| {
            let growth = scenario.get("maximum_vm_increment_per_evaluation").get(key).integer();
            growth.filter(|growth| *growth > 0)
        };
        let range = |key: &str, first: i64, last: i64| {
            let range = scenario.get("time_ranges").get(key);
            (range.get("start").integer().unwrap_or(first), range.get("end").integer().unwrap_or(last))
        };
        let lookback = scenario.get("sample_lookback_interval").duration();
        let lookback = lookback.and_then(|text| crate::recipe::document::DurationText::parse(&text));
        let rebalance = scenario.get("rebalance_preemption_percentage");
        let percent = rebalance.number();
        if percent.is_some() {
            rebalance.changed("the formula compares it with a share; Batch Shipyard's compared a share with percents, and never acted");
        }
        if name == "weekend" {
            scenario.get("name").changed("the formula knows Saturday and Sunday; Batch Shipyard's never did");
        }
        let bias = match scenario.get("bias_node_type").one_of(&["auto", "dedicated", "low_priority"]) {
            Some("dedicated") => Bias::Dedicated,
            Some("low_priority") => Bias::Spot,
            _ => Bias::None,
        };
        Some(Self {
            name,
            slots,
            least: (dedicated, spot),
            most: (cap("dedicated", dedicated), cap("low_priority", spot)),
            growth: (growth("dedicated"), growth("low_priority")),
            option: scenario.get("node_deallocation_option").one_of(OPTIONS).unwrap_or("taskcompletion"),
            lookback_seconds: lookback.map_or(600, |lookback| lookback.0.as_secs()),
            percentage: scenario.get("required_sample_percentage").number().unwrap_or(70.0),
            bias_last_sample: scenario.get("bias_last_sample").switch().unwrap_or(true),
            bias,
            rebalance: percent,
            weekdays: range("weekdays", 1, 5),
            hours: range("work_hours", 8, 17),
        })
    }

    fn formula(&self) -> String {
        let mut lines = vec![
            format!("leastDedicated = {};", self.least.0),
            format!("leastSpot = {};", self.least.1),
            format!("mostDedicated = {};", self.most.0),
            format!("mostSpot = {};", self.most.1),
        ];
        match self.name {
            "active_tasks" | "pending_tasks" => self.by_tasks(&mut lines),
            _ => self.by_time(&mut lines),
        }
        lines.push(self.assignment(
            "Dedicated",
            "$TargetDedicatedNodes",
            "$CurrentDedicatedNodes",
            self.growth.0,
        ));
        lines.push(self.assignment(
            "Spot",
            "$TargetLowPriorityNodes",
            "$CurrentLowPriorityNodes",
            self.growth.1,
        ));
        lines.push(format!("$NodeDeallocationOption = {};\n", self.option));
        lines.join("\n")
    }

    fn assignment(&self, kind: &str, target: &str, current: &str, growth: Option<i64>) -> String {
        match growth {
            Some(growth) => format!("{target} = min({current} + {growth}, wanted{kind});"),
            None => format!("{target} = wanted{kind};"),
        }
    }

    /// As many nodes as tasks need.
    fn by_tasks(&self, lines: &mut Vec<String>) {
        let tasks = if self.name == "active_tasks" { "$ActiveTasks" } else { "$PendingTasks" };
        let percentage = self.percentage;
        lines.push(format!("lookback = TimeInterval_Second * {};", self.lookback_seconds));
        if self.bias_last_sample {
            lines.push(format!("last = val({tasks}.GetSample(1), 0);"));
            lines.push(format!("average = avg({tasks}.GetSample(lookback));"));
            lines.push(format!(
                "tasks = {tasks}.GetSamplePercent(lookback) < {percentage} ? max(0, last) : (last < average ? avg(last, average) : max(last, average));"
            ));
        } else {
            lines.push(format!("tasks = avg({tasks}.GetSample(lookback, {percentage}));"));
        }
        lines.push(format!("wanted = tasks / {};", self.slots));
        lines.push("wanted = (tasks > 0 && wanted < 1) ? 1 : wanted;".to_owned());
        if let Some(percent) = self.rebalance {
            lines.push("preempted = max(0, val($PreemptedNodeCount.GetSample(1), 0));".to_owned());
            lines.push("all = $CurrentDedicatedNodes + $CurrentLowPriorityNodes;".to_owned());
            lines.push(format!(
                "moved = (all > 0 && preempted / all >= {}) ? preempted : 0;",
                percent / 100.0
            ));
        } else {
            lines.push("moved = 0;".to_owned());
        }
        lines.extend(
            match self.bias {
                Bias::Dedicated => [
                    "wantedDedicated = min(mostDedicated, max(leastDedicated, wanted));",
                    "wantedSpot = max(leastSpot, min(mostSpot, wanted - wantedDedicated));",
                ]
                .as_slice(),
                Bias::Spot => &[
                    "wantedSpot = min(mostSpot, max(leastSpot, wanted - moved));",
                    "wantedDedicated = max(leastDedicated, min(mostDedicated, wanted - wantedSpot));",
                ],
                Bias::None => &[
                    "share = (mostDedicated == 0 || mostSpot == 0) ? 1 : 2;",
                    "wantedDedicated = max(leastDedicated, wanted / share);",
                    "wantedDedicated = (wantedDedicated > 0 && wantedDedicated < 1) ? 1 : wantedDedicated;",
                    "wantedDedicated = min(mostDedicated, wantedDedicated + min(moved, max(0, wanted - wantedDedicated)));",
                    "wantedSpot = max(leastSpot, min(mostSpot, wanted - wantedDedicated));",
                ],
            }
            .iter()
            .map(|line| (*line).to_owned()),
        );
    }

    /// As many nodes as the hour and the day ask for.
    fn by_time(&self, lines: &mut Vec<String>) {
        let (first_day, last_day) = self.weekdays;
        let (first_hour, last_hour) = self.hours;
        let work_hours = format!("now.hour >= {first_hour} && now.hour <= {last_hour}");
        let weekday = format!("now.weekday >= {first_day} && now.weekday <= {last_day}");
        let peak = match self.name {
            "weekday" => weekday,
            "weekend" => format!("now.weekday < {first_day} || now.weekday > {last_day}"),
            _ => format!("{weekday} && {work_hours}"),
        };
        lines.push("now = time();".to_owned());
        lines.push(format!("isPeak = {peak};"));
        let always_spot = self.name == "workday_with_offpeak_max_low_priority";
        let by_peak = |kind: &str| format!("wanted{kind} = isPeak ? most{kind} : least{kind};");
        let least = |kind: &str| format!("wanted{kind} = least{kind};");
        lines.push(if self.bias == Bias::Spot { least("Dedicated") } else { by_peak("Dedicated") });
        lines.push(match (always_spot, self.bias) {
            (true, _) => "wantedSpot = mostSpot;".to_owned(),
            (false, Bias::Dedicated) => least("Spot"),
            (false, _) => by_peak("Spot"),
        });
    }
}
