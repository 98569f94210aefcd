integration "ups" "example" {
  # Says more.
  #verbose = false

  # Where it is. Required.
  url = "https://ups.example.com"

  # The password. Not set by default; for example:
  #password = env("UPS_PASSWORD")

  # How often to ask. Range: 5s to 1h.
  #interval = "30s"

  # How to ask. One of: fast, thorough.
  #mode = "fast"

  # The port. Range: 1 to 65535.
  #port = 3493

  # A ratio. Range: 0 to 1. Not set by default; for example:
  #ratio = 1

  # How much to read.
  #limit = "64MiB"

  # Who may be asked.
  #allow = ["10.0.0.0/8", "192.0.2.7"]

  # Words | to carry. Entries: at most 3. Not set by default; for example:
  #tags = ["..."]

  # Free words. Not set by default; for example:
  #labels = {
  #  example = "..."
  #}

  # More places. Not set by default; for example:
  #endpoints = [{
  #  # Where.
  #  url = "https://example.com"
  #  # The token.
  #  token = env("UPS_ENDPOINTS_TOKEN")
  #}]

  # How to trust. Not set by default; for example:
  #tls = {
  #  # Checks the certificate.
  #  verify = true
  #  # The key.
  #  key = env("UPS_TLS_KEY")
  #}

  # What stands between. Not set by default; for example:
  #proxy = {
  #  # Its name.
  #  host = "..."
  #  # Its port.
  #  port = 3128
  #}

  # Lines to run. Not set by default; for example:
  #script = "echo $${x}"
}
