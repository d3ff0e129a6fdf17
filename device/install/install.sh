#!/bin/sh
# Installs the button as a service on Raspberry Pi OS 64-bit (or another 64-bit Linux with systemd), from a checkout:
#
#   sudo sh device/install/install.sh             installs; run from a newer checkout, it updates
#   sudo sh device/install/install.sh back        goes back to the release before
#   sudo sh device/install/install.sh uninstall   removes the program; with --purge its configuration and user, too
#
# What it writes (and the button, when it runs, its own folder /var/lib/dashover-button):
#   /opt/dashover-button/releases/…   the program, a folder a release, with its own Node 24
#   /opt/dashover-button/current      a link to the one that runs, and previous, to the one that ran before
#   /etc/dashover-button/             button.yaml, certificates and keys: yours, never overwritten
#   /etc/systemd/system/dashover-button.service, /etc/sysusers.d/dashover-button.conf, /usr/local/bin/dashover-button
#   /etc/udev/rules.d/60-dashover-button.rules   gives the GPIO chips to the group gpio, as Raspberry Pi OS does by itself
#
# With DESTDIR=/mnt/image it installs below another root, and starts nothing. The program is fetched for, and tried on, the machine
# where the script runs: the image must be for the same architecture.
set -eu
umask 022

NAME=dashover-button
ROOT=${DESTDIR:-}
OPT=$ROOT/opt/$NAME
ETC=$ROOT/etc/$NAME
UNIT=$ROOT/etc/systemd/system/$NAME.service
USERS=$ROOT/etc/sysusers.d/$NAME.conf
RULES=$ROOT/etc/udev/rules.d/60-$NAME.rules
BIN=$ROOT/usr/local/bin/$NAME
SOURCE=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)

say() { printf '%s\n' "$*"; }
fail() {
  printf '%s\n' "$*" >&2
  exit 1
}

# ---- is this a machine for it? ---------------------------------------------------------------------------------------

check_machine() {
  case "$(uname -m)" in
    aarch64 | x86_64) ;;
    *) fail "This is a $(uname -m) system. The button needs a 64-bit one: use Raspberry Pi OS (64-bit)." ;;
  esac
  # Raspberry Pi OS 32-bit runs below a 64-bit kernel on newer boards, where only this tells.
  [ "$(getconf LONG_BIT)" = 64 ] ||
    fail "The kernel is 64-bit, and the system is not. Use Raspberry Pi OS (64-bit)."
  command -v npm >/dev/null ||
    fail "npm is missing; it fetches what the button needs (and a Node of its own): sudo apt-get install npm"
  [ -z "$ROOT" ] || return 0
  [ "$(id -u)" = 0 ] || fail "Only root can install a service: sudo sh $0"
  command -v systemctl >/dev/null || fail "systemd is missing, which starts the button and watches over it."
  # An overlay keeps every change in memory: an installation would be gone after the next boot.
  if grep -Eq '(^| )(boot=overlay|overlayroot=)' /proc/cmdline; then
    fail "The root is an overlay, so this would be gone after the next boot. Switch it off (sudo raspi-config nonint
disable_overlayfs), reboot, run this again, and switch it on again (enable_overlayfs)."
  fi
}

# ---- the program -----------------------------------------------------------------------------------------------------

