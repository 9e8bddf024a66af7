//! The command line from outside: JSON shapes, exit codes, and what wrong use is told.

#![allow(clippy::unwrap_used)]

use assert_cmd::Command;
use serde_json::Value;
use std::process::{Output, Stdio};

fn greenroom(args: &[&str]) -> Output {
    let home = tempfile::tempdir().unwrap();
    command(home.path()).args(args).output().unwrap()
}

fn command(home: &std::path::Path) -> Command {
    let mut command = Command::cargo_bin("greenroom").unwrap();
    command.env("GREENROOM_HOME", home).env("LC_ALL", "C.UTF-8");
    command
}

fn code(output: &Output) -> i32 {
    output.status.code().unwrap()
}

fn json(args: &[&str]) -> Value {
    let output = greenroom(args);
    serde_json::from_slice(&output.stdout).unwrap_or_else(|why| panic!("{args:?}: {why}\n{}", String::from_utf8_lossy(&output.stderr)))
}

fn keys(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

/// Wrong use leaves with 2, says what is wrong in one message, and prints nothing else.
fn check_refused(args: &[&str], parts: &[&str]) {
    let output = greenroom(args);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(code(&output), 2, "{args:?}: {said}");
    assert!(output.stdout.is_empty(), "{args:?}");
    for part in parts {
        assert!(said.contains(part), "{args:?}: no `{part}` in: {said}");
    }
}

#[test]
fn list_gives_every_problem_with_its_contract_fields() {
    let list = json(&["list", "--json"]);
    let rows = list.as_array().unwrap();
    assert!(!rows.is_empty());
    for row in rows {
        assert_eq!(keys(row), ["id", "title", "group", "level", "difficulty", "minutes", "variants", "design", "experiments", "score"]);
        assert!(row["minutes"].is_u64() && row["variants"].is_array() && row["experiments"].is_array(), "{row}");
    }
    let of_l6 = json(&["list", "--json", "--level", "L6"]);
    assert!(of_l6.as_array().unwrap().iter().all(|row| row["level"] == "L6"));
}

#[test]
fn show_gives_the_card_under_its_own_names_and_keeps_the_solution_back() {
    let card = json(&["show", "rate-limiter", "--json"]);
    for field in ["id", "title", "statement", "phases", "rubric"] {
        assert!(!card[field].is_null(), "{field}");
    }
    assert!(card.get("solution").is_none());
    assert!(json(&["show", "rate-limiter", "--json", "--solution"])["solution"].is_array());
    let told = String::from_utf8(greenroom(&["show", "rate-limiter"]).stdout).unwrap();
    assert!(told.starts_with("# ") && !told.contains("## Rubric"), "{told}");
    assert!(String::from_utf8(greenroom(&["show", "rate-limiter", "--solution"]).stdout).unwrap().contains("## Rubric"));
}

#[test]
fn sim_gives_its_contract_fields_and_the_same_run_twice() {
    let args = ["sim", "rate-limiter", "--json", "--for", "10s", "--seed", "7", "--set", "users=10"];
    let (mut one, mut two) = (json(&args), json(&args));
    assert_eq!(keys(&one), ["design", "seed", "knobs", "virtual_s", "events", "events_per_s", "digest", "metrics", "invariants"]);
    assert_eq!((one["seed"].as_u64(), one["virtual_s"].as_f64(), one["knobs"]["users"].as_str()), (Some(7), Some(10.0), Some("10")));
    let digest = one["digest"].as_str().unwrap();
    assert!(digest.len() == 16 && digest.chars().all(|c| c.is_ascii_hexdigit()), "{digest}");
    for lamp in one["invariants"].as_array().unwrap() {
        assert_eq!(keys(lamp), ["name", "kind", "says", "verdict", "at_s", "detail"]);
    }
    // The only field that depends on the machine.
    one["events_per_s"] = Value::Null;
    two["events_per_s"] = Value::Null;
    assert_eq!(one, two);
}

#[test]
fn a_broken_invariant_is_one_and_still_one_json_value() {
    let args = [
        "sim",
        "rate-limiter",
        "--json",
        "--set",
        "algorithm=fixed-window",
        "--set",
        "base_rate=0/s",
        "--at",
        "59s=burst:n=100",
        "--at",
        "61s=burst:n=100",
        "--for",
        "90s",
    ];
    let output = greenroom(&args);
    assert_eq!(code(&output), 1, "{}", String::from_utf8_lossy(&output.stderr));
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    let broken: Vec<&Value> = told["invariants"].as_array().unwrap().iter().filter(|lamp| lamp["verdict"] == "broken").collect();
    assert!(!broken.is_empty() && broken.iter().all(|lamp| lamp["at_s"].is_f64() && lamp["detail"].is_string()), "{broken:?}");
}

#[test]
fn plain_tells_the_run_in_sentences_without_marks() {
    let output = greenroom(&["sim", "rate-limiter", "--plain", "--for", "5s", "--at", "2s=crash:node=s1"]);
    let told = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{told}");
    for part in ["seed 1", "Knob limit is", "At 2.000 s", "crash", "Metric admitted is", "Invariant never-above-limit"] {
        assert!(told.contains(part), "no `{part}` in: {told}");
    }
    assert!(!told.contains(['✓', '✗', '│']), "{told}");
}

#[test]
fn a_step_that_cannot_be_done_is_told_beside_the_result() {
    let output = greenroom(&["sim", "rate-limiter", "--for", "5s", "--at", "2s=crash:node=zz", "--json"]);
    let (told, aside) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    assert_eq!(output.status.code(), Some(0), "the run goes on: {aside}");
    assert!(serde_json::from_str::<Value>(&told).is_ok(), "{told}");
    assert!(aside.contains("at 2.000 s could not crash") && aside.contains("no node `zz`; there are: store, s1"), "{aside}");
}

#[test]
fn wrong_use_is_two_and_names_what_is_near_or_allowed() {
    check_refused(&["show", "rate-limitr"], &["no problem `rate-limitr`", "`rate-limiter`"]);
    check_refused(&["sim", "rate-limitr"], &["did you mean `rate-limiter`"]);
    check_refused(&["bench", "zebra"], &["no problem or design `zebra`", "rate-limiter"]);
    check_refused(&["lab", "rate-limitr"], &["did you mean `rate-limiter`"]);
    check_refused(&["mock", "rate-limiter/nothing"], &["variant"]);
    check_refused(&["sim", "rate-limiter", "--set", "limt=3"], &["did you mean `limit`"]);
    check_refused(&["sim", "rate-limiter", "--set", "limit"], &["KNOB=VALUE"]);
    check_refused(&["sim", "rate-limiter", "--set", "users=0"], &["knob `users` is 0, but must be 1 to"]);
    check_refused(&["sim", "rate-limiter", "--at", "5s=brst:n=1"], &["did you mean `burst`"]);
    check_refused(&["sim", "rate-limiter", "--at", "burst"], &["TIME=ACTION"]);
    check_refused(&["sim", "rate-limiter", "--at", "2h=burst:n=1"], &["after the end"]);
    check_refused(&["sim", "rate-limiter", "--for", "30"], &["--for", "30s"]);
    check_refused(&["sim", "rate-limiter", "--for", "5s", "--warm-up", "5s"], &["shorter than the run"]);
    check_refused(&["sim", "rate-limiter", "--run", "no-such-file.yaml"], &["no-such-file.yaml"]);
    check_refused(&["experiment"], &["--all"]);
    check_refused(&["experiment", "rate-limiter/zebra"], &[]);
    check_refused(&["list", "--level", "L9"], &["L6"]);
    check_refused(&["frobnicate"], &["frobnicate"]);
    check_refused(&["sim"], &["<ID>"]);
}

#[test]
fn experiments_pass_and_give_their_contract_fields() {
    let told = json(&["experiment", "unique-id-generator/forgets", "--json"]);
    let rows = told.as_array().unwrap();
    assert_eq!(rows.len(), 1);
    assert_eq!(keys(&rows[0]), ["problem", "experiment", "seeds", "passed", "expectations"]);
    assert_eq!((rows[0]["problem"].as_str(), rows[0]["passed"].as_bool()), (Some("unique-id-generator"), Some(true)));
    for line in rows[0]["expectations"].as_array().unwrap() {
        assert_eq!(keys(line), ["text", "passed", "seed", "left", "right"]);
    }
    let seeds = json(&["experiment", "unique-id-generator/forgets", "--json", "--seeds", "5"]);
    assert_eq!(seeds[0]["seeds"], serde_json::json!([1, 2, 3, 4, 5]));
}

#[test]
fn a_run_file_is_run_and_its_objectives_decide() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("hard.yaml");
    let text = "format: 1\nkind: run\ntitle: Too hard\ndesign: rate-limiter\nfor: 5s\nobjectives:\n  - {value: admitted, is: \">=\", than: 1G, because: nobody sends that many}\n";
    std::fs::write(&file, text).unwrap();
    let output = command(home.path()).args(["sim", "rate-limiter", "--json", "--run"]).arg(&file).output().unwrap();
    assert_eq!(code(&output), 1, "{}", String::from_utf8_lossy(&output.stderr));
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(told["objectives"][0]["met"], false);
    std::fs::write(&file, text.replace("1G", "1")).unwrap();
    let output = command(home.path()).args(["sim", "rate-limiter", "--run"]).arg(&file).output().unwrap();
    assert_eq!(code(&output), 0, "{}", String::from_utf8_lossy(&output.stdout));
    std::fs::write(&file, text.replace("design: rate-limiter", "design: rate-limitr")).unwrap();
    let output = command(home.path()).args(["sim", "rate-limiter", "--run"]).arg(&file).output().unwrap();
    assert_eq!(code(&output), 2);
    assert!(String::from_utf8_lossy(&output.stderr).contains("rate-limiter"));
}

