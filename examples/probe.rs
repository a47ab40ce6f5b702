use granit_parser::*;
fn main() {
    let src = "a: |-\n\n    foo ${{ x }}\n      bar\n    baz\nb: >\n  x\n  y\nc: [1, {k: v}]\nd: 'it''s'\ne: \"a\\nb\"\nf: plain over\n  lines\ng:\nh: &x foo\ni: *x\nj: !!int 3\nk: {}\nl: []\n";
    for e in Parser::new_from_str_with_options(src, options!{emit_comments: false}) {
        match e { Ok((e, s)) => println!("{e:?} {:?} {:?} tag={:?}", s.byte_range(), s.slice(src), s.tag_start().map(|m| m.byte_offset())), Err(e) => println!("ERR {e:?}") }
    }
    for bad in ["a: {b: ${{ x }}}\n", "a: [${{ x }}]\n", "a: ${{ {\"a\": 1} }}\n", "a: ${{ x # }}\n", "a:\n\tb: 1\n", "a: {b: {{ x }}}\n", "a: {{ x }}\n", "a: [1, 2\nb: 3\n", "a: b: c\n", "a: 1\na: 2\n", "? [1,2]\n: x\n", "a: 1\n---\nb: 2\n", "a: \"x\n", "- a\nb: 1\n", "a: *nope\n", "<<: {a: 1}\n", "a: @x\n", "a: %x\n"] {
        println!("--- {bad:?}");
        for e in Parser::new_from_str_with_options(bad, options!{emit_comments: false}) {
            match e { Ok((e, s)) => println!("{e:?} {:?}", s.byte_range()), Err(e) => println!("ERR {:?} {} at {:?}", e.kind(), e.info(), e.marker()) }
        }
    }
    let mut env = minijinja::Environment::new();
    env.set_undefined_behavior(minijinja::UndefinedBehavior::Strict);
    env.set_fuel(Some(10000));
    for ex in ["params.nope", "params['nope']", "params.a.b.c", "nope", "params.a + 'x'", "params.a +", "1/0", "foo(3)", "params.a | nofilter", "item.x | default(3)", "{'a': {'b': params.q}}.a", "range(1000000000)", "params.a.b", "'%03d' | format(3)", "'x' ~ params.a", "\"ab\" + params.nope + params.a", "a if", "'abc", "1e400", "99999999999999999999999", "[1,2][7]", "3 / 2", "4 / 2", "7 // 2", "params.f"] {
        match env.compile_expression(ex) {
            Err(e) => println!("{ex}: compile {:?} {:?} {:?}", e.kind(), e.detail(), e.range()),
            Ok(c) => { println!("{ex}: undeclared {:?}", c.undeclared_variables(true));
              let ctx = minijinja::Value::from_pairs([("params", minijinja::Value::from_pairs([("a", minijinja::Value::from(3)), ("f", minijinja::Value::from(1.5))]))]);
              match c.eval(ctx) { Ok(v) => println!("   = {v:?} {:?}", v.kind()), Err(e) => println!("   err {:?} {:?} {:?}", e.kind(), e.detail(), e.range()) } }
        }
    }
}