# Puts a new release beside those that are there; nothing of them is touched until it is whole. Sets RELEASE.
add_release() {
  version=$(sed -n 's/^  "version": "\(.*\)",$/\1/p' "$SOURCE/device/package.json")
  RELEASE=$(date -u +%Y%m%d%H%M%S)-$version
  while [ -e "$OPT/releases/$RELEASE" ]; do RELEASE=$RELEASE+; done
  half=$OPT/releases/.half
  rm -rf "$half"
  mkdir -p "$half"
  trap 'rm -rf "$half"' EXIT
  say "Copying the button $version from $SOURCE."
  # Readable whatever the umask of the checkout: the service is neither root nor its owner.
  tar -C "$SOURCE" --exclude=node_modules --mode=u=rwX,go=rX \
    -cf - package.json package-lock.json LICENSE cloud/package.json shared device |
    tar -C "$half" --no-same-owner --no-same-permissions -xf -
  say "Fetching what it needs with npm: about 100 packages, one of them Node 24 (270 MB on the disk)."
  # Exactly what package-lock.json names, only what the button needs, and no package's install script.
  (cd "$half" && npm ci --omit=dev --workspace=device --ignore-scripts --no-audit --no-fund --loglevel=error)
  as_nobody "$half/node_modules/.bin/node" "$half/device/main.ts" --version >/dev/null ||
    fail "The new release does not start on this machine; nothing was changed."
  # On the disk before anything points there: a power cut may cost the update, never the button.
  sync
  mv -T "$half" "$OPT/releases/$RELEASE"
  trap - EXIT
}

# With no more rights than the service will have, where that can be tried.
as_nobody() {
  if [ -z "$ROOT" ] && command -v setpriv >/dev/null; then
    (cd / && setpriv --reuid=65534 --regid=65534 --clear-groups "$@")
  else
    "$@"
  fi
}

# Swaps the link in one step: at every moment there is a whole release behind it. Its unit comes with it, back and forth.
point_to() {
  rm -f "$OPT/current.new"
  ln -s "releases/$1" "$OPT/current.new"
  mv -T "$OPT/current.new" "$OPT/current"
  install -D -m 644 "$OPT/current/device/install/dashover-button.service" "$UNIT"
}

current() { [ ! -L "$OPT/current" ] || basename "$(readlink "$OPT/current")"; }

# The release that ran before: remembered, for names are by a clock that may have been wrong, and the newest may be the bad one.
before() { [ ! -d "$OPT/previous" ] || basename "$(readlink "$OPT/previous")"; }

remember() {
  [ -n "$1" ] || return 0
  ln -sfn "releases/$1" "$OPT/previous"
}

forget_old() {
  keep=" $(current) $(before) "
  for path in "$OPT"/releases/*/; do
    case "$keep" in *" $(basename "$path") "*) ;; *) rm -rf "$path" ;; esac
  done
}

# ---- its user and files -----------------------------------------------------------------------------------------------

add_files() {
  install -D -m 644 "$SOURCE/device/install/sysusers.conf" "$USERS"
  systemd-sysusers ${ROOT:+"--root=$ROOT"} "$USERS"
  install -D -m 644 "$SOURCE/device/install/gpio.rules" "$RULES"
  if [ -z "$ROOT" ] && command -v udevadm >/dev/null; then
    # For the chips that are there already.
    udevadm control --reload || true
    udevadm trigger --subsystem-match=gpio || true
  fi
  mkdir -p "$(dirname "$BIN")"
  ln -sfn "/opt/$NAME/current/device/bin/$NAME" "$BIN"
  mkdir -p "$ETC"
  [ -e "$ETC/button.yaml" ] || install -m 640 "$SOURCE/device/install/button.yaml" "$ETC/button.yaml"
  [ -e "$ETC/secrets.env" ] || install -m 600 /dev/null "$ETC/secrets.env"
  close_files
}

# The service reads its folder and nobody else does; private keys are its own, secrets.env is only for systemd.
close_files() {
  owner=$(sed -n "s/^$NAME:[^:]*:\([0-9]*:[0-9]*\):.*/\1/p" "$ROOT/etc/passwd")
  [ -n "$owner" ] || fail "There is no user $NAME on this machine yet: run this without the word keys first."
  chmod 750 "$ETC"
  find "$ETC" -type f -exec chmod 640 {} +
  find "$ETC" -type f -name '*.key' -exec chmod 600 {} +
  chmod 600 "$ETC/secrets.env"
  [ "$(id -u)" = 0 ] || return 0
  chown -R "0:${owner#*:}" "$ETC"
  find "$ETC" -type f -name '*.key' -exec chown "$owner" {} +
  chown 0:0 "$ETC/secrets.env"
}

