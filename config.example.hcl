# Configuration of the Pulse server: pulse serve --config FILE. Every block and key may be left out.
#
# A commented-out value is the default. Durations are written "90s", "12h" or "14d". A value may be taken from
# the environment, env("NAME") or env("NAME", "default"), or from a file, file("path"), so that secrets need not
# stand here. Flags win over environment variables, and those over this file; docs/configuration.md lists them.
# Check the file with: pulse config check --config FILE

server {
  # Address of the web page and the API as host:port. Without a host it is every interface.
  #listen = ":7655"

  # Directory of all state. Only one server may use it at a time; back it up as a whole.
  #data = "/var/lib/pulse"

  # Address under which people and agents reach the server, for links and install commands. Without
  # it, it is taken from each request. Its path is where a reverse proxy shows the server. Not set
  # by default; for example:
  #base_url = "https://pulse.example.com"

  # Networks of reverse proxies whose X-Forwarded headers are believed. Without any, the headers are
  # ignored. Not set by default; for example:
  #trusted_proxies = ["10.0.0.0/24", "192.0.2.7"]

  # Other sites whose pages may call the API from a browser; "*" is any, without cookies. With it
  # the web page does not decide. Not set by default; for example:
  #allowed_origins = ["https://dashboard.example.com"]

  # Lets other sites show Pulse in a frame. Allow it only when you need it: frames make
  # click-jacking possible.
  #allow_embedding = false

  # The sites that may show Pulse in a frame while allow_embedding is on. Without any, all may. Not
  # set by default; for example:
  #embed_origins = ["https://home.example.com"]

  # PEM file of the certificate, with those between it and its root. With it and tls_key the server
  # speaks HTTPS only. Both are read anew when they change; what does not fit leaves the pair of
  # before. Not set by default; for example:
  #tls_certificate = "/etc/pulse/tls/fullchain.pem"

  # PEM file of the certificate's key. Not set by default; for example:
  #tls_key = "/etc/pulse/tls/privkey.pem"

  # Least severe level that is logged. One of: trace, debug, info, warn, error.
  #log_level = "info"

  # Format of the log; auto is text on a terminal and JSON elsewhere. One of: auto, text, json.
  #log_format = "auto"
}

metrics {
  # Where samples are kept: embedded is a file in the data directory, memory keeps nothing over a
  # restart, influxdb is an InfluxDB, mirror writes to embedded and InfluxDB and reads from
  # embedded. One of: embedded, memory, influxdb, mirror.
  #store = "embedded"

  # How long samples are kept as they came. Range: at least 1h.
  #raw_retention = "2d"

  # How long minimum, maximum and average per minute are kept. Range: at least 1h.
  #minute_retention = "14d"

  # How long minimum, maximum and average per hour are kept. Range: at least 24h.
  #hour_retention = "365d"

  # How long minimum, maximum and average per day are kept. Range: at least 24h.
  #day_retention = "1825d"

  # How often samples are forced to the disk. A crash of the server loses nothing; a power cut may
  # lose this much. Range: 1s to 10m.
  #sync = "10s"

  # How long samples wait in the log before they are packed into the file. Rarely spares SD cards
  # and SSDs and takes more memory. Range: 1m to 24h.
  #pack_every = "30m"

  # How large the file may grow. Past it the oldest is deleted before its time. Without it, time
  # alone decides. Range: at least 16777216 bytes. Not set by default; for example:
  #max_size = "4GiB"

  # Whether /metrics/resources tells the present value of everything to who has a token with
  # metrics:read.
  #expose = false

  # Whether /api/v1/write takes samples by Prometheus' remote write from who has a token with
  # metrics:write.
  #remote_write = false

  # The InfluxDB of the stores influxdb and mirror. Not set by default; for example:
  #influxdb = {
  #  # Its address.
  #  url = "https://influx.example.com:8086"
  #  # The organisation of an InfluxDB 2. Without one the server is taken for an InfluxDB 1.8.
  #  org = "home"
  #  # The bucket of samples and the beginning of the names of those of rollups; the database of a 1.8.
  #  bucket = "pulse"
  #  # The token; of a 1.8 user:password. Best taken from a file or the environment.
  #  token = env("INFLUXDB_TOKEN")
  #  # How much may wait on the disk while InfluxDB is away. Past it samples are refused, and agents
  #  # keep them. Range: at least 1048576 bytes.
  #  spool_size = "1GiB"
  #  # How long samples may wait before more are refused. Range: at least 1m.
  #  spool_age = "7d"
  #  # Whether it is only written to, for servers that do not answer Flux. The store must be mirror
  #  # then.
  #  write_only = false
  #}
}

