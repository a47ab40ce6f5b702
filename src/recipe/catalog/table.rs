//! Tables in files: lines of columns, comments, and the date on which all of it was true.

/// A table of rows with `N` columns each.
pub(super) struct Table<const N: usize> {
    /// The date, as 2026-11-25.
    pub(super) as_of: &'static str,
    /// The rows.
    pub(super) rows: Vec<[&'static str; N]>,
}

impl<const N: usize> Table<N> {
    /// The table in a file. A line `as_of`, a tab and a date comes first. A row with another number of columns is not there; a
    /// test finds it.
    pub(super) fn new(text: &'static str) -> Self {
        let as_of = lines(text).find_map(|line| line.strip_prefix("as_of\t")).unwrap_or_default();
        let rows = lines(text).filter_map(|line| line.split('\t').collect::<Vec<_>>().try_into().ok());
        Self { as_of, rows: rows.collect() }
    }
}

fn lines(text: &'static str) -> impl Iterator<Item = &'static str> {
    text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_have_a_date_and_rows_of_one_length() {
        let table = Table::<3>::new("# a comment\nas_of\t2026-01-31\na\tb\tc\nd\te\tf\n");
        assert_eq!(table.as_of, "2026-01-31");
        assert_eq!(table.rows, [["a", "b", "c"], ["d", "e", "f"]]);
    }

    #[test]
    fn the_tables_of_the_program_are_well_formed() {
        for (text, columns) in [
            (include_str!("vm_sizes.tsv"), 3),
            (include_str!("node_agents.tsv"), 3),
            (include_str!("images.tsv"), 6),
        ] {
            let table = Table::<3>::new(text);
            assert!(table.as_of.parse::<jiff::civil::Date>().is_ok(), "{text}");
            for line in lines(text).filter(|line| !line.starts_with("as_of")) {
                assert_eq!(line.split('\t').count(), columns, "{line}");
                assert_eq!(line.trim(), line);
            }
        }
    }
}
