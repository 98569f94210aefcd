
# plain takes away what terminals obey.
plain() { tr -d '\000-\010\013-\037\177'; }
say() { printf '%s\n' "$*" | plain; }
fail() { say "$*" >&2; exit 1; }
# have_terminal tells whether somebody can be asked: the script itself comes through standard input.
have_terminal() { [ -z "${PULSE_SETUP_UNATTENDED:-}" ] && { : </dev/tty; } 2>/dev/null; }
# ask QUESTION sets REPLY from the terminal.
ask() { printf '%s ' "$1" >/dev/tty; IFS= read -r REPLY </dev/tty || REPLY=''; }
# json_text makes a JSON text of letters, digits and the signs that names and addresses have.
json_text() { printf '"%s"' "$(printf '%s' "$1" | tr -cd 'A-Za-z0-9@!:/.,_[]-')"; }
# json_value NAME finds a text member in JSON on standard input.
json_value() { tr -d '\n' | sed -n 's/.*"'"$1"'"[[:space:]]*:[[:space:]]*"\([^"]*\)".*/\1/p'; }

# tokens lists the tokens of the account: those with a name that is one word, and no option, to every command.
tokens() { list_tokens | LC_ALL=C sed -n '/^[A-Za-z0-9][A-Za-z0-9._-]*$/p'; }

short_name() { hostname -s 2>/dev/null || hostname; }

# own_address is the address by which this server reaches Pulse.
own_address() {
  local ip
  ip=$(curl -sS -o /dev/null -m 15 -w '%{local_ip}' "$PULSE_URL/api/health") || ip=''
  case $ip in
    '') return 1 ;;
    *:*) printf 'https://[%s]:%s' "$ip" "$PORT" ;;
    *) printf 'https://%s:%s' "$ip" "$PORT" ;;
  esac
}

# fingerprint_of FILE is the SHA-256 of a certificate, empty when it cannot be read.
fingerprint_of() { openssl x509 -in "$1" -noout -fingerprint -sha256 2>/dev/null | sed 's/.*=//'; }

# register TOKEN_ID SECRET FINGERPRINT tells Pulse of this server.
register() {
  local answer
  answer=$(
    printf '{"type":%s,"host":%s,"serverName":%s,"tokenId":%s,"tokenValue":%s,"fingerprint":%s,"source":"script","authToken":%s}' \
      "$(json_text "$KIND")" "$(json_text "$HOST")" "$(json_text "$(short_name)")" "$(json_text "$1")" "$(json_text "$2")" \
      "$(json_text "$3")" "$(json_text "$SETUP_TOKEN")" |
      curl -sS -m 60 -X POST -H 'Content-Type: application/json' --data-binary @- "$PULSE_URL/api/auto-register" 2>&1
  ) || true
  case $answer in
    *'"success"'*)
      say "Pulse says: $(printf '%s' "$answer" | json_value message)"
      return 0
      ;;
  esac
  say "Pulse did not take it: $(printf '%s' "$answer" | json_value message)"
  [ -n "$(printf '%s' "$answer" | json_value message)" ] || say "$answer"
  return 1
}

# by_hand TOKEN_ID SECRET says what to enter in Pulse.
by_hand() {
  say ''
  say 'The account is ready. Enter this in Pulse by hand (Settings, Integrations):'
  say "  address   $HOST"
  say "  token     $1"
  say "  secret    $2"
}

# choose prints the plan and sets ACTION to install, remove or cancel.
choose() {
  say "This connects $PRODUCT on $(short_name) with Pulse at $PULSE_URL. It will:"
  plan
  say 'Nothing else is changed, and running it again does no harm.'
  say ''
  ACTION=${PULSE_SETUP_ACTION:-install}
  if [ -z "${PULSE_SETUP_ACTION:-}" ] && have_terminal; then
    ask 'Continue? [i] install, [r] remove all that Pulse has here, anything else cancels:'
    case $REPLY in
      i | I | y | Y) ACTION=install ;;
      r | R) ACTION=remove ;;
      *) ACTION=cancel ;;
    esac
  fi
  if [ "$ACTION" = remove ] && [ "${PULSE_SETUP_CONFIRM:-}" != yes ]; then
    if have_terminal; then
      ask "Type 'yes' to remove $MONITOR with all its tokens. Pulse will see nothing any more:"
      [ "$REPLY" = yes ] || ACTION=cancel
    else
      say 'Removing has to be confirmed: set PULSE_SETUP_CONFIRM=yes.'
      ACTION=cancel
    fi
  fi
}

# offer_removal deletes older tokens of the same Pulse server when somebody agrees.
offer_removal() {
  local name digits old=''
  for name in $(tokens); do
    digits=${name#"$TOKEN_PREFIX"-}
    case $digits in "$name" | '' | *[!0-9]*) continue ;; esac
    [ "$name" = "$TOKEN_NAME" ] || old="$old $name"
  done
  [ -n "$old" ] || return 0
  say "Older tokens of this Pulse server:$old"
  if have_terminal; then
    ask 'Remove them? Another entry of the same cluster may still use one. [y/N]'
    case $REPLY in y | Y) for name in $old; do remove_token "$name" && say "  removed $name"; done ;; esac
  else
    say 'They are kept. Remove those that are not in use:'
    for name in $old; do say "  $(remove_token_command "$name")"; done
  fi
}

main() {
  command -v curl >/dev/null || fail 'curl is missing: apt install curl'
  [ "$(id -u)" = 0 ] || fail 'Run this as root.'
  check_product
  choose
  case $ACTION in
    cancel) say 'Nothing was changed.'; exit 0 ;;
    remove) remove_all; say 'All that Pulse had here is removed.'; exit 0 ;;
  esac
  if [ -z "$HOST" ]; then
    HOST=$(own_address) || fail "Pulse at $PULSE_URL cannot be reached from here."
  fi
  prepare
  local now
  now=$(date +%s)
  SECRET=''
  for now in "$now" "$((now + 1))" "$((now + 2))"; do
    TOKEN_NAME="$TOKEN_PREFIX-$now"
    SECRET=$(make_token) || SECRET=''
    [ -z "$SECRET" ] || break
  done
  [ -n "$SECRET" ] || fail "The token $MONITOR!$TOKEN_NAME could not be made."
  grant
  if register "$MONITOR!$TOKEN_NAME" "$SECRET" "$(certificate)"; then
    say "Done: Pulse watches $HOST."
    offer_removal
  else
    by_hand "$MONITOR!$TOKEN_NAME" "$SECRET"
    exit 1
  fi
}

# All is read before anything is done, so that a connection that breaks off does nothing by halves.
main "$@"
