//! What expressions can do, and where their mistakes are marked.

use super::support::{findings, loaded, places, shown, tasks, with_tasks};
use crate::recipe::{LoadRequest, load};
use crate::view;

/// What an expression becomes inside a command.
fn value(expression: &str) -> String {
    let text =
        format!("t:\n  container: {{ image: b:1 }}\n  command:\n    - |-\n      ${{{{ {expression} }}}}");
    tasks(&loaded(&with_tasks(&text)))[0].arguments().join(" ")
}

/// The first line and the help of what is said about an expression.
fn complaint(expression: &str) -> (String, String) {
    let text =
        format!("t:\n  container: {{ image: b:1 }}\n  command:\n    - |-\n      ${{{{ {expression} }}}}");
    let shown = shown(&with_tasks(&text));
    let help = shown.lines().find_map(|line| line.trim_start().strip_prefix("= help: ")).unwrap_or_default();
    (shown.lines().next().unwrap_or_default().to_owned(), help.to_owned())
}

#[test]
fn filters_that_people_expect_are_there() {
    let table = [
        ("['a', 'b'] | join('-')", "a-b"),
        ("[{'n': 1}, {'n': 2}] | map(attribute='n') | join(',')", "1,2"),
        ("[1, 2] | map('string') | list | tojson", r#"["1","2"]"#),
        ("'abc' | upper ~ 'DEF' | lower", "ABCdef"),
        ("'a-b' | replace('-', '_')", "a_b"),
        ("'a,b,c' | split(',') | last", "c"),
        ("range(1, 4) | sum", "6"),
        ("none | default('x', true)", "x"),
        ("{'b': '<&>', 'a': [1, 2.5, true, none]} | tojson", r#"{"a":[1,2.5,true,null],"b":"<&>"}"#),
        ("('{\"a\": [1, 2]}' | fromjson).a[1]", "2"),
        ("'data/x/reads.fastq.gz' | basename", "reads.fastq.gz"),
        ("'data/x/reads.fastq.gz' | dirname", "data/x"),
        ("'data/x/reads.fastq.gz' | stem", "reads.fastq"),
        ("'data/x/reads.fastq.gz' | extension", "gz"),
        ("'1h30m' | seconds", "5400"),
        ("'500ms' | seconds", "0.5"),
        ("'512MiB' | bytes // 1024", "524288"),
        ("'abc' | digest", "6437b3ac38465133ffb63b75273a8db548c558465d79db03fd359c6cd5bd9d85"),
        ("'%05d' | format(42)", "00042"),
        ("params.n if params.n > 2 else 0", "3"),
    ];
    for (expression, expected) in table {
        assert_eq!(value(expression), expected, "{expression}");
    }
    assert_eq!(value("3 | digest"), value("'3' | digest"));
}

#[test]
fn what_would_differ_from_run_to_run_is_absent_and_the_error_says_why() {
    for (expression, name, reason) in [
        ("now()", "`now` is not defined", "there is no clock"),
        ("random()", "`random` is not defined", "no chance"),
        ("env.HOME", "`env.HOME` is not defined", "declare a parameter"),
        ("[1, 2] | random", "there is no filter `random`", "no chance"),
        ("'x' | env", "there is no filter `env`", "declare a parameter"),
    ] {
        let (message, help) = complaint(expression);
        assert!(message.ends_with(name), "{expression}: {message}");
        assert!(help.contains(reason), "{expression}: {help}");
    }
    let (message, help) = complaint("'x' | uper");
    assert_eq!(
        (message.as_str(), help.as_str()),
        ("error[bad-expression]: there is no filter `uper`", "did you mean `upper`?")
    );
}

#[test]
fn filters_say_what_they_take() {
    let message = |expression: &str| complaint(expression).0;
    assert!(message("[1] | digest").contains("`digest` takes a text"), "{}", message("[1] | digest"));
    assert!(message("'x' | seconds").contains("expected a duration"));
    assert!(message("'1M' | bytes").contains("expected a size"));
    assert!(message("'{' | fromjson").contains("this is no JSON"));
    assert!(message("1 | basename").contains("error[bad-expression]"));
}

#[test]
fn a_file_is_read_from_the_recipes_folder_only() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("recipe.yaml");
    std::fs::create_dir(folder.path().join("jobs")).unwrap();
    std::fs::write(folder.path().join("jobs/run.sh"), "echo hi\n").unwrap();
    std::fs::write(folder.path().join("names.txt"), "a\nb\n").unwrap();
    std::os::unix::fs::symlink("/etc/passwd", folder.path().join("link")).unwrap();
    let load = |tasks: &str| {
        std::fs::write(&path, with_tasks(tasks)).unwrap();
        load(&LoadRequest { path: path.clone(), ..LoadRequest::default() })
    };
    let text = "t:\n  for_each: { n: \"${{ file('names.txt') | lines }}\" }\n  container: { image: b:1 }\n  command: [\"${{ file('jobs/run.sh') }}\", \"${{ item.n ~ file('names.txt') | length }}\"]";
    let loaded = load(text).unwrap();
    let arguments: Vec<_> = tasks(&loaded).iter().map(crate::resource::TaskSpec::arguments).collect();
    assert_eq!(arguments, [["echo hi\n", "a4"], ["echo hi\n", "b4"]]);
    for (path, reason) in [
        ("/etc/passwd", "the path `/etc/passwd` is absolute"),
        ("../x", "has a `..`"),
        ("link", "a link that leads out"),
        ("nope", "`nope` cannot be read"),
        ("jobs", "`jobs` is no file"),
    ] {
        let report =
            load(&format!("t: {{ container: {{ image: b:1 }}, command: [\"${{{{ file('{path}') }}}}\"] }}"))
                .unwrap_err();
        let shown = view::diagnostics::human(&report, false);
        assert!(shown.contains(reason) && !shown.contains("root:"), "{path}: {shown}");
    }
}

#[test]
fn work_and_output_are_limited_also_with_large_files() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("recipe.yaml");
    std::fs::write(folder.path().join("large"), "x,".repeat(500_000)).unwrap();
    for expression in [
        "file('large') | split(',') | list",
        "file('large') * 100",
        "[file('large')] * 1000",
        "([file('large')] * 1000) | tojson",
        "file('large') | replace('x', file('large'))",
        "file('large') | list | join(file('large'))",
        "file('large') ~ file('large')",
    ] {
        let text = format!(
            "t:\n  container: {{ image: b:1 }}\n  command:\n    - |-\n      ${{{{ {expression} }}}} ."
        );
        std::fs::write(&path, with_tasks(&text)).unwrap();
        let report = load(&LoadRequest { path: path.clone(), ..LoadRequest::default() }).unwrap_err();
        assert!(
            report.diagnostics.iter().all(|finding| finding.code.name == "bad-expression"),
            "{expression}"
        );
    }
}

