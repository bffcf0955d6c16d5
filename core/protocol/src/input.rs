//! Text as people type, paste and scan it, brought to one form before anything compares, hashes or parses it.
//!
//! Keyboards, messengers and mail programs change bytes that nobody sees: `é` is one code point or two, a space does not
//! break, a byte order mark or a direction mark comes along. Refusing such a text locks its owner out: a PIN counts as
//! wrong, and ten wrong PINs destroy a vault. So whatever a person enters passes [`typed`] first.

use icu_normalizer::ComposingNormalizerBorrowed;
use icu_properties::CodePointSetData;
use icu_properties::props::DefaultIgnorableCodePoint;
use zeroize::Zeroizing;

/// What a text is meant to be. It decides what else does not matter in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Input {
    /// A PIN, passphrase or password. Nothing else is folded: spaces and capitals count.
    Secret,
    /// A slip's code, its second secret, a recovery code or a one-time code: letters and digits, capitals or not.
    Code,
    /// A sign-in name: capitals do not matter, nor does white space around it.
    Name,
    /// A language, by tag (`fr-BI`, `fr_BI`) or name: as [`Input::Name`], and `_` is `-`.
    Language,
    /// A card: white space and the marks of quoted mail (`>`) do not matter.
    Card,
}

/// The text as it was meant: NFKC without default-ignorable code points (Unicode Standard, D117 and section 5.21), then
/// separators and case as the kind of input asks. Applying it twice changes nothing.
pub fn typed(input: Input, text: &str) -> Zeroizing<String> {
    let nfkc = |text: &str| Zeroizing::new(ComposingNormalizerBorrowed::new_nfkc().normalize(text).into_owned());
    let ignorable = CodePointSetData::new::<DefaultIgnorableCodePoint>();
    let visible: Zeroizing<String> = Zeroizing::new(nfkc(text).chars().filter(|c| !ignorable.contains(*c)).collect());
    // after each step a mark may join a letter from which something that is gone now kept it apart
    let text = nfkc(&visible);
    let folded = Zeroizing::new(match input {
        Input::Secret => return text,
        Input::Code => text.chars().filter(|c| c.is_alphanumeric()).collect::<String>().to_ascii_uppercase(),
        Input::Name => text.trim().to_ascii_lowercase(),
        Input::Language => text.trim().replace('_', "-").to_ascii_lowercase(),
        Input::Card => text.chars().filter(|c| !c.is_whitespace() && *c != '>').collect(),
    });
    nfkc(&folded)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Code points of every kind that a keyboard or messenger adds, drops or replaces, among ordinary ones.
    fn text() -> impl Strategy<Value = String> {
        let odd = "éÉe\u{301}\u{323}o\u{302}ﬁ①２Ａ\u{a0}\u{202f} \t\n-\u{2011}\u{2013}\u{2014}.·_>()'\u{2019}\u{201c}\u{201d}\
            \u{ad}\u{34f}\u{61c}\u{115f}\u{1160}\u{200b}\u{200c}\u{200d}\u{200e}\u{200f}\u{202a}\u{202e}\u{2060}\u{2066}\
            \u{3164}\u{fe0f}\u{feff}\u{ffa0}\u{1d173}\u{e0001}\u{e01ef}가\u{1100}\u{1161}ǅİıſK\u{fdfa}";
        let odd: Vec<char> = odd.chars().collect();
        let one =
            prop_oneof![3 => proptest::sample::select(odd), 1 => any::<char>(), 2 => proptest::char::range('0', 'z')];
        proptest::collection::vec(one, 0..24).prop_map(|chars| chars.into_iter().collect())
    }

    const ALL: [Input; 5] = [Input::Secret, Input::Code, Input::Name, Input::Language, Input::Card];

    proptest! {
        #[test]
        fn what_was_brought_to_one_form_stays_as_it_is(text in text()) {
            for input in ALL {
                let once = typed(input, &text);
                prop_assert_eq!(&typed(input, &once), &once, "{:?}", input);
            }
        }

        #[test]
        fn the_same_text_composed_decomposed_or_with_invisible_signs_in_it_is_the_same(
            text in text(), at in any::<proptest::sample::Index>(), invisible in "[\u{200b}\u{200e}\u{feff}\u{ad}\u{2060}]"
        ) {
            let decomposed = icu_normalizer::DecomposingNormalizerBorrowed::new_nfd().normalize(&text).into_owned();
            let composed = ComposingNormalizerBorrowed::new_nfc().normalize(&text).into_owned();
            let places: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
            let (left, right) = text.split_at(places[at.index(places.len())]);
            for input in ALL {
                let meant = typed(input, &text);
                prop_assert_eq!(&typed(input, &decomposed), &meant);
                prop_assert_eq!(&typed(input, &composed), &meant);
                prop_assert_eq!(&typed(input, &format!("{left}{invisible}{right}")), &meant);
            }
        }

        #[test]
        fn nothing_of_plain_ascii_is_lost_from_a_secret(text in "[ -~]{0,40}") {
            prop_assert_eq!(typed(Input::Secret, &text).to_string(), text);
        }

        #[test]
        fn separators_and_capitals_do_not_matter_in_a_code(code in "[0-9A-Z]{10}", at in 0usize..11, separator in "[- .\u{a0}\u{2013}\u{202f}·_]") {
            let (left, right) = code.split_at(at.min(10));
            let written = format!("{}{separator}{right}", left.to_ascii_lowercase());
            prop_assert_eq!(typed(Input::Code, &written).to_string(), code);
        }
    }

    #[test]
    fn each_kind_folds_what_does_not_matter_in_it_and_no_more() {
        let seen = |input, text| typed(input, text).to_string();
        assert_eq!(seen(Input::Secret, " E\u{301}te\u{301}\u{a0}2024 "), " Été 2024 ");
        assert_eq!(seen(Input::Code, "123\u{202f}456"), "123456");
        assert_eq!(seen(Input::Name, "\u{feff}Aline\u{200b} "), "aline");
        assert_eq!(seen(Input::Language, " FR_bi"), "fr-bi");
        assert_eq!(seen(Input::Card, "> TABARA2.a-b\r\n> _c"), "TABARA2.a-b_c");
        assert_ne!(typed(Input::Secret, "Mot De Passe"), typed(Input::Secret, "mot de passe"));
        // letters that are no signs of a code stay, so that they are noticed
        assert_eq!(seen(Input::Code, "7KQ4 ß"), "7KQ4ß");
    }
}
