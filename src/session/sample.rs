//! A small card and its rubric, for tests only.

use serde_json::json;

use crate::catalog::{Problem, Rubric};

/// 60 minutes in three phases, 50 points in four lines, one variant without the last phase.
pub(crate) fn problem() -> Problem {
    let line = |id: &str, phase: &str, points: u32| {
        json!({"id": id, "phase": phase, "line": format!("{id} is settled"), "points": points,
            "full": format!("{id}: names, costs and limits"), "half": format!("{id}: names only"), "none": format!("{id}: nothing")})
    };
    let hint = |phase: &str| json!({"phase": phase, "nudge": format!("nudge {phase}"), "point": format!("point {phase}"), "tell": format!("tell {phase}")});
    let phase = |id: &str, name: &str, minutes: u32| json!({"id": id, "name": name, "minutes": minutes, "goals": [format!("{name} stands on the board")], "prompts": [format!("What breaks first in {id}?")]});
    let card = json!({
        "format": 1, "id": "leaderboard", "title": "Leaderboard", "group": "social", "level": "L6", "difficulty": "medium", "minutes": 60,
        "statement": "A mobile game wants a leaderboard: a player sees the top hundred, and where they stand themselves. Design it.",
        "clarify": [{"ask": "How many players?", "answer": "20 M, a tenth of them each day."},
            {"ask": "How fresh must a rank be?", "answer": "The top within a second; yours within a minute."}],
        "phases": [phase("scope", "Requirements", 10), phase("design", "High-level design", 30), phase("operate", "Operations", 20)],
        "hints": [hint("scope"), hint("design"), hint("operate")],
        "interviewer": [{"at": "5m", "kind": "probe", "say": "What does a rank cost?", "looks_for": "A number."},
            {"at": "22m", "kind": "change", "say": "Product wants boards per group of friends.", "looks_for": "Merging at read time."}],
        "variants": [{"id": "small", "title": "Only the top", "difficulty": "easy", "minutes": 30, "scope": "The top hundred only.", "drops": ["operate", "alarms"]}],
        "solution": [{"phase": "scope", "title": "What is asked", "body": "Twenty million players."},
            {"phase": "design", "title": "One sorted set", "body": "The top ten thousand are **exact**.", "diagram": "graph LR\n  a[app] --> s[(set)]"}],
        "rubric": [line("numbers", "scope", 8), line("path", "design", 20), line("ranks", "design", 10), line("alarms", "operate", 12)],
    });
    serde_json::from_value(card).expect("the sample is a card")
}

pub(crate) fn rubric() -> Rubric {
    let steps = ["one", "two", "three", "four", "five"];
    let scale = |id: &str, weight: &str| json!({"id": id, "title": id, "weight": weight.parse::<f64>().expect("a number"), "steps": steps});
    let rubric = json!({
        "format": 1, "kind": "rubric", "id": "L6", "phases": [8, 15, 20, 12, 5],
        "dimensions": [scale("architecture", "25"), scale("scalability", "25"), scale("storage", "20"), scale("integration", "15"), scale("operations", "15")],
        "communication": [scale("clarity", "1"), scale("depth", "1"), scale("trade-offs", "1")],
        "late": [{"over": "10%", "points": 5}, {"over": "20%", "points": 10}],
    });
    serde_json::from_value(rubric).expect("the sample is a rubric")
}
