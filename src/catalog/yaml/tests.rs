//! Scalars keep their spelling, places are right, and no fault hides another.

use super::{Source, Tree, read};
use crate::catalog::model::{Pairs, Scalar};
use serde::Deserialize;

fn parse(text: &str) -> (Source, Tree) {
    let source = Source::new("test.yaml", text);
    let tree = Tree::parse(&source).unwrap_or_else(|why| panic!("{why}"));
    (source, tree)
}

#[test]
fn scalars_arrive_as_they_were_written() {
    let text = "a: 100/min\nb: off\nc: 007\nd: 1_000\ne: 1.50\nf: 0x1F\ng: .inf\nh: yes\ni: '5'\nj: &x 12.0\nk: *x\nl: 18446744073709551616000\nm: 2001-01-01\nn: |\n  two\n  lines\no: é 1\np: 3..5\n";
    let (source, tree) = parse(text);
    let read = read::<Pairs<Scalar>>(&source, tree);
    let got: Vec<(&str, &str)> = read.value.as_ref().unwrap().iter().map(|(k, v)| (k, v.as_str())).collect();
    let expected = [
        ("a", "100/min"),
        ("b", "off"),
        ("c", "007"),
        ("d", "1_000"),
        ("e", "1.50"),
        ("f", "0x1F"),
        ("g", ".inf"),
        ("h", "yes"),
        ("i", "5"),
        ("j", "12.0"),
        ("k", "12.0"),
        ("l", "18446744073709551616000"),
        ("m", "2001-01-01"),
        ("n", "two\nlines\n"),
        ("o", "é 1"),
        ("p", "3..5"),
    ];
    assert_eq!(got, expected);
}

#[test]
fn places_count_characters_not_bytes() {
    let (source, tree) = parse("é: [ü, ö: 1]\nlist:\n  - {α: β}\n");
    let place = |path: &str| {
        let place = source.place(tree.walk(path).at);
        (place.line, place.column)
    };
    assert_eq!((place("é"), place("é/0"), place("list/0/α")), ((1, 4), (1, 5), (3, 9)));
    assert_eq!(tree.key("list/0/α").map(|key| source.place(key.at).column), Some(6));
    // As far down as it exists.
    assert_eq!(place("list/0/none/3"), (3, 5));
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
struct Whole {
    name: String,
    parts: Vec<Part>,
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
struct Part {
    n: u32,
    #[serde(default)]
    note: Option<String>,
}

fn faults(text: &str) -> Vec<String> {
    let (source, tree) = parse(text);
    let mut faults = read::<Whole>(&source, tree).faults;
    faults.sort_by_key(|fault| fault.place);
    faults.iter().map(|fault| fault.to_string().replace("test.yaml:", "")).collect()
}

#[test]
fn no_fault_of_shape_hides_another() {
    let text = "nam: x\nparts:\n  - {n: 1, note: }\n  - {n: many}\n  - {m: 1}\n  - {n: -1, note: [x]}\n  - 5\n";
    assert_eq!(
        faults(text),
        [
            "1:1: the field `name` is missing",
            "1:1: there is no field `nam` here; did you mean `name`?",
            "4:9: a whole number was expected, but here is `many`",
            "5:5: the field `n` is missing",
            "5:6: there is no field `m` here; did you mean `n`?",
            "6:9: a whole number was expected, but here is `-1`",
            "6:19: a text was expected, but here is a list",
            "7:5: a map was expected, but here is a text",
        ]
    );
}

#[test]
fn what_was_cut_out_is_no_longer_counted() {
    let (source, tree) = parse("name: x\nparts: [{n: 1}, {n: x}, {n: 3}]\n");
    let read = read::<Whole>(&source, tree);
    assert_eq!(read.value.map(|whole| whole.parts.iter().map(|p| p.n).collect::<Vec<_>>()), Some(vec![1, 3]));
    assert!(read.partial && read.tree.walk("parts/1/n").text() == Some("3"));
}
