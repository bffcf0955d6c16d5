//! The crates `rxform` (XLSForm to XForm) and `rxeval` (an XForm's rules) for `cargo xtask bench forms`:
//! `peers FOLDER` (q2000.xlsx, q2000.xml, roster.xml, perhaps whova.xlsx).

#[path = "../../src/counting.rs"]
mod counting;

use counting::{Counting, count};
use rxeval::{Clock, Session};
use std::io::BufRead as _;
use std::path::PathBuf;
use std::time::Instant;

#[global_allocator]
static COUNTING: Counting = Counting;

fn median(times: usize, mut act: impl FnMut(usize)) -> String {
    let mut all: Vec<f64> = (0..times)
        .map(|i| {
            let begun = Instant::now();
            act(i);
            begun.elapsed().as_secs_f64() * 1e6
        })
        .collect();
    all.sort_by(f64::total_cmp);
    all[times / 2].to_string()
}

fn clock() -> Clock {
    Clock { today: "2026-11-22".into(), now: "2026-11-22T12:00:00.000+00:00".into() }
}

fn load(xform: &str) -> Session {
    let mut session = Session::new(xform, clock()).expect("an XForm");
    session.recompute();
    session
}

/// An answer with everything that follows from it.
fn answer(session: &mut Session, path: &str, value: &str) {
    session.set(path, value).expect("a path");
    session.recompute();
}

fn add_row(roster: &mut Session) {
    let rows = roster.add_row("/data/m").expect("a row");
    for (question, value) in [("name", "P"), ("age", "33"), ("sick", "no")] {
        answer(roster, &format!("/data/m[{rows}]/{question}"), value);
    }
}

fn main() {
    let folder = PathBuf::from(std::env::args().nth(1).expect("a folder"));
    let xform = |name: &str| std::fs::read_to_string(folder.join(name)).expect("an XForm");
    let (q2000, roster) = (xform("q2000.xml"), xform("roster.xml"));
    let (mut form, memory) = count(|| load(&q2000));
    form.set("/data/consent", "yes").expect("a path");
    let last = (0..).take_while(|b| q2000.contains(&format!("/n_{b}\""))).last().expect("a block");
    for b in 0..=last {
        form.set(&format!("/data/g_{b}/n_{b}"), &(2 + b % 7).to_string()).expect("a path");
    }
    form.recompute();
    let (first, local) = ("/data/g_0/n_0".to_owned(), format!("/data/g_{last}/n_{last}"));
    let mut house = load(&roster);
    while house.repeat_counts().get("/data/m").copied().unwrap_or(0) < 40 {
        add_row(&mut house);
    }
    println!("ready");
    for row in std::io::stdin().lock().lines().map_while(Result::ok) {
        let mut moved = |path: &str, times| median(times, |i| answer(&mut form, path, &(10 + i % 15).to_string()));
        let reply = match row.trim() {
            "load_q2000" => median(3, |_| drop(load(&q2000))),
            "chain_200" => moved(&first, 10),
            "local_answer" => moved(&local, 10),
            "finish_q2000" => median(3, |_| drop(form.check_all())),
            "roster_add_row" => {
                let mut times: Vec<f64> = (0..5)
                    .map(|_| {
                        let time = median(1, |_| add_row(&mut house)).parse().expect("a time");
                        house.remove_row("/data/m", 41).expect("the row");
                        time
                    })
                    .collect();
                times.sort_by(f64::total_cmp);
                times[2].to_string()
            }
            "memory_q2000" => (memory.after as f64 / 1e6).to_string(),
            "check" => {
                answer(&mut form, &first, "10");
                answer(&mut form, &local, "10");
                form.get(&format!("/data/g_{last}/t_{last}"))
            }
            compile => match folder.join(format!("{}.xlsx", compile.trim_start_matches("compile_"))) {
                file if file.exists() => match rxform::convert_file(&file) {
                    Ok(_) => median(5, |_| drop(rxform::convert_file(&file))),
                    Err(error) => format!("refused: {}", error.to_string().lines().next().unwrap_or_default()),
                },
                _ => "-".into(),
            },
        };
        println!("{reply}");
    }
}
