//! The declarations against `abi/layout.json`, which the C compiler made from the header: same structs, members, offsets,
//! sizes and constants, nothing more and nothing less. bindgen's own assertions tie the declarations to the offsets that are
//! read here from the source.

use std::collections::BTreeMap;

use serde_json::Value;

const SOURCE: &str = include_str!("../src/bindings.rs");

/// What both sides say about one struct: its size, and the offset of every member.
#[derive(Debug, Default, PartialEq)]
struct Layout {
    size: u64,
    offsets: BTreeMap<String, u64>,
}

fn layout() -> Value {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../abi/layout.json");
    serde_json::from_str(&std::fs::read_to_string(path).expect(path)).expect(path)
}

#[test]
fn structs_are_those_of_the_header() {
    let mut header: BTreeMap<String, Layout> = BTreeMap::new();
    for (name, members) in layout()["structs"].as_object().expect("structs") {
        let entry = header.entry(name.clone()).or_default();
        for (member, place) in members.as_object().expect("members") {
            match place {
                Value::Array(place) => {
                    entry
                        .offsets
                        .insert(member.clone(), place[0].as_u64().expect("an offset"));
                }
                size => entry.size = size.as_u64().expect("a size"),
            }
        }
    }

    let text = SOURCE.split_whitespace().collect::<Vec<_>>().join(" "); // long assertions fill several lines
    let mut ours: BTreeMap<String, Layout> = BTreeMap::new();
    for assertion in text.split("[ \"").flat_map(|part| part.split("[\"")).skip(1) {
        let (title, check) = assertion.split_once('"').expect("a title");
        let digits = check
            .split("usize")
            .next()
            .and_then(|check| check.rsplit_once("- "))
            .expect("a difference")
            .1;
        let number = digits.parse::<u64>().expect("a number");
        if let Some(name) = title.strip_prefix("Size of ") {
            ours.entry(name.into()).or_default().size = number;
        } else if let Some(place) = title.strip_prefix("Offset of field: ") {
            let (name, member) = place.split_once("::").expect("a member");
            // `type` is a keyword of Rust.
            ours.entry(name.into())
                .or_default()
                .offsets
                .insert(member.trim_end_matches('_').into(), number);
        }
    }
    assert_eq!(ours.keys().collect::<Vec<_>>(), header.keys().collect::<Vec<_>>());
    for (name, layout) in &header {
        assert_eq!(
            &ours[name], layout,
            "{name}: run ltx-bindgen, then bind what is new in the crate ltx"
        );
    }
}

#[test]
fn constants_are_those_of_the_header() {
    let header: BTreeMap<String, i64> = layout()["constants"]
        .as_object()
        .expect("constants")
        .iter()
        .map(|(name, value)| (name.clone(), value.as_i64().expect("a number")))
        .collect();
    let mut ours = BTreeMap::new();
    for line in SOURCE.lines() {
        let Some((name, value)) = line
            .strip_prefix("pub const ")
            .and_then(|rest| rest.split_once(": i32 = "))
        else {
            continue;
        };
        ours.insert(
            name.to_owned(),
            value.trim_end_matches(';').parse::<i64>().expect("a number"),
        );
    }
    assert_eq!(ours.remove("LTX_DEFAULT"), Some(-1)); // a macro, which the layout does not list
    assert_eq!(ours, header);
}

#[test]
fn functions_are_those_of_the_library() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../abi/symbols.txt");
    let symbols = std::fs::read_to_string(path).expect(path);
    let mut library: Vec<&str> = symbols
        .lines()
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    library.sort_unstable();
    let mut ours: Vec<&str> = SOURCE
        .lines()
        .filter_map(|line| line.trim().strip_prefix("pub fn ")?.split('(').next())
        .collect();
    ours.sort_unstable();
    assert_eq!(ours, library);
}
