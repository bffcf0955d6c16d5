#!/bin/sh
# Writes Sources/TabaraModels/Generated.swift: the words of the Android sample, those that only this app has (words/), and the
# names of services that the server shows. One place for each text, and a word that is missing does not compile.
set -eu
cd "$(dirname "$0")"
android=../android/src/main/res
out=Sources/TabaraModels/Generated.swift

read_words() { # of one folder name: KIND, NAME, TEXT and, for several, the second TEXT, with tabs between
  cat "$android/$1/strings.xml" "words/$1/strings.xml" | sed -n \
    -e "s/\\\\'/'/g" -e 's/\\"/"/g' -e 's/&lt;/</g' -e 's/&gt;/>/g' -e 's/&amp;/\&/g' -e 's/\\u\([0-9a-f]*\)/\\u{\1}/g' \
    -e 's/^ *<string name="\([^"]*\)"[^>]*>\(.*\)<\/string>$/string\t\1\t\2/p' \
    -e 's/^ *<plurals name="\([^"]*\)"[^>]*><item quantity="one">\(.*\)<\/item><item quantity="other">\(.*\)<\/item><\/plurals>$/plural\t\1\t\2\t\3/p'
}
services() { # of a column of the server's words
  awk -F '\t' -v column="$1" '$1 == "service_type" { printf "service\t%s\t%s\n", $2, $column }' ../../server/src/web/labels.tsv
}
table() { # kind, and how a line of it is written
  for language in en fr; do
    printf '    "%s": [\n' $language
    [ $language = en ] && { read_words values; services 3; }
    [ $language = fr ] && { read_words values-fr; services 4; }
    printf '    ],\n'
  done | awk -F '\t' -v kind="$1" '
    NF == 1 { print }
    { gsub(/"/, "\\\"", $3); gsub(/"/, "\\\"", $4) }
    $1 == kind && kind == "string" { printf "        .%s: \"%s\",\n", $2, $3 }
    $1 == kind && kind == "plural" { printf "        .%s: (\"%s\", \"%s\"),\n", $2, $3, $4 }
    $1 == kind && kind == "service" { printf "        \"%s\": \"%s\",\n", $2, $3 }'
}
names() { read_words values | awk -F '\t' -v kind="$1" '$1 == kind { printf "    case %s\n", $2 }'; }

{
  echo "// Written by words.sh."
  echo "/// A text of the app."
  echo "public enum Word: Sendable, CaseIterable {"
  names string
  echo "}"
  echo "/// A text with a number in it."
  echo "public enum Plural: Sendable, CaseIterable {"
  names plural
  echo "}"
  echo "let words: [String: [Word: String]] = ["
  table string
  echo "]"
  echo "let plurals: [String: [Plural: (one: String, other: String)]] = ["
  table plural
  echo "]"
  echo "let services: [String: [String: String]] = ["
  table service
  echo "]"
} >"$out.new"
mv "$out.new" "$out"
