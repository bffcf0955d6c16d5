//! The coordinator's page over real HTTP: who sees what, and that every number on it is the one that was put in,
//! through `shown()`.

use tabara_core::facts::Facts;
use tabara_core::kind::Kind;
use tabara_server::devices;
use tabara_server::log::note_dictionary;
use tabara_server::operator::rebuild::rebuild;
use tabara_server::reports::history;
use tabara_server::reports::release::{self, Release, ReleaseError};
use tabara_server::reports::rows::FigureRow;
use tabara_server::staff::accounts::set_account;
use tabara_server::staff::file::{self, Staff};
use tabara_server::staff::role::Role;
use tabara_server::staff::{audit, password};
use tabara_server::statistics::Counting;
use tabara_server::store::entry::Grain;
use tabara_support::coordinator::{Cell, Coordinator, Sheet};
use tabara_support::deployment::SetClock;
use tabara_support::load::{KeyDeployment, NOON, Running};
use tabara_support::seeded_server::{PASSWORD, Screened, has};

struct House {
    screened: Screened,
    running: Running,
    url: String,
    folder: tempfile::TempDir,
}

async fn house(screenings: usize) -> House {
    let folder = tempfile::tempdir().unwrap();
    let screened = Screened::fill(folder.path(), screenings);
    let running = Running::start(screened.store.clone(), screened.settings.clone()).await;
    let url = running.url.trim_end_matches(tabara_core::wire::PREFIX).to_owned();
    House { screened, running, url, folder }
}

impl House {
    async fn sign_in(&self, name: &str, recovery: usize) -> Coordinator {
        let code = self.screened.accounts[name].recovery[recovery].to_string();
        Coordinator::sign_in(&self.url, name, PASSWORD, &code).await.unwrap()
    }
}

fn shown(n: u32) -> Option<Cell> {
    Some(if n < 5 { Cell::Below(5) } else { Cell::Number(n - n % 5) })
}

/// Where two facts of a person are crossed.
fn crossed(n: u32) -> Option<Cell> {
    Some(if n < 10 { Cell::Below(10) } else { Cell::Number(n - n % 10) })
}

