//! Expressions, evaluated.

use serde_json::json;

use super::compiled::Template;
use super::convert::from_json;
use super::expression::Failure;
use serde_json::Value as Json;

fn evaluate(text: &str) -> Result<Json, Failure> {
    let context = from_json(&json!({
        "params": { "nodes": 4, "rate": 1.5, "image": "busybox", "on": true, "list": [1, "a", null] }
    }));
    Template::compile(text, None).map_err(|mut failures| failures.remove(0))?.evaluate(&context)
}

#[test]
fn a_lone_expression_keeps_its_type_and_all_else_becomes_text() {
    assert_eq!(evaluate("${{ params.nodes }}"), Ok(json!(4)));
    assert_eq!(evaluate("${{ params.list }}"), Ok(json!([1, "a", null])));
    assert_eq!(evaluate("${{ params.on and params.nodes > 3 }}"), Ok(json!(true)));
    assert_eq!(evaluate("n=${{ params.nodes }}"), Ok(json!("n=4")));
    assert_eq!(evaluate(" ${{ params.nodes }}"), Ok(json!(" 4")));
    assert_eq!(
        evaluate("${{ params.on }} ${{ params.list }} ${{ params.rate }}"),
        Ok(json!("true [1,\"a\",null] 1.5"))
    );
    assert_eq!(evaluate("${{ '${{' }}x"), Ok(json!("${{x")));
    assert_eq!(evaluate("${{ '%03d' | format(params.nodes) }}"), Ok(json!("004")));
    assert_eq!(evaluate("${{ range(3) }}"), Ok(json!([0, 1, 2])));
    assert_eq!(evaluate("${{ {'a': {'b': params.nodes}} }}"), Ok(json!({"a": {"b": 4}})));
}

#[test]
fn values_are_never_read_as_expressions_again() {
    let context = from_json(&json!({ "params": { "x": "${{ params.y }}" } }));
    let template = Template::compile("a ${{ params.x }}", None).unwrap();
    assert_eq!(template.evaluate(&context), Ok(json!("a ${{ params.y }}")));
}

#[test]
fn failures_point_into_the_text() {
    let place =
        |text: &str| evaluate(text).map_err(|failure| text.get(failure.range).unwrap_or_default().to_owned());
    assert_eq!(place("x ${{ params.nodes + 'a' }}"), Err("params.nodes + 'a'".to_owned()));
    assert_eq!(place("x ${{ params.nodes | nope }}"), Err("nope".to_owned()));
    assert_eq!(place("x ${{ params.nodes + }}"), Err("+".to_owned()));
    assert_eq!(place("x ${{  }}"), Err("  ".to_owned()));
    assert_eq!(place("x ${{ y"), Err("${{ y".to_owned()));
    assert_eq!(place("${{ params['nope'] }}"), Err("params['nope']".to_owned()));
    assert_eq!(place("${{ 1e400 }}"), Err("1e400".to_owned()));
    assert_eq!(place("${{ [1, params['nope']] }}"), Err("[1, params['nope']]".to_owned()));
}

#[test]
fn long_chains_do_not_exhaust_the_stack() {
    let chains = ["-", "not ", "x.a+", "x|e|", "1 if x else ", "x~", "x and ", "2**", "[", "("];
    let run = move || {
        for link in chains {
            for count in [10, 120, 250, 510, 100_000] {
                let _ = evaluate(&format!("${{{{ {}x }}}}", link.repeat(count)));
                let _ =
                    evaluate(&format!("${{{{ x{} }}}}", [".a", "|e", "[0]", "()"].concat().repeat(count)));
            }
        }
    };
    std::thread::Builder::new().stack_size(2 * 1024 * 1024).spawn(run).unwrap().join().unwrap();
}

#[test]
fn work_and_output_are_limited() {
    for text in [
        "${{ range(99999) | map('string') | join | length }}",
        "${{ 'x' * 1000000000 }}",
        "${{ range(99999) | list * 100 }}",
    ] {
        assert!(evaluate(text).is_err(), "{text}");
    }
    let long = "${{ 'x' * 400000 }}".repeat(3);
    assert!(evaluate(&long).unwrap_err().message.contains("longer than"), "{:?}", evaluate(&long));
}
