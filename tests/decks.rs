//! Decks, flaws and concept pages: enough of each, every number worked out, nothing twice, every page reachable.

#![allow(clippy::unwrap_used)]

use greenroom::catalog::expect::formula;
use greenroom::catalog::{Card, CardKind, Catalog, Flaw, Pairs, See};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;

/// What each deck owes: its topics, each with several cards.
const TOPICS: &[(&str, &[&str])] = &[
    (
        "fundamentals",
        &[
            "behind a URL",
            "HTTP methods",
            "status codes",
            "REST design",
            "authentication and authorisation",
            "sessions and tokens",
            "SQL and NoSQL",
            "indexing",
            "transactions",
            "N+1 queries",
            "caching",
            "queues",
            "rate limiting",
        ],
    ),
    (
        "principles",
        &[
            "vertical and horizontal scaling",
            "CAP and PACELC",
            "load balancing",
            "cache layers",
            "sharding",
            "replication",
            "monolith and services",
            "sync and async",
            "circuit breaker",
            "consistency models",
        ],
    ),
    (
        "patterns",
        &[
            "soft delete",
            "optimistic locking",
            "denormalisation",
            "outbox",
            "saga",
            "idempotency",
            "cache warming",
            "stampede prevention",
            "bulkhead",
            "back-off with jitter",
        ],
    ),
    ("technology", &["relational stores", "document and wide-column stores", "Redis", "search", "brokers", "content networks", "storage"]),
    ("numbers", &["latency ladder", "powers of two", "seconds and rates", "latency and throughput", "availability", "sizes"]),
    ("craft", &["phases", "opening", "in the middle", "red flags", "levels"]),
];

/// Concepts that have a page of their own must lead to it from at least one card of the topic.
const PAGED: &[&str] = &["principles", "patterns"];

const KINDS: &[CardKind] = &[CardKind::Basic, CardKind::Choice, CardKind::Several, CardKind::Cloze, CardKind::Order, CardKind::Number];

fn catalog() -> Catalog {
    Catalog::load(None)
}

fn cards(catalog: &Catalog) -> Vec<(String, Card)> {
    catalog.decks().iter().flat_map(|deck| deck.cards.iter().map(|card| (deck.id.clone(), card.clone()))).collect()
}

/// Each flaw by where it stands.
fn flaws(catalog: &Catalog) -> Vec<(String, Flaw)> {
    let of_problems = catalog.heads().iter().flat_map(|head| {
        let problem = catalog.problem(&head.id).unwrap();
        problem.flaws.iter().map(|flaw| (head.id.clone(), flaw.clone())).collect::<Vec<_>>()
    });
    let of_decks = catalog.decks().iter().flat_map(|deck| deck.flaws.iter().map(|flaw| (deck.id.clone(), flaw.clone())));
    of_problems.chain(of_decks).collect()
}

#[test]
fn each_deck_has_its_topics_and_each_topic_several_cards() {
    let catalog = catalog();
    let all = cards(&catalog);
    assert!(all.len() >= 190, "{} cards", all.len());
    for (id, topics) in TOPICS {
        let deck = catalog.decks().iter().find(|deck| deck.id == *id).unwrap_or_else(|| panic!("no deck {id}"));
        for topic in *topics {
            let count = deck.cards.iter().filter(|card| card.topic == *topic).count();
            assert!(count >= 3, "{id}: {count} cards about {topic}");
        }
        for card in &deck.cards {
            assert!(topics.contains(&card.topic.as_str()), "{id}/{}: `{}` is no topic of its deck", card.id, card.topic);
        }
    }
}

#[test]
fn all_six_kinds_are_well_used() {
    let mut count: BTreeMap<CardKind, usize> = BTreeMap::new();
    for (_, card) in cards(&catalog()) {
        *count.entry(card.kind).or_default() += 1;
    }
    for kind in KINDS {
        assert!(count.get(kind).copied().unwrap_or_default() >= 10, "{count:?}");
    }
}

#[test]
fn each_card_says_why() {
    for (deck, card) in cards(&catalog()) {
        let words = card.why.split_whitespace().count();
        assert!((12..=110).contains(&words), "{deck}/{}: {words} words of why", card.id);
    }
}

