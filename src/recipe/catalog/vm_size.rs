//! What the name of a size of virtual machines says.

/// A size of virtual machines, read from its name: `Standard_NC24ads_A100_v4` is 24 processors of the family NC with the
/// features `ads`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VmSize {
    family: String,
    processors: Option<u32>,
    features: String,
}

/// Families whose number is the number of processors, in every version.
const COUNTED: &[&str] =
    &["b", "dc", "e", "ec", "f", "fx", "hb", "hc", "hx", "l", "m", "nc", "nd", "ng", "nv", "np"];

impl VmSize {
    /// Reads a name. `None` if it is none that Azure would give.
    pub fn parse(name: &str) -> Option<Self> {
        let lower = name.to_ascii_lowercase();
        let body = lower.strip_prefix("standard_").or_else(|| lower.strip_prefix("basic_"))?;
        let digits = body.find(|c: char| c.is_ascii_digit())?;
        let (family, tail) = body.split_at_checked(digits)?;
        let (number, mut tail) = split_digits(tail);
        let mut processors = number;
        // `E8-4s_v5` has the memory of 8 processors and 4 of them.
        if let Some(constrained) = tail.strip_prefix('-') {
            (processors, tail) = split_digits(constrained);
        }
        let (features, rest) = tail.split_once('_').unwrap_or((tail, ""));
        if !family.chars().all(|c| c.is_ascii_lowercase())
            || !features.chars().all(|c| c.is_ascii_lowercase())
        {
            return None;
        }
        let is_current = rest.rsplit('v').next().and_then(|version| version.parse::<u32>().ok()) >= Some(3);
        let counted = COUNTED.contains(&family) || (family == "d" && is_current);
        Some(Self {
            family: family.to_owned(),
            processors: processors.filter(|_| counted),
            features: features.to_owned(),
        })
    }

    /// Number of processors, where the name says it.
    pub fn processors(&self) -> Option<u32> {
        self.processors
    }

    /// Whether it has graphics processors.
    pub fn has_gpu(&self) -> bool {
        matches!(self.family.as_str(), "nc" | "nd" | "nv" | "ng")
    }

    /// Whether nodes of this size can talk to each other by remote direct memory access.
    pub fn has_rdma(&self) -> bool {
        match self.family.as_str() {
            "hb" | "hc" | "hx" => true,
            "h" | "nc" | "nd" => self.features.contains('r'),
            _ => false,
        }
    }
}

fn split_digits(text: &str) -> (Option<u32>, &str) {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (digits, rest) = text.split_at_checked(end).unwrap_or((text, ""));
    (digits.parse().ok(), rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processors_are_counted_where_the_name_tells() {
        let processors = |name| VmSize::parse(name).and_then(|size| size.processors());
        assert_eq!(processors("Standard_D2s_v3"), Some(2));
        assert_eq!(processors("standard_d96ads_v5"), Some(96));
        assert_eq!(processors("Standard_E8-4ds_v5"), Some(4));
        assert_eq!(processors("Standard_NC24ads_A100_v4"), Some(24));
        assert_eq!(processors("Standard_F16s"), Some(16));
        // The number of these is no number of processors.
        assert_eq!(processors("Standard_DS3_v2"), None);
        assert_eq!(processors("Standard_D13"), None);
        assert_eq!(processors("Standard_A4_v2"), None);
        for no_size in ["S", "", "Standard_", "large", "Standard_é2", "Standard_D"] {
            assert_eq!(processors(no_size), None, "{no_size}");
        }
    }

    #[test]
    fn graphics_and_remote_memory_are_part_of_the_name() {
        let size = |name| VmSize::parse(name).unwrap();
        assert!(size("Standard_NC4as_T4_v3").has_gpu() && !size("Standard_NC4as_T4_v3").has_rdma());
        assert!(size("Standard_ND96isr_H100_v5").has_gpu() && size("Standard_ND96isr_H100_v5").has_rdma());
        assert!(size("Standard_HB120rs_v3").has_rdma() && size("Standard_HC44-16rs").has_rdma());
        assert!(size("Standard_H16mr").has_rdma() && !size("Standard_H16m").has_rdma());
        assert!(!size("Standard_NP10s").has_gpu() && !size("Standard_D2s_v3").has_gpu());
    }
}