/// In a sensitive split; the phones here are many enough.
fn sensitive(n: u32) -> Option<Cell> {
    Some(if n < 5 { Cell::Hidden } else { Cell::Number(n - n % 5) })
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_shows_what_was_put_in_rounded_for_coordinators_and_exact_for_the_data_officer() {
    let house = house(1500).await;
    let identified = |fact: &'static str, code: &'static str| house.screened.identified(|f| has(f, fact, code));
    let asked = [
        ("people-by-sex", "sex", "f"),
        ("people-by-sex", "sex", "m"),
        ("people-by-sex", "sex", "other"),
        ("people-by-destination", "destination_region", "gulf"),
        ("people-by-destination", "destination_region", "internal"),
        ("people-by-exploitation", "exploitation", "ex_domestic"),
        ("people-by-exploitation", "exploitation", "ex_organ"),
        ("people-by-month", "month", "2022-03"),
    ];
    let aline = house.sign_in("aline", 0).await.figures("place=BI&period=all").await.unwrap();
    let chantal = house.sign_in("chantal", 0).await.figures("").await.unwrap();
    let everyone = house.screened.identified(|_| true);
    assert_eq!(aline.cell("figures", "people-identified"), shown(everyone));
    assert_eq!(chantal.cell("figures", "people-identified"), Some(Cell::Number(everyone)));
    for (table, fact, code) in asked {
        let n = identified(fact, code);
        let expected = if fact == "exploitation" { sensitive(n) } else { shown(n) };
        assert_eq!(aline.cell(table, code), expected, "{table} {code}");
        assert_eq!(chantal.cell(table, code), Some(Cell::Number(n)), "{table} {code}");
    }
    let screened = |outcome: &str| house.screened.closed.iter().filter(|f| has(f, "outcome", outcome)).count() as u32;
    for outcome in ["presumed", "exploited", "at_risk", "inconclusive", "no_indication"] {
        assert_eq!(aline.cell("people-by-outcome", outcome), sensitive(screened(outcome)));
    }
    let young = house.screened.identified(|f| has(f, "sex", "f") && has(f, "age_band", "18-23"));
    assert_eq!(aline.cell("people-by-age-and-sex", "f/18-23"), crossed(young));
    // the pages of other subjects hold what their tables count
    let journey = house.sign_in("aline", 1).await.figures("page=journey&place=BI&period=all").await.unwrap();
    let domestic = house.screened.identified(|f| has(f, "exploitation", "ex_domestic") && has(f, "means", "mc_docs"));
    assert_eq!(journey.cell("exploitation-and-means", "mc_docs/ex_domestic"), crossed(domestic));
    let young = house
        .screened
        .identified(|f| has(f, "sex", "f") && has(f, "age_band", "18-23") && has(f, "exploitation", "ex_domestic"));
    assert_eq!(journey.cell("sdg-16-2-2", "f/18-23/ex_domestic"), crossed(young));
    // a tenth of it when it is compressed
    assert!(journey.html.len() < 90_000, "{} bytes", journey.html.len());
    let assisted = house.sign_in("aline", 2).await.figures("page=assistance").await.unwrap();
    let of_kind = |kind: Kind| house.screened.others.iter().filter(move |(of, _)| *of == kind).map(|(_, facts)| facts);
    let count = |kind: Kind, fits: &dyn Fn(&Facts) -> bool| of_kind(kind).filter(|facts| fits(facts)).count() as u32;
    let victim = |f: &Facts| has(f, "beneficiary_type", "trafficking_victim");
    let girls = count(Kind::Assistance, &|f| victim(f) && has(f, "sex", "f") && has(f, "child", "1"));
    assert_eq!(assisted.cell("victims-by-sex-and-age", "f/1"), crossed(girls));
    let fed = count(Kind::Assistance, &|f| !victim(f) && has(f, "assistance_type", "sv_food"));
    assert_eq!(assisted.cell("others-by-assistance", "sv_food"), shown(fed));
    let sum = |kind: Kind, fact: &str, fits: &dyn Fn(&Facts) -> bool| -> u32 {
        of_kind(kind).filter(|f| fits(f)).filter_map(|f| f.get(fact)?.codes().next()?.parse::<u32>().ok()).sum()
    };
    let chantal = house.sign_in("chantal", 1).await;
    let (activities, law) =
        (chantal.figures("page=activities").await.unwrap(), chantal.figures("page=law").await.unwrap());
    let women = sum(Kind::Activity, "women", &|f| has(f, "activity_type", "awareness"));
    assert_eq!(activities.cell("participants-by-type", "women/awareness"), Some(Cell::Number(women)));
    let convictions = sum(Kind::Enforcement, "convictions", &|f| has(f, "law_unit", "court"));
    assert_eq!(law.cell("law-figures", "convictions/court"), Some(Cell::Number(convictions)));
    // the file has the same numbers as the pages, and the audit log knows of it
    let file = house.sign_in("aline", 3).await.get("/figures/figures.csv?place=BI&period=all").await;
    let file = file.text().await.unwrap();
    let women = identified("sex", "f");
    let line = |line: &&str| line.starts_with("people-by-sex,") && line.contains(",f,");
    assert!(file.lines().find(line).unwrap().ends_with(&format!(",{},false", women - women % 5)));
    assert!(house.screened.staff().audit(u64::MAX, 1).unwrap()[0].detail.starts_with("figures.csv BI all"));
    // every number that a coordinator sees is a multiple of five
    assert!(aline.cells.values().all(
        |cell| matches!(cell, Cell::Number(n) if n % 5 == 0) || matches!(cell, Cell::Below(5 | 10) | Cell::Hidden)
    ));
    assert!(aline.html.len() < 60_000, "{} bytes", aline.html.len());
    house.running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provincial_coordinator_sees_the_own_province_down_to_the_commune_and_nothing_else() {
    let house = house(600).await;
    let bosco = house.sign_in("bosco", 0).await;
    let here = |f: &tabara_core::facts::Facts| f["screen_commune"].codes().all(|c| c.starts_with("BI-CO-04"));
    let own: Sheet = bosco.figures("").await.unwrap();
    assert!(!own.cells.contains_key(&("months-open".into(), "total".into())), "the open months are the nation's alone");
    assert!(own.html.contains("data-place=\"BI-PR-04\""));
    assert_eq!(own.cell("figures", "people-identified"), shown(house.screened.identified(here)));
    // communes by whole years
    assert_eq!(own.cell("people-by-place", "BI-CO-04-02"), None);
    let year = bosco.figures("period=2022").await.unwrap();
    let in_2022 = |f: &Facts| f["month"].codes().all(|month| month.starts_with("2022"));
    let women = house.screened.identified(|f| here(f) && has(f, "sex", "f") && in_2022(f));
    assert_eq!(year.cell("people-by-sex", "f"), shown(women));
    // last year's people were too few for each cell: the plan of 2023 has no such split, so neither have all years together
    assert_eq!(bosco.figures("period=2023").await.unwrap().cell("people-by-sex", "f"), None);
    assert_eq!(own.cell("people-by-sex", "f"), None);
    let kayanza = house.screened.identified(|f| has(f, "screen_commune", "BI-CO-04-02") && in_2022(f));
    assert_eq!(year.cell("people-by-place", "BI-CO-04-02"), shown(kayanza));
    assert_eq!(year.cell("people-by-place", "BI-CO-05-01"), None);
    assert_eq!(bosco.figures("place=BI").await.unwrap_err(), 403);
    assert_eq!(bosco.figures("place=BI-PR-05").await.unwrap_err(), 403);
    assert_eq!(bosco.figures("place=XX").await.unwrap_err(), 400);
    assert_eq!(bosco.figures("place=BI-PR-04&period=2022-q9").await.unwrap_err(), 400);
    assert_eq!(bosco.get("/audit").await.status(), 403);
    house.running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_of_figures_is_noted_and_the_open_months_have_one_number_only() {
    let house = house(60).await;
    let chantal = house.sign_in("chantal", 0).await;
    let page = chantal.figures("place=BI&period=2022-q1").await.unwrap();
    assert!(page.cells.contains_key(&("months-open".into(), "total".into())));
    assert_eq!(page.cell("people-by-month", "2023-07"), None);
    let lines = house.screened.staff().audit(u64::MAX, 10).unwrap();
    let last = &lines[0];
    assert_eq!((last.name.as_str(), last.action.as_str()), ("chantal", "saw_exact"));
    // an edition is named by its month: a position of the log would tell how many entries there are
    assert_eq!(last.detail, "BI 2022-q1 edition 2023-06");
    assert!(page.html.contains("data-edition=\"2023-06\""));
    assert_eq!(audit::first_broken(&house.screened.staff()).unwrap(), None);
    let seen = chantal.get("/audit").await.text().await.unwrap();
    assert!(seen.contains("data-action=\"saw_exact\""));
    house.running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_one_time_code_signs_in_and_nothing_less_does() {
    let house = house(60).await;
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs() as i64;
    let code = house.screened.accounts["aline"].secret.code(now);
    assert!(Coordinator::sign_in(&house.url, "aline", PASSWORD, &code).await.is_ok());
    assert_eq!(Coordinator::sign_in(&house.url, "aline", PASSWORD, &code).await.err(), Some(401), "used");
    assert_eq!(Coordinator::sign_in(&house.url, "aline", "wrong password", &code).await.err(), Some(401));
    assert_eq!(Coordinator::sign_in(&house.url, "nobody", PASSWORD, &code).await.err(), Some(401));
    for _ in 0..4 {
        Coordinator::sign_in(&house.url, "aline", "wrong password", &code).await.err();
    }
    let next = house.screened.accounts["aline"].secret.code(now + 30);
    assert_eq!(Coordinator::sign_in(&house.url, "aline", PASSWORD, &next).await.err(), Some(429));
    let sheet = house.screened.accounts["aline"].recovery[0].to_string();
    assert!(
        Coordinator::sign_in(&house.url, "aline", PASSWORD, &sheet).await.is_ok(),
        "strangers cannot lock her sheet"
    );
    house.running.stop().await;
}

/// Every route, and what it answers to nobody, to the national coordinator, the coordinator of Butanyerera, the national
/// data officer, the reviewer, the device officer and the auditor. Forms carry a wrong token.
const ROUTES: [(&str, &str, [u16; 7]); 43] = [
    ("GET", "/", [303; 7]),
    ("GET", "/sign-in", [200, 303, 303, 303, 303, 303, 303]),
    // the sixth try of one name and address has to wait
    ("POST", "/sign-in", [401, 401, 401, 401, 401, 429, 429]),
    ("POST", "/sign-out", [303, 400, 400, 400, 400, 400, 400]),
    ("GET", "/figures", [303, 200, 200, 200, 200, 403, 403]),
    ("GET", "/figures?place=BI", [303, 200, 403, 200, 200, 403, 403]),
    ("GET", "/figures?place=BI-PR-04", [303, 200, 200, 200, 200, 403, 403]),
    ("GET", "/figures?place=BI-PR-05", [303, 200, 403, 200, 200, 403, 403]),
    ("GET", "/figures?page=law&period=2022", [303, 200, 200, 200, 200, 403, 403]),
    ("GET", "/figures?period=never", [303, 400, 400, 400, 400, 403, 403]),
    ("GET", "/figures/figures.csv?place=BI", [303, 200, 403, 200, 200, 403, 403]),
    ("GET", "/figures/figures.xlsx?place=BI-PR-04", [303, 200, 200, 200, 200, 403, 403]),
    ("GET", "/figures/other", [303, 404, 404, 404, 404, 403, 403]),
    ("GET", "/coverage", [303, 200, 200, 200, 200, 200, 200]),
    ("GET", "/coverage?place=BI-PR-05", [303, 200, 403, 200, 200, 200, 200]),
    ("GET", "/coverage?place=XX", [303, 400, 400, 400, 400, 400, 400]),
    ("GET", "/coverage/coverage.csv?place=BI-PR-04", [303, 200, 200, 200, 200, 200, 200]),
    ("GET", "/overdue", [303, 200, 200, 200, 200, 403, 403]),
    ("GET", "/infosheet", [303, 200, 200, 200, 200, 403, 403]),
    ("GET", "/infosheet?place=BI&audience=public", [303, 200, 403, 200, 200, 403, 403]),
    ("GET", "/infosheet?audience=all", [303, 400, 400, 400, 400, 403, 403]),
    ("GET", "/history", [303, 200, 200, 200, 200, 403, 403]),
    ("GET", "/audit/audit.csv", [303, 200, 403, 200, 403, 403, 200]),
    ("GET", "/help", [303, 200, 200, 200, 200, 200, 200]),
    ("GET", "/plan", [303, 200, 200, 200, 200, 200, 200]),
    ("GET", "/quarantine", [303, 403, 403, 200, 200, 200, 403]),
    ("POST", "/quarantine", [303, 403, 403, 400, 400, 400, 403]),
    ("GET", "/public", [200; 7]),
    ("GET", "/public/figures.csv", [404; 7]),
    ("GET", "/audit", [303, 200, 403, 200, 403, 403, 200]),
    ("GET", "/accounts", [303, 200, 403, 200, 403, 403, 200]),
    ("POST", "/accounts/invite", [303, 403, 403, 400, 403, 403, 403]),
    ("POST", "/accounts/remove", [303, 403, 403, 400, 403, 403, 403]),
    ("GET", "/welcome?key=x", [404; 7]),
    ("POST", "/welcome", [404; 7]),
    ("GET", "/account", [303, 200, 200, 200, 200, 200, 200]),
    ("POST", "/account/password", [303, 400, 400, 400, 400, 400, 400]),
    ("POST", "/account/session", [303, 400, 400, 400, 400, 400, 400]),
    ("GET", "/language/fr", [303; 7]),
    ("GET", "/language/xx", [404; 7]),
    ("GET", "/style.css", [200; 7]),
    ("GET", "/icon.svg", [200; 7]),
    ("GET", "/no-such-page", [404; 7]),
];

#[tokio::test(flavor = "multi_thread")]
async fn every_route_answers_each_role_as_it_should_and_refuses_with_a_page() {
    let house = house(60).await;
    let people = [
        Coordinator::stranger(&house.url),
        house.sign_in("aline", 0).await,
        house.sign_in("bosco", 0).await,
        house.sign_in("chantal", 0).await,
        house.sign_in("diane", 0).await,
        house.sign_in("eric", 0).await,
        house.sign_in("fanny", 0).await,
    ];
    let form = "name=nobody&password=x&code=x&token=wrong&old=x&new=y&again=y&key=x&role=auditor&province=&position=1&decision=accept\
                &session=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    for (method, path, expected) in ROUTES {
        for (person, status) in people.iter().zip(expected) {
            let answer =
                if method == "GET" { person.get(path).await } else { person.post(path, &house.url, form).await };
            assert_eq!(answer.status().as_u16(), status, "{method} {path}");
            let kind = answer.headers().get("content-type").map(|kind| kind.to_str().unwrap().to_owned());
            let to = answer.headers().get("location").map(|to| to.to_str().unwrap().to_owned());
            assert!(status < 400 || kind.is_some_and(|kind| kind.starts_with("text/html")), "{method} {path}");
            assert!(to.is_none_or(|to| to.starts_with('/') && !to.starts_with("//")), "{method} {path}");
        }
    }
    // the table has every route that there is
    let source = include_str!("../../../server/src/web.rs");
    for route in source.split(".route(\"").skip(1).map(|part| part.split('"').next().unwrap()) {
        let fixed = route.split('{').next().unwrap();
        let named = |row: &&(&str, &str, [u16; 7])| {
            let path = row.1.split('?').next().unwrap();
            path == route || route != fixed && path.starts_with(fixed)
        };
        assert!(ROUTES.iter().any(|row| named(&row)), "{route} has no row");
    }
    house.running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn coverage_tells_who_was_heard_and_what_came_in_until_last_week() {
    let house = house(600).await;
    let (aline, chantal) = (house.sign_in("aline", 0).await, house.sign_in("chantal", 0).await);
    let (rounded, exact) =
        (aline.sheet("/coverage").await.unwrap(), chantal.sheet("/coverage?place=BI").await.unwrap());
    // 25 phones; what the last day brought belongs to a week that is not over
    let came = (house.screened.closed.len() + house.screened.others.len()) as u32;
    for (table, code, n) in [
        ("coverage-by-place", "BI/expected", 25),
        ("coverage-by-place", "BI/never", 2),
        ("arrivals", "received/all", came),
    ] {
        assert_eq!(exact.cell(table, code), Some(Cell::Number(n)), "{table} {code}");
        assert_eq!(rounded.cell(table, code), shown(n), "{table} {code}");
    }
    assert_eq!(exact.cell("quarantine-by-reason", "outside_area/waiting"), Some(Cell::Number(0)));
    assert_eq!(rounded.cell("quarantine-by-reason", "outside_area/waiting"), Some(Cell::Below(5)));
    let file = aline.get("/coverage/coverage.csv?place=BI").await.text().await.unwrap();
    assert!(file.lines().any(|line| line.starts_with("arrivals,")
        && line.contains(",received,")
        && line.ends_with(&(came - came % 5).to_string())));
    let noted = &house.screened.staff().audit(u64::MAX, 10).unwrap();
    assert!(noted.iter().any(|line| line.action == "saw_exact" && line.detail == "coverage BI"));
    house.running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn years_before_stand_beside_with_their_source_and_give_the_rate_of_the_sdg() {
    let house = house(1500).await;
    let file = "table,title_en,title_fr,unit_en,unit_fr,source,place,year,label_en,label_fr,value\n\
        identified,Identified and assisted,Identifiées et assistées,people,personnes,IOM Burundi 2022,BI,2017,All,Ensemble,1000\n\
        population,Population,Population,people,personnes,ISTEEBU projection,BI,2022,All,Ensemble,12800000\n";
    let before = history::read(file).unwrap();
    history::import(&house.screened.store, before, NOON).unwrap();
    let aline = house.sign_in("aline", 0).await;
    let page = aline.get("/history").await.text().await.unwrap();
    assert!(page.contains("Identified and assisted") && page.contains("IOM Burundi 2022") && page.contains("1,000"));
    let identified = house.screened.identified(|f| f["month"].codes().all(|month| month.starts_with("2022")));
    let rate = u64::from(identified - identified % 5) * 10_000_000 / 12_800_000;
    assert_eq!(between(&page, "data-code=\"BI/2022\">", "<"), format!("{}.{:02}", rate / 100, rate % 100));
    // and no counted number has moved
    let figures = aline.figures("place=BI&period=2022").await.unwrap();
    assert_eq!(figures.cell("figures", "people-identified"), shown(identified));
    history::remove(&house.screened.store, "identified", NOON).unwrap();
    assert!(!aline.get("/history").await.text().await.unwrap().contains("Identified and assisted"));
    house.running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_is_made_by_a_link_that_works_once() {
    // Given a data officer who invites an auditor
    let house = house(60).await;
    let chantal = house.sign_in("chantal", 0).await;
    let page = chantal.get("/accounts").await.text().await.unwrap();
    let token = between(&page, "name=\"token\" value=\"", "\"").to_owned();
    let asked = |name: &str, role: &str| format!("token={token}&name={name}&role={role}&province=");
    for bad in [asked("G%26", "auditor"), asked("gaspard", "provincial-coordinator")] {
        assert_eq!(chantal.post("/accounts/invite", &house.url, &bad).await.status(), 400);
    }
    let page = chantal.post("/accounts/invite", &house.url, &asked("gaspard", "auditor")).await.text().await.unwrap();
    let key = between(&page, "/welcome?key=", "<").to_owned();
    // When he opens the link, looks twice, and chooses a password
    let gaspard = Coordinator::stranger(&house.url);
    for _ in 0..2 {
        assert!(gaspard.get(&format!("/welcome?key={key}")).await.text().await.unwrap().contains("gaspard"));
    }
    let form = |new: &str, again: &str| format!("key={key}&new={new}&again={again}");
    assert_eq!(gaspard.post("/welcome", &house.url, &form("short", "short")).await.status(), 400);
    assert_eq!(gaspard.post("/welcome", &house.url, &form("a-password-of-his", "another-of-his")).await.status(), 400);
    let made = gaspard.post("/welcome", &house.url, &form("a-password-of-his", "a-password-of-his")).await;
    let made = made.text().await.unwrap();
    // Then the link is used up, and he signs in with what he was shown once
    assert_eq!(gaspard.get(&format!("/welcome?key={key}")).await.status(), 404);
    assert_eq!(
        gaspard.post("/welcome", &house.url, &form("a-password-of-his", "a-password-of-his")).await.status(),
        404
    );
    let code = between(&made, "<li><code>", "<");
    let gaspard = Coordinator::sign_in(&house.url, "gaspard", "a-password-of-his", code).await.unwrap();
    assert_eq!(
        (gaspard.get("/audit").await.status(), gaspard.get("/figures").await.status()),
        (200.try_into().unwrap(), 403.try_into().unwrap())
    );
    // and she ends his account, and not hers
    let remove = |name: &str| format!("token={token}&name={name}");
    assert_eq!(chantal.post("/accounts/remove", &house.url, &remove("chantal")).await.status(), 400);
    assert_eq!(chantal.post("/accounts/remove", &house.url, &remove("gaspard")).await.status(), 303);
    assert_eq!(gaspard.get("/audit").await.status(), 303);
    house.running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn quarantine_is_decided_with_open_eyes_and_once() {
    // Given a record of a phone that was revoked
    let house = house(60).await;
    let Screened { deployment, store, settings, .. } = &house.screened;
    let mut phone = deployment.phone_in("BI-CO-04-01");
    devices::register(store, settings, &phone.introduction()).unwrap();
    devices::revoke(store, phone.device, None, false, NOON).unwrap();
    let record = phone.sealed_screening();
    phone.hand_in(store, settings, &[record]);
    let waiting = || store.read(|log| log.quarantined()).unwrap();
    let position = waiting()[0].position;
    // When the device officer looks, she sees why it waits and what accepting does
    let eric = house.sign_in("eric", 0).await;
    let page = eric.get("/quarantine").await.text().await.unwrap();
    assert!(page.contains(&format!("data-entry=\"{position}\"")) && page.contains(&phone.device.to_string()));
    let token = between(&page, "name=\"token\" value=\"", "\"").to_owned();
    let decide = |decision: &str| format!("token={token}&position={position}&decision={decision}");
    assert_eq!(eric.post("/quarantine", &house.url, &decide("perhaps")).await.status(), 400);
    // Then her first decision stands: a page that is out of date turns nothing over
    for (decision, done) in [("reject", "rejected"), ("accept", "gone")] {
        let told = eric.post("/quarantine", &house.url, &decide(decision)).await;
        assert_eq!(told.headers()["location"], format!("/quarantine?done={done}"));
    }
    assert_eq!(waiting(), []);
    let noted = house.sign_in("fanny", 0).await.get("/audit").await.text().await.unwrap();
    assert_eq!(noted.matches(&format!("rejected {position}")).count(), 1, "{noted}");
    house.running.stop().await;
}

fn between<'a>(text: &'a str, before: &str, after: &str) -> &'a str {
    text.split(before).nth(1).and_then(|rest| rest.split(after).next()).unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn forms_are_taken_from_our_own_pages_only_and_signing_out_ends_the_session() {
    let house = house(60).await;
    let aline = house.sign_in("aline", 0).await;
    let page = aline.get("/figures").await;
    assert_eq!(page.headers()["cache-control"], "no-store");
    let policy = page.headers()["content-security-policy"].to_str().unwrap();
    assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"));
    let html = page.text().await.unwrap();
    assert!(!html.contains("<script") && !html.contains(" style="));
    let token = between(&html, "name=\"token\" value=\"", "\"");
    let form = format!("token={token}");
    assert_eq!(aline.post("/sign-out", "https://elsewhere.example", &form).await.status(), 403);
    assert_eq!(aline.post("/sign-out", &house.url, "token=wrong").await.status(), 400);
    assert_eq!(aline.get("/figures").await.status(), 200);
    assert_eq!(aline.post("/sign-out", &house.url, &form).await.status(), 303);
    assert_eq!(aline.get("/figures").await.status(), 303);
    assert_eq!(aline.get("/no-such-page").await.status(), 404);
    let back = aline.get("/language/fr?back=//elsewhere.example").await;
    assert_eq!(back.headers()["location"], "/");
    house.running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn neither_password_nor_cookie_nor_code_lies_in_the_clear_on_the_disk() {
    let house = house(60).await;
    let aline = house.sign_in("aline", 2).await;
    assert_eq!(aline.get("/figures").await.status(), 200);
    let code = house.screened.accounts["aline"].recovery[2].to_string();
    for name in [file::FILE.to_owned(), format!("{}-wal", file::FILE)] {
        let bytes = std::fs::read(house.folder.path().join(name)).unwrap();
        for secret in [PASSWORD, code.as_str(), aline.ticket()] {
            assert!(!bytes.windows(secret.len()).any(|window| window == secret.as_bytes()));
        }
    }
    assert!(password::is_acceptable(PASSWORD));
    house.running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_has_heard_of_nobody_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let (store, settings) = KeyDeployment::new(SetClock::at(NOON)).open(folder.path());
    let issued =
        set_account(&Staff::open(folder.path()).unwrap(), 0, "aline", Role::NationalCoordinator, PASSWORD).unwrap();
    let running = Running::start(store, settings).await;
    let url = running.url.trim_end_matches(tabara_core::wire::PREFIX);
    let aline = Coordinator::sign_in(url, "aline", PASSWORD, &issued.recovery[0].to_string()).await.unwrap();
    let page = aline.figures("").await.unwrap();
    assert!(page.html.contains("No month has closed yet"));
    assert_eq!(page.cell("months-open", "total"), Some(Cell::Below(5)));
    assert_eq!(page.cell("people-by-sex", "f"), None);
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_release_is_made_once_and_everybody_reads_it_without_signing_in() {
    // Given two years of figures, with the last quarter 30 days over
    let house = house(1500).await;
    let (store, settings) = (&house.screened.store, &house.screened.settings);
    let stranger = Coordinator::stranger(&house.url);
    assert_eq!(stranger.get("/v2/releases/latest").await.status(), 404);
    let quarter_end = 1_688_162_400; // 2023-07-01 in Burundi
    assert!(matches!(release::make(store, settings, quarter_end + 20 * 86_400), Err(ReleaseError::TooEarly(..))));
    // When it is released
    let (made, hash) = release::make(store, settings, quarter_end + 31 * 86_400).unwrap();
    // Then the page and the files show what was put in, rounded down to ten, and twenty where facts are crossed
    let in_2022 = |f: &Facts| f["month"].codes().all(|month| month.starts_with("2022"));
    let women = house.screened.identified(|f| has(f, "sex", "f") && in_2022(f));
    let value = |table: &str, code: &str| {
        let row =
            |row: &&FigureRow| (&*row.table, &*row.place, &*row.period, &*row.code) == (table, "BI", "2022", code);
        made.rows.iter().find(row).and_then(|row| row.value)
    };
    assert_eq!(value("people-by-sex", "f"), Some(women - women % 10));
    let young = house.screened.identified(|f| has(f, "sex", "f") && has(f, "age_band", "18-23") && in_2022(f));
    assert_eq!(value("people-by-age-and-sex", "f/18-23"), Some(young - young % 20));
    assert!(made.rows.iter().all(|row| row.value.is_none_or(|n| n % 10 == 0 && n > 0)));
    assert!(made.rows.iter().all(|row| row.table != "people-by-method"), "inside only");
    let latest: Release =
        serde_json::from_str(&stranger.get("/v2/releases/latest").await.text().await.unwrap()).unwrap();
    assert_eq!(latest, made);
    let page = stranger.get("/public").await.text().await.unwrap();
    assert!(page.contains(&hash.to_string()) && page.contains("data-through=\"2023-06\""));
    let text = stranger.get("/public/figures.csv").await.text().await.unwrap();
    assert_eq!(text.lines().count(), made.rows.len() + 2);
    for file in ["figures.xlsx", "release.jws", "dhis2-metadata.json", "dhis2-data.json"] {
        assert_eq!(stranger.get(&format!("/public/{file}")).await.status(), 200, "{file}");
    }
    assert_eq!(stranger.get("/public/other").await.status(), 404);
    // and it is frozen, signed, in the log, and made once
    let jws = release::read(settings, 1).unwrap();
    assert_eq!(release::verify(store, settings, jws.clone()).unwrap().release, made);
    assert!(release::verify(store, settings, jws.replacen('A', "B", 1)).is_err());
    assert!(matches!(release::make(store, settings, quarter_end + 40 * 86_400), Err(ReleaseError::Done(1, _))));
    let mut changed = made.clone();
    changed.rows.iter_mut().filter(|row| row.value.is_some()).take(1).for_each(|row| row.value = None);
    assert_eq!(release::diff(&made, &changed).lines().count(), 1);
    assert_eq!(release::diff(&made, &made), "");
    house.running.stop().await;
}

#[test]
fn a_log_that_is_rebuilt_gives_the_same_numbers() {
    let (folder, scratch) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let screened = Screened::fill(folder.path(), 300);
    note_dictionary(&screened.store, &*screened.settings.clock).unwrap();
    let planned = screened.store.read(|log| log.last_plan()).unwrap().expect("two years have passed");
    assert!(planned.year == 2023 && planned.tables.iter().any(|row| row.grain == Grain::Nothing));
    let (rebuilt, copy) = rebuild(&screened.store, &screened.settings, scratch.path()).unwrap();
    let numbers = |store| Counting::standard().follow(store, i64::MAX).unwrap();
    assert!(rebuilt.records > 200);
    assert_eq!(numbers(&screened.store), numbers(&copy));
}
