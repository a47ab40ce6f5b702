//! What becomes of one text.

use crate::recipe::format::format;

#[track_caller]
fn formatted(text: &str) -> String {
    let formatted = format("x", text).unwrap_or_else(|report| panic!("{:?}", report.diagnostics));
    assert_eq!(format("x", &formatted).unwrap(), formatted, "formatting twice changes nothing");
    formatted
}

#[test]
fn indentation_blanks_and_blank_lines_become_regular() {
    let text = "\n\n# top\nname:   x  \n\n\n\npools:\n\n    p:\n        vm_size:    S   #size\n        nodes: {dedicated: 1,spot:   2}\n    q: {}\njobs:\n- a\n-   b: 1\n    c: [ 1,2 ]\n\n";
    let expected = "# top
name: x

pools:
  p:
    vm_size: S #size
    nodes: { dedicated: 1, spot: 2 }
  q: {}
jobs:
  - a
  - b: 1
    c: [1, 2]
";
    assert_eq!(formatted(text), expected);
}

#[test]
fn a_comment_stays_with_what_it_is_about() {
    let text = "a: # of a
      # first
      b: 1   # of b
      # last of a
# about c

c:
- x # of x
-   # of the next item
  y
  # inside the list
# about d
d: | # of the block
   # text
   more
  # about e
e: 1
";
    let expected = "a: # of a
  # first
  b: 1 # of b
  # last of a
# about c

c:
  - x # of x
  - # of the next item
    y
  # inside the list
# about d
d: | # of the block
  # text
  more
# about e
e: 1
";
    assert_eq!(formatted(text), expected);
}

#[test]
fn brackets_stay_on_one_line_or_hold_a_member_a_line() {
    let long = "some-argument-of-a-command-that-is-rather-long";
    let text = format!(
        "a: [1,\n  2]\nb: [{long}, {long}]\nc: [{long},\n  {long}]\nd: {{ x: 1, # why\n  y: [2,\n 3] }}\ne:\n- [{long}, # why\n {long}]\n"
    );
    let expected = format!(
        "a: [1, 2]
b: [{long}, {long}]
c:
  [
    {long},
    {long},
  ]
d:
  {{
    x: 1, # why
    y: [2, 3],
  }}
e:
  - [
      {long}, # why
      {long},
    ]
"
    );
    assert_eq!(formatted(&text), expected);
}

#[test]
fn scalars_of_several_lines_move_as_a_whole() {
    let text = "a:\n     plain\n     text\nb: \"quoted\n        text\"\nc: |\n        x\n          y\n\n        z\n\n\nd: >-\n   folded\n\n   text\ne: |4\n      x\n    y\nf: |+\n x\n\n\ng: 1\n";
    let expected = "a: plain
  text
b: \"quoted
  text\"
c: |
  x
    y

  z

d: >-
  folded

  text
e: |2
    x
  y
f: |+
  x


g: 1
";
    assert_eq!(formatted(text), expected);
}

#[test]
fn quotes_are_double_where_nothing_has_to_be_escaped() {
    assert_eq!(
        formatted("a: 'x: y'\nb: 'it''s'\nc: 'say \"x\"'\n'd': \"\"\n"),
        "a: \"x: y\"\nb: \"it's\"\nc: 'say \"x\"'\n\"d\": \"\"\n"
    );
}

#[test]
fn line_breaks_of_other_systems_and_a_byte_order_mark_are_replaced() {
    assert_eq!(formatted("\u{feff}a: 1\r\nb: |\r\n  x\r\n  y\r\n"), "a: 1\nb: |\n  x\n  y\n");
}

#[test]
fn anchors_tags_and_markers_stay() {
    let text =
        "# c\n%YAML 1.2\n---   # begin\na:  &x   !!str  1\nb: &m\n   c: *x\nd:   *m\n? e\n: f\n...\n# end\n";
    let expected = "# c\n%YAML 1.2\n--- # begin\na: &x !!str 1\nb: &m\n  c: *x\nd: *m\ne: f\n# end\n";
    assert_eq!(formatted(text), expected);
}

#[test]
fn json_is_yaml_too() {
    let text = "{\"api_version\": \"batchyard/v1\",\n \"name\": \"x\"}\n";
    assert_eq!(formatted(text), "{ \"api_version\": \"batchyard/v1\", \"name\": \"x\" }\n");
}

#[test]
fn what_is_no_recipe_s_yaml_is_left_alone_and_told() {
    let refused = |text: &str| {
        let report = format("x", text).unwrap_err();
        let place = report.sources.start(report.diagnostics[0].primary_span().unwrap()).unwrap();
        (report.diagnostics[0].code.name, place.line, place.column)
    };
    assert_eq!(refused("a: 1\nb: [\n"), ("syntax", 2, 4));
    assert_eq!(refused("a: 1\n a: 2\n"), ("syntax", 2, 3));
    assert_eq!(refused("a: 1\na: 2\n"), ("duplicate-key", 2, 1));
    assert_eq!(refused("just text\n"), ("unformattable", 1, 1));
    assert_eq!(refused("? a\n  b\n: c\n"), ("unformattable", 1, 3));
    assert_eq!(refused("a: 1\n---\nb: 2\n"), ("syntax", 2, 1));
}