#[test]
fn every_number_is_worked_out_or_has_its_source() {
    let mut sourced = Vec::new();
    for (deck, card) in cards(&catalog()).into_iter().filter(|(_, card)| card.kind == CardKind::Number) {
        let answer = card.number().unwrap();
        match &card.formula {
            Some(text) => {
                let value = formula(text, &Pairs::default()).unwrap();
                let share = if answer == 0.0 { value.abs() } else { (value / answer - 1.0).abs() };
                assert!(share <= card.tolerance().min(0.05) + 1e-9, "{deck}/{}: {answer}, but {text} is {value}", card.id);
            }
            None => {
                assert!(card.why.contains("Source:"), "{deck}/{}: neither a formula nor a source", card.id);
                sourced.push(card.id);
            }
        }
    }
    println!("numbers by their source: {sourced:?}");
}

#[test]
fn nothing_is_asked_twice() {
    let catalog = catalog();
    let mut seen: BTreeMap<String, String> = BTreeMap::new();
    let asks = cards(&catalog).into_iter().map(|(deck, card)| (format!("{deck}/{}", card.id), card.ask));
    let titles = flaws(&catalog).into_iter().map(|(at, flaw)| (format!("{at}/{}", flaw.id), flaw.title));
    for (at, text) in asks.chain(titles) {
        let plain: String = text.to_lowercase().chars().filter(|c| c.is_alphanumeric()).collect();
        if let Some(other) = seen.insert(plain, at.clone()) {
            panic!("{at} asks what {other} asks");
        }
    }
}

#[test]
fn the_place_of_the_right_choice_says_nothing() {
    let catalog = catalog();
    let of_cards = cards(&catalog).into_iter().filter(|(_, card)| card.kind == CardKind::Choice).map(|(_, card)| card.right()[0]);
    let of_flaws = flaws(&catalog).into_iter().map(|(_, flaw)| flaw.right);
    for places in [of_cards.collect::<Vec<_>>(), of_flaws.collect()] {
        for place in 1..=3 {
            let share = places.iter().filter(|p| **p == place).count() as f64 / places.len() as f64;
            assert!((0.1..0.6).contains(&share), "place {place} is right in {share:.2} of {} cases", places.len());
        }
    }
}

#[test]
fn flaws_are_short_varied_and_name_their_lines() {
    let catalog = catalog();
    let all = flaws(&catalog);
    assert!(all.iter().filter(|(at, _)| catalog.head(at).is_none()).count() >= 16);
    let languages: BTreeSet<&str> = all.iter().map(|(_, flaw)| flaw.language.as_str()).collect();
    assert!(languages.len() >= 6, "{languages:?}");
    let mut ids = BTreeSet::new();
    for (at, flaw) in &all {
        let lines = flaw.code.lines().count();
        assert!((7..=25).contains(&lines), "{at}/{}: {lines} lines", flaw.id);
        assert!(flaw.code.lines().all(|line| line.chars().count() <= 100), "{at}/{}: a line does not fit", flaw.id);
        assert!(flaw.choices.len() >= 3 && !flaw.lines.is_empty(), "{at}/{}", flaw.id);
        assert!(ids.insert(&flaw.id), "the flaw `{}` stands twice", flaw.id);
    }
    let shown = all.iter().filter(|(at, flaw)| catalog.head(at).is_none() && flaw.experiment.is_some()).count();
    assert!(shown >= 8, "{shown} flaws of decks can be run");
}

#[test]
fn each_page_has_prose_a_picture_a_table_and_a_sentence_for_the_room() {
    let catalog = catalog();
    assert!(catalog.pages().len() >= 24, "{} pages", catalog.pages().len());
    for page in catalog.pages() {
        let words = page.body.lines().filter(|line| !line.starts_with('|')).flat_map(str::split_whitespace).count();
        assert!((150..=350).contains(&words), "{}: {words} words", page.id);
        assert!(page.body.contains("\n|---"), "{} has no table", page.id);
        assert!(page.body.contains("**In the room:**"), "{} says nothing for the room", page.id);
        assert!(page.diagram.is_some() && !page.mechanisms.is_empty() && !page.see.is_empty(), "{}", page.id);
    }
}

