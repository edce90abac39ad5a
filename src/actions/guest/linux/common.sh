# ---- common.sh: the end of every Linux script; above it stand only comments and functions --------

# Where things are. Run Command exports its parameters at the top of a script (azure-cli issue 10400),
# and these lines stand below them, so no parameter moves a place. The tests change them in a copy.
ROOT=''
PATH=/usr/sbin:/usr/bin:/sbin:/bin

LC_ALL=C
export PATH LC_ALL
umask 077
new='' kept=''
# Run Command keeps 4096 bytes: they are for the result, not for what tools complain of.
exec 2>/dev/null
set -u

# say STATE CODE [KEY VALUE]...: prints the result and ends. A key that begins with # has a number,
# true or false; anything else there becomes null.
say() {
  line="\"state\":\"$1\"" code=$2
  shift 2
  while [ $# -ge 2 ]; do
    case $1 in
      '#'*) line="$line,\"${1#?}\":$(plain "$2")" ;;
      *) line="$line,\"$1\":\"$(escaped "$2")\"" ;;
    esac
    shift 2
  done
  printf 'RESULT {%s}\n' "$line"
  exit "$code"
}

plain() {
  case $1 in
    true | false) printf %s "$1" ;;
    '' | *[!0-9]*) printf null ;;
    *) printf %s "$1" | sed 's/^0*\([0-9]\)/\1/' ;;
  esac
}

# The inside of a JSON string, in ASCII: what else there is becomes a question mark.
escaped() {
  case $1 in
    *[!A-Za-z0-9\ .,:\;/=_-]*) ;;
    *)
      printf %s "$1"
      return
      ;;
  esac
  printf %s "$1" | tr -d '\r' | tr '\t' ' ' | tr -c ' -~\n' '?' |
    sed -e 's/\\/\\\\/g' -e 's/"/\\"/g' | awk '{ printf "%s%s", between, $0; between = "\\n" }'
}

# brief TEXT [BYTES]: its beginning, so that all of a result fits into what Run Command keeps.
brief() {
  if [ ${#1} -le "${2:-150}" ]; then printf %s "$1"; else printf %s "$1" | head -c "${2:-150}"; fi
}

# yes_no COMMAND...: true when it succeeds, else false.
yes_no() { if "$@" >/dev/null; then printf true; else printf false; fi; }

applies() { [ "${Apply:-false}" = true ]; }

is_ascii() { [ "$(tr -d ' -~\t\n\r\f\v' <"$1" | wc -c)" -eq 0 ]; }

# The agent's unit: walinuxagent on Debian and Ubuntu, waagent elsewhere.
agent_unit() {
  for unit in walinuxagent waagent; do
    if systemctl cat "$unit.service" >/dev/null; then
      printf %s "$unit"
      return 0
    fi
  done
  return 1
}

# The version of the agent that talks to Azure, which may be newer than the installed package.
agent_version() {
  { timeout 20 waagent --version || timeout 20 waagent -version; } |
    sed -n 's/.*Goal state agent: *\([0-9][0-9.]*\).*/\1/p' | head -n 1
}

# agent_conf KEY: its value by the agent's own rules. A comment begins in the first column; what
# follows a # in a value is dropped; the last one counts.
agent_conf() {
  awk -v key="$1" '
    !/^#/ && /=/ {
      at = index($0, "="); name = substr($0, 1, at - 1); value = substr($0, at + 1)
      sub(/#.*/, "", value)
      gsub(/^[ \t"]+|[ \t"\r]+$/, "", name); gsub(/^[ \t"]+|[ \t"\r]+$/, "", value)
      if (name == key) last = value
    }
    END { print last }' "${2:-$ROOT/etc/waagent.conf}"
}

# newest FILE...: the one that was written last.
newest() {
  best=
  for file in "$@"; do
    [ -f "$file" ] || continue
    if [ -z "$best" ] || [ -n "$(find "$file" -newer "$best")" ]; then best=$file; fi
  done
  printf %s "$best"
}

# swap FILE EDIT CHECK: what EDIT makes of FILE takes its place in one rename, once CHECK accepts it.
# Owner, mode and labels stay; a copy of the old file stays beside it, named in $kept. Killed at any
# point, FILE is whole: the old one or the new one.
swap() {
  file=$1
  if [ -L "$file" ]; then file=$(readlink -f "$file"); fi
  new=$file.runbook-new kept=''
  if [ -e "$file" ]; then
    kept=$file.runbook-$(date -u +%Y%m%dT%H%M%SZ)
    while [ -e "$kept" ]; do kept=$kept.again; done
    why=$(cp -a "$file" "$kept" 2>&1) || fail "cannot keep a copy of $file: $why"
    why=$(cp -a "$file" "$new" 2>&1) || fail "cannot write beside $file: $why"
    if ! same "$file" "$kept" || ! same "$file" "$new"; then fail "cannot write a whole copy of $file"; fi
  else
    why=$(mkdir -p "${file%/*}" 2>&1) || fail "cannot make the folder of $file: $why"
    why=$(: 2>&1 >"$new") || fail "cannot write beside $file: $why"
  fi
  old=$file
  [ -e "$old" ] || old=/dev/null
  "$2" <"$old" >"$new" || fail "cannot write beside $file"
  # Once more, past the disk: a full one may have swallowed the end.
  [ "$("$2" <"$old" | cksum)" = "$(cksum <"$new")" ] || fail "the new text of $file was not written whole"
  "$3" "$new" || fail "the new text of $file does not read back as wanted"
  timeout 60 sync "$new"
  why=$(mv -f "$new" "$file" 2>&1) || fail "cannot put the new $file in place: $why"
  if command -v restorecon >/dev/null; then restorecon "$file"; fi
  "$3" "$file" || fail "$file does not read back as wanted; its old text is in $kept"
}

same() { [ "$(cksum <"$1")" = "$(cksum <"$2")" ]; }

# fail REASON: ends as failed, and leaves no half-written file behind.
fail() {
  [ -z "$new" ] || rm -f "$new"
  say failed 1 reason "$(brief "$1" 400)" kept "$kept"
}

case ${Apply:-false} in
  true | false) ;;
  *) say failed 64 reason 'Apply is true or false' ;;
esac
work
say failed 1 reason 'the script ended without a result'
