listen = ":80"

server {
  lissten   = ":7655"
  log_level = "loud"
  allow_embedding = "yes"
  base_url = "example.com"
  allowed_origins = [
    "https://ok.example",
    "https://bad.example/path",
  ]
  trusted_proxies = ["10.0.0.0/8", "10.0.0.0/99"]
}

metrics {
  raw_retention    = "30"
  minute_retention = "1m"
  sync             = 10
}