#[test]
fn looking_at_an_empty_past_makes_no_database() {
    let home = tempfile::tempdir().unwrap();
    for args in [&["history", "--json"][..], &["export", "--format", "json"], &["doctor"], &["list"]] {
        let output = command(home.path()).args(args).output().unwrap();
        assert_eq!(code(&output), 0, "{args:?}");
    }
    let history = command(home.path()).args(["history", "--json"]).output().unwrap();
    assert_eq!(serde_json::from_slice::<Value>(&history.stdout).unwrap()["attempts"], serde_json::json!([]));
    let file = home.path().join("past.md");
    assert_eq!(code(&command(home.path()).arg("export").arg(&file).output().unwrap()), 0);
    assert!(std::fs::read_to_string(&file).unwrap().starts_with("# "));
    assert!(!home.path().join("greenroom.db").exists());
}

#[test]
fn a_bad_file_of_ones_own_is_one_line_and_hides_nothing() {
    let home = tempfile::tempdir().unwrap();
    std::fs::create_dir(home.path().join("problems")).unwrap();
    std::fs::write(home.path().join("problems/mine.yaml"), "format: 1\nid: mine\ntitle: [\n").unwrap();
    let output = command(home.path()).args(["list", "--json"]).output().unwrap();
    assert_eq!(code(&output), 0);
    assert!(String::from_utf8_lossy(&output.stderr).contains("mine.yaml"));
    assert!(String::from_utf8_lossy(&output.stdout).contains("rate-limiter"));
    let check = command(home.path()).arg("check").output().unwrap();
    assert_eq!(code(&check), 1);
    assert!(String::from_utf8_lossy(&check.stdout).contains("mine.yaml"));
}