#[test]
fn mistakes_are_marked_in_every_kind_of_scalar() {
    let place =
        |value: &str| places(&with_tasks(&format!("t:\n  container: {{ image: b:1 }}\n  command: {value}")));
    assert_eq!(place("a ${{ x }}"), ["13:24 undefined-name"]);
    assert_eq!(place("'it''s ${{ x }}'"), ["13:29 undefined-name"]);
    assert_eq!(place(r#""\u00e9\t${{ x }}""#), ["13:31 undefined-name"]);
    assert_eq!(place("|\n    é\n     ${{ x }}"), ["15:16 undefined-name"]);
    assert_eq!(place(">-\n    one\n\n    two ${{ 1 + }}\n    three"), ["16:21 bad-expression"]);
    assert_eq!(place("one\n    two ${{ 'a' + 1 }}"), ["14:19 bad-expression"]);
    assert_eq!(place("\"one \\\n    two ${{ x }}\""), ["14:19 undefined-name"]);
    let several = place("|\n    ${{ x }} ${{ y }}\n    ${{ 'a' + 1 }}");
    assert_eq!(several, ["14:15 undefined-name", "14:24 undefined-name"]);
}

#[test]
fn an_expression_for_each_task_is_marked_in_a_folded_block_too() {
    let text = with_tasks(
        "t:\n  for_each: [{ a: 1 }]\n  container: { image: b:1 }\n  command: >\n    run\n    --a ${{ item.a }}\n    --b ${{ item.b }}",
    );
    assert_eq!(places(&text), ["17:19 bad-expression"]);
    assert_eq!(findings(&text), ["bad-expression: item.b"]);
}
