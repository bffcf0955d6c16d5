//! The demo: a server, 25 simulated phones that run the real core, and 1,500 invented interviews over two years, so
//! that the figures printed for those years come out; then three pages to look at: the coordinator's, a focal point's phone
//! in the browser, and the questionnaire tried out. `cargo xtask demo` starts it.

use clap::Parser;
use indicatif::{ProgressBar, ProgressStyle};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tabara_core::clock::Clock;
use tabara_core::focal_point::FocalPoint;
use tabara_core::places;
use tabara_desk::local_page::LocalPage;
use tabara_desk::local_page::door::Door;
use tabara_server::staff::role::Role;
use tabara_server::statistics::Scope;
use tabara_support::coordinator::{Cell, Coordinator, Sheet, client};
use tabara_support::deployment::{Deployment, SetClock};
use tabara_support::developer::{hand_out_card, invite_coordinator};
use tabara_support::interviewer;
use tabara_support::people::{self, FIRST_MONTH, MONTHS, Person};
use tabara_support::phone::KeyStore;
use tabara_support::sign_in::SignIn;

const PHONES: usize = 25;
const DAY: i64 = 86_400;
/// Of the phone in the browser.
const PIN: &str = "271828";
const FORM: &str = "returnee-screening.md";

#[derive(Parser)]
#[command(name = "demo", about = "A server, 25 simulated phones and 1,500 invented interviews")]
struct Words {
    /// A tenth of the people.
    #[arg(long)]
    fast: bool,
    /// Check the figures and stop.
    #[arg(long)]
    once: bool,
    /// Keep the files of server and phones here; the folder must be empty or not exist.
    #[arg(long)]
    dir: Option<PathBuf>,
    /// Port of the page on 127.0.0.1; any free one where not given.
    #[arg(long, default_value_t = 0)]
    port: u16,
}

type Outcome<T = ()> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

fn main() -> ExitCode {
    let words = Words::parse();
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    match runtime.block_on(demo(&words)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            eprintln!("demo: {e}");
            ExitCode::FAILURE
        }
    }
}

async fn demo(words: &Words) -> Outcome {
    let temporary = tempfile::tempdir()?;
    let folder = words.dir.clone().unwrap_or_else(|| temporary.path().to_owned());
    if folder.read_dir().is_ok_and(|mut entries| entries.next().is_some()) {
        return Err(format!("{} is not empty; name a new folder", folder.display()).into());
    }
    let start = noon(0, 1) - 20 * DAY;
    let clock = SetClock::at(start);
    let mut deployment = Deployment::start(&folder, clock.clone(), &[FORM], words.port).await;
    println!("server on {}", deployment.url());

    let phones = enrol(&deployment).await?;
    interview_everybody(&deployment, &phones, people::people(words.fast)).await?;
    drop(phones);
    let doors = local_pages(&deployment).await?;

    let officer = SignIn::new(&deployment, "data-officer", Role::NationalDataOfficer);
    if words.once {
        let checked = check(&deployment, &officer, words.fast).await;
        let local = check_local_pages(&doors).await;
        deployment.stop().await;
        return checked.and(local);
    }
    invite(&deployment, &words.dir, doors)?;
    tokio::signal::ctrl_c().await?;
    deployment.stop().await;
    Ok(())
}

/// Noon in Burundi on a day of the demo's months.
fn noon(month: usize, day: i64) -> i64 {
    let (year, first) = FIRST_MONTH;
    let months = year as i32 * 12 + i32::from(first) - 1 + month as i32;
    let date = jiff::civil::date((months / 12) as i16, (months % 12 + 1) as i8, 1);
    date.to_zoned(jiff::tz::TimeZone::UTC).expect("a date of this century").timestamp().as_second()
        + (day - 1) * DAY
        + 10 * 3600
}

fn bar(length: usize, what: &str) -> ProgressBar {
    let style = ProgressStyle::with_template("{msg:24} {wide_bar} {pos}/{len} {eta}").expect("a template");
    ProgressBar::new(length as u64).with_style(style).with_message(what.to_owned())
}

/// Five phones in each province, each with a card of its own; the first sync brings the questionnaire.
async fn enrol(deployment: &Deployment) -> Outcome<Vec<Arc<FocalPoint>>> {
    let communes: Vec<&str> = places::provinces()
        .flat_map(|p| places::communes().filter(move |c| places::province_of(c.code) == Some(p)).take(PHONES / 5))
        .map(|c| c.code)
        .collect();
    let bar = bar(PHONES, "enrolling phones");
    let enrolments = communes.iter().enumerate().map(|(n, commune)| {
        let folder = deployment.folder.join(format!("phones/{:02}", n + 1));
        let (card, clock, bar) = (deployment.card(commune), deployment.clock.clone(), bar.clone());
        tokio::task::spawn_blocking(move || {
            let phone = FocalPoint::open(&folder, Arc::new(KeyStore::default()), clock)?;
            phone.enrol(&card, "271828")?;
            bar.inc(1);
            Ok::<_, tabara_core::Error>(Arc::new(phone))
        })
    });
    let mut phones = Vec::new();
    for enrolment in enrolments.collect::<Vec<_>>() {
        let phone = enrolment.await??;
        phone.sync(&Default::default()).await?;
        phones.push(phone);
    }
    bar.finish();
    Ok(phones)
}