#[test]
fn bench_gives_its_contract_fields() {
    let timings = json(&["bench", "rate-limiter", "--quick", "--json"]);
    for timing in timings.as_array().unwrap() {
        assert_eq!(keys(timing), ["design", "case", "threads", "ops", "ns_per_op", "ops_per_s", "spread_ns", "machine_ns"]);
        assert_eq!(keys(&timing["machine_ns"]), ["atomic_add", "memory_access", "clock_read"]);
        assert!(timing["ns_per_op"].as_f64().unwrap() > 0.0, "{timing}");
    }
}

#[test]
fn built_in_content_has_no_faults() {
    let output = greenroom(&["check"]);
    assert_eq!(code(&output), 0, "{}", String::from_utf8_lossy(&output.stdout));
}

#[test]
fn without_a_terminal_the_interface_says_how_to_go_on_and_is_three() {
    for args in [&[][..], &["lab", "rate-limiter"], &["mock", "rate-limiter"]] {
        let output = greenroom(args);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(code(&output), 3, "{args:?}: {said}");
        assert!(said.contains("greenroom sim"), "{args:?}: {said}");
    }
}

#[test]
fn completions_know_the_subcommands() {
    for shell in ["bash", "zsh", "fish"] {
        let script = String::from_utf8(greenroom(&["completions", shell]).stdout).unwrap();
        assert!(script.contains("experiment") && script.contains("sim"), "{shell}");
    }
}

