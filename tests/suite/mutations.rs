//! A thousand recipes with something wrong in them: none may panic, take long or much memory, or leave its author without a place.

use std::time::{Duration, Instant};

use batchyard::diagnostic::Severity;
use batchyard::recipe::{LoadRequest, discover, load};
use serde_json::Value;

use crate::support::{Chance, Output, Sandbox};

/// How many recipes are mutated.
const MUTANTS: u64 = 1_000;
/// How long one of them may take. The program under test is not optimised, and shares the machine with other tests.
const LONGEST: Duration = Duration::from_secs(2);
/// How much memory the program may take for data, in KiB: 512 MiB.
const MOST_MEMORY: u64 = 512 * 1024;

/// What is done to a recipe.
const MUTATIONS: [fn(&str, &mut Chance) -> Vec<u8>; 10] = [
    misspell_a_key,
    swap_a_type,
    break_the_indentation,
    truncate,
    put_in_no_utf8,
    nest_deeply,
    let_aliases_multiply,
    repeat_a_line,
    put_in_signs,
    put_in_an_expression,
];

fn misspell_a_key(text: &str, chance: &mut Chance) -> Vec<u8> {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let with_keys: Vec<usize> =
        (0..lines.len()).filter(|at| lines[*at].contains(": ") || lines[*at].ends_with(':')).collect();
    let line = &mut lines[*chance.pick(&with_keys)];
    let start = line.len() - line.trim_start().len();
    let end = line.find(':').unwrap();
    let at = start + chance.below(end.saturating_sub(start));
    match chance.below(3) {
        0 if line.is_char_boundary(at) && line.is_char_boundary(at + 1) => drop(line.remove(at)),
        1 if line.is_char_boundary(at) => line.insert(at, 'x'),
        _ => *line = line.replacen('_', "", 1),
    }
    lines.join("\n").into_bytes()
}

fn swap_a_type(text: &str, chance: &mut Chance) -> Vec<u8> {
    let values = [
        "[]",
        "{}",
        "[1, 2]",
        "{ a: b }",
        "12",
        "-1",
        "1.5",
        "true",
        "null",
        "\"\"",
        "text",
        "|\n  block",
        "2h",
        "&a [*a]",
        "!!int x",
    ];
    let value = chance.pick(&values);
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let with_values: Vec<usize> = (0..lines.len()).filter(|at| lines[*at].contains(": ")).collect();
    let line = &mut lines[*chance.pick(&with_values)];
    let end = line.find(": ").unwrap() + 2;
    line.replace_range(end.., value);
    lines.join("\n").into_bytes()
}

fn break_the_indentation(text: &str, chance: &mut Chance) -> Vec<u8> {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let at = chance.below(lines.len());
    let line = &mut lines[at];
    match chance.below(4) {
        0 => line.insert(0, ' '),
        1 => line.insert(0, '\t'),
        2 => *line = line.replacen("  ", "", 1),
        _ => line.insert_str(0, "      "),
    }
    lines.join("\n").into_bytes()
}

fn truncate(text: &str, chance: &mut Chance) -> Vec<u8> {
    text.as_bytes()[..chance.below(text.len())].to_vec()
}