plugins {
  # Directory of the plugins and their manifests. Without it, it is the folder plugins beside the
  # server's binary. Not set by default; for example:
  #dir = "/usr/lib/pulse/plugins"
}

proxy_auth {
  # What the proxy sends in the header X-Proxy-Secret, at least 16 characters. Without it nobody
  # comes in this way. The proxy must be in server.trusted_proxies. Not set by default; for example:
  #secret = env("SECRET")

  # Header in which the proxy names the user. The proxy must replace what a client sends in it.
  #user_header = "X-Remote-User"

  # Header in which the proxy lists the user's roles, ids of roles here. Without it roles are given
  # here; a user who comes for the first time has none. Not set by default; for example:
  #role_header = "X-Remote-Roles"

  # What stands between roles in that header.
  #role_separator = "|"

  # Role in that header that administers here.
  #admin_role = "admin"

  # Where the web page leads after logging out. Not set by default; for example:
  #logout_url = "https://login.example.com/logout"
}

license {
  # Whether features ask for a licence, for people who run Pulse as a service. Without it every
  # feature is open.
  #enforce = false

  # Ed25519 public key of who issues licences, as the base64 of its 32 bytes. A licence is a JSON
  # Web Token that the other half signs. Not set by default; for example:
  #public_key = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="

  # Where one gets a licence; whoever lacks one is told. Not set by default; for example:
  #upgrade_url = "https://pulse.example.com/licences"
}

audit {
  # How long events of the audit log are kept. Without it the web page decides, 90 days at first.
  # Range: at least 24h. Not set by default; for example:
  #retention = "365d"
}

oidc {
  # Whether people may log in by the provider.
  #enabled = true

  # Address of the provider of single sign-on. When it is set, this block decides about single
  # sign-on, and the page of the settings only shows it. Not set by default; for example:
  #issuer_url = "https://id.example.com/realms/home"

  # How the provider calls this server. Not set by default; for example:
  #client_id = "pulse"

  # The secret that the provider gave with it; without one the client is a public one, which PKCE
  # protects. Not set by default; for example:
  #client_secret = env("CLIENT_SECRET")

  # Where the provider sends users back. Without it, it is the server's address and
  # /api/oidc/callback. Not set by default; for example:
  #redirect_url = "https://pulse.example.com/api/oidc/callback"

  # Where the web page leads users of single sign-on after logging out. Not set by default; for
  # example:
  #logout_url = "https://id.example.com/logout"

  # What the provider is asked for: openid, profile and email when it is not set. Not set by
  # default; for example:
  #scopes = ["openid", "profile", "email", "groups"]

  # Claim with the name of the user. It should be one that users cannot choose at the provider.
  #username_claim = "preferred_username"

  # Claim with the mail address.
  #email_claim = "email"

  # Claim with the groups. Without it nobody is in one. Not set by default; for example:
  #groups_claim = "groups"

  # Groups whose members may log in. Without any, membership does not matter. Not set by default;
  # for example:
  #allowed_groups = ["pulse"]

  # Domains of verified mail addresses that may log in. Not set by default; for example:
  #allowed_domains = ["example.com"]

  # Verified mail addresses that may log in. Not set by default; for example:
  #allowed_emails = ["ann@example.com"]

  # Roles by the names of groups. When there are any, they decide all roles of users of single
  # sign-on. Not set by default; for example:
  #group_roles = {
  #  example = "..."
  #}

  # Certificates in PEM that are trusted beside the system's; best taken from a file. Not set by
  # default; for example:
  #ca_bundle = "..."

  # Whether the provider may run on the server's own machine.
  #allow_loopback = false
}

# An integration is one configured use of a plugin: the plugin's kind and a name of your choice. Its keys
# are those of the plugin; its README and the form in the web page list them. What this file owns is
# read-only in the web page.
#
#   integration "ups" "cellar" {
#     address  = "192.0.2.7:3493"
#     password = env("UPS_PASSWORD")
#     network { # all may be left out
#       allow_loopback = true                      # it may reach this machine itself
#       pins           = { "nas:8006" = "AB:CD:…" } # SHA-256 of a certificate that is accepted
#     }
#   }
