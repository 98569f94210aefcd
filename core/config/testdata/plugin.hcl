integration "ups" "a" {
  password = "hunter2"

  outlets = [
    { name = "a" },
    { name = 5 },
  ]
}
