//! The names that the language keeps for itself.

/// How alike an unknown name and its suggestion must be, from 0 to 1.
const ALIKE: f64 = 0.6;

/// Declares a set of names as an enum.
macro_rules! names {
    ($(#[$meta:meta])* $type:ident { $($(#[$doc:meta])* $variant:ident = $name:literal,)* }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $type {
            $($(#[$doc])* $variant,)*
        }

        impl $type {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The name in a formula.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }

            /// The one with a name.
            pub fn by_name(name: &str) -> Option<Self> {
                match name {
                    $($name => Some(Self::$variant),)*
                    _ => None,
                }
            }
        }
    };
}

names! {
    /// A variable that the service defines.
    ServiceVariable {
        /// The number of dedicated nodes that the pool should have; to be assigned.
        TargetDedicatedNodes = "$TargetDedicatedNodes",
        /// The number of Spot nodes that the pool should have; to be assigned.
        TargetLowPriorityNodes = "$TargetLowPriorityNodes",
        /// What happens to running tasks when nodes go; to be assigned.
        NodeDeallocationOption = "$NodeDeallocationOption",
        /// An older name of [`Self::TargetDedicatedNodes`].
        TargetDedicated = "$TargetDedicated",
        /// An older name of [`Self::TargetLowPriorityNodes`].
        TargetLowPriority = "$TargetLowPriority",
        /// Tasks that are ready to run; those that wait for others do not count.
        ActiveTasks = "$ActiveTasks",
        /// Tasks that are running.
        RunningTasks = "$RunningTasks",
        /// Ready and running tasks together.
        PendingTasks = "$PendingTasks",
        /// Tasks that have succeeded.
        SucceededTasks = "$SucceededTasks",
        /// Tasks that have failed.
        FailedTasks = "$FailedTasks",
        /// The slots of a node.
        TaskSlotsPerNode = "$TaskSlotsPerNode",
        /// Dedicated nodes that are there.
        CurrentDedicatedNodes = "$CurrentDedicatedNodes",
        /// An older name of [`Self::CurrentDedicatedNodes`].
        CurrentDedicated = "$CurrentDedicated",
        /// Spot nodes that are there, also those that were taken away.
        CurrentLowPriorityNodes = "$CurrentLowPriorityNodes",
        /// Spot nodes that were taken away.
        PreemptedNodeCount = "$PreemptedNodeCount",
        /// Nodes that can run tasks.
        UsableNodeCount = "$UsableNodeCount",
        /// Nodes whose samples count.
        SampleNodeCount = "$SampleNodeCount",
        /// The load of the processors, in percent.
        CpuPercent = "$CPUPercent",
        /// Retired.
        WallClockSeconds = "$WallClockSeconds",
        /// Retired.
        MemoryBytes = "$MemoryBytes",
        /// Retired.
        DiskBytes = "$DiskBytes",
        /// Retired.
        DiskReadBytes = "$DiskReadBytes",
        /// Retired.
        DiskWriteBytes = "$DiskWriteBytes",
        /// Retired.
        DiskReadOps = "$DiskReadOps",
        /// Retired.
        DiskWriteOps = "$DiskWriteOps",
        /// Retired.
        NetworkInBytes = "$NetworkInBytes",
        /// Retired.
        NetworkOutBytes = "$NetworkOutBytes",
    }
}

impl ServiceVariable {
    /// Whether a formula may assign it.
    pub fn is_writable(self) -> bool {
        self <= Self::TargetLowPriority
    }

    /// Whether assigning it says how many nodes the pool should have.
    pub fn is_target(self) -> bool {
        self.is_writable() && self != Self::NodeDeallocationOption
    }

    /// Whether the service stopped giving it samples (on 31 March 2024, says the article).
    pub fn is_retired(self) -> bool {
        self >= Self::WallClockSeconds
    }
}

names! {
    /// A function.
    Function {
        /// The mean.
        Avg = "avg",
        /// The smallest integer that is not less.
        Ceil = "ceil",
        /// The largest integer that is not greater.
        Floor = "floor",
        /// The number of values.
        Len = "len",
        /// Logarithm to the base of 2.
        Lg = "lg",
        /// Natural logarithm.
        Ln = "ln",
        /// Logarithm to the base of 10.
        Log = "log",
        /// The largest.
        Max = "max",
        /// The smallest.
        Min = "min",
        /// The two-norm.
        Norm = "norm",
        /// A percentile.
        Percentile = "percentile",
        /// A random number from 0 to 1.
        Rand = "rand",
        /// The difference between the largest and the smallest.
        Range = "range",
        /// The nearest integer.
        Round = "round",
        /// The standard deviation.
        Std = "std",
        /// Ends the evaluation.
        Stop = "stop",
        /// The sum.
        Sum = "sum",
        /// A point in time: now, or what a string says.
        Time = "time",
        /// The value at a position, counted from 0.
        Val = "val",
        /// Numbers made into a vector.
        Vec = "vec",
    }
}

impl Function {
    /// The fewest and the most arguments.
    pub fn arity(self) -> (usize, usize) {
        match self {
            Self::Rand | Self::Stop => (0, 0),
            Self::Time => (0, 1),
            Self::Percentile | Self::Val => (2, 2),
            _ => (1, usize::MAX),
        }
    }
}

names! {
    /// A method of a variable that has samples.
    Method {
        /// The latest samples, or those of a time.
        GetSample = "GetSample",
        /// How much of a time has samples, in percent.
        GetSamplePercent = "GetSamplePercent",
        /// The time between two samples.
        GetSamplePeriod = "GetSamplePeriod",
        /// The number of samples there are.
        Count = "Count",
        /// The time of the oldest sample.
        HistoryBeginTime = "HistoryBeginTime",
    }
}

impl Method {
    /// The fewest and the most arguments.
    pub fn arity(self) -> (usize, usize) {
        match self {
            Self::GetSample => (1, 3),
            Self::GetSamplePercent => (1, 2),
            Self::GetSamplePeriod | Self::Count | Self::HistoryBeginTime => (0, 0),
        }
    }
}

names! {
    /// A part of a point in time.
    TimestampMember {
        /// The year.
        Year = "year",
        /// The month, from 1.
        Month = "month",
        /// The day of the month, from 1.
        Day = "day",
        /// The day of the week; 1 is Monday.
        Weekday = "weekday",
        /// The hour, from 0 to 23.
        Hour = "hour",
        /// The minute.
        Minute = "minute",
        /// The second.
        Second = "second",
    }
}

names! {
    /// A length of time.
    TimeInterval {
        /// None.
        Zero = "TimeInterval_Zero",
        /// 100 nanoseconds.
        HundredNanoseconds = "TimeInterval_100ns",
        /// A microsecond.
        Microsecond = "TimeInterval_Microsecond",
        /// A millisecond.
        Millisecond = "TimeInterval_Millisecond",
        /// A second.
        Second = "TimeInterval_Second",
        /// A minute.
        Minute = "TimeInterval_Minute",
        /// An hour.
        Hour = "TimeInterval_Hour",
        /// A day.
        Day = "TimeInterval_Day",
        /// A week.
        Week = "TimeInterval_Week",
        /// A year.
        Year = "TimeInterval_Year",
    }
}

names! {
    /// What happens to running tasks when nodes go.
    DeallocationOption {
        /// They run again on other nodes.
        Requeue = "requeue",
        /// They end.
        Terminate = "terminate",
        /// The nodes stay until they end.
        TaskCompletion = "taskcompletion",
        /// The nodes stay until no task's data is kept on them.
        RetainedData = "retaineddata",
    }
}

/// Whether a name stands for a value that no formula can change.
pub(super) fn is_constant(name: &str) -> bool {
    TimeInterval::by_name(name).is_some() || DeallocationOption::by_name(name).is_some()
}

/// The name most like `name`, if one is close enough to be what was meant.
pub(super) fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<String> {
    let wanted = name.to_ascii_lowercase();
    known
        .map(|known| {
            (strsim::normalized_damerau_levenshtein(&wanted, &known.to_ascii_lowercase()), known.to_owned())
        })
        .filter(|(likeness, _)| *likeness >= ALIKE)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, known)| known)
}
