#!/bin/sh
# On a bare machine, with the files of a release in /out: verified and installed as deploy/README.md says, then the operator's days
# are played with what was installed. The suite `release` runs it.
set -eu
apt-get update -qq
apt-get install -qqy --no-install-recommends openssh-client python3-venv openssl >/dev/null
cd /out
# the lines of the page
sed -n '/^<!-- run by tests\/release.sh -->$/,/^```$/p' "$HOME/src/deploy/README.md" | sed '1,/^```sh$/d; /^```$/d' > "$HOME/install"
cat "$HOME/install"
sh -eux "$HOME/install"
echo "installed from the page: ok"
cp SHA256SUMS "$HOME/other" && echo >> "$HOME/other"
if ssh-keygen -Y verify -f release.signers -I tabara -n tabara -s SHA256SUMS.sig < "$HOME/other"; then exit 1; fi
echo "another list of checksums is refused: ok"
[ -z "$(command -v cargo)" ]
# no folder of the building machine is in the programs
if grep -qa "$HOME/\.cargo" /usr/bin/tabara-server /usr/bin/tabara-desk; then exit 1; fi
cd "$HOME/src"
python3 -m venv "$HOME/venv"
"$HOME/venv/bin/pip" install -q --disable-pip-version-check -r tests/python/requirements.txt
TABARA_INSTALLED=1 "$HOME/venv/bin/python" -m pytest -s --color=no -p no:cacheprovider tests/python/test_days.py
install -d -m 0700 /var/lib/tabara && touch /var/lib/tabara/record
apt-get purge -qqy tabara
[ -e /var/lib/tabara/record ] && [ ! -e /usr/bin/tabara-server ]
echo "a removal leaves the data: ok"
