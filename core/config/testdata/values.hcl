server {
  listen = env("NOT_SET")
  data   = file("testdata/none")
  base_url = env(env("SECRET"))
  log_level = upper("info")
  log_format = nothing
}

integration "ups" "a" {
  password = env("SECRET") + 1
  address  = file(env("SECRET"))
  large    = 1e4000
  key      = <<EOT
hunter2
EOT
  list     = ["hunter2"][3]
}