#[cfg(unix)]
#[test]
fn a_closed_pipe_ends_quietly() {
    let home = tempfile::tempdir().unwrap();
    let mut child = std::process::Command::new(assert_cmd::cargo::cargo_bin("greenroom"))
        .args(["completions", "zsh"])
        .env("GREENROOM_HOME", home.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
}

const SWEEP: [&str; 10] = ["sweep", "rate-limiter", "--knob", "limit=50/min..150/min:50", "--metric", "admitted", "--for", "10s", "--seeds", "2"];

#[test]
fn a_sweep_in_shards_is_the_sweep_of_one_machine() {
    let home = tempfile::tempdir().unwrap();
    let whole = greenroom(&[&SWEEP[..], &["--json"]].concat());
    let mut files = Vec::new();
    for shard in ["3/3", "1/3", "2/3"] {
        let output = greenroom(&[&SWEEP[..], &["--shard", shard]].concat());
        assert_eq!(code(&output), 0, "{}", String::from_utf8_lossy(&output.stderr));
        let file = home.path().join(shard.replace('/', "-of-"));
        std::fs::write(&file, output.stdout).unwrap();
        files.push(file.to_string_lossy().into_owned());
    }
    let names: Vec<&str> = files.iter().map(String::as_str).collect();
    let merged = greenroom(&[&["sweep", "--json", "--merge"][..], &names].concat());
    assert_eq!(String::from_utf8_lossy(&merged.stdout), String::from_utf8_lossy(&whole.stdout));
    let csv = String::from_utf8(greenroom(&[&["sweep", "--csv", "--merge"][..], &names].concat()).stdout).unwrap();
    assert!(csv.starts_with("limit,seed,events,digest,broken,admitted\n50/min,1,") && csv.lines().count() == 7, "{csv}");
    let short = [&["sweep", "--merge"][..], &names[1..]].concat();
    check_refused(&short, &["2 of 6 runs are missing: shard 3/3"]);
}

#[test]
fn a_sweep_tells_what_is_wrong() {
    let with = |at: usize, what: &'static str| {
        let mut args = SWEEP;
        args[at] = what;
        args
    };
    check_refused(&with(1, "rate-limitr"), &["did you mean `rate-limiter`"]);
    check_refused(&with(3, "limit"), &["KNOB=RANGE"]);
    check_refused(&with(3, "limt=1..2"), &["did you mean `limit`"]);
    check_refused(&with(3, "limit=9/min..1/min"), &["the smaller one first"]);
    check_refused(&with(5, "admited"), &["did you mean `admitted`"]);
    check_refused(&with(9, "0"), &["--seeds"]);
    check_refused(&[&SWEEP[..], &["--shard", "4/3"]].concat(), &["I/N"]);
    check_refused(&["sweep", "--merge", "no-such.json"], &["no-such.json"]);
    check_refused(&["sweep", "--merge", "Cargo.toml"], &["no sheet of a sweep"]);
    check_refused(&["sweep"], &["<ID>"]);
}

#[test]
fn chaos_is_shrunk_told_in_words_and_saved_as_a_run_that_breaks_the_same() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("small.yaml");
    let args = ["sim", "distributed-cache", "--set", "tombstones=off", "--for", "15s", "--chaos", "2:40", "--shrink", "--json", "--save"];
    let output = command(home.path()).args(args).arg(&file).output().unwrap();
    assert_eq!(code(&output), 1);
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    let found = &told["shrunk"];
    let (steps, of) = (found["script"].as_array().unwrap().len(), told["script"].as_array().unwrap().len());
    assert!(steps < of && found["told"].as_array().unwrap().len() == steps + 1, "{found}");

    let again = command(home.path()).args(["sim", "distributed-cache", "--json", "--run"]).arg(&file).output().unwrap();
    let again: Value = serde_json::from_slice(&again.stdout).unwrap();
    assert_eq!(again["digest"], found["digest"], "the saved run is the shrunk one");
    let law = again["invariants"].as_array().unwrap().iter().find(|law| law["name"] == found["invariant"]).unwrap();
    assert_eq!((&law["verdict"], &law["at_s"]), (&Value::from("broken"), &found["at_s"]));
    check_refused(&["sim", "rate-limiter", "--chaos", "x"], &["--chaos", "SEED:FAULTS-A-MINUTE"]);
    check_refused(&["sim", "rate-limiter", "--chaos", "1:0"], &["1 to 600"]);
    check_refused(&["sim", "rate-limiter", "--save", "run.txt"], &[".yaml"]);
}

#[test]
fn a_new_problem_is_a_frame_of_ones_own_that_passes() {
    let home = tempfile::tempdir().unwrap();
    let new = |args: &[&str]| command(home.path()).current_dir(home.path()).args(args).output().unwrap();
    assert_eq!(code(&new(&["new", "problem", "photo-wall"])), 0);
    assert_eq!(code(&new(&["check"])), 0, "{}", String::from_utf8_lossy(&new(&["check"]).stdout));
    let list = new(&["list", "--json"]);
    assert!(String::from_utf8_lossy(&list.stdout).contains("photo-wall"));
    for (args, part) in
        [(["new", "problem", "photo-wall"], "is there already"), (["new", "problem", "Photo"], "no id"), (["new", "design", "photo-wall"], "checkout")]
    {
        let output = new(&args);
        assert_eq!(code(&output), 2, "{args:?}");
        assert!(String::from_utf8_lossy(&output.stderr).contains(part), "{args:?}");
    }
}