/// Month after month: the interviews of the month, a sync of every phone, and the closing of what is due.
async fn interview_everybody(deployment: &Deployment, phones: &[Arc<FocalPoint>], people: Vec<Person>) -> Outcome {
    let bar = bar(people.len(), "interviews");
    let mut shares: Vec<Vec<Person>> = vec![Vec::new(); phones.len()];
    for (n, person) in people.into_iter().enumerate() {
        shares[n % phones.len()].push(person);
    }
    for month in 0..MONTHS {
        deployment.clock.set(noon(month, 12));
        let days = phones.iter().zip(&mut shares).map(|(phone, share)| {
            let until = share.iter().position(|p| p.month > month).unwrap_or(share.len());
            let (phone, today) = (phone.clone(), share.drain(..until).collect::<Vec<_>>());
            let bar = bar.clone();
            tokio::spawn(async move {
                let asking = phone.clone();
                let interviews = tokio::task::spawn_blocking(move || {
                    today.iter().try_for_each(|person| interviewer::screen(&asking, person).map(|_| bar.inc(1)))
                });
                interviews.await.expect("no panic")?;
                phone.sync(&Default::default()).await
            })
        });
        for day in days.collect::<Vec<_>>() {
            let report = day.await??;
            if report.refused + report.quarantined > 0 {
                return Err("the server did not accept every record".into());
            }
        }
        deployment.clock.set(noon(month, 28));
        deployment.tick();
    }
    // the last month closes, and the revision that follows it comes out
    deployment.clock.set(noon(MONTHS, 20));
    deployment.tick();
    bar.finish();
    Ok(())
}

/// The day of the demo, which stands still, and a wait after a wrong PIN that ends.
struct PhoneClock(Arc<SetClock>, Instant);

impl Clock for PhoneClock {
    fn unix(&self) -> i64 {
        self.0.unix()
    }
    fn monotonic(&self) -> Duration {
        self.1.elapsed()
    }
}

/// A focal point's phone in the browser, with two open interviews and five records that wait, and the questionnaire tried out.
async fn local_pages(deployment: &Deployment) -> Outcome<[Arc<Door>; 2]> {
    let (folder, secret) = (deployment.folder.join("phone-in-the-browser"), Arc::new(KeyStore::default()));
    let clock = Arc::new(PhoneClock(deployment.clock.clone(), Instant::now()));
    let phone = FocalPoint::open(&folder, secret.clone(), clock.clone())?;
    phone.enrol(&deployment.card("BI-CO-05-03"), PIN)?;
    phone.sync(&Default::default()).await?;
    let people = people::people(true);
    for person in &people[..5] {
        interviewer::screen(&phone, person)?;
    }
    for person in &people[5..7] {
        let session = phone.start("returnee_screening", "fr")?;
        interviewer::interview(&session, person)?;
    }
    drop(phone);
    let phone = LocalPage::phone(&folder, secret, clock, false).await?;
    let preview = LocalPage::preview(&tabara_support::root().join("questionnaires").join(FORM), "fr").await?;
    let doors = [phone.door(), preview.door()];
    for page in [phone, preview] {
        tokio::spawn(page.serve(std::future::pending()));
    }
    Ok(doors)
}

/// Enters both local pages as a browser does: the phone with its PIN, the preview as it stands.
async fn check_local_pages([phone, preview]: &[Arc<Door>; 2]) -> Outcome {
    let http = client();
    let enter = async |door: &Door| {
        let address = door.address();
        let answer = http.get(&address).send().await?;
        let cookie = answer.headers().get("set-cookie").ok_or("the address gives no cookie")?.to_str()?;
        let cookie = cookie.split(';').next().unwrap_or_default().to_owned();
        let base = address.rsplit_once('/').ok_or("no address")?.0.to_owned();
        Ok::<_, Box<dyn std::error::Error + Send + Sync>>((base, cookie))
    };
    let (base, cookie) = enter(phone).await?;
    let origin = base.split('/').take(3).collect::<Vec<_>>().join("/");
    let pin = http.post(format!("{base}/unlock")).header("cookie", &cookie).header("origin", origin);
    let pin = pin.header("content-type", "application/x-www-form-urlencoded").body(format!("pin={PIN}")).send().await?;
    let home = http.get(format!("{base}/home")).header("cookie", &cookie).send().await?.text().await?;
    let (drafts, waiting) = (home.matches("href=\"interview/").count(), home.contains("5 records wait"));
    if pin.status() != 303 || drafts != 2 || !waiting {
        return Err(format!("the phone in the browser: {drafts} open interviews, five records: {waiting}").into());
    }
    let (base, cookie) = enter(preview).await?;
    let page = http.get(format!("{base}/home")).header("cookie", &cookie).send().await?.text().await?;
    if !page.contains("s1_private") {
        return Err("the preview does not show the questionnaire".into());
    }
    println!("demo: phone in the browser with {drafts} open interviews and 5 records, preview of {FORM}");
    Ok(())
}