fn put_in_no_utf8(text: &str, chance: &mut Chance) -> Vec<u8> {
    let mut bytes = text.as_bytes().to_vec();
    let no_text: [&[u8]; 5] = [b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xfe\xff\x00a", b"\xf4\x90\x80\x80"];
    let at = chance.below(bytes.len());
    bytes.splice(at..at, chance.pick(&no_text).iter().copied());
    bytes
}

fn nest_deeply(text: &str, chance: &mut Chance) -> Vec<u8> {
    let depth = [10, 60, 65, 1_000, 50_000][chance.below(5)];
    let nested = match chance.below(4) {
        0 => "[".repeat(depth),
        1 => format!("{}{}", "[".repeat(depth), "]".repeat(depth)),
        2 => "{ a: ".repeat(depth),
        _ => format!(
            "\n{}",
            (0..depth.min(1_500)).map(|at| format!("{}a:\n", " ".repeat(at + 20))).collect::<String>()
        ),
    };
    replace_a_value(text, &nested, chance)
}

fn let_aliases_multiply(text: &str, chance: &mut Chance) -> Vec<u8> {
    let width = 2 + chance.below(12);
    let mut bomb = String::from("bomb0: &b0 [x, x]\n");
    for level in 1..2 + chance.below(24) {
        let aliases = vec![format!("*b{}", level - 1); width].join(", ");
        bomb.push_str(&format!("bomb{level}: &b{level} [{aliases}]\n"));
    }
    format!("{bomb}{text}").into_bytes()
}

fn repeat_a_line(text: &str, chance: &mut Chance) -> Vec<u8> {
    let mut lines: Vec<&str> = text.lines().collect();
    let (from, to) = (chance.below(lines.len()), chance.below(lines.len()));
    if chance.below(2) == 0 {
        lines.insert(to, lines[from]);
    } else {
        lines.swap(from, to);
    }
    lines.join("\n").into_bytes()
}

fn put_in_signs(text: &str, chance: &mut Chance) -> Vec<u8> {
    let signs = [
        ": ", "- ", "[", "]", "{", "}", "&", "*", "!", "|", ">", "'", "\"", "%", "@", "`", "\t", "\0",
        "\u{1b}", "\u{feff}", "---\n", "...\n", "? ", "#", "${{", "}}",
    ];
    let mut text = text.to_owned();
    for _ in 0..1 + chance.below(3) {
        let places: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
        text.insert_str(*chance.pick(&places), chance.pick::<&str>(&signs));
    }
    text.into_bytes()
}

fn put_in_an_expression(text: &str, chance: &mut Chance) -> Vec<u8> {
    let expressions = [
        "${{ params.nothing }}",
        "${{ 1 / 0 }}",
        "${{ range(1000000000) }}",
        "${{ 'x' * 1000000000 }}",
        "${{ params }}",
        "${{ [1] | map('nothing') }}",
        "${{ '${{ }}' }}",
        "${{ {% for %} }}",
        "${{ item.a.b.c }}",
        "${{ ((((((((1)))))))) }}",
        "${{",
        "${{ }}",
    ];
    let expression = format!("\"{}\"", chance.pick(&expressions));
    replace_a_value(text, &expression, chance)
}

fn replace_a_value(text: &str, value: &str, chance: &mut Chance) -> Vec<u8> {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let with_values: Vec<usize> = (0..lines.len()).filter(|at| lines[*at].contains(": ")).collect();
    let line = &mut lines[*chance.pick(&with_values)];
    let start = line.find(": ").unwrap() + 2;
    line.replace_range(start.., value);
    lines.join("\n").into_bytes()
}

/// The mutants, from the library's recipes in turn.
fn mutants() -> impl Iterator<Item = (u64, Vec<u8>)> {
    let library = discover(std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/recipes"))).unwrap();
    let recipes: Vec<String> = library.iter().map(|path| std::fs::read_to_string(path).unwrap()).collect();
    (0..MUTANTS).map(move |seed| {
        let mut chance = Chance::of(seed);
        let at = usize::try_from(seed).unwrap();
        (seed, MUTATIONS[at % MUTATIONS.len()](&recipes[at / MUTATIONS.len() % recipes.len()], &mut chance))
    })
}

#[test]
fn a_thousand_mutants_are_answered_soon_and_each_with_places() {
    let sandbox = Sandbox::new().file("recipe.yaml", "");
    let path = sandbox.path("recipe.yaml");
    let mut invalid = 0;
    for (seed, mutant) in mutants() {
        std::fs::write(&path, &mutant).unwrap();
        let begin = Instant::now();
        let loaded = load(&LoadRequest { path: path.clone(), ..LoadRequest::default() });
        let took = begin.elapsed();
        let shown = || String::from_utf8_lossy(&mutant).chars().take(3_000).collect::<String>();
        assert!(took < LONGEST, "mutant {seed} took {took:?}:\n{}", shown());
        let Err(report) = loaded else { continue };
        invalid += 1;
        for finding in report.diagnostics.iter().filter(|finding| finding.severity() == Severity::Error) {
            let place = finding.primary_span().and_then(|span| report.sources.start(span));
            assert!(place.is_some(), "mutant {seed}: {} has no place:\n{}", finding.message, shown());
        }
    }
    assert!(invalid > MUTANTS / 2, "only {invalid} mutants are invalid");
}

/// Validates files with a bound on the memory of the program.
fn validate_in_bounds(sandbox: &Sandbox, path: &str) -> Output {
    let script = format!("ulimit -d {MOST_MEMORY}; exec \"$0\" validate --format json \"$1\"");
    sandbox.program("sh").args(["-c", &script, env!("CARGO_BIN_EXE_batchyard"), path]).run()
}

/// Every error of a document has a place.
#[track_caller]
fn every_error_has_a_place(document: &Value) -> usize {
    let mut errors = 0;
    for recipe in document["recipes"].as_array().unwrap() {
        for finding in recipe["diagnostics"].as_array().unwrap() {
            if finding["severity"] == "error" {
                assert!(
                    finding["line"].is_u64() && finding["column"].is_u64() && finding["file"].is_string(),
                    "{finding}"
                );
                errors += 1;
            }
        }
    }
    errors
}

#[test]
fn one_program_validates_all_mutants_within_its_memory() {
    let sandbox = Sandbox::new();
    for (seed, mutant) in mutants() {
        let folder = sandbox.path(format!("all/{seed:04}"));
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("recipe.yaml"), mutant).unwrap();
    }
    let output = validate_in_bounds(&sandbox, "all");
    output.code(3).never_mentions("panicked");
    let document = output.json();
    assert_eq!(document["summary"]["recipes"], MUTANTS);
    assert!(every_error_has_a_place(&document) > 500);
}

#[test]
fn fifty_megabytes_of_anything_are_refused_at_once() {
    const SIZE: usize = 50 * 1024 * 1024;
    let sandbox = Sandbox::new();
    for (name, part) in [
        ("comments", "# x\n"),
        ("blank lines", "\n"),
        ("items", "- a\n"),
        ("one line", "x"),
        ("brackets", "["),
        ("no text", "\0"),
    ] {
        sandbox.write("large.yaml", &part.repeat(SIZE / part.len()));
        let begin = Instant::now();
        let output = validate_in_bounds(&sandbox, "large.yaml");
        let took = begin.elapsed();
        output.code(3).never_mentions("panicked");
        let finding = &output.json()["recipes"][0]["diagnostics"][0];
        assert_eq!(finding["code"], "too-large", "{name}");
        assert_eq!(every_error_has_a_place(&output.json()), 1, "{name}");
        assert!(took < LONGEST, "{name} took {took:?}");
    }
}

#[test]
fn what_is_just_below_the_limits_is_answered_within_the_memory() {
    const SIZE: usize = 15 * 1024 * 1024;
    let sandbox = Sandbox::new();
    let keys: String = (0..550_000).map(|number| format!("k{number}: 1\n")).collect();
    let tasks: String = (0..20_000)
        .map(|number| {
            format!("      t{number}: {{ container: {{ image: b }}, command: [run, \"{number}\"] }}\n")
        })
        .collect();
    let recipe = format!(
        "api_version: batchyard/v1\nname: x\njobs:\n  j:\n    pool: {{ id: p }}\n    tasks:\n{tasks}"
    );
    let texts = [
        "# x\n".repeat(SIZE / 4),
        "\n".repeat(SIZE),
        "- 1\n".repeat(1_100_000),
        "k: 1\n".repeat(400_000),
        format!("a: [{}", "1,".repeat(1_100_000)),
        format!("a: \"{}\"", "x".repeat(SIZE)),
        keys,
        recipe,
    ];
    for text in texts {
        sandbox.write("large.yaml", &text);
        let output = validate_in_bounds(&sandbox, "large.yaml");
        output.never_mentions("panicked");
        let document = output.json();
        if document["summary"]["invalid"] == 1 {
            assert!(every_error_has_a_place(&document) > 0, "{}", text.chars().take(40).collect::<String>());
        }
    }
}