#[test]
fn each_page_is_reached_from_a_card_and_each_problem_reaches_some() {
    let catalog = catalog();
    let all = cards(&catalog);
    let mut reached: BTreeSet<String> = BTreeSet::new();
    for (_, card) in &all {
        reached.extend(card.see.iter().filter_map(|text| match See::parse(text) {
            See::Page(id) => Some(id),
            _ => None,
        }));
    }
    // A flaw leads to a page as well as a card does.
    for (_, flaw) in flaws(&catalog) {
        reached.extend(flaw.see.iter().filter_map(|text| text.strip_prefix("page:").map(String::from)));
    }
    for page in catalog.pages() {
        assert!(reached.contains(&page.id), "no card leads to page:{}", page.id);
    }
    for (id, topics) in TOPICS.iter().filter(|(id, _)| PAGED.contains(id)) {
        for topic in *topics {
            let leads = all.iter().any(|(deck, card)| deck == id && card.topic == *topic && card.see.iter().any(|text| text.starts_with("page:")));
            assert!(leads, "{id}: {topic} leads to no page");
        }
    }
    for head in catalog.heads() {
        assert!(catalog.pages_about(&head.mechanisms).len() >= 2, "{} leads to too few pages", head.id);
    }
}

/// What the answers of some flaws claim, by doing what their code does.
#[test]
fn flaws_do_what_their_answers_say() {
    // paging-while-deleting: 10,000 rows, pages of 1,000, the offset moves on.
    let (mut rows, mut offset) = ((0..10_000).collect::<Vec<u32>>(), 0);
    while offset < rows.len() {
        let end = (offset + 1000).min(rows.len());
        let taken = rows.drain(offset..end).count();
        offset += taken;
    }
    assert_eq!(rows.len(), 5000);

    // power-of-two: exclusive-or where a power was meant.
    assert_eq!([0, 1, 2, 3].map(|n| 2 ^ n), [2, 3, 0, 1]);

    // whole-seconds: ten requests a second for a minute, 5 tokens a second, depth 20; time in tenths.
    let (mut tokens, mut last, mut passed) = (20_u64, 0_u64, 0);
    for tenth in 1..=600_u64 {
        tokens = (tokens + (tenth - last) / 10 * 5).min(20);
        last = tenth;
        if tokens > 0 {
            tokens -= 1;
            passed += 1;
        }
    }
    assert_eq!(passed, 20);

    // counting-down-nothing: 100 requests a second for 30 s; the key lives a second after it was last set.
    let (mut key, mut passed) = (None::<(i64, u64)>, 0);
    for ms in (0..30_000_u64).step_by(10) {
        key = key.filter(|(_, ends)| ms < *ends);
        if key.map_or(500, |(left, _)| left) > 0 {
            key = Some((key.map_or(0, |(left, _)| left) - 1, ms + 1000));
            passed += 1;
        }
    }
    assert_eq!(passed, 30);

    // hex-digits: pairs that share a code, and links that find theirs taken.
    let worked_out = |text: &str| formula(text, &Pairs::default()).unwrap();
    let pairs = worked_out("100M * 100M / 2 / pow(16, 7)");
    let taken = worked_out("100M - pow(16, 7) * (1 - pow(2.718281828, 0 - 100M / pow(16, 7)))");
    assert!((pairs / 18.6e6 - 1.0).abs() < 0.01 && (taken / 16.5e6 - 1.0).abs() < 0.01, "{pairs} {taken}");
}

#[test]
fn a_users_deck_takes_the_place_of_the_built_in_one() {
    let dir = tempfile::tempdir().unwrap();
    let put = |path: &str, text: &str| {
        let path = dir.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    let id = catalog().decks().iter().find(|deck| deck.id == "craft").unwrap().cards[0].id.clone();
    // The replaced deck's ids are free again; another deck's are not.
    put(
        "problems/decks/craft.yaml",
        &format!("format: 1\nkind: deck\nid: craft\ntitle: Mine\ncards:\n  - {{id: {id}, kind: basic, ask: Mine?, answer: Mine.}}\n"),
    );
    put("problems/decks/other.yaml", "format: 1\nkind: deck\nid: other\ntitle: Other\ncards:\n  - {id: url-steps, kind: basic, ask: Whose?, answer: Mine.}\n");
    put("problems/pages/own.yaml", "format: 1\nkind: page\nid: own\ntitle: Own\nbody: Mine.\nsee: page:outbox\n");
    let catalog = Catalog::load(Some(dir.path()));
    let craft = catalog.decks().iter().find(|deck| deck.id == "craft").unwrap().clone();
    assert_eq!((craft.title.as_str(), craft.cards.len()), ("Mine", 1));
    assert_eq!(catalog.page("own").unwrap().title, "Own");
    let faults: Vec<&str> = catalog.faults().iter().map(|fault| fault.message.as_str()).collect();
    assert_eq!(faults, ["the id `url-steps` is taken by the deck `fundamentals`"]);
    assert!(catalog.decks().iter().all(|deck| deck.id != "other"), "a deck with a fault is left out");
}
