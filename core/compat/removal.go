package compat

import "time"

// removalBlocks are the report kinds whose removed reporters are refused, and for how long. Hosts come back with their
// next report.
var removalBlocks = map[string]time.Duration{"docker": 24 * time.Hour, "kubernetes": 24 * time.Hour}

// RemovalBlock is for how long a removed reporter of a kind is refused, 0 when it is not.
func RemovalBlock(kind string) time.Duration { return removalBlocks[kind] }