/// Reads the page as the national data officer and as every provincial coordinator.
async fn check(deployment: &Deployment, officer: &SignIn, fast: bool) -> Outcome {
    let url = deployment.url();
    let officer = officer.enter(&url).await?;
    let sheet = figures(&officer, "BI").await?;
    let exact = |table: &str, code: &str| match sheet.cells.get(&(table.into(), code.into())) {
        Some(Cell::Number(n)) => Ok(*n as usize),
        _ => Err(format!("the page has no exact number for {code} in {table}")),
    };
    let truth = people::truth(fast);
    let seen = people::Truth {
        interviews: exact("people-by-outcome", "total")?,
        people: exact("people-by-sex", "total")?,
        women_or_girls: exact("people-by-sex", "f")?,
        gulf: exact("people-by-destination", "gulf")?,
        region: exact("people-by-destination", "regional")?,
        internal: exact("people-by-destination", "internal")?,
    };
    let percent = |n: usize| (n * 200 + seen.people) / (seen.people * 2);
    println!(
        "demo: people={} women_or_girls={}% gulf={}% region={}% internal={}%",
        seen.people,
        percent(seen.women_or_girls),
        percent(seen.gulf),
        percent(seen.region),
        percent(seen.internal)
    );
    if seen != truth {
        return Err(format!("the page shows {seen:?}, the interviews were {truth:?}").into());
    }
    for place in places::provinces() {
        let scope = Scope::province(place.code).expect("a province has a scope");
        let name = format!("coordinator-{}", place.code.to_lowercase());
        let own = SignIn::new(deployment, &name, Role::ProvincialCoordinator(scope)).enter(&url).await?;
        let (exact, rounded) = (figures(&officer, place.code).await?, figures(&own, place.code).await?);
        same_under_shown(&exact, &rounded).map_err(|why| format!("{}: {why}", place.name))?;
        if figures(&own, "BI").await.is_ok() {
            return Err("a provincial coordinator sees the nation".into());
        }
    }
    Ok(())
}

async fn figures(who: &Coordinator, place: &str) -> Outcome<Sheet> {
    let sheet = who.figures(&format!("place={place}&period=all")).await;
    sheet.map_err(|status| format!("the page of {place} answered {status}").into())
}

/// Every cell of the rounded page is the exact one rounded down; cells may be withheld, but not all.
fn same_under_shown(exact: &Sheet, rounded: &Sheet) -> Result<(), String> {
    if rounded.cells.len() < 10 {
        return Err(format!("only {} cells on the page", rounded.cells.len()));
    }
    for (place, shown) in &rounded.cells {
        // where two facts are crossed, twice as coarse
        let step = if place.1.split('/').filter(|code| *code != "all").count() > 1 { 10 } else { 5 };
        let expected = match exact.cells.get(place) {
            Some(Cell::Number(n)) if *n >= step => Cell::Number(n - n % step),
            Some(Cell::Number(_)) => Cell::Below(step),
            _ => return Err(format!("{place:?} stands on one page only")),
        };
        // a sensitive split hides what comes from too few phones
        let few = match expected {
            Cell::Number(n) => n < 50,
            Cell::Below(_) | Cell::Hidden => true,
        };
        let hidden = few && *shown == Cell::Hidden;
        if *shown != expected && !hidden {
            return Err(format!("{place:?} is not what shown() makes of the exact number"));
        }
    }
    Ok(())
}

/// Prints where to look and how to get in.
fn invite(deployment: &Deployment, kept: &Option<PathBuf>, doors: [Arc<Door>; 2]) -> Outcome {
    hand_out_card(deployment, &deployment.folder)?;
    match kept {
        Some(folder) => println!("\nServer and phones are kept in {}.", folder.display()),
        None => println!("\nServer and phones are in a temporary folder (--dir DIR keeps them)."),
    }
    invite_coordinator(deployment);
    println!("  Safe numbers of all provinces, as a coordinator sees them.");
    let local = move || {
        let [phone, preview] = doors.each_ref().map(|door| door.address());
        println!("\nA focal point's phone: {phone}");
        println!("  With two open interviews and five records that wait; its PIN is {PIN}.");
        println!("\nThe questionnaire tried out: {preview}");
        println!("  Every page as a phone draws it, and beside it what the form thinks.");
        println!("\nEach of these two addresses works once; the key Enter prints others.");
    };
    local();
    println!("Everybody here is invented. Ctrl-C ends the demo.");
    std::thread::spawn(move || std::io::stdin().lines().map_while(Result::ok).for_each(|_| local()));
    Ok(())
}