# ---- the service -----------------------------------------------------------------------------------------------------

# Starts what `current` points to; returns when the button is armed, or with 1 when it does not come to that.
restart() {
  systemctl daemon-reload
  systemctl enable --quiet "$NAME"
  systemctl restart "$NAME"
}

install_or_update() {
  check_machine
  was=$(current)
  mkdir -p "$OPT/releases"
  add_release
  add_files
  point_to "$RELEASE"
  if [ -n "$ROOT" ]; then
    remember "$was"
    forget_old
    say "Installed $RELEASE below $ROOT. The service starts there when it is enabled: systemctl --root=$ROOT enable $NAME"
  elif [ -z "$was" ]; then
    systemctl daemon-reload
    say "Installed $RELEASE. Now:"
    say "  1. put ca.pem, button.pem and button.key into $ETC, and write $ETC/button.yaml"
    say "  2. run this again with the word keys, which makes the keys unreadable for others: sudo sh $0 keys"
    say "  3. sudo -u $NAME $NAME check --config $ETC/button.yaml"
    say "  4. sudo systemctl enable --now $NAME"
  elif ! systemctl is-enabled --quiet "$NAME"; then
    systemctl daemon-reload
    remember "$was"
    forget_old
    say "Installed $RELEASE. The service is not enabled: sudo systemctl enable --now $NAME"
  elif restart; then
    remember "$was"
    forget_old
    say "Updated from $was to $RELEASE, and the button is armed. The way back: sudo sh $0 back"
  else
    point_to "$was"
    rm -rf "$OPT/releases/$RELEASE"
    restart || fail "Neither $RELEASE nor $was could be started; the reason is in: journalctl -u $NAME"
    fail "$RELEASE could not be started, so $was runs again; the reason is in: journalctl -u $NAME"
  fi
}

go_back() {
  last=$(before)
  [ -n "$last" ] || fail "There is no release before $(current)."
  now=$(current)
  point_to "$last"
  if [ -z "$ROOT" ] && systemctl is-enabled --quiet "$NAME"; then
    if ! restart; then
      point_to "$now"
      restart || fail "Neither $last nor $now could be started; the reason is in: journalctl -u $NAME"
      fail "$last could not be started, so $now runs again; the reason is in: journalctl -u $NAME"
    fi
  fi
  remember "$now"
  say "Went back from $now to $last."
}

uninstall() {
  if [ -z "$ROOT" ]; then
    systemctl disable --now --quiet "$NAME" 2>/dev/null || true
  fi
  rm -rf "$OPT" "$UNIT" "$USERS" "$RULES" "$BIN"
  if [ "${1:-}" = --purge ]; then
    rm -rf "$ETC" "$ROOT/var/lib/$NAME"
    [ -n "$ROOT" ] || userdel "$NAME" 2>/dev/null || true
    say "Removed the button, its configuration and its keys."
  else
    say "Removed the button. Its configuration and keys are still in $ETC; --purge removes them, too."
  fi
  if [ -z "$ROOT" ]; then systemctl daemon-reload; fi
}

need_root() { [ -n "$ROOT" ] || [ "$(id -u)" = 0 ] || fail "Only root can do that: sudo sh $0 $1"; }

case "${1:-install}" in
  install) install_or_update ;;
  # Commands of their own: within an and-list a shell goes on after whatever fails.
  keys)
    need_root keys
    close_files
    say "Keys in $ETC can be read by the service alone."
    ;;
  back)
    need_root back
    go_back
    ;;
  uninstall)
    need_root uninstall
    uninstall "${2:-}"
    ;;
  *)
    sed -n '2,/^set -eu/{/^set -eu/d;s/^# \{0,1\}//;p;}' "$0" >&2
    exit 2
    ;;
esac
