server {
  base_url        = "ftp://example.com"
  allowed_origins = ["https://ok.example", "https://bad.example/path"]
}

metrics {
  raw_retention    = "20d"
  minute_retention = "14d"
}
