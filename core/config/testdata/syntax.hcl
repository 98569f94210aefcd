integration "ups" "a" {
  password = "hunter2
  address  = "x"
}
