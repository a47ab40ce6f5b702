//! What Azure retires, and when.

use std::sync::LazyLock;

use super::table::Table;

static VM_SIZES: LazyLock<Table<3>> = LazyLock::new(|| Table::new(include_str!("vm_sizes.tsv")));
static NODE_AGENTS: LazyLock<Table<3>> = LazyLock::new(|| Table::new(include_str!("node_agents.tsv")));

/// Something that ends within so many days after the date of its table ends soon.
const SOON: i32 = 180;

/// The end of something that Azure offers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retirement {
    /// The day on which it ends, as 2027-06-30.
    pub date: &'static str,
    /// What takes its place; empty if nothing does.
    pub replacement: &'static str,
    /// The day on which all this was known.
    pub as_of: &'static str,
}

impl Retirement {
    /// Whether it had ended by the day on which this was known.
    pub fn is_past(&self) -> bool {
        self.date <= self.as_of
    }

    /// Whether it ended within half a year after the day on which this was known.
    pub fn is_soon(&self) -> bool {
        let days = |text: &str| text.parse::<jiff::civil::Date>().ok();
        let (Some(date), Some(as_of)) = (days(self.date), days(self.as_of)) else { return false };
        !self.is_past() && as_of.until(date).is_ok_and(|span| span.get_days() <= SOON)
    }
}

/// The end of a size of virtual machines, if one has been announced. Sizes are compared without regard to case.
pub fn vm_size(name: &str) -> Option<Retirement> {
    let name = name.to_ascii_lowercase();
    let [_, date, replacement] = VM_SIZES.rows.iter().find(|[size, _, _]| fits(size, &name))?;
    Some(Retirement { date, replacement, as_of: VM_SIZES.as_of })
}

/// The end of a node agent, if one has been announced.
pub fn node_agent(name: &str) -> Option<Retirement> {
    let mut agents = NODE_AGENTS.rows.iter();
    let [_, date, replacement] = agents.find(|[agent, _, _]| agent.eq_ignore_ascii_case(name))?;
    Some(Retirement { date, replacement, as_of: NODE_AGENTS.as_of })
}

/// Whether a size is one of a series; `#` stands for digits.
fn fits(series: &str, size: &str) -> bool {
    let mut size = size;
    for (position, part) in series.split('#').enumerate() {
        if position > 0 {
            let digits = size.find(|c: char| !c.is_ascii_digit()).unwrap_or(size.len());
            if digits == 0 {
                return false;
            }
            size = size.get(digits..).unwrap_or_default();
        }
        let Some(rest) = size.strip_prefix(part) else { return false };
        size = rest;
    }
    size.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_found_by_their_series() {
        assert_eq!(vm_size("STANDARD_NC6").map(|end| end.date), Some("2023-09-06"));
        assert_eq!(vm_size("Standard_NC6s_v3").map(|end| end.date), Some("2025-09-30"));
        assert_eq!(vm_size("Standard_HB60-15rs").map(|end| end.date), Some("2024-08-31"));
        assert_eq!(vm_size("Standard_D2_v2").map(|end| end.date), Some("2028-05-01"));
        for current in [
            "Standard_D2s_v3",
            "Standard_NC4as_T4_v3",
            "Standard_NC24ads_A100_v4",
            "Standard_A",
            "Standard_A2_v2",
        ] {
            assert_eq!(vm_size(current), None, "{current}");
        }
    }

    #[test]
    fn what_takes_a_place_does_not_go_itself() {
        for [_, _, replacement] in &VM_SIZES.rows {
            assert_eq!(vm_size(replacement), None, "{replacement}");
        }
        for [_, _, replacement] in &NODE_AGENTS.rows {
            assert_eq!(node_agent(replacement), None, "{replacement}");
        }
    }

    #[test]
    fn past_soon_and_later_are_told_apart() {
        let end = |date| Retirement { date, replacement: "", as_of: "2026-11-25" };
        assert!(end("2026-11-25").is_past() && !end("2026-11-25").is_soon());
        assert!(!end("2027-01-12").is_past() && end("2027-01-12").is_soon());
        assert!(!end("2027-06-30").is_soon());
    }
}
