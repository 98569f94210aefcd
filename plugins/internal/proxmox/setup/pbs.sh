
PRODUCT='Proxmox Backup Server'
KIND=pbs
PORT=8007
MONITOR=pulse-monitor@pbs

check_product() {
  command -v proxmox-backup-manager >/dev/null || fail 'This is no Proxmox Backup Server: proxmox-backup-manager is not here.'
}

plan() {
  say "  1. make the user $MONITOR, which has no password and cannot log in"
  say '  2. let it and its token read everything: role Audit on /'
  say "  -  make an API token and tell it to Pulse, with the fingerprint of this server's certificate"
}

prepare() {
  proxmox-backup-manager user create "$MONITOR" --comment 'Pulse monitoring service' 2>/dev/null || true
}

make_token() {
  proxmox-backup-manager user generate-token "$MONITOR" "$TOKEN_NAME" | json_value value
}

grant() {
  proxmox-backup-manager acl update / Audit --auth-id "$MONITOR" || fail 'The role Audit could not be given.'
  proxmox-backup-manager acl update / Audit --auth-id "$MONITOR!$TOKEN_NAME" || fail 'The role Audit could not be given to the token.'
}

list_tokens() {
  proxmox-backup-manager user list-tokens "$MONITOR" --output-format json 2>/dev/null | tr '{},' '\n\n\n' |
    sed -n 's/.*"\(tokenid\|token-name\)"[[:space:]]*:[[:space:]]*"\([^"]*\)".*/\2/p' | sed 's/.*!//' | sort -u
}

remove_token() { proxmox-backup-manager user delete-token "$MONITOR" "$1"; }
remove_token_command() { printf 'proxmox-backup-manager user delete-token %s %s' "$MONITOR" "$1"; }

certificate() {
  [ -r /etc/proxmox-backup/proxy.pem ] && fingerprint_of /etc/proxmox-backup/proxy.pem
  return 0
}

remove_all() {
  local name
  for name in $(tokens); do remove_token "$name"; done
  proxmox-backup-manager acl update / Audit --auth-id "$MONITOR" --delete true 2>/dev/null || true
  proxmox-backup-manager user remove "$MONITOR" 2>/dev/null || true
}
