# ---- undo.sh: the way back, in scripts that keep a copy of the file that they change ------------------

# before FILE: where the text is that stood in FILE before this script changed it: in the copy that Undo
# names, or nowhere, where Undo is absent. Sets file, past a link, and back.
before() {
  file=$1 back=/dev/null
  if [ -L "$file" ]; then file=$(readlink -f "$file"); fi
  [ "$Undo" != absent ] || return 0
  case $Undo in
    *[!A-Za-z0-9._-]* | *.runbook-new) say failed 64 reason 'Undo is absent or the name of a copy' ;;
    ?*.runbook-????????T??????Z*) back=${file%/*}/$Undo ;;
    *) say failed 64 reason 'Undo is absent or the name of a copy' ;;
  esac
  [ -f "$back" ] || say needs_human 2 reason "the copy $Undo of the old file is not there any more"
}

# put_back: what stood in $file before takes its place again; the text that goes is kept too.
put_back() {
  if [ "$back" != /dev/null ]; then
    swap "$file" give_back is_back
    return
  fi
  kept=$file.runbook-$(date -u +%Y%m%dT%H%M%SZ)
  while [ -e "$kept" ]; do kept=$kept.again; done
  why=$(mv "$file" "$kept" 2>&1) || fail "cannot take $file away: $why"
}

give_back() { cat "$back"; }
is_back() { same "$1" "$back"; }

# undo FILE [KEY VALUE]...: takes one key of FILE back to what it was, and says the rest too. Where
# nothing else of the file has changed since, its old text comes back whole; else the lines of the key
# alone. What is not as it was set stays.
# The script says what a text has: value_of FILE, wanted_of FILE (what it makes of it), lines_of FILE,
# set_line KEY VALUE; and put_line makes a text with the key as it stands in $line.
undo() {
  before "$1"
  shift
  key=${Key:-}
  now=$(value_of "$file") was=$(value_of "$back") want=$(wanted_of "$back")
  if [ "$now" = "$was" ]; then say already 0 key "$key" value "$(brief "$now")"; fi
  [ "$now" = "$want" ] || say needs_human 2 \
    reason 'the value is not the one that was set: somebody else has changed it since' \
    key "$key" from "$(brief "$now")" to "$(brief "$was")"
  applies || say planned 0 key "$key" from "$(brief "$now")" to "$(brief "$was")"
  line=$(set_line "$key" "$want")
  if [ "$(put_line <"$back" | cksum)" = "$(cksum <"$file")" ]; then
    put_back
  else
    line=$(lines_of "$back")
    swap "$file" put_line is_undone
  fi
  is_undone "$file" || fail "$file does not read back as wanted; its old text is in $kept"
  say changed 0 key "$key" from "$(brief "$now")" to "$(brief "$was")" kept "$kept" "$@"
}

is_undone() { [ "$(value_of "$1")" = "$was" ]; }

