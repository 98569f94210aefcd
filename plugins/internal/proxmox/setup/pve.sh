
PRODUCT='Proxmox VE'
KIND=pve
PORT=8006
MONITOR=pulse-monitor@pam
ROLE=PulseMonitor

check_product() {
  if ! command -v pveum >/dev/null || ! command -v pveversion >/dev/null; then
    say 'This is no Proxmox VE host: pveum is not here. In a container or elsewhere, run on one of the hosts:'
    say "  pveum user add $MONITOR"
    say "  pveum acl modify / --users $MONITOR --roles PVEAuditor"
    say "  pveum user token add $MONITOR pulse --privsep 0"
    fail 'and enter the token in Pulse.'
  fi
}

plan() {
  say "  1. make the user $MONITOR, which has no password and cannot log in"
  say "  2. let it read everything: role PVEAuditor on /"
  say "  3. make the role $ROLE (Sys.Audit, and reading of guest agents) and give it on /"
  [ -z "$BACKUP_PERMS" ] || say '  4. let it list backups on storage: role PVEDatastoreAdmin on /storage, which may also change storage'
  say "  -  make an API token and tell it to Pulse, with the fingerprint of this server's certificate"
}

prepare() {
  pveum user add "$MONITOR" --comment 'Pulse monitoring service' 2>/dev/null || true
}

# role_has PRIVILEGES makes the role or adds to it. It fails when this release does not know one of them.
role_has() {
  pveum role modify "$ROLE" --append 1 --privs "$1" >/dev/null 2>&1 || pveum role add "$ROLE" --privs "$1" >/dev/null 2>&1
}

grant() {
  pveum acl modify / --users "$MONITOR" --roles PVEAuditor || fail 'The role PVEAuditor could not be given.'
  # Reading guest agents is VM.GuestAgent.Audit since release 9 and VM.Monitor before.
  if role_has Sys.Audit,VM.GuestAgent.Audit || role_has Sys.Audit,VM.Monitor || role_has Sys.Audit; then
    pveum acl modify / --users "$MONITOR" --roles "$ROLE"
  else
    say "The role $ROLE could not be made: file systems of virtual machines will be missing."
  fi
  if [ -n "$BACKUP_PERMS" ]; then
    pveum acl modify /storage --users "$MONITOR" --roles PVEDatastoreAdmin
  fi
}

make_token() {
  pveum user token add "$MONITOR" "$TOKEN_NAME" --privsep 0 --output-format json | json_value value
}

list_tokens() {
  pveum user token list "$MONITOR" --output-format json 2>/dev/null | tr '{},' '\n\n\n' | sed -n 's/.*"tokenid"[[:space:]]*:[[:space:]]*"\([^"]*\)".*/\1/p'
}

remove_token() { pveum user token remove "$MONITOR" "$1"; }
remove_token_command() { printf 'pveum user token remove %s %s' "$MONITOR" "$1"; }

certificate() {
  local file
  for file in /etc/pve/local/pveproxy-ssl.pem /etc/pve/local/pve-ssl.pem; do
    [ -r "$file" ] && { fingerprint_of "$file"; return; }
  done
  return 0
}

remove_all() {
  local name
  for name in $(tokens); do remove_token "$name"; done
  pveum user delete "$MONITOR" 2>/dev/null || true
  pveum role delete "$ROLE" 2>/dev/null || true
  if command -v proxmox-backup-manager >/dev/null; then
    proxmox-backup-manager user remove pulse-monitor@pbs 2>/dev/null || true
  fi
}
