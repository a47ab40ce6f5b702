//! A plan, for a comment on a pull request.

use crate::plan::{Change, Plan};
use crate::resource::ChangeClass;
use crate::view::human;
use crate::view::words::grouped;

/// The longest comment that GitHub takes, in characters; other code hosts take as much or more.
const LONGEST: usize = 65_536;
/// What is left for the lines around the changes.
const RESERVE: usize = 4_096;

/// The plan. What destroys or is refused comes first and is there whole; of the rest, what there is room for.
pub fn plan(plan: &Plan) -> String {
    let parts = human::parts(plan);
    let mut text = format!("### Plan for `{}`\n\n{}\n", plan.recipe, parts.summary.trim_end());
    let (grave, harmless): (Vec<_>, Vec<_>) =
        parts.changes.into_iter().partition(|(change, _)| is_grave(change));
    let room = LONGEST.saturating_sub(RESERVE + count(&text));
    if !grave.is_empty() {
        text.push_str("\n#### Destroys, interrupts work, or is refused\n\n");
        text.push_str(&whole(&grave, room));
    }
    let mut room = LONGEST.saturating_sub(RESERVE + count(&text));
    if !harmless.is_empty() {
        let shown: Vec<&str> = harmless
            .iter()
            .map(|(_, text)| text.as_str())
            .take_while(|text| {
                let fits = count(text) <= room;
                room = room.saturating_sub(count(text));
                fits
            })
            .collect();
        text.push_str("\n#### Changes\n\n");
        text.push_str(&fenced(&shown.concat()));
        text.push_str(&left_out(harmless.len() - shown.len(), "change"));
    }
    for (index, note) in parts.notes.iter().enumerate() {
        let line = format!("- {}\n", in_one_line(note));
        if count(&text) + count(&line) + 200 > LONGEST {
            text.push_str(&left_out(parts.notes.len() - index, "note"));
            break;
        }
        if index == 0 {
            text.push_str("\n#### Notes\n\n");
        }
        text.push_str(&line);
    }
    text
}

/// Whether a reader must not miss it.
fn is_grave(change: &Change) -> bool {
    change.needs.is_some()
        || !change.obstacles.is_empty()
        || change.class >= ChangeClass::UpdateWhileDisabled
        || change.tasks.as_ref().is_some_and(|tasks| tasks.delete + tasks.replace > 0)
}

/// All changes: with all that is said of them, or with their first lines if there is no room for more. If there are so many that not
/// even these fit, as many as do and a count: nothing is left out unsaid.
fn whole(changes: &[(&Change, String)], room: usize) -> String {
    let all: String = changes.iter().map(|(_, text)| text.as_str()).collect();
    if count(&all) <= room {
        return fenced(&all);
    }
    let mut left = room;
    let lines: Vec<String> = changes
        .iter()
        .filter_map(|(_, text)| text.lines().next())
        .map(|line| format!("{}\n", line.chars().take(200).collect::<String>()))
        .take_while(|line| {
            let fits = count(line) <= left;
            left = left.saturating_sub(count(line));
            fits
        })
        .collect();
    let rest = changes.len() - lines.len();
    format!("{}{}", fenced(&lines.concat()), left_out(rest, "change that destroys or is refused"))
}

fn left_out(count: usize, noun: &str) -> String {
    match count {
        0 => String::new(),
        1 => format!("\n… and 1 more {noun}; `batchyard plan` shows it.\n"),
        _ => format!("\n… and {} more, each a {noun}; `batchyard plan` shows them.\n", grouped(count as u64)),
    }
}

/// A block that shows a text as it is: its fence is longer than any in the text.
fn fenced(text: &str) -> String {
    let mut longest = 0;
    let mut run = 0;
    for character in text.chars() {
        run = if character == '`' { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    let fence = "`".repeat(longest.max(2) + 1);
    format!("{fence}text\n{}\n{fence}\n", text.trim_end())
}

fn in_one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn count(text: &str) -> usize {
    text.chars().count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::ActionReason;
    use crate::resource::{Address, RecipeName};

    fn change(class: ChangeClass, key: &str, remark: &str) -> Change {
        Change {
            id: key.into(),
            class,
            reason: ActionReason::Missing,
            remarks: vec![remark.to_owned()],
            ..Change::unchanged(Address::pool(key))
        }
    }

    fn made(changes: Vec<Change>) -> Plan {
        let recipe = RecipeName::new("r").unwrap();
        let versions = crate::plan::Versions::default();
        Plan { recipe, changes, steps: vec![], notes: vec!["a\nnote".into()], refresh_only: false, versions }
    }

    #[test]
    fn what_destroys_comes_first() {
        let text = plan(&made(vec![
            change(ChangeClass::Create, "new", ""),
            change(ChangeClass::Destroy, "old", "``` closes nothing"),
        ]));
        assert!(text.find("pools.old").unwrap() < text.find("pools.new").unwrap(), "{text}");
        assert!(text.contains("\n````text\n"), "{text}");
        assert!(text.contains("- a note\n"), "{text}");
    }

    #[test]
    fn a_comment_is_never_too_long_and_never_hides_what_destroys() {
        let long = "x".repeat(3_000);
        let destroyed = (0..300).map(|n| change(ChangeClass::Destroy, &format!("old-{n}"), &long));
        let created = (0..300).map(|n| change(ChangeClass::Create, &format!("new-{n}"), &long));
        let text = plan(&made(destroyed.chain(created).collect()));
        assert!(count(&text) <= LONGEST, "{}", count(&text));
        for n in 0..300 {
            assert!(text.contains(&format!("pools.old-{n} ")), "{n}");
        }
        assert!(text.contains("more, each a change;"), "{text}");
        let endless = (0..5_000).map(|n| change(ChangeClass::Destroy, &format!("old-{n}"), ""));
        let text = plan(&made(endless.collect()));
        assert!(count(&text) <= LONGEST && text.contains("each a change that destroys"), "{}", count(&text));
    }
}
