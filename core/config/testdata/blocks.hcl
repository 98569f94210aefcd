servr {
}

server "main" {
}

plugins {
  dir = "a"
}

plugins {
  dir = "b"
}

integration "ups" {
}

integration "UPS" "a" {
}

integration "ups" "My UPS" {
}

integration "ups" "a" {
  outlet {
    name = "a"
  }
}

integration "ups" "b" {
}

integration "ups" "b" {
}
