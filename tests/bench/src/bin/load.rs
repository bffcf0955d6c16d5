//! Measures a server under load and prints one JSON object: `load BINARY PHONES RECORDS SEEDED`.

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, binary, phones, records, seeded] = &arguments[..] else {
        eprintln!("load BINARY PHONES RECORDS SEEDED");
        std::process::exit(2);
    };
    let number = |text: &str| text.parse().expect("a number");
    let figures =
        tabara_support::load::measure(binary.as_ref(), number(phones), number(records), number(seeded) as u64);
    println!("{}", serde_json::to_string(&figures).expect("figures have a JSON form"));
}
